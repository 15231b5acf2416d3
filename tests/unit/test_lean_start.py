"""Each command loads what it needs: memory while it records, time while somebody waits."""

import subprocess
import sys
from functools import partial

from reprospective_tray.commands.command_line.all_commands import find, make_parser

# What `run` loads, and what it does until the first session is written.
RECORD = """
import sys
from pathlib import Path
import reprospective_tray.runtime.application, reprospective_tray.commands.instance
from reprospective_tray.config.keys import Config
from reprospective_tray.config.loading import LoadedConfig
from reprospective_tray.runtime.factories import make_passing_reader, make_recorder
from reprospective_tray.system.paths import Paths
from reprospective_tray.runtime.status import today_active_ms
from reprospective_tray.store.model.sessions import Put, Session, State

folder = Path(sys.argv[1])
paths = Paths(folder, folder, folder, folder)
loaded = LoadedConfig(Config(), None)
recorder = make_recorder(loaded, paths, print)
with recorder.running():
    recorder.record(
        [Put(Session("0", State.ACTIVE, "app", "title", None, 1, 1000, 0, open=False))]
    )
    assert not recorder.waiting, recorder.problem
today_active_ms(make_passing_reader(loaded, paths))
heavy = ("psycopg2", "psycopg", "_ssl", "keyring", "apscheduler")
print(*[name for name in sys.modules if name.split(".")[0] in heavy or ".postgres." in name])
"""


def test_recording_into_the_file_loads_no_driver_and_nothing_of_the_server(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", RECORD, tmp_path], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr, done.returncode) == ("\n", "", 0)


# What `summary` loads before its window is there.
LOOK = """
import sys
import reprospective_tray.runtime.factories
from reprospective_tray import cli
from reprospective_tray.commands.command_line import all_commands as command_line
from reprospective_tray.commands import common, instance
from reprospective_tray.summary.figures import categories
from reprospective_tray.summary.window import dependencies as means, summary_window
from reprospective_tray.summary.window import process as window

command_line.make_parser().parse_args(["summary"])
print(*[name for name in sys.modules if name.startswith(MEANT)])
"""
OTHERS = ("monitor", "sync", "desktop", "store.writer", "commands.forgetting", "commands.doctor")


def test_the_summary_loads_nothing_of_recording_sending_and_other_commands():
    meant = tuple(f"reprospective_tray.{name}" for name in OTHERS)
    code = f"MEANT = {meant}\n{LOOK}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("\n", "", 0)


def leaves(parser):
    """Yield what each command of the command line calls."""
    for action in parser._actions:
        for child in (action.choices or {}).values() if action.nargs == "A..." else ():
            yield from leaves(child)
    if "call" in parser._defaults:
        yield parser._defaults["call"]


def test_every_command_finds_what_it_calls():
    later = [call.args[0] for call in leaves(make_parser()) if isinstance(call, partial)]
    assert len(later) > 15
    assert all(callable(find(name)) for name in later)
