"""The set-up program for Windows, compiled by Inno Setup and put to use, both by Wine.

What it installs is a stand-in: the program itself is frozen on Windows alone. The compiler comes
from the npm package `innosetup`. `test --long tests/packages/test_windows_wine.py`; what it asks at
the end is in build/wine.
"""

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

from installer import steps
from installer.demo import framebuffer
from installer.frozen import icons, names
from installer.windows import build
from reprospective_tray import NAME
from reprospective_tray.desktop.autostart.windows import RUN
from tests.packages import unpacking
from tests.packages.clean_debian import CleanDebian, Kind, why_not

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(bool(why_not()), reason=why_not()),
    pytest.mark.skipif(shutil.which("npm") is None, reason="apt-get install npm"),
]

INNO = "innosetup-6.4.1.tgz"
INNO_SHA256 = "fc36b763a729c8964416552d733f4864ac4a4934d0a6569e20c2feb4c29b9684"
WINE = Kind(
    "clean-debian-12-wine",
    (
        *("wine", "wine64", "wine32:i386", "xvfb", "xdotool", "fonts-dejavu-core"),
        *("libx11-6:i386", "libxext6:i386", "libfreetype6:i386", "libfontconfig1:i386"),
        *("libxext6", "libfreetype6", "libfontconfig1", "gcc-mingw-w64-x86-64"),
    ),
    (),
    architectures=("i386",),
)
PICTURES = steps.BUILD / "wine"
HOME = Path("root/.wine/drive_c/users/root/AppData")
PROGRAM = HOME / "Local/Programs/Reprospective"
DATA = HOME / "Local" / NAME
CALLS = Path("root/.wine/drive_c/called.txt")
RUNS = Path("root/.wine/drive_c/runs.txt")
QUIET = ("/VERYSILENT", "/SUPPRESSMSGBOXES")
# Windows 10, which the set-up program asks for; a screen of its own, gone with the command.
BEFORE = """
export WINEDEBUG=-all HOME=/root DISPLAY=:91
rm -f /tmp/.X91-lock /tmp/.X11-unix/X91
exec 3>&1 1>&2
Xvfb :91 -screen 0 1024x768x24 -fbdir /tmp &
while [ ! -e /tmp/.X11-unix/X91 ]; do sleep 0.1; done
[ -e /root/.wine ] || winecfg -v win10
exec 1>&3
"""


def wine(system, script, *words):
    """Run a script in there with Wine at hand, and return what it printed."""
    done = subprocess.run(
        system.words("/bin/bash", "-ec", f"{BEFORE}\n{script}\nwineserver -w", "bash", *words),
        env=system.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def at_login(system):
    """Return what Windows starts at login by the person's entry; '' for nothing."""
    told = wine(system, f'wine reg query "HKCU\\\\{RUN}" /v {NAME} || true')
    lines = [line.split("REG_SZ")[1].strip() for line in told.splitlines() if "REG_SZ" in line]
    return "".join(lines)


def calls(system):
    """Return how the program was called since this was last asked."""
    file = system.root / CALLS
    said = file.read_text("utf-8").splitlines() if file.exists() else []
    file.unlink(missing_ok=True)
    return [line.replace('"', "").rpartition("\\")[2] for line in said]


@pytest.fixture(scope="module")
def inno():
    """The folder of Inno Setup's compiler."""
    kept = steps.BUILD / INNO
    if not kept.exists():
        package = INNO.removesuffix(".tgz").replace("-", "@")
        asked = ["npm", "pack", package, f"--pack-destination={steps.BUILD}"]
        done = subprocess.run(asked, capture_output=True, text=True, check=False, cwd="/")
        if done.returncode:
            pytest.skip(f"npm has no {package} here")
    assert hashlib.sha256(kept.read_bytes()).hexdigest() == INNO_SHA256
    return kept


@pytest.fixture(scope="module")
def system(inno):
    with CleanDebian(WINE) as clean:
        unpacking.unpack(inno, clean.root / "srv", "package/bin/")
        yield clean


@pytest.fixture(scope="module")
def set_up(system):
    """The set-up program, its path in there."""
    built = system.root / "srv" / "built"
    (built / names.CONTENTS / "lib").mkdir(parents=True)
    (built / names.CONTENTS / "lib" / "new.pyd").touch()
    stand_in = system.put(Path(__file__).with_name("stand_in.c"))
    for name in (names.WINDOWLESS, names.FOR_TERMINALS):
        system.run("x86_64-w64-mingw32-gcc", "-O", "-o", f"/srv/built/{name}", stand_in)
    icon = icons.write_ico(system.root / "srv" / "icon.ico")
    for file in (build.SCRIPT, steps.ROOT / "LICENSE"):
        system.put(file)
    given = build.definitions("1.2.3", Path("/srv/built"), Path("/srv", icon.name), Path("/srv"))
    given["Licence"] = "/srv/LICENSE"
    words = [f"/D{name}={value.replace('/srv', 'Z:/srv')}" for name, value in given.items()]
    said = wine(
        system, 'wine /srv/package/bin/ISCC.exe "$@"', *words, f"Z:/srv/{build.SCRIPT.name}"
    )
    assert "Successful compile" in said, said[-2000:]
    assert "Warning" not in said, said
    return f"/srv/{NAME}-1.2.3-setup.exe"


@pytest.fixture
def installed(system, set_up):
    """What the set-up program has installed, with what it was asked for beside."""

    def do(*words):
        wine(system, 'wine "$@"', set_up, *QUIET, *words)
        return system.root / PROGRAM

    yield do
    if (system.root / PROGRAM).exists():
        uninstall(system)
    shutil.rmtree(system.root / DATA, ignore_errors=True)
    calls(system)


def uninstall(system, *words):
    """Remove the program; it goes on by itself after its command has ended."""
    script = """
    wine "$@" & while [ -e "$1" ]; do sleep 0.2; done
    """
    wine(system, script, f"/{PROGRAM}/unins000.exe", *(words or QUIET))


def test_it_installs_the_program_for_one_person_and_its_entry_in_the_start_menu(system, installed):
    folder = installed()
    assert {each.name for each in folder.iterdir()} == {
        *(names.WINDOWLESS, names.FOR_TERMINALS, names.CONTENTS),
        *("unins000.exe", "unins000.dat"),
    }
    assert (folder / names.CONTENTS / "lib" / "new.pyd").exists()
    menu = system.root / HOME / "Roaming/Microsoft/Windows/Start Menu/Programs"
    assert (menu / "Reprospective.lnk").exists()
    assert at_login(system) == ""
    assert calls(system) == []


def test_start_at_login_is_written_where_it_is_asked_for_and_removed_with_the_program(
    system, installed
):
    installed("/TASKS=atlogin")
    path = rf"C:\users\root\AppData\Local\Programs\Reprospective\{names.WINDOWLESS}"
    assert at_login(system) == f"{path} run"
    uninstall(system)
    assert at_login(system) == ""
    assert not (system.root / PROGRAM).exists()


def test_an_upgrade_ends_the_running_program_and_leaves_the_switch_as_it_is(system, installed):
    folder = installed("/TASKS=atlogin")
    (folder / names.CONTENTS / "old.pyd").touch()
    wine(system, f'wine reg delete "HKCU\\\\{RUN}" /v {NAME} /f')
    installed()
    assert calls(system) == [f"{names.WINDOWLESS} quit"]
    assert at_login(system) == ""
    assert not (folder / names.CONTENTS / "old.pyd").exists()
    assert (folder / names.CONTENTS / "lib" / "new.pyd").exists()


def test_nothing_is_replaced_under_a_program_that_does_not_end(system, installed, set_up):
    folder = installed()
    (folder / names.CONTENTS / "old.pyd").touch()
    (system.root / RUNS).touch()
    try:
        code = wine(system, 'code=0; wine "$@" || code=$?; echo $code', set_up, *QUIET)
        assert code.split()[-1] != "0"
        assert (folder / names.CONTENTS / "old.pyd").exists()
    finally:
        (system.root / RUNS).unlink()


@pytest.mark.parametrize(("answer", "is_kept"), [("Return", True), ("alt+n", False)])
def test_the_data_goes_where_the_person_says_so_alone(system, installed, answer, is_kept):
    installed()
    (system.root / DATA).mkdir()
    (system.root / DATA / "local_cache.db").touch()
    script = f"""
    wine "$@" &
    # The question comes when the files are gone; what was shown before it has gone by then.
    while [ -e '/{PROGRAM / names.WINDOWLESS}' ]; do sleep 0.2; done; sleep 2
    id=$(timeout 60 xdotool search --sync --onlyvisible --name '^Uninstall$')
    sleep 1; mkdir -p /srv/screen; cp /tmp/{framebuffer.FILE_NAME} /srv/screen
    xdotool windowfocus --sync $id key {answer}
    while [ -e "$1" ]; do sleep 0.2; done
    """
    wine(system, script, f"/{PROGRAM}/unins000.exe", "/SILENT")
    PICTURES.mkdir(exist_ok=True)
    seen = framebuffer.read(system.root / "srv" / "screen")
    framebuffer.write_png(PICTURES / "asked.png", *seen)
    assert (system.root / DATA / "local_cache.db").exists() is is_kept
    assert not (system.root / PROGRAM).exists()
