"""Entries as values: of those of several computers, the later made one stays whole.

How it can fail: two entries count one time twice, a cut loses time, the order depends on the input.
"""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from reprospective_tray.store.model.entries import Entry, without_overlaps

spans = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 12)), max_size=8)


def entry(uid: str, start: int, end: int) -> Entry:
    return Entry(uid, start, end, 0, f"of {uid}")


def covered(entries) -> dict[int, str]:
    """Return the uid that each ms has; later ones win."""
    return {ms: each.uid for each in entries for ms in range(each.started_at, each.ended_at)}


def test_a_later_made_entry_in_the_middle_cuts_the_earlier_in_two():
    assert without_overlaps([entry("a", 0, 9), entry("b", 3, 5)]) == (
        entry("a", 0, 3),
        entry("b", 3, 5),
        entry("a", 5, 9),
    )


@given(spans, st.randoms())
def test_each_moment_belongs_to_the_entry_made_last_whatever_the_order(times, random):
    made = [
        entry(f"{number:02}", start, start + long) for number, (start, long) in enumerate(times)
    ]
    shuffled = random.sample(made, len(made))
    found = without_overlaps(shuffled)
    assert all(before.ended_at <= after.started_at for before, after in pairwise(found))
    assert covered(found) == covered(made)
