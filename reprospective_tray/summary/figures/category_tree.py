"""Categories as lines: each one with time, and above several of one parent its subtotal. Pure."""

from collections.abc import Iterator, Sequence

from msgspec import Struct, field

from reprospective_tray.messages import _
from reprospective_tray.summary.figures.categories import (
    OTHER_PATH,
    SEPARATOR,
    Category,
    CategoryTotal,
    words,
)
from reprospective_tray.summary.rounding import Figure, parts, percentages


class CategoryLine(Struct, frozen=True):
    """A category, or the subtotal of those on the deeper lines right below it.

    Attributes:
        path: From the whole to the part.
        depth: How many subtotals it is a part of.
        is_rest: Whether it is the time of its parent that is in none of its parts.
        above: How many parts of `path` the subtotal above says already.
        ms: Its active time.
        figure: The same, as it is shown.
        percent: Its share of all active time; those of one depth and parent add up to theirs.
        category: None for a subtotal.
    """

    path: tuple[str, ...]
    depth: int
    is_rest: bool
    above: int
    ms: int
    figure: Figure
    percent: int
    category: Category | None

    @property
    def label(self) -> str:
        """What to call it below its subtotal, in the language of the person."""
        if self.is_rest:
            return _("Rest of {category}").format(category=words(self.path[-1:]))
        return words(self.path[self.above :])

    @property
    def full_label(self) -> str:
        """What to call it where it stands alone, in the language of the person."""
        return self.label if self.is_rest else words(self.path)


class _Node(Struct):
    path: tuple[str, ...]
    ms: int = 0
    category: Category | None = None
    below: dict[str, "_Node"] = field(default_factory=dict)
    is_rest: bool = False


def category_lines(totals: Sequence[CategoryTotal], whole: Figure) -> tuple[CategoryLine, ...]:
    """Return the lines of `totals`, whose sum is shown as `whole`, the longest first.

    A parent of a single part has no line of its own, unless it has time of its own.
    """
    root = _Node(())
    for total in totals:
        node = root
        node.ms += total.ms
        for count, part in enumerate(total.category.path, 1):
            node = node.below.setdefault(part, _Node(total.category.path[:count]))
            node.ms += total.ms
        node.category = total.category
    return tuple(_lines(root, whole, 100, root.ms, 0))


def _lines(
    parent: _Node, whole: Figure, percent: int, whole_ms: int, depth: int
) -> Iterator[CategoryLine]:
    nodes = sorted(
        parent.below.values(),
        key=lambda each: (each.path == OTHER_PATH, -each.ms, SEPARATOR.join(each.path)),
    )
    own = parent.ms - sum(node.ms for node in nodes)
    if own:
        nodes.append(_Node(parent.path, own, parent.category, is_rest=True))
        nodes.sort(key=lambda each: (each.path == OTHER_PATH, -each.ms))
    lengths = [node.ms for node in nodes]
    shown = zip(nodes, parts(lengths, whole), percentages(lengths, whole_ms, percent), strict=True)
    for first, figure, share in shown:
        node = first
        while node.category is None and len(node.below) == 1:
            (node,) = node.below.values()
        category = None if node.below else node.category
        yield CategoryLine(
            node.path, depth, node.is_rest, len(parent.path), node.ms, figure, share, category
        )
        if node.below:
            yield from _lines(node, figure, share, whole_ms, depth + 1)
