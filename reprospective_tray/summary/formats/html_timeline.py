"""The timeline of a day as inline SVG: a lane for each computer, and hours below."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element

from reprospective_tray.messages import _
from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.model.sessions import State
from reprospective_tray.summary.figures import timeline
from reprospective_tray.summary.figures.timeline import (
    HOUR_MS,
    Block,
    BlockStyle,
    Run,
    Strip,
)
from reprospective_tray.summary.format_text import application_label, duration, title_label
from reprospective_tray.summary.formats.html_builder import cut, element
from reprospective_tray.summary.session_list import state_label, times

# As fine as a large screen shows it; more would only make the file larger.
_STEPS = 1200
_ALONE, _BESIDE = 44, 22  # pixels a lane is high
_HOURS_SHOWN = 13
_WINDOWS_NAMED = 3


def timeline_lanes(strip: Strip, days: DayRange) -> Iterator[Element]:
    """Yield the lanes, each with its computer's name where there are several, and the hours."""
    runs = timeline.runs(strip, strip.begin, strip.end, _STEPS)
    for lane, host in enumerate(strip.lanes or ("",)):
        rects = [
            _rect(run, words)
            for run, words in _with_words(strip, [run for run in runs if run.lane == lane], days)
        ]
        height = _ALONE if len(strip.lanes) < 2 else _BESIDE  # noqa: PLR2004  two computers
        name = application_label(host) if len(strip.lanes) > 1 else ""
        if name:
            yield cut("p.lane-name", name)
        yield element(
            "svg.lane",
            element("defs", _hatch("idle", 8), _hatch("locked", 4)) if lane == 0 else None,
            rects,
            role="img",
            aria_label=" ".join(filter(None, (_("Timeline"), name))),
            width="100%",
            height=str(height),
            shape_rendering="crispEdges",
        )
    yield element("div.hours", list(_hours(strip, days)), aria_hidden="true")


def _hatch(name: str, step: int) -> Element:
    """Return the pattern of time without a window: slanting lines, `step` pixels apart."""
    return element(
        "pattern",
        element("rect.hatch", width="3" if step > 4 else "2", height=str(step)),  # noqa: PLR2004
        id=name,
        width=str(step),
        height=str(step),
        patternUnits="userSpaceOnUse",
        patternTransform="rotate(45)",
    )


def _rect(run: Run, words: str) -> Element:
    active = run.look.state is State.ACTIVE
    return element(
        "rect",
        element("title", words),
        x=f"{run.left * 100 / _STEPS:.3f}%",
        width=f"{(run.right - run.left) * 100 / _STEPS:.3f}%",
        height="100%",
        fill=run.look.category.colour if active else f"url(#{run.look.state.value})",
    )


def _with_words(strip: Strip, runs: Sequence[Run], days: DayRange) -> Iterator[tuple[Run, str]]:
    """Yield the runs of a lane, in order, each with what is said of it under the pointer."""
    alike: dict[tuple[int, BlockStyle], list[Block]] = defaultdict(list)
    for block in strip.blocks:
        alike[block.lane, strip.looks[block.look]].append(block)
    step = (strip.end - strip.begin) / _STEPS
    first: dict[tuple[int, BlockStyle], int] = defaultdict(int)
    for run in runs:
        key = run.lane, run.look
        blocks = alike[key]
        begin, end = strip.begin + run.left * step, strip.begin + run.right * step
        while first[key] < len(blocks) - 1 and blocks[first[key]].end <= begin:
            first[key] += 1
        inside = [block for block in _until(blocks, first[key], end) if block.end > begin]
        yield run, _words(inside, run.look, days)


def _until(blocks: Sequence[Block], first: int, end: float) -> Iterator[Block]:
    for block in blocks[first:]:
        if block.begin >= end:
            return
        yield block


def _words(blocks: Sequence[Block], look: BlockStyle, days: DayRange) -> str:
    """Return what a stretch of one look shows: which windows, from when to when, for how long."""
    began, _ended, _ms = times(blocks[0].session, days)
    last = max(blocks, key=lambda block: block.end)
    _began, ended, _ms = times(last.session, days)
    when = f"{began} \N{EN DASH} {ended} · {duration(sum(b.end - b.begin for b in blocks))}"
    if look.state is not State.ACTIVE:
        return f"{state_label(look.state)}\n{when}"
    windows: dict[str, int] = defaultdict(int)
    for block in blocks:
        names = (
            application_label(block.session.application_name),
            title_label(block.session.window_title),
        )
        windows[" \N{EM DASH} ".join(names)] += block.end - block.begin
    longest = sorted(windows, key=lambda name: -windows[name])[:_WINDOWS_NAMED]
    return "\n".join([look.category.full_label, when, *longest])


def _hours(strip: Strip, days: DayRange) -> Iterator[Element]:
    length = strip.end - strip.begin
    found = timeline.ticks(strip.begin, strip.end, length // HOUR_MS + 1)
    for number, tick in enumerate(found):
        share = (tick - strip.begin) / length
        # At the ends they stand inside.
        kind = {0.0: "span.first", 1.0: "span.last"}.get(share, "span")
        if number % 2 and len(found) > _HOURS_SHOWN:
            kind += ".between"
        hour = (tick - days.begin) // HOUR_MS
        yield element(kind, str(hour), style=f"left:{share * 100:.3f}%")
