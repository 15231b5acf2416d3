"""Where in time the window stands, and where its buttons and keys lead. Pure."""

from datetime import date, timedelta

from msgspec import Struct
from msgspec.structs import replace

from reprospective_tray.summary.figures.search import Chip
from reprospective_tray.summary.figures.sources import THIS_COMPUTER, Scope
from reprospective_tray.summary.view_model import View
from reprospective_tray.summary.window.loading.loader import LoadRequest


class Position(Struct, frozen=True):
    """What the window shows; `follows` while it shows today and goes on doing so after midnight."""

    view: View
    day: date
    scope: Scope = THIS_COMPUTER
    search: str = ""
    chips: tuple[Chip, ...] = ()
    follows: bool = True

    @property
    def wish(self) -> LoadRequest:
        """What the loader is asked for."""
        return LoadRequest(self.view, self.day, self.scope, self.search, self.chips)

    def holds(self, day: date) -> bool:
        """Tell whether `day` is among the days in view."""
        days = self.view.around(self.day)
        return days.first <= day <= days.last

    def earlier(self) -> "Position":
        """Return the range before."""
        first = self.view.around(self.day).first
        if first == date.min:
            return self
        return self._at(first - timedelta(days=1))

    def later(self, today: date) -> "Position":
        """Return the range after; what is yet to come has nothing to show."""
        last = self.view.around(self.day).last
        if last >= today:
            return self
        following = self._at(last + timedelta(days=1))
        return following.at_today(today) if following.holds(today) else following

    def at_today(self, today: date) -> "Position":
        """Return the range with today in it."""
        return replace(self, day=today, follows=True)

    def on(self, day: date, today: date, view: View | None = None) -> "Position":
        """Return the range with `day` in it, no later than today; in another `view` if given."""
        day = min(day, today)
        return replace(self, day=day, view=view or self.view, follows=day == today)

    def seen_as(self, view: View) -> "Position":
        """Return the day, week or month around the day that was looked at last."""
        return replace(self, view=view)

    def among(self, chip: Chip) -> "Position":
        """Return what is shown once only what fits `chip` counts; one chip of a kind holds."""
        others = tuple(each for each in self.chips if each.kind is not chip.kind)
        return replace(self, chips=(*others, chip))

    def without(self, chip: Chip) -> "Position":
        """Return what is shown once `chip` is taken away."""
        return replace(self, chips=tuple(each for each in self.chips if each != chip))

    def _at(self, day: date) -> "Position":
        return replace(self, day=day, follows=False)
