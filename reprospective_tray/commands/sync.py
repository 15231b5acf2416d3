"""The command `sync`: uploads what is waiting, through the running instance or by itself."""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from reprospective_tray.commands.common import (
    Options,
    load,
    open_reader,
    print_json,
)
from reprospective_tray.errors import NotRunningError, ReprospectiveError
from reprospective_tray.ipc import client, instance_lock
from reprospective_tray.messages import _, plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reprospective_tray.config.loading import LoadedConfig
    from reprospective_tray.sync.manager import DatabaseSyncManager
    from reprospective_tray.sync.pass_result import PassProgress
    from reprospective_tray.sync.sync_request import SyncRequest, SyncResult
    from reprospective_tray.system.paths import Paths

# How often the progress of the pass is requested.
LOOK_S = 0.1

Poll = dict[str, Any]


def sync(options: Options) -> int:
    """Upload until nothing is waiting; return 0 if everything is on the server."""
    loaded, paths = load(options)
    from reprospective_tray.runtime.sync_controller import is_off, retention_news
    from reprospective_tray.sync.sync_request import SyncRequest

    settings = loaded.config.database.sync
    if not settings.enabled:
        raise is_off()
    if text := retention_news(settings, paths):
        print(text, file=sys.stderr)
    wish = SyncRequest(options.verify, options.retry_refused)
    try:
        asked = client.request(
            paths,
            "sync",
            verify=wish.verify,
            retry_refused=wish.retry_refused,
            followed=True,
        )
    except NotRunningError:
        polls = _own_pass(loaded, paths, wish)
    else:
        polls = _pass_of_instance(paths, asked["id"])
    last = _show(polls)
    result = last["result"]
    if options.json:
        figures = (
            "sent",
            "entries",
            "waiting_entries",
            "refused",
            "waiting",
            "superseded",
            "deleted",
        )
        more = ("compared", "offered_again", "retried")
        print_json(
            {name: last["waiting"] if name == "waiting" else result[name] for name in figures}
            | {name: result[name] for name in more if result[name] is not None}
            | {"refused_in_all": last["refused_in_all"], "error": result["error"] or None}
        )
    if result["error"]:
        raise ReprospectiveError(result["error"], result["remedy"])
    left = last["refused_in_all"] or result["waiting_entries"]
    if not options.json and (result["sent"] or result["entries"] or not left):
        print(_sentence(result))
    if last["refused_in_all"]:
        raise _refused(last["refused_in_all"])
    if result["waiting_entries"]:
        raise _too_old(result["waiting_entries"])
    return 0


def _show(polls: Iterator[Poll]) -> Poll:
    """Follow a pass to its end with a progress bar, and return the last answer."""
    from reprospective_tray.commands.output.progress_bar import Progress

    last: Poll = {}
    with Progress(_(" rows")) as bar:
        for last in polls:
            if last["total"]:
                words = _("Comparing") if last["step"] == "verify" else _("Sending")
                bar.show(words, last["done"], last["total"])
    return last


def _pass_of_instance(paths: Paths, number: object) -> Iterator[Poll]:
    """Yield the progress of the running instance, until it has done what was asked."""
    rest = threading.Event()
    while True:
        try:
            found = client.request(paths, "sync_progress", id=number)
        except NotRunningError as error:
            raise ReprospectiveError(
                _("The running program quit before everything was sent."),
                _("Run the command again. It will then send by itself."),
            ) from error
        yield found
        if not found["running"]:
            return
        rest.wait(LOOK_S)


def _own_pass(loaded: LoadedConfig, paths: Paths, wish: SyncRequest) -> Iterator[Poll]:
    """Run a pass in this process, and yield its progress until it has ended.

    Raises:
        KeyboardInterrupt: SIGINT, after the current batch.
        ReprospectiveError: what prevents it from starting.
    """
    open_reader(loaded, paths)  # reports if nothing was recorded
    from reprospective_tray.runtime.factories import make_means
    from reprospective_tray.sync.sync_request import SyncResult

    means = make_means(loaded, paths)
    work = _PassInThread(means.make_manager(), wish)
    with _sigint_sets(work.cancel):
        yield from work.polls()
    if work.has_ended and not instance_lock.InstanceLock(paths).is_held():
        means.close_file()
    if work.cancel.is_set():
        raise KeyboardInterrupt
    result = work.result or SyncResult()
    if isinstance(result, ReprospectiveError):
        result = SyncResult(error=str(result), remedy=result.remedy)
    elif isinstance(result, BaseException):
        raise result
    standing = means.read()
    yield dict(work.now) | {
        "waiting": standing.waiting,
        "refused_in_all": standing.refused,
        "result": {name: getattr(result, name) for name in SyncResult.__slots__},
    }


class _PassInThread:
    """A pass in a thread of its own: psycopg2 waits where no signal reaches it."""

    def __init__(self, manager: DatabaseSyncManager, wish: SyncRequest) -> None:
        self._manager = manager
        self._wish = wish
        self._over = threading.Event()
        self.cancel = threading.Event()
        self.now: Poll = {"step": "", "done": 0, "total": 0}
        self.result: SyncResult | BaseException | None = None

    @property
    def has_ended(self) -> bool:
        """Whether it no longer uses the file."""
        return self._over.is_set()

    def polls(self) -> Iterator[Poll]:
        """Yield the progress until the end; a cancelled pass gets a moment to finish."""
        from reprospective_tray.sync.service import PATIENCE_S

        threading.Thread(target=self._run, name="sync", daemon=True).start()
        while not self._over.wait(LOOK_S):
            yield dict(self.now)
            if self.cancel.is_set() and not self._over.wait(PATIENCE_S):
                self._manager.abort()
                if not self._over.wait(PATIENCE_S):
                    return  # it is resolving a name, and ends with the process
        self._manager.close()

    def _run(self) -> None:
        try:
            self.result = self._manager.carry_out(self._wish, self.cancel, self._tell)
        except BaseException as error:  # noqa: BLE001  raised again in the waiting thread
            self.result = error
        finally:
            self._over.set()

    def _tell(self, step: str, progress: PassProgress) -> None:
        self.now.update(step=step, done=progress.done, total=progress.total)


@contextmanager
def _sigint_sets(event: threading.Event) -> Iterator[None]:
    """Let the first SIGINT set `event`; a second one ends the process as usual."""
    before = signal.getsignal(signal.SIGINT)

    def first(*_unused: object) -> None:
        event.set()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, first)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _sentence(result: Poll) -> str:
    """Return what happened, as a sentence."""
    said = []
    if sent := result["sent"]:
        text = plural("{count} session sent.", "{count} sessions sent.", sent)
        said.append(text.format(count=f"{sent:,}"))
    if entries := result["entries"]:
        text = plural("{count} entry sent.", "{count} entries sent.", entries)
        said.append(text.format(count=f"{entries:,}"))
    if not said:
        said.append(_("Everything is already on the server."))
    if result["compared"] is not None:
        text = plural(
            "{compared} was compared with the server, {again} had to be resent.",
            "{compared} were compared with the server, {again} had to be resent.",
            result["compared"],
        )
        again = f"{result['offered_again']:,}"
        said.append(text.format(compared=f"{result['compared']:,}", again=again))
    if superseded := result["superseded"]:
        text = plural(
            "{count} was newer on the server and was copied from there.",
            "{count} were newer on the server and were copied from there.",
            superseded,
        )
        said.append(text.format(count=f"{superseded:,}"))
    if deleted := result["deleted"]:
        text = plural(
            "{count} old one was deleted here and stays on the server.",
            "{count} old ones were deleted here and stay on the server.",
            deleted,
        )
        said.append(text.format(count=f"{deleted:,}"))
    return " ".join(said)


def _refused(count: int) -> ReprospectiveError:
    text = plural(
        "{count} session or entry was refused by the server and stays on this computer.",
        "{count} sessions or entries were refused by the server and stay on this computer.",
        count,
    )
    return ReprospectiveError(
        text.format(count=f"{count:,}"),
        _("To resend them: reprospective-tray sync --retry-refused"),
    )


def _too_old(count: int) -> ReprospectiveError:
    text = plural(
        "{count} entry waits on this computer, because the server is too old for entries.",
        "{count} entries wait on this computer, because the server is too old for entries.",
        count,
    )
    return ReprospectiveError(
        text.format(count=f"{count:,}"),
        _("Ask the server administrator to run `reprospective-tray server init` of this version."),
    )
