"""Measure everything that README claims of recording, and print it beside what must be reached."""

import argparse
import tempfile
from pathlib import Path

from tests.bench import desktop, heartbeat


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
    options = parser.parse_args()
    table = Table()
    for part in (_play, _rest, _starts, _heartbeat):
        part(table, options.seconds)
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


if __name__ == "__main__":
    raise SystemExit(main())
