"""Measure every figure of docs/figures.md, and print it beside what must be reached."""

import argparse
import tempfile
from pathlib import Path

from tests.bench import (
    backlog,
    desktop,
    heartbeat,
    hosts,
    looking_back,
    reading,
    shipping,
    summary,
)


class Table:
    """Prints a line for each figure as it comes."""

    def __init__(self) -> None:
        self.missed = 0
        print(f"{'figure':<58}{'measured':>12}{'must reach':>14}")

    def line(
        self, name: str, value: float, bound: float, form: str, *, least: bool = False
    ) -> None:
        """Print a figure; `bound` is the most it may be, or the least."""
        reached = value >= bound if least else value <= bound
        self.missed += not reached
        sign = "≥" if least else "≤"
        measured, target = form.format(value), f"{sign} {form.format(bound)}"
        print(f"{name:<58}{measured:>12}{target:>14}{'' if reached else '   MISSED'}", flush=True)


def main() -> int:
    """Return how many figures were missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="of each desktop (default 60)")
    parser.add_argument("--only", choices=PARTS, help="one part of it (default: all)")
    options = parser.parse_args()
    table = Table()
    for name in [options.only] if options.only else PARTS:
        for figures in PARTS[name]:
            figures(table, options.seconds)
    return table.missed


def _play(table: Table, seconds: float) -> None:
    play = desktop.play(seconds)
    verdict = play.verdict
    table.line("scripted desktop: time that names the wrong window", verdict.error, 0.001, "{:.3%}")
    print(f"{'  a perfect poll each second, on the same script':<58}{play.polling_error:>12.3%}")
    caught = verdict.caught / verdict.long_stretches
    table.line(
        f"  stretches of 0.1 s or more caught, of {verdict.long_stretches}",
        *(caught, 1.0, "{:.0%}"),
        least=True,
    )
    table.line("  sessions that never were", verdict.invented, 0, "{:.0f}")
    table.line("  processor, share of a core", play.cpu, 0.003, "{:.3%}")


def _rest(table: Table, seconds: float) -> None:
    rest = desktop.rest(seconds)
    table.line("still desktop: processor, share of a core", rest.cpu, 0.0005, "{:.3%}")
    table.line("  wake-ups a second", rest.wakeups, 2, "{:.2f}")
    table.line("  memory of the whole app with its icon (PSS), MB", rest.pss_mb, 60, "{:.1f}")


def _sway(table: Table, seconds: float) -> None:
    play = desktop.play(seconds, desktop.on_sway)
    verdict = play.verdict
    table.line("Wayland (sway), scripted: the wrong window", verdict.error, 0.002, "{:.3%}")
    caught = verdict.caught / verdict.long_stretches
    table.line(
        f"  stretches of 0.1 s or more caught, of {verdict.long_stretches}",
        *(caught, 1.0, "{:.0%}"),
        least=True,
    )
    table.line("  sessions that never were", verdict.invented, 0, "{:.0f}")
    table.line("  processor, share of a core", play.cpu, 0.003, "{:.3%}")
    rest = desktop.rest(seconds, desktop.on_sway)
    table.line("  still: processor, share of a core", rest.cpu, 0.0005, "{:.3%}")
    table.line("  still: wake-ups a second", rest.wakeups, 2, "{:.2f}")
    table.line("  still: memory of the whole app (PSS), MB", rest.pss_mb, 60, "{:.1f}")


def _starts(table: Table, _seconds: float) -> None:
    table.line("start to the first session on disk, s", desktop.first_session(5), 0.5, "{:.2f}")
    table.line("`status`, s", desktop.status(7), 0.2, "{:.2f}")


def _heartbeat(table: Table, _seconds: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        small, large = heartbeat.compare(Path(folder))
    table.line(
        f"heartbeat, 1 M sessions stored / 1,000 ({large:.2f} / {small:.2f} ms)",
        *(large / small, 1.2, "{:.2f}"),
    )


def _reading(table: Table, _seconds: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = reading.measure(Path(folder))
    table.line("1,000,000 sessions of a year: a day's totals, ms", found.day_totals, 5, "{:.1f}")
    table.line("  the year's totals", found.year_totals, 20, "{:.1f}")
    table.line("  a day's titles, hours, stretches, list", found.day_details, 25, "{:.1f}")
    print(f"{'  a month: titles of each day':<58}{found.month_day_titles:>12.0f}")
    print(f"{'  a month: hours':<58}{found.month_hours:>12.0f}")
    print(f"{'  a month: stretches':<58}{found.month_stretches:>12.0f}")


def _shipping(table: Table, _seconds: float) -> None:
    here = shipping.compare(100_000)
    print(f"100,000 sessions to a server on this machine, rows/s, medians of {shipping.ROUNDS}:")
    print(f"{'  row by row':<58}{here.row_by_row:>12,.0f}")
    print(f"{'  in batches of 1,000':<58}{here.batches:>12,.0f}")
    print(f"{'  one raw COPY, reading and marking not included':<58}{here.copy:>12,.0f}")
    ratio, share = here.batches / here.row_by_row, here.batches / here.copy
    table.line("  batches / row by row", ratio, 2.5, "{:.2f}", least=True)
    table.line("  batches / one raw COPY", share, 0.2, "{:.2f}", least=True)
    far = shipping.compare(100_000, latency_ms=20, single_rows=100)
    print(f"{'  row by row, a round trip of 20 ms':<58}{far.row_by_row:>12,.0f}")
    print(f"{'  in batches, a round trip of 20 ms':<58}{far.batches:>12,.0f}")
    ratio = far.batches / far.row_by_row
    table.line("  batches / row by row, at 20 ms", ratio, 300, "{:.0f}", least=True)


def _backlog(table: Table, _seconds: float) -> None:
    found = backlog.ship()
    print(f"{'a backlog of 1,000,000 sessions, rows/s':<58}{found.rows_a_second:>12,.0f}")
    table.line("  the process grows by, MB", found.growth_mb, 30, "{:.1f}")
    table.line("  a write of recording meanwhile, p99, ms", found.p99_ms, 20, "{:.1f}")
    print(f"{'  the same while nothing is sent, ms':<58}{found.alone_p99_ms:>12.1f}")


def _hosts(table: Table, _seconds: float) -> None:
    with shipping.central_database() as central:
        kept = hosts.syncs_a_second(central.database, central.person)
        pooled = hosts.pooled(central.database, central.person)
    table.line("200 hosts of 60 rows, kept connections, syncs/s", kept, 1000, "{:,.0f}", least=True)
    table.line("  through pgbouncer, syncs/s", pooled, 1000, "{:,.0f}", least=True)


def _exports(table: Table, _seconds: float) -> None:
    for name, peak in looking_back.export_rss_mb().items():
        table.line(f"export of 1 M sessions ({name}): peak of memory, MB", peak, 80, "{:.1f}")


def _window(table: Table, _seconds: float) -> None:
    found = summary.window()
    table.line("`summary` to the first figures, 1 M sessions, s", found.start_s, 0.7, "{:.2f}")
    table.line("  a change of day, ms", found.change_ms, 50, "{:.0f}")


def _server_totals(table: Table, _seconds: float) -> None:
    found = summary.server_totals()
    table.line("a day's totals on a server, 1 M sessions, ms", found.day, 10, "{:.1f}")
    table.line("  of a day that is counted anew, such as today", found.today, 10, "{:.1f}")
    table.line("  a year's totals, ms", found.year, 300, "{:.0f}")


PARTS = {
    "recording": (_play, _rest, _starts, _heartbeat),
    "wayland": (_sway,),
    "shipping": (_shipping, _backlog, _hosts),
    "looking back": (_reading, _window, _server_totals, _exports),
}

if __name__ == "__main__":
    raise SystemExit(main())
