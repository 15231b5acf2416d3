"""The search over applications and titles: what it finds has all words and fits all chips. Pure."""

from enum import StrEnum

from msgspec import Struct

from reprospective_tray.store.model.sessions import State
from reprospective_tray.store.query.raw_queries import StoredSession
from reprospective_tray.summary.figures.categories import Categories
from reprospective_tray.summary.format_text import application_label


class ChipKind(StrEnum):
    """What a chip asks for."""

    APPLICATION = "application"
    CATEGORY = "category"


class Chip(Struct, frozen=True):
    """One thing that was clicked on: only what belongs to it is found.

    Attributes:
        kind: Which kind of thing.
        name: The application as it is stored, or the category as it stands in the config.
        colour: That of its category.
        label: A category in the language of the person; empty for an application.
    """

    kind: ChipKind
    name: str
    colour: str
    label: str = ""

    @property
    def text(self) -> str:
        """What to call it, in the language of the person."""
        return self.label or application_label(self.name)


class Search:
    """Finds windows by words in any case and order, and by chips; without both, everything."""

    def __init__(
        self, text: str, chips: tuple[Chip, ...] = (), categories: Categories | None = None
    ) -> None:
        """Search for the words of `text`, among what fits `chips`.

        `categories` are the rules by which a chip of a category decides.
        """
        words = " ".join(text.split())
        self.text = " · ".join([*(chip.text for chip in chips), *([words] if words else [])])
        self._words = words.casefold().split()
        self._chips, self._categories = chips, categories
        self._known: dict[tuple[str, str | None], bool] = {}

    @property
    def finds_all(self) -> bool:
        """Whether nothing is searched for."""
        return not (self._words or self._chips)

    def finds(self, application_name: str, window_title: str) -> bool:
        """Tell whether a window is found."""
        return self._finds(application_name, window_title)

    def finds_application(self, application_name: str) -> bool:
        """Tell whether an application is found where its titles are not known."""
        return self._finds(application_name, None)

    def finds_session(self, session: StoredSession) -> bool:
        """Tell whether a session is found; idle and locked ones are only where all is."""
        if session.state is not State.ACTIVE:
            return self.finds_all
        return self.finds(session.application_name, session.window_title)

    def _finds(self, application_name: str, window_title: str | None) -> bool:
        key = application_name, window_title
        if key not in self._known:
            names = f"{application_name}\n{window_title or ''}".casefold()
            self._known[key] = all(word in names for word in self._words) and all(
                self._fits(chip, application_name, window_title) for chip in self._chips
            )
        return self._known[key]

    def _fits(self, chip: Chip, application_name: str, window_title: str | None) -> bool:
        if chip.kind is ChipKind.APPLICATION:
            return application_name == chip.name
        assert self._categories is not None
        return self._categories.of(application_name, window_title).name == chip.name
