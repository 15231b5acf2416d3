"""What time is put under when looking back: rules from names to a category. Pure.

Nothing of it is stored: a rule that changes, changes the past with it.
"""

import zlib
from collections import defaultdict
from collections.abc import Iterable

from msgspec import Struct

from reprospective_tray.config.keys import CategoryRule, CategorySettings
from reprospective_tray.config.patterns import Pattern, compile_known, compile_pattern
from reprospective_tray.messages import _
from reprospective_tray.summary.figures import builtin_categories as builtin

SEPARATOR = " > "
# What no rule takes; a rule may name it as well, and then says its colour and whether it is
# productive.
OTHER_PATH = ("Other",)
OTHER_COLOUR = "#9aa3b2"
_COLOURS = (
    *(builtin.BLUE, builtin.TEAL, builtin.ORANGE, builtin.PURPLE),
    *(builtin.PINK, builtin.GREEN, builtin.CYAN, builtin.RED),
)


class Category(Struct, frozen=True):
    """Where time belongs.

    Attributes:
        path: From the whole to the part, such as ``("Work", "Coding")``; `OTHER_PATH` where no
            rule fits, empty for time that is not active.
        colour: As ``#rrggbb``.
        productive: What the rules say of it; None where they say nothing.
    """

    path: tuple[str, ...]
    colour: str
    productive: bool | None = None

    @property
    def name(self) -> str:
        """The path as it stands in the config, in every language: ``Work > Coding``, ``Other``."""
        return SEPARATOR.join(self.path)

    @property
    def label(self) -> str:
        """The last part of the path, in the language of the person."""
        return self.full_label.rpartition(SEPARATOR)[2]

    @property
    def full_label(self) -> str:
        """The whole path, in the language of the person."""
        return words(self.path)


OTHER = Category(OTHER_PATH, OTHER_COLOUR)
NO_CATEGORY = Category((), OTHER_COLOUR)


class CategoryTotal(Struct, frozen=True):
    """The active ms in one category."""

    category: Category
    ms: int


class Categories:
    """Puts names under categories; the first rule that fits decides."""

    def __init__(self, settings: CategorySettings) -> None:
        """Take the person's rules, and the built-in ones after them."""
        built_in = builtin.RULES if settings.built_in else ()
        rules = settings.rules + built_in
        colours, productive = _colours(rules), _productive(rules)
        self._rules: list[tuple[Pattern | None, Pattern | None, Category]] = [
            (
                None if rule.application is None else compiled(rule.application),
                None if rule.title is None else compiled(rule.title),
                Category(path, colours[path], productive.get(path)),
            )
            for compiled, group in ((compile_pattern, settings.rules), (compile_known, built_in))
            for rule in group
            for path in [path_of(rule.category)]
        ]
        self._rest = Category(
            OTHER_PATH, colours.get(OTHER_PATH, OTHER_COLOUR), productive.get(OTHER_PATH)
        )
        self._known: dict[tuple[str, str | None], Category] = {}

    def of(self, application_name: str, window_title: str | None) -> Category:
        """Return the category of a window; without a title only rules that ask for none fit."""
        key = application_name, window_title
        if key not in self._known:
            if len(self._known) > 100_000:  # noqa: PLR2004  bounded, however many titles there are
                self._known.clear()
            self._known[key] = self._find(application_name, window_title)
        return self._known[key]

    def totals(self, parts: Iterable[tuple[str, str | None, int]]) -> tuple[CategoryTotal, ...]:
        """Add up parts of application, title (or None) and ms: longest first, the rest last."""
        found: dict[Category, int] = defaultdict(int)
        for application_name, window_title, ms in parts:
            found[self.of(application_name, window_title)] += ms
        return in_order(found)

    def _find(self, application_name: str, window_title: str | None) -> Category:
        for application, title, category in self._rules:
            if application and not application.search(application_name):
                continue
            if title and (window_title is None or not title.search(window_title)):
                continue
            return category
        return self._rest


def in_order(found: dict[Category, int]) -> tuple[CategoryTotal, ...]:
    """Return totals longest first, then by name; what no rule took stands last."""
    totals = [CategoryTotal(category, ms) for category, ms in found.items() if ms]
    return tuple(
        sorted(
            totals,
            key=lambda each: (each.category.path == OTHER_PATH, -each.ms, each.category.name),
        )
    )


def path_of(category: str) -> tuple[str, ...]:
    """Return the parts of ``Work > Coding``."""
    return tuple(part.strip() for part in category.split(">"))


def _colours(rules: Iterable[CategoryRule]) -> dict[tuple[str, ...], str]:
    """Return the colour of each path: its own, that of what it is a part of, or one by its name."""
    said: dict[tuple[str, ...], str] = {}
    paths = []
    for rule in rules:
        path = path_of(rule.category)
        paths.append(path)
        if rule.colour:
            said.setdefault(path, rule.colour.lower())

    def colour(path: tuple[str, ...]) -> str:
        for length in range(len(path), 0, -1):
            if path[:length] in said:
                return said[path[:length]]
        if path == OTHER_PATH:
            return OTHER_COLOUR
        # By the name alone, so that another rule never changes it.
        return _COLOURS[zlib.crc32(SEPARATOR.join(path).encode()) % len(_COLOURS)]

    return {path: colour(path) for path in paths}


def _productive(rules: Iterable[CategoryRule]) -> dict[tuple[str, ...], bool]:
    said: dict[tuple[str, ...], bool] = {}
    for rule in rules:
        if rule.productive is not None:
            said.setdefault(path_of(rule.category), rule.productive)
    return said


def words(path: Iterable[str]) -> str:
    """Return a path, or the end of one, in the language of the person."""
    return SEPARATOR.join(map(_word, path))


def _word(part: str) -> str:
    """Return what a part of a built-in path is called in the language of the person."""
    known = {
        "Work": _("Work"),
        "Coding": _("Coding"),
        "Communication": _("Communication"),
        "Writing": _("Writing"),
        "Office": _("Office"),
        "Design": _("Design"),
        "Reading & research": _("Reading & research"),
        "Leisure": _("Leisure"),
        "Music & video": _("Music & video"),
        "Social media": _("Social media"),
        "Games": _("Games"),
        "Other": _("Other"),
    }
    return known.get(part, part)
