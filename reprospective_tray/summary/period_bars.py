"""The bar of one day, or of one month of a year, as a value."""

from datetime import date

from msgspec import Struct


class PeriodBar(Struct, frozen=True):
    """One day of a week or month, or one month of a year.

    Attributes:
        day: The day, or the first of the month.
        label: Its name below the bar.
        time: Its active time in words; empty where there is none.
        parts: What it is made of, as (share of the longest bar, colour).
        words: What is said of it under the pointer.
        trend: How much more or less a day of a month has than one of the month before.
    """

    day: date
    label: str
    time: str
    parts: tuple[tuple[float, str], ...]
    words: tuple[str, ...]
    trend: str = ""
