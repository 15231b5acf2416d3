"""APScheduler with daemon threads, which end with the process and are restarted after a failure."""

from __future__ import annotations

import datetime as dt
import threading
from typing import TYPE_CHECKING, Any

from reprospective_tray.system.supervisor import SupervisedPart

if TYPE_CHECKING:
    from reprospective_tray.system.supervisor import Supervisor


def make_clock(supervisor: Supervisor, halted: threading.Event) -> Any:
    """Return an APScheduler scheduler whose thread is restarted after a failure."""
    from apscheduler.schedulers.background import BackgroundScheduler

    class Clock(BackgroundScheduler):  # type: ignore[misc]  # the library has no types
        def _main_loop(self) -> None:
            def go_on() -> None:
                self.wakeup()  # otherwise the loop waits for an event before it runs due jobs
                super(Clock, self)._main_loop()

            supervisor.run(SupervisedPart.SENDING, go_on, halted)

    return Clock(timezone=dt.UTC, executors={"default": _executor()})


def _executor() -> Any:
    """Return an APScheduler executor that runs each job in its own daemon thread.

    Python would wait for APScheduler's own thread pools at exit, for as long as name resolution
    takes.
    """
    from apscheduler.executors.base import BaseExecutor, run_job

    class DaemonExecutor(BaseExecutor):  # type: ignore[misc]  # the library has no types
        def _do_submit_job(self, job: Any, run_times: list[dt.datetime]) -> None:
            def run() -> None:
                events = run_job(job, job._jobstore_alias, run_times, self._logger.name)  # noqa: SLF001  as the library's own executors do
                self._run_job_success(job.id, events)

            threading.Thread(target=run, name="sync", daemon=True).start()

    return DaemonExecutor()
