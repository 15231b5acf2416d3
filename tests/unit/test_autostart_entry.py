"""Desktop entries: what is quoted here, other programs take apart into the same words."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprospective_tray.desktop.autostart import desktop_entry as entry
from tests.support import wait_until

ARGUMENTS = [
    "",
    "plain",
    "two words",
    "  spaces at both ends  ",
    'a "quoted" word',
    "it's",
    r"back\slash",
    r"\\server\share",
    r"ends in a backslash\\",
    "100 %",
    "%f %U %% %",
    "`date` $HOME ~ * ? # ; & | < > ( )",
    "--config=/home/anna/Ünïcode 日本語/config.yaml",
    "tab\tand newline\n",
    "!\N{BULLET}^{}[],:@",
]
SECONDS = 10.0

# Text that is Unicode, with much of what has a meaning.
words = st.lists(
    st.text(st.one_of(st.sampled_from(" \"'\\%$`\n\t;=~"), st.characters(codec="utf-8"))),
    min_size=1,
).map(lambda found: ["/bin/x", *(word.replace("\0", "") for word in found)])


@given(words)
def test_what_is_quoted_comes_back_as_it_was(given_words):
    value = entry.quote_command(given_words)
    assert "\n" not in value
    read = entry.read(entry.write({"Exec": value}))["Exec"]
    assert entry.split_command(read) == tuple(given_words)


@pytest.fixture
def told(tmp_path):
    """Who writes down the words it was started with, in a folder that has to be quoted."""
    folder = tmp_path / 'a "folder" with $pecial\\signs 日本'
    folder.mkdir()
    script = folder / "program"
    script.write_text(
        f"#!{sys.executable}\nimport json, os, sys\n"
        f"with open({str(tmp_path / 'part')!r}, 'w') as f: json.dump(sys.argv[1:], f)\n"
        f"os.rename({str(tmp_path / 'part')!r}, {str(tmp_path / 'told')!r})\n"
    )
    script.chmod(0o755)
    return script


def write_entry(folder, *command):
    file = folder / "x.desktop"
    values = {"Type": "Application", "Name": "x", "Exec": entry.quote_command(command)}
    file.write_text(entry.write(values), "utf-8")
    return file


def test_glib_which_gnome_and_xfce_use_starts_exactly_these_words(told, tmp_path):
    file = write_entry(tmp_path, str(told), *ARGUMENTS)
    subprocess.run(["gio", "launch", file], check=True, timeout=SECONDS, capture_output=True)
    wait_until((tmp_path / "told").exists, SECONDS, "the program's words")
    assert json.loads((tmp_path / "told").read_text()) == ARGUMENTS


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("reprospective-tray run", ("reprospective-tray", "run")),
        ("program %U --icon %i %%", ("program", "--icon", "%")),
        (r'"/opt/a b/program" "--x=\\"1\\""', ("/opt/a b/program", '--x="1"')),
        ('program ""', ("program", "")),
        ('program "open', ()),
        ("", ()),
    ],
)
def test_commands_of_others_are_taken_apart_as_the_specification_says(value, found):
    assert entry.split_command(value) == found


@pytest.mark.parametrize(
    "program", ["/opt/a=b/program", "/opt/100%/program", "/opt/\udcff/program"]
)
def test_what_no_entry_can_hold_is_refused(program):
    with pytest.raises(ValueError, match=r"program|surrogates"):
        entry.quote_command([program, "run"])


HAND_MADE = """\
# put here by anna
[Desktop Entry]
Name = Mine
Exec=old
 Exec = older
X-GNOME-Autostart-Delay=10

[Desktop Action other]
Exec=not this one
"""


def test_changing_a_key_leaves_all_else_as_it_is():
    changed = entry.with_values(HAND_MADE, {"Exec": "new"})
    assert changed == HAND_MADE.replace("Exec=old\n Exec = older\n", "").replace(
        "[Desktop Entry]\n", "[Desktop Entry]\nExec=new\n"
    )
    assert entry.read(changed) == {"Name": "Mine", "Exec": "new", "X-GNOME-Autostart-Delay": "10"}


def test_the_validator_of_the_specification_has_nothing_to_say(tmp_path, monkeypatch):
    from reprospective_tray.desktop.autostart.base import LoginCommand
    from reprospective_tray.desktop.autostart.xdg import XdgAutostart

    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path / "none"))
    autostart = XdgAutostart(tmp_path)
    autostart.enable(LoginCommand((sys.executable, "-P", "-m", "reprospective_tray", "a b", "run")))
    validator = shutil.which("desktop-file-validate")
    assert validator
    file = Path(autostart.standing().place)
    done = subprocess.run([validator, file], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
