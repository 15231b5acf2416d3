"""Categories as lines: parents have subtotals, and everything adds up."""

from hypothesis import given
from hypothesis import strategies as st

from reprospective_tray.summary.figures.categories import (
    OTHER_PATH,
    Category,
    in_order,
)
from reprospective_tray.summary.figures.category_tree import category_lines
from reprospective_tray.summary.format_text import figure_text
from reprospective_tray.summary.rounding import alone

MINUTE = 60_000
PATHS = st.one_of(
    st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map(tuple), st.just(OTHER_PATH)
)


def lines_of(**minutes):
    """Return depth, label, time and share of each line; ``a_b`` is the path a > b."""
    return [
        (line.depth, line.label, figure_text(line.figure), line.percent)
        for line in built({tuple(path.split("_")): ms * MINUTE for path, ms in minutes.items()})
    ]


def built(lengths):
    totals = in_order({Category(path, "#000000"): ms for path, ms in lengths.items()})
    return category_lines(totals, alone(sum(lengths.values())))


def test_parents_of_several_have_their_subtotal_and_those_of_one_no_line():
    assert lines_of(Shop_Harbour=161, Shop_Harbour_Meeting=45, Talk_Mail=50, Other=99) == [
        (0, "Shop > Harbour", "3 h 26 m", 58),
        (1, "Rest of Harbour", "2 h 41 m", 45),
        (1, "Meeting", "45 m", 13),
        (0, "Talk > Mail", "50 m", 14),
        (0, "Other", "1 h 39 m", 28),
    ]


def test_a_line_says_what_its_subtotal_has_not_said():
    lines = built({("A", "B", "C"): 9 * MINUTE, ("A", "D"): MINUTE, ("A", "B", "E"): MINUTE})
    assert [(line.label, line.full_label) for line in lines] == [
        *(("A", "A"), ("B", "A > B"), ("C", "A > B > C"), ("E", "A > B > E"), ("D", "A > D"))
    ]


@given(st.dictionaries(PATHS, st.integers(1, 3 * 3_600_000), min_size=1, max_size=12))
def test_every_subtotal_is_the_sum_of_its_lines_and_the_total_that_of_all(lengths):
    lines = built(lengths)
    assert {line.path for line in lines if line.category} == set(lengths)
    assert sum(line.ms for line in lines if line.category) == sum(lengths.values())
    whole = alone(sum(lengths.values()))
    above = {-1: (whole.ms, 100, [], [])}
    groups = [above[-1]]
    for line in lines:
        _ms, _percent, figures, percents = above[line.depth - 1]
        figures.append(line.figure.ms)
        percents.append(line.percent)
        assert abs(line.figure.ms - line.ms) < whole.unit_ms
        above[line.depth] = (line.figure.ms, line.percent, [], [])
        if line.category is None:
            groups.append(above[line.depth])
    for ms, percent, figures, percents in groups:
        assert (sum(figures), sum(percents)) == (ms, percent)
        assert len(figures) > 1 or len(lines) == 1 or ms == whole.ms
