"""What a test can say of a picture: each text lies within its canvas, beside the others."""

from contextlib import suppress
from itertools import combinations

from tests.desktop.summary_driver import Summary
from tests.desktop.summary_seen import Box, Seen


def inside(inner: Box, outer: Box, slack: int = 1) -> bool:
    """Tell whether one place lies in another."""
    return (
        inner.left >= outer.left - slack
        and inner.top >= outer.top - slack
        and inner.right <= outer.right + slack
        and inner.bottom <= outer.bottom + slack
    )


def overlap(one: Box, other: Box) -> bool:
    """Tell whether two texts touch; a line's box has room above and below its letters."""
    across = min(one.right, other.right) - max(one.left, other.left)
    third = min(one.bottom - one.top, other.bottom - other.top) / 3
    return across > 1 and min(one.bottom, other.bottom) - max(one.top, other.top) > third


def assert_whole(seen: Seen) -> None:
    """Nothing that is seen is cut off, and no two texts of a canvas lie on each other."""
    window = seen.place(seen.widgets[0])
    for widget in seen.widgets:
        if widget["top"] != ".":
            continue
        box = seen.place(widget)
        assert inside(box, window), (widget["path"], box, window)
        if parent := seen.parent(widget):
            assert inside(box, parent), (widget["path"], box, parent)
        if widget["name"] in {"Label", "Button", "Choice"}:
            assert widget["reqwidth"] <= widget["width"], widget
            assert widget["reqheight"] <= widget["height"], widget
        texts = seen.texts_of(widget)
        for text in texts:
            assert inside(text.box, box), (text, box)
        for one, other in combinations(texts, 2):
            assert not overlap(one.box, other.box), (one, other)


def see(summary: Summary, name: str) -> None:
    """Take a picture of the window as it is, and look at its geometry."""
    # What has just come, such as a toast, takes its place in more than one step.
    with suppress(AssertionError):
        summary.wait(_is_whole, "each text to have its place")
    summary.picture(name)
    assert_whole(summary.seen)


def _is_whole(seen: Seen) -> bool:
    try:
        assert_whole(seen)
    except AssertionError:
        return False
    return True
