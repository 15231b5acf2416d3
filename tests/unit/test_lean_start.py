"""A program that records into the local file loads nothing of a server."""

import subprocess
import sys

# What `run` loads, and what it does until the first session is written.
RECORD = """
import sys
from pathlib import Path
import reprospective_tray.app, reprospective_tray.commands.instance
from reprospective_tray.config import Config, Loaded
from reprospective_tray.parts import make_passing_reader, make_recorder
from reprospective_tray.paths import Paths
from reprospective_tray.status import today_active_ms
from reprospective_tray.store.sessions import Put, Session, State

folder = Path(sys.argv[1])
paths = Paths(folder, folder, folder, folder)
loaded = Loaded(Config(), None)
recorder = make_recorder(loaded, paths, print)
with recorder.running():
    recorder.record(
        [Put(Session("0", State.ACTIVE, "app", "title", None, 1, 1000, 0, open=False))]
    )
    assert not recorder.waiting, recorder.problem
today_active_ms(make_passing_reader(loaded, paths))
heavy = ("psycopg2", "psycopg", "_ssl", "keyring", "apscheduler")
print(*[name for name in sys.modules if name.split(".")[0] in heavy or "postgresql" in name])
"""


def test_recording_into_the_file_loads_no_driver_and_nothing_of_the_server(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", RECORD, tmp_path], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr, done.returncode) == ("\n", "", 0)
