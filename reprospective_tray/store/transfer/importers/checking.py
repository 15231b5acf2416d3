"""Checks for values of imported files, and the list of a file's bad places."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from reprospective_tray.errors import ImportFileError
from reprospective_tray.messages import _
from reprospective_tray.store.model.bounds import LONGEST_MS
from reprospective_tray.store.model.sessions import DAY_MS

SHOWN = 20
_SHOWN_OF_A_NAME = 80
# How far another computer's clock may be ahead.
_AHEAD_MS = DAY_MS
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class PlaceError(Exception):
    """A value in a file cannot be imported; the text gives the reason."""


class BadPlaces:
    """The bad places of one file: all are counted; the first 20, or all on request, are listed."""

    def __init__(self, path: Path, *, show_all: bool = False) -> None:
        """Start with no bad places in the file at `path`."""
        self.path = path
        self.count = 0
        self._show_all = show_all
        self._shown: list[str] = []

    def add(self, place: str) -> None:
        """Add a place with its reason, as a line for the user."""
        self.count += 1
        if self._show_all or self.count <= SHOWN:
            self._shown.append(place)

    @property
    def lines(self) -> tuple[str, ...]:
        """The listed places, and a line with the number of further ones."""
        more = self.count - len(self._shown)
        rest = [_("  and {count} more").format(count=more)] if more else []
        return (*self._shown, *rest)

    def refuse(self, what: str, remedy: str) -> None:
        """Refuse the file with `what` as the heading above the places.

        Raises:
            ImportFileError: always.
        """
        raise ImportFileError("\n".join([what, *self.lines]), remedy)


def read_instant(key: str, text: str) -> int:
    """Return an ISO 8601 time with an offset as microseconds since the epoch.

    Raises:
        PlaceError: it is not such a time, or not between 1970 and 2200; `key` names it.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise PlaceError(
            _("{key} is not an ISO 8601 time: {value}").format(key=key, value=ascii(text[:40]))
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
    """Refuse an end (ms) more than a day after `now` (ms).

    Raises:
        PlaceError: `ended_at` is too far in the future.
    """
    if ended_at > now + _AHEAD_MS:
        raise PlaceError(_("it ends in the future"))


def refuse_the_endless(length_ms: float) -> None:
    """Refuse a length of more than 366 days.

    Raises:
        PlaceError: `length_ms` is too long.
    """
    if length_ms > LONGEST_MS:
        raise PlaceError(_("it lasts longer than a year"))


def shown(name: str) -> str:
    """Return a name from the file without control characters, cut to 80 characters."""
    name = name[:_SHOWN_OF_A_NAME]
    return name if name.isprintable() else ascii(name)
