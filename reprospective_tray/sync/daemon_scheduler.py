"""APScheduler with daemon threads, which end with the process and are restarted when they die."""

from __future__ import annotations

import datetime as dt
import threading
from typing import TYPE_CHECKING, Any

from reprospective_tray.system.supervisor import SupervisedPart

if TYPE_CHECKING:
    from reprospective_tray.system.supervisor import Supervisor


def make_clock(supervisor: Supervisor, halted: threading.Event) -> Any:
    """Return APScheduler's keeper of times, whose thread begins again where it dies."""
    from apscheduler.schedulers.background import BackgroundScheduler

    class Clock(BackgroundScheduler):  # type: ignore[misc]  # the library has no types
        def _main_loop(self) -> None:
            def go_on() -> None:
                self.wakeup()  # it waits for news before it looks at what is due
                super(Clock, self)._main_loop()

            supervisor.run(SupervisedPart.SENDING, go_on, halted)

    return Clock(timezone=dt.UTC, executors={"default": _executor()})


def _executor() -> Any:
    """Return APScheduler's way of running jobs, in a daemon thread for each.

    Its own pools are waited for when Python ends, as long as a look-up of a name takes.
    """
    from apscheduler.executors.base import BaseExecutor, run_job

    class DaemonExecutor(BaseExecutor):  # type: ignore[misc]  # the library has no types
        def _do_submit_job(self, job: Any, run_times: list[dt.datetime]) -> None:
            def run() -> None:
                events = run_job(job, job._jobstore_alias, run_times, self._logger.name)  # noqa: SLF001  as the library's own executors do
                self._run_job_success(job.id, events)

            threading.Thread(target=run, name="sync", daemon=True).start()

    return DaemonExecutor()
