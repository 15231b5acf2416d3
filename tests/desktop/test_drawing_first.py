"""The summary's loader reads on only when what it has read is drawn: both at once draw slowly."""

import subprocess
import sys

from tests.desktop.summary_driver import ROOT, on_day, record

SECONDS = 30.0
# Notes when a view is painted, when Tk has drawn it, and when the loader hears that it may go on.
_PROGRAM = """
import sys
from reprospective_tray import cli
from reprospective_tray.summary.window.loading.loader import Loader
from reprospective_tray.summary.window.summary_window import SummaryWindow

paint, start, shown = SummaryWindow._paint, SummaryWindow.start, Loader.shown
windows = []

def noted_start(self, *events):
    windows.append(self)
    start(self, *events)

def noted_paint(self, loaded):
    paint(self, loaded)
    print("painted", flush=True)
    self._root.after_idle(print, "drawn")

def noted_shown(self):
    print("reads on", flush=True)
    shown(self)
    windows[0]._root.after_idle(windows[0].close)

SummaryWindow.start, SummaryWindow._paint, Loader.shown = noted_start, noted_paint, noted_shown
raise SystemExit(cli.main(["summary"]))
"""


def test_the_loader_reads_on_when_its_answer_is_drawn(desktop, user):
    record(user.database, on_day(0, "08:00", "09:10", "Code", "first"))
    process = desktop.start(
        [sys.executable, "-c", _PROGRAM], cwd=ROOT, env=user.env, stdout=subprocess.PIPE
    )
    said = process.communicate(timeout=SECONDS)[0].decode().split("\n")
    assert said[:3] == ["painted", "drawn", "reads on"]
