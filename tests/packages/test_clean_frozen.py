"""The frozen program in a Debian 12 without Python, GTK's bindings and Tk: unpacked, used, moved.

`test --long tests/packages/test_clean_frozen.py`; the pictures are in build/clean-frozen.
"""

import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from installer import steps
from installer.frozen import build, names, tools
from installer.processes import wait_until
from tests.packages import smoke, unpacking
from tests.packages.clean_debian import (
    HARNESS,
    PROGRAM,
    WITHOUT_PYTHON,
    CleanDebian,
    Person,
    why_not,
)

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]

PICTURES = steps.BUILD / "clean-frozen"
SECONDS = 20.0
LARGEST_BYTES = 170_000_000
LARGEST_PACKED_BYTES = 60_000_000
# What every desktop with an X server has, in its own make: the C library, the wire to the server.
OF_THE_SYSTEM = re.compile(r"/(ld-linux-x86-64|lib(c|m|dl|pthread|rt|util|resolv|nss_\w+|xcb))[.-]")
# Writes down what it was started with.
OPENER = '#!/bin/sh\nenv -0 > "$HOME/note.unfinished"; mv "$HOME/note.unfinished" "$HOME/note"\n'
# Of the shell that runs it.
OF_THE_SHELL = {"_", "PWD", "OLDPWD", "SHLVL"}


@pytest.fixture(scope="module")
def frozen():
    return build.freeze()


@pytest.fixture(scope="module")
def packed(frozen):
    return build.pack(frozen)


@pytest.fixture(scope="module")
def harness(tmp_path_factory):
    """The person as a program, since the system has nothing to run a script by."""
    folder = tmp_path_factory.mktemp("person")
    script = Path(__file__).with_name("person_alone.py")
    desktop = steps.ROOT / "installer" / "demo" / "desktop"
    freezing = [tools.alone(), "-P", "-m", "PyInstaller", "--name=person", "--log-level=WARN"]
    places = [f"--{kind}path={folder / kind}" for kind in ("dist", "work", "spec")]
    data = f"--add-data={desktop}:installer/demo/desktop"
    subprocess.run([*freezing, *places, data, script], check=True, capture_output=True)
    return folder / "dist" / "person"


@pytest.fixture(scope="module")
def system(harness):
    if why_not():
        pytest.skip(why_not())
    with CleanDebian(WITHOUT_PYTHON) as clean:
        shutil.copytree(harness, clean.root / HARNESS / "person", symlinks=True)
        opener = clean.root / "usr/local/bin/xdg-open"
        opener.write_text(OPENER)
        opener.chmod(0o755)
        yield clean


@pytest.fixture
def unpack(system, packed):
    """Let somebody unpack the archive in their home; returns the program's path in there."""

    def do(name):
        system.add_person(name)
        inside = system.put(packed)
        with tarfile.open(packed) as archive:
            top = archive.next().name
        # As a file manager does: Debian's own tar has no xz by itself.
        unpacking.unpack(packed, system.root / "home" / name)
        system.run("chown", "-R", f"{name}:{name}", f"/home/{name}/{top}")
        system.run("rm", inside)
        return f"/home/{name}/{top}/{PROGRAM}"

    return do


def test_it_is_small(frozen, packed):
    print(f"{frozen.folder.name}: {frozen.bytes() / 1e6:.1f} MB")
    print(f"{packed.name}: {packed.stat().st_size / 1e6:.1f} MB")
    assert frozen.bytes() <= LARGEST_BYTES
    assert packed.stat().st_size <= LARGEST_PACKED_BYTES


def test_there_is_no_python_in_the_clean_system(system):
    found = system.run("find", "/", "-xdev", "-name", "*python*", "-not", "-path", f"/{HARNESS}/*")
    assert not [name for name in found.split() if not name.startswith(("/usr/share/", "/proc/"))]


def test_dora_unpacks_it_and_it_works_and_goes_on_after_she_has_moved_it(system, unpack):
    program = unpack("dora")
    home = system.root / "home/dora"
    with Person(system, "dora", program) as person:
        person.do("run")
        smoke.use(person, PICTURES / "tint2", home)
        assert smoke.switch_on_at_login(person, home) == f"{program} run"
        smoke.stop(person)

        folder = home / "programs" / "tracker"
        folder.parent.mkdir()
        (system.root / program[1:]).parent.rename(folder)
        moved = f"/home/dora/programs/tracker/{PROGRAM}"
        person.do("use", moved)
        assert person.do("ask", "autostart", "status")["code"] == 1
        person.do("run")
        person.do("rename", "After the move")
        # The program tries it first, in a thread of its own.
        wait_until(lambda: smoke.line_at_login(home) == f"{moved} run", SECONDS, "the new entry")
        assert person.do("ask", "autostart", "status")["code"] == 0
        smoke.stop(person)


def test_emil_has_a_panel_of_the_other_kind(system, unpack):
    program = unpack("emil")
    home = system.root / "home/emil"
    with Person(system, "emil", program, "xfce4-panel") as person:
        person.do("run")
        smoke.use(person, PICTURES / "xfce4-panel", home)
        assert any("libayatana-appindicator3" in library for library in person.do("loaded"))
        smoke.stop(person)


def test_frida_opens_her_log_with_a_program_that_gets_nothing_of_the_frozen_ones(system, unpack):
    program = unpack("frida")
    with Person(system, "frida", program) as person:
        person.do("run")
        # By then it has loaded all that it records and shows itself with.
        assert person.do("menu", "menu.png"), person.do("said")
        opened = person.do("opened_with", "note")
        started = person.do("variables")
        assert {n: v for n, v in opened.items() if n not in OF_THE_SHELL} == {
            n: v for n, v in started.items() if n not in OF_THE_SHELL
        }
        loaded = [Path(library) for library in person.do("loaded")]
        folder = Path(program).parent
        foreign = [str(file) for file in loaded if folder not in file.parents]
        assert [file for file in foreign if not OF_THE_SYSTEM.search(file)] == []
        assert any(file.name.startswith("libgtk-3") for file in loaded)
        smoke.stop(person)


def test_every_command_is_there(frozen):
    """Each loads modules of its own, by name."""
    program = frozen.folder / names.NAME
    for words in (["--help"], ["server", "--help"], ["report", "--help"], ["config", "--help"]):
        done = subprocess.run([program, *words], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


def test_every_licence_is_beside_it(frozen):
    folder = frozen.folder / names.CONTENTS / "licences"
    assert (folder / "reprospective-tray.txt").read_text("utf-8").startswith("MIT License")
    assert (folder / "python" / "pillow").is_dir()
    assert (folder / "debian" / "libgtk-3-0.txt").exists()
