"""Overlaps: counts and lists imported sessions that were skipped because of occupied time."""

from dataclasses import dataclass, field

from reprospective_tray.messages import _
from reprospective_tray.store.transfer.export import iso_utc
from reprospective_tray.store.transfer.importers.checking import SHOWN


@dataclass(slots=True)
class Overlaps:
    """Counts sessions that were skipped completely or in part; times are in ms.

    The first 20 are listed, or all with `show_all`.
    """

    sessions: int = 0
    ms: int = 0
    show_all: bool = False
    _lines: list[str] = field(default_factory=list)

    def add(self, place: str, since: int, until: int, left_out: int) -> None:
        """Add a session at `place` of which `left_out` ms between two times were skipped."""
        self.sessions += 1
        self.ms += left_out
        if self.show_all or self.sessions <= SHOWN:
            self._lines.append(
                _("  {place}: {since} to {until}").format(
                    place=place, since=iso_utc(since), until=iso_utc(until)
                )
            )

    @property
    def lines(self) -> tuple[str, ...]:
        """The listed sessions, and a line with the number of further ones."""
        more = self.sessions - len(self._lines)
        rest = [_("  and {count} more").format(count=more)] if more else []
        return (*self._lines, *rest)
