"""The open session and the changes that result from it. Pure; times are ms."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from reprospective_tray.monitor.observation import Observation
from reprospective_tray.store.model.sessions import (
    Change,
    Put,
    Rewind,
    Session,
    State,
)


@dataclass(frozen=True, slots=True)
class Target:
    """What a session stands for."""

    state: State
    window: Observation


class OpenSession:
    """At most one session is open at a time; where it ends, the next can start."""

    def __init__(self, new_uid: Callable[[int], str]) -> None:
        """Start with none."""
        self._new_uid = new_uid
        self._changes: list[Change] = []
        self.session: Session | None = None
        self.target: Target | None = None
        self.last_end = 0
        """Where the recorded time ends."""
        self.last_put = 0

    def begin(self, since: int, target: Target, *, now: int, utc_offset_minutes: int) -> None:
        """Start a session for `target`."""
        self.target = target
        self.session = Session(
            uid=self._new_uid(since),
            state=target.state,
            application_name=target.window.application_name,
            window_title=target.window.window_title,
            process_id=target.window.process_id,
            started_at=since,
            ended_at=max(since, now),
            utc_offset_minutes=utc_offset_minutes,
            open=True,
        )
        self._put(self.session)

    def close(self, end: int) -> None:
        """End it at `end`; if that is not after its start, it never existed."""
        if self.session is None:
            return
        started_at = self.session.started_at
        if end > started_at:
            self._put(replace(self.session, ended_at=end, open=False))
        else:
            self.change(Rewind(started_at))
            self.last_end = started_at
        self.session = self.target = None

    def take_back(self, since: int) -> None:
        """Undo what was recorded after `since`."""
        if self.session and self.session.started_at < since:
            return  # closing it there is enough
        if self.session or self.last_end > since:
            self.change(Rewind(since))
            self.last_end = since
            self.session = self.target = None

    def beat(self, until: int, now: int) -> None:
        """Record that it has lasted until `until`."""
        if self.session:
            self.session = replace(self.session, ended_at=until)
            self._put(self.session)
            self.last_put = now

    def rename(self, uid: str) -> None:
        """Continue it as `uid`, which its row already has."""
        if self.session:
            self.session = replace(self.session, uid=uid)

    def change(self, change: Change) -> None:
        """Add a change of what is recorded."""
        self._changes.append(change)

    def emit(self) -> list[Change]:
        """Return the changes since the last call."""
        changes, self._changes = self._changes, []
        return changes

    def _put(self, session: Session) -> None:
        self.change(Put(session))
        self.last_put = self.last_end = session.ended_at
