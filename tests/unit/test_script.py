"""The judge of the scripted desktop: what a program was held up for is not held against it."""

from tests.desktop.script import EARLIER, Stretch, judge


def rows(*stretches: tuple[str, int, int]) -> list[dict[str, object]]:
    names = ("window_title", "started_at", "ended_at")
    return [{"application_name": "A", **dict(zip(names, one, strict=True))} for one in stretches]


def truth(*stretches: tuple[str, int, int, int]) -> list[Stretch]:
    return [Stretch("A", *one) for one in stretches]


def test_what_is_recorded_as_it_was_is_right() -> None:
    verdict = judge(
        truth(("a", 0, 500, 0), ("b", 500, 1_000, 0)), rows(("a", 0, 500), ("b", 500, 1_000))
    )
    assert (verdict.error, verdict.caught, verdict.long_stretches) == (0, 2, 2)
    assert verdict.invented == 0


def test_what_is_late_and_what_is_lost_is_wrong() -> None:
    told = truth(("a", 0, 500, 0), ("b", 500, 700, 0), ("c", 700, 1_000, 0))
    verdict = judge(told, rows(("a", 0, 510), ("c", 710, 1_000)))
    assert verdict.error == 0.21
    assert (verdict.caught, verdict.long_stretches) == (2, 3)


def test_being_held_up_excuses_as_much_and_no_more() -> None:
    told = truth(("a", 0, 500, 0), ("b", 500, 700, 120), ("c", 700, 1_000, 4))
    verdict = judge(told, rows(("a", 0, 510), ("c", 710, 1_000)))
    # Of b all was lost, though 80 ms of it were there to be seen; of c 10 ms.
    assert verdict.error == (80 + 6) / 1_000
    assert (verdict.caught, verdict.long_stretches) == (2, 2)


def test_what_never_was_there_is_invented_and_what_came_before_is_not_looked_at() -> None:
    told = truth(("a", 1_000, 1_500, 0), ("b", 1_500, 2_000, 0))
    seen = rows((EARLIER, 0, 1_000), ("a", 1_000, 1_500), ("x", 1_500, 1_600), ("b", 1_600, 2_000))
    assert judge(told, seen).invented == 1
    again = rows(("a", 1_000, 1_200), ("a", 1_300, 1_500), ("b", 1_500, 2_000))
    assert judge(told, again).invented == 1
