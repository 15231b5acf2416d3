"""Sessions for the tests of the store and of what is shown of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import strategies as st

from reprospective_tray.store.model.ids import new_uid
from reprospective_tray.store.model.sessions import MINUTE_MS, Session, State
from reprospective_tray.store.query.raw_queries import StoredSession
from reprospective_tray.store.sqlite.adapter import SqliteAdapter

FIRST_DAY = date(2026, 3, 28)  # the weekend on which Europe's clocks change
START = int(datetime(2026, 3, 28, 6, tzinfo=UTC).timestamp() * 1000)
OFFSETS = (0, 60, 120, 540, -480, 345, 840, -720)


@contextmanager
def fresh_adapter() -> Iterator[SqliteAdapter]:
    """An open database in a folder of its own, with this thread's connection."""
    with TemporaryDirectory() as folder:
        adapter = SqliteAdapter(Path(folder) / "data" / "local.db")
        adapter.open()
        with adapter.connection():
            yield adapter


def at(text: str) -> int:
    """Return the ms of an ISO time, which is of the clock on the wall where it has no offset."""
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def session(start: str, end: str, name: str = "Code", title: str = "a.py", **more: Any) -> Session:
    """Return a session as it was lived: the offset of `start` is the wall's."""
    shift = datetime.fromisoformat(start).utcoffset()
    assert shift is not None
    state = more.pop("state", State.ACTIVE)
    return Session(
        uid=more.pop("uid", None) or new_uid(at(start)),
        state=state,
        application_name=name if state is State.ACTIVE else "",
        window_title=title if state is State.ACTIVE else "",
        process_id=7,
        started_at=at(start),
        ended_at=at(end),
        utc_offset_minutes=int(shift.total_seconds()) // 60,
        open=more.pop("open", False),
    )


def stored(one: Session, host: str = "desk", **more: Any) -> StoredSession:
    """Return a session as queries give it."""
    return StoredSession(
        uid=one.uid,
        device_id=more.pop("device_id", f"device of {host}"),
        source_host=host,
        original_id=1,
        state=one.state,
        application_name=one.application_name,
        window_title=one.window_title,
        started_at=one.started_at,
        ended_at=one.ended_at,
        utc_offset_minutes=one.utc_offset_minutes,
        open=one.open,
        synced=False,
        revision=1,
        **more,
    )


def row(one: Session, device_id: str, source_host: str = "desk", **more: Any) -> dict[str, Any]:
    """Return the closed row of a session, as SqliteRowWriter takes it."""
    return {
        "uid": one.uid,
        "device_id": device_id,
        "source_host": source_host,
        "state": one.state.value,
        "application_name": one.application_name,
        "window_title": one.window_title,
        "process_id": one.process_id,
        "started_at": one.started_at,
        "ended_at": one.ended_at,
        "utc_offset_minutes": one.utc_offset_minutes,
        "open": 0,
        "deleted": 0,
        "revision": 1,
        "synced": 0,
        "synced_at": None,
    } | more


def up_to(hours: int) -> st.SearchStrategy[int]:
    """Return some ms; drawn as one large number they would nearly always be few."""
    return st.builds(
        lambda whole, rest: whole * 3_600_000 + rest,
        st.integers(0, hours - 1),
        st.integers(0, 3_600_000),
    )


@st.composite
def timelines(draw: st.DrawFn, *, open_last: bool = True) -> list[Session]:
    """Some sessions of one device: without overlap, over midnights, with changes of the offset."""
    moment = START + draw(st.integers(0, 20 * 60)) * MINUTE_MS
    made = []
    length = st.one_of(st.integers(0, 5000), up_to(3), up_to(48))
    gap = st.one_of(st.just(0), st.integers(999, 1002), up_to(20))
    count = draw(st.integers(1, 12))
    for number in range(count):
        state = draw(st.sampled_from(list(State)))
        end = moment + draw(length)
        active = state is State.ACTIVE
        made.append(
            Session(
                uid=new_uid(moment),
                state=state,
                application_name=draw(st.sampled_from(["Code", "端末", ""])) if active else "",
                window_title=draw(st.sampled_from(["a", "b"])) if active else "",
                process_id=None,
                started_at=moment,
                ended_at=end,
                utc_offset_minutes=draw(st.sampled_from(OFFSETS)),
                open=open_last and number == count - 1 and draw(st.booleans()),
            )
        )
        moment = end + draw(gap)
    return made
