"""Figures of a list add up to its total, whatever the lengths are."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reprospective_tray.summary.format_text import figure_text
from reprospective_tray.summary.rounding import (
    MINUTE_MS,
    SECOND_MS,
    Figure,
    alone,
    difference,
    parts,
    percentages,
    together,
)

HOUR = 60 * MINUTE_MS
LENGTHS = st.lists(
    st.one_of(
        st.integers(0, 2 * SECOND_MS),
        st.integers(0, 11 * MINUTE_MS),
        st.integers(0, 9 * HOUR),
        st.sampled_from([0, 500, 29_999, 30_000, 59_999, 60_000, 60_001]),
    ),
    max_size=40,
)


def texts(lengths):
    return [figure_text(each) for each in parts(lengths, alone(sum(lengths)))]


@given(LENGTHS)
@example([140_000, 140_000, 45_000])
@example([1] * 40)
@example([MINUTE_MS - 1] * 40)
def test_the_parts_of_any_list_add_up_to_its_total_and_keep_their_order(lengths):
    whole = alone(sum(lengths))
    shown = parts(lengths, whole)
    assert sum(each.ms for each in shown) == whole.ms
    for ms, figure in zip(lengths, shown, strict=True):
        assert figure.unit_ms == whole.unit_ms
        assert figure.ms % figure.unit_ms == 0
        assert abs(figure.ms - ms) < figure.unit_ms
        assert figure.is_trace == (ms > 0 and figure.ms == 0)
    for longer, of_longer in zip(lengths, shown, strict=True):
        for shorter, of_shorter in zip(lengths, shown, strict=True):
            assert longer <= shorter or of_longer.ms >= of_shorter.ms


@given(LENGTHS, st.integers(0, 40 * HOUR))
def test_a_total_of_another_source_moves_no_part_by_a_unit(lengths, total):
    whole = alone(total)
    for ms, figure in zip(lengths, parts(lengths, whole), strict=True):
        assert abs(figure.ms - ms) < whole.unit_ms


@given(LENGTHS, st.data())
def test_the_parts_of_a_part_add_up_to_what_it_shows(lengths, data):
    for ms, figure in zip(lengths, parts(lengths, alone(sum(lengths))), strict=True):
        cut = data.draw(st.integers(0, ms))
        assert sum(each.ms for each in parts([cut, ms - cut], figure)) == figure.ms


@given(st.integers(0, 200 * HOUR))
def test_a_length_alone_is_shown_to_the_nearest_second_or_from_ten_minutes_on_minute(ms):
    figure = alone(ms)
    assert abs(figure.ms - ms) * 2 <= figure.unit_ms
    assert (figure.unit_ms == SECOND_MS) == (figure.ms < 10 * MINUTE_MS)


@given(LENGTHS)
def test_the_shares_of_any_list_are_a_hundred_per_cent(lengths):
    whole = sum(lengths)
    found = percentages(lengths, whole)
    assert sum(found) == (100 if whole else 0)
    for share, ms in zip(found, lengths, strict=True):
        assert abs(share * whole - 100 * ms) < max(whole, 1)


@pytest.mark.parametrize(
    ("lengths", "shown"),
    [
        ([140_000, 140_000, 45_000], ["2 m 20 s", "2 m 20 s", "45 s"]),
        ([140_400, 140_400, 44_400], ["2 m 21 s", "2 m 20 s", "44 s"]),
        ([3 * HOUR + 29_999, 2 * HOUR + 29_999, 25_000], ["3 h 01 m", "2 h 00 m", "<1 m"]),
        ([5 * HOUR, 0], ["5 h 00 m", "0 s"]),
        ([400, 400], ["1 s", "<1 s"]),
    ],
)
def test_a_list_has_one_unit(lengths, shown):
    assert texts(lengths) == shown


def test_a_rest_is_the_sum_of_what_it_holds():
    shown = parts([HOUR, 20_000, 20_000, 20_000], alone(HOUR + 60_000))
    assert together(shown[1:]) == Figure(MINUTE_MS, MINUTE_MS)
    assert together(shown[2:]) == Figure(0, MINUTE_MS, is_trace=True)
    assert together(()) == Figure(0, SECOND_MS)


@pytest.mark.parametrize(
    ("later", "earlier", "text"),
    [
        (HOUR + 29_999, HOUR - 30_000, "0 s"),
        (HOUR + 30_000, 50 * MINUTE_MS, "11 m"),
        (61 * MINUTE_MS, 58 * MINUTE_MS, "3 m"),
        (330_000, 12 * MINUTE_MS, "6 m 30 s"),
    ],
)
def test_a_difference_is_that_of_the_figures_that_are_shown(later, earlier, text):
    assert figure_text(difference(alone(later), alone(earlier))) == text
