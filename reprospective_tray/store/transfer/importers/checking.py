"""What holds for the values of any file, and which places of one file are bad."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from reprospective_tray.errors import ImportFileError
from reprospective_tray.messages import _
from reprospective_tray.store.model.bounds import LONGEST_MS
from reprospective_tray.store.model.sessions import DAY_MS

SHOWN = 20
_SHOWN_OF_A_NAME = 80
# Another computer's clock may be ahead, but not further.
_AHEAD_MS = DAY_MS
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class PlaceError(Exception):
    """What stands at one place of a file cannot be taken; the text says why."""


class BadPlaces:
    """The bad places of one file: all are counted, the first are shown, or all where asked for."""

    def __init__(self, path: Path, *, show_all: bool = False) -> None:
        """None of the file at `path` is bad as yet."""
        self.path = path
        self.count = 0
        self._show_all = show_all
        self._shown: list[str] = []

    def add(self, place: str) -> None:
        """Note a place and what is bad there, as a line for people to read."""
        self.count += 1
        if self._show_all or self.count <= SHOWN:
            self._shown.append(place)

    @property
    def lines(self) -> tuple[str, ...]:
        """The places that are shown, and how many there are besides."""
        more = self.count - len(self._shown)
        rest = [_("  and {count} more").format(count=more)] if more else []
        return (*self._shown, *rest)

    def refuse(self, what: str, remedy: str) -> None:
        """Refuse the file: `what` stands above the places.

        Raises:
            ImportFileError: always.
        """
        raise ImportFileError("\n".join([what, *self.lines]), remedy)


def read_instant(key: str, text: str) -> int:
    """Return the microseconds since the epoch of an ISO 8601 time with any offset.

    Raises:
        PlaceError: it is none, or not of these centuries; `key` is what it is called.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise PlaceError(
            _("{key} is no ISO 8601 time: {value}").format(key=key, value=ascii(text[:40]))
        ) from None
    if moment.tzinfo is None:
        raise PlaceError(
            _("{key} has no offset (Z or such as +09:00): {value}").format(
                key=key, value=ascii(text[:40])
            )
        )
    if not _EPOCH <= moment < _LATEST:
        raise PlaceError(
            _("{key} is not between 1970 and 2200: {value}").format(key=key, value=ascii(text[:40]))
        )
    return (moment - _EPOCH) // _MICROSECOND


def refuse_the_future(ended_at: int, now: int) -> None:
    """Refuse what ends (ms) further ahead of `now` (ms) than clocks differ.

    Raises:
        PlaceError: it does.
    """
    if ended_at > now + _AHEAD_MS:
        raise PlaceError(_("it ends in the future"))


def refuse_the_endless(length_ms: float) -> None:
    """Refuse what lasts longer than anybody does one thing.

    Raises:
        PlaceError: it does.
    """
    if length_ms > LONGEST_MS:
        raise PlaceError(_("it lasts longer than a year"))


def shown(name: str) -> str:
    """Return a name of the file so that no terminal obeys it."""
    name = name[:_SHOWN_OF_A_NAME]
    return name if name.isprintable() else ascii(name)
