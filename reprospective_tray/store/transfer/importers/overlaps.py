"""What was left out of a file because its time is taken already: counted, and the first named."""

from dataclasses import dataclass, field

from reprospective_tray.messages import _
from reprospective_tray.store.transfer.export import iso_utc
from reprospective_tray.store.transfer.importers.checking import SHOWN


@dataclass(slots=True)
class Overlaps:
    """Counts sessions that are left out, wholly or in part; times are ms.

    The first 20 are named, or all where asked to `show_all`.
    """

    sessions: int = 0
    ms: int = 0
    show_all: bool = False
    _lines: list[str] = field(default_factory=list)

    def add(self, place: str, since: int, until: int, left_out: int) -> None:
        """Note that of what stands at `place` so much, between two moments, is left out."""
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
        """Those that are named, and how many there are besides."""
        more = self.sessions - len(self._lines)
        rest = [_("  and {count} more").format(count=more)] if more else []
        return (*self._lines, *rest)
