"""The installer's own decisions, on values; its effects are seen by running it."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from installer import (
    checks,
    commands,
    environment,
    locks,
    package_names,
    steps,
    system_packages,
)
from installer.build_catalogues import compile_catalogue
from installer.system_packages import Interpreter

ROOT = Path(__file__).resolve().parents[2]
BOOTSTRAP = ROOT / "installer" / "bootstrap.py"

DEBIAN = Interpreter(
    version=(3, 11), of_the_system=True, is_default=True, has_venv=True, has_tkinter=True
)
SECOND_OF_THE_SYSTEM = replace(DEBIAN, version=(3, 12), is_default=False)
OWN_BUILD = replace(SECOND_OF_THE_SYSTEM, of_the_system=False)

# What `uname -r` says on Debian 12, Ubuntu 24.10, Arch, Fedora, WSL, openSUSE and a plain kernel.
KERNELS = (
    "6.1.0-37-amd64",
    "6.14.0-15-generic",
    "6.15.2-arch1-1",
    "6.14.9-300.fc41.x86_64",
    "5.15.167.4-microsoft-standard-WSL2",
    "6.4.0-150600.23.47-default",
    "6.12.0",
)
# What the installed environment's pip makes of a file, told the name of another kernel.
PARSED_BY_PIP = """\
import platform, sys
platform.release = lambda: sys.argv[2]
from pip._internal.network.session import PipSession
from pip._internal.req import parse_requirements
from pip._internal.req.constructors import install_req_from_parsed_requirement as made
lines = [made(line) for line in parse_requirements(sys.argv[1], PipSession())]
print(sum(line.match_markers() for line in lines))
"""
LOCK = """\
# head
pillow==13.0.0 \\
    --hash=sha256:aa
PyGObject==3.50.2 ; sys_platform == 'linux' \\
    --hash=sha256:bb
    # via reprospective-tray
pycairo==1.29.2 \\
    --hash=sha256:cc
six==1.17.0 \\
    --hash=sha256:dd
"""


def bootstrap(*arguments):
    return subprocess.run(
        [sys.executable, BOOTSTRAP, *arguments], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("arguments", [(), ("instal",)])
def test_no_command_or_a_wrong_one_shows_the_usage_and_exits_2(arguments):
    done = bootstrap(*arguments)
    assert done.returncode == 2
    assert done.stderr == commands.USAGE
    assert done.stdout == ""


@pytest.mark.parametrize(
    "arguments",
    [("--help",), *((name, "--help") for name in ("run", "test", "bench", "package", "lock"))],
)
def test_asking_for_help_shows_the_usage_and_does_nothing_else(arguments):
    done = bootstrap(*arguments)
    assert done.returncode == 0
    assert done.stdout == commands.USAGE
    assert done.stderr == ""


@pytest.mark.parametrize("kind", commands.PACKAGES)
def test_the_help_of_a_package_needs_no_more_than_python(kind):
    done = subprocess.run(
        [sys.executable, "-S", BOOTSTRAP, "package", kind, "--help"],
        env={**os.environ, "PYTHONNOUSERSITE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.startswith(f"usage: python3 installer/bootstrap.py package {kind}")


@pytest.mark.parametrize("arguments", [(), ("rpm",)])
def test_a_package_that_is_not_made_here_is_answered_with_those_that_are(arguments):
    done = bootstrap("package", *arguments)
    assert done.returncode == 2
    assert done.stderr == "Which package? One of: deb, pypi, frozen, windows, macos\n"


def test_an_old_python_gets_one_clear_line():
    pretend = (
        "import runpy, sys; sys.version_info = (3, 9, 2);"
        f"runpy.run_path({str(BOOTSTRAP)!r}, run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", pretend], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr == "Python 3.11 or newer is needed, and this is 3.9.2.\n"


def test_no_module_before_the_virtual_environment_needs_more_than_python():
    modules = "installer.commands, installer.demo.demonstration"
    alone = f"import sys; sys.path.insert(0, sys.argv[1]); import {modules}"
    subprocess.run([sys.executable, "-I", "-S", "-c", alone, str(ROOT)], check=True)


def test_a_machine_with_a_display_installs_no_virtual_desktop():
    run = system_packages.wanted(DEBIAN, virtual_desktop=False)
    assert not {"xvfb", "openbox", "tint2", "dunst"} & set(run)
    assert {"xvfb", "openbox", "tint2", "dunst"} <= set(
        system_packages.wanted(DEBIAN, virtual_desktop=True)
    )
    assert "x11-xserver-utils" in run


def test_only_the_tests_install_a_pooler_a_browser_and_a_wayland_desktop():
    alone = {"pgbouncer", "chromium", "chromium-driver", "sway", "xwayland", "grim", "wtype"}
    alone |= {"xfce4-panel", "python3-dbusmock", "dex"}
    assert not alone & set(system_packages.wanted(DEBIAN, virtual_desktop=True))
    assert alone <= set(system_packages.wanted(DEBIAN, virtual_desktop=True, tests=True))


def test_the_quick_tests_install_nothing_of_the_long_ones():
    names = system_packages.wanted(DEBIAN, virtual_desktop=True, tests=True)
    assert not set(system_packages.LONG_TESTS) & set(names)


def test_only_the_systems_own_python_is_completed_by_packages():
    own = {"python3.11-venv", "python3-tk"}
    assert own <= set(system_packages.wanted(DEBIAN, virtual_desktop=False))
    names = system_packages.wanted(OWN_BUILD, virtual_desktop=True)
    assert not [name for name in names if name.startswith("python3")]


def test_a_removed_package_whose_settings_remain_counts_as_missing():
    status = "xvfb installed\ntint2 config-files\ngcc not-installed\n"
    assert system_packages.missing(["gcc", "tint2", "xvfb"], status) == ["gcc", "tint2"]


def test_pygobject_is_built_only_where_the_system_has_none_for_this_python():
    building = {"gcc", "libcairo2-dev", "libgirepository1.0-dev"}
    default = set(system_packages.wanted(DEBIAN, virtual_desktop=True))
    assert "python3-gi" in default
    assert not (building | {"python3.11-dev"}) & default
    second = set(system_packages.wanted(SECOND_OF_THE_SYSTEM, virtual_desktop=True))
    assert building | {"python3.12-dev"} <= second
    assert building <= set(system_packages.wanted(OWN_BUILD, virtual_desktop=True))


def every_package():
    """Return Debian's names of all that any way of running, testing or building asks for."""
    names = {*system_packages.LONG_TESTS, *system_packages.FREEZING}
    for interpreter in (DEBIAN, SECOND_OF_THE_SYSTEM, OWN_BUILD):
        names.update(system_packages.wanted(interpreter, virtual_desktop=True, tests=True))
    return names


def test_each_package_has_its_names_on_fedora_arch_and_opensuse_and_no_other_has():
    general = {re.sub(r"^python3\.\d+-", "python3-", name) for name in every_package()}
    assert set(package_names.NAMES) == general


@pytest.mark.parametrize(
    ("manager", "names"),
    [
        ("dnf", ["libayatana-appindicator-gtk3", "python3-gobject", "xorg-x11-server-Xvfb"]),
        ("pacman", ["libayatana-appindicator", "python-gobject", "xorg-server-xvfb"]),
        ("zypper", ["typelib-1_0-Gtk-3_0", "python3-gobject", "xorg-x11-server-Xvfb"]),
    ],
)
def test_without_apt_the_packages_are_named_in_the_systems_own_words(manager, names):
    message = system_packages.elsewhere(DEBIAN, manager, virtual_desktop=True)
    command = message.splitlines()[-1]
    assert command.startswith(f"    {package_names.INSTALL[manager]} ")
    assert set(names) <= set(command.split())
    own = set(package_names.in_words_of(manager, every_package()))
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+-]*", name) for name in own)
    assert not {name for name in own if name.endswith("-dev") or name.startswith("gir1.2-")}


def test_without_a_package_manager_that_is_known_debians_names_are_told():
    message = system_packages.elsewhere(DEBIAN, None, virtual_desktop=True)
    for name in system_packages.wanted(DEBIAN, virtual_desktop=True):
        assert name in message


def test_packages_are_installed_at_the_second_try_after_the_lists_are_renewed(
    monkeypatch, tmp_path
):
    (tmp_path / "mirror_Packages").touch()
    ran = []

    def run_logged(command, **_options):
        ran.append("update" if "update" in command else "install")
        if ran == ["install"]:
            raise steps.StepFailedError("404")

    monkeypatch.setattr(system_packages, "APT_LISTS", tmp_path)
    monkeypatch.setattr(steps, "run_logged", run_logged)
    system_packages.install(["xvfb"], [])
    assert ran == ["install", "update", "install"]


def test_without_package_lists_they_are_fetched_first(monkeypatch, tmp_path):
    ran = []
    monkeypatch.setattr(system_packages, "APT_LISTS", tmp_path)
    monkeypatch.setattr(
        steps, "run_logged", lambda command: ran.append("update" if "update" in command else "it")
    )
    system_packages.install(["xvfb"], [])
    assert ran == ["update", "it"]


def test_a_package_that_this_release_lacks_does_not_cost_the_others(monkeypatch, tmp_path):
    (tmp_path / "mirror_Packages").touch()
    installed = []

    def run_logged(command, **_options):
        if "fonts-inter" in command:
            raise steps.StepFailedError("Unable to locate package fonts-inter")
        if "install" in command:
            installed.extend(command[command.index("install") + 1 :])

    monkeypatch.setattr(system_packages, "APT_LISTS", tmp_path)
    monkeypatch.setattr(steps, "run_logged", run_logged)
    with pytest.raises(steps.StepFailedError, match=r"Not installed: fonts-inter\nUnable"):
        system_packages.install(["fonts-inter", "tint2", "xvfb"], [])
    assert installed == ["tint2", "xvfb"]


@pytest.fixture
def without_rights(monkeypatch):
    """A machine with apt that lacks two packages, and a person who may not install any."""
    monkeypatch.setattr(system_packages, "has_apt", lambda: True)
    monkeypatch.setattr(system_packages, "missing_here", lambda _names: ["openbox", "xvfb"])
    monkeypatch.setattr(system_packages, "root_prefix", lambda: None)


INSTALLED_BY_ROOT = "apt-get update && apt-get install --no-install-recommends openbox xvfb"


@pytest.mark.usefixtures("without_rights")
def test_who_may_not_install_gets_one_message_and_goes_on_where_that_can_be(monkeypatch, capfd):
    monkeypatch.setattr(system_packages, "obstacle", lambda **_use: "")
    system_packages.provide(DEBIAN, virtual_desktop=False)
    said = capfd.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [
        "System packages are missing here: openbox, xvfb.",
        "Only root, or a person with sudo, can install them:",
        f"    {INSTALLED_BY_ROOT}",
        system_packages.GOING_ON,
    ]


@pytest.mark.usefixtures("without_rights")
def test_who_may_not_install_gets_one_message_and_stops_where_nothing_starts(monkeypatch, capfd):
    monkeypatch.setattr(system_packages, "DESKTOP_PROGRAMS", ("no-such-program", "sh"))
    with pytest.raises(steps.StepFailedError) as stopped:
        system_packages.provide(DEBIAN, virtual_desktop=True)
    assert capfd.readouterr() == ("", "")
    *_, command, why = str(stopped.value).splitlines()
    assert command.strip() == INSTALLED_BY_ROOT
    assert why == "A virtual desktop needs no-such-program, not found here."


def test_what_is_built_here_is_parted_from_the_lock_with_its_hashes(monkeypatch, tmp_path):
    file = tmp_path / "some.lock"
    file.write_text(LOCK)
    monkeypatch.setattr(locks.for_platform, "__defaults__", ("linux",))
    others, built_here = locks.split(file)
    assert "pillow==" in others
    assert "six==" in others
    assert "sha256:bb" not in others
    assert "sha256:bb" in built_here
    assert "sha256:cc" in built_here
    assert "sha256:dd" not in built_here


@pytest.mark.parametrize("lock", locks.ALL, ids=lambda lock: lock.name)
def test_lock_files_name_no_machine_and_no_registry(lock):
    text = lock.read_text("utf-8")
    assert "://" not in text
    assert "/work/" not in text
    assert "--hash=sha256:" in text
    assert text.splitlines()[1].endswith("python3 installer/bootstrap.py lock")


@pytest.mark.parametrize(
    ("marker", "platforms"),
    [
        ("", "linux win32 darwin"),
        (" ; sys_platform == 'linux'", "linux"),
        (" ; sys_platform != 'win32'", "linux darwin"),
        (" ; platform_release >= '20' and sys_platform == 'darwin'", "darwin"),
        (" ; sys_platform == 'darwin' and platform_release >= '20'", "darwin"),
        (" ; sys_platform == 'win32' or sys_platform == 'linux'", "linux win32"),
        (
            " ; (python_version < '4' and sys_platform == 'linux') or (sys_platform == 'win32')",
            "linux win32",
        ),
        (" ; python_full_version < '3.12'", "linux win32 darwin"),
    ],
)
def test_a_package_of_another_platform_goes_with_all_its_lines(marker, platforms):
    chosen = f"one-of-1==12.2.2{marker} \\\n    --hash=sha256:aa\n    # via somebody\n"
    rest = "six==1.17.0 \\\n    --hash=sha256:dd\n"
    for platform in ("linux", "win32", "darwin"):
        kept = locks.for_platform("# head\n" + chosen + rest, platform)
        assert kept == "# head\n" + (chosen if platform in platforms.split() else "") + rest


@pytest.mark.parametrize("lock", locks.ALL, ids=lambda lock: lock.name)
def test_no_package_for_linux_or_windows_depends_on_the_release_of_the_kernel(lock):
    text = lock.read_text("utf-8")
    for platform in ("linux", "win32"):
        assert "platform_release" not in locks.for_platform(text, platform)


@pytest.mark.parametrize("kernel", KERNELS)
def test_pip_reads_the_lock_file_whatever_the_kernel_is_called(kernel, tmp_path):
    file = locks.write_for_platform(locks.RUNTIME, tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", PARSED_BY_PIP, file, kernel],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 10


def test_what_two_lock_files_name_is_one_version():
    seen = {}
    for lock in locks.ALL:
        for line in lock.read_text("utf-8").splitlines():
            if "==" in line and not line.startswith((" ", "#")):
                name, _, rest = line.partition("==")
                version = rest.split()[0]
                assert seen.setdefault(name, version) == version


def test_the_key_changes_with_any_file_and_any_fact(tmp_path):
    file = tmp_path / "a.lock"
    absent = environment.key([file], "3.11")
    file.write_text("one")
    one = environment.key([file], "3.11")
    file.write_text("two")
    keys = {absent, one, environment.key([file], "3.11"), environment.key([file], "3.12")}
    assert len(keys) == 4


def test_catalogues_and_lock_files_are_among_the_inputs(tmp_path):
    po = tmp_path / "reprospective_tray" / "locale" / "ja" / "LC_MESSAGES" / "messages.po"
    po.parent.mkdir(parents=True)
    po.touch()
    names = {file.name for file in environment.inputs(tmp_path)}
    assert {
        "messages.po",
        "pyproject.toml",
        *(lock.name for lock in locks.OF_THE_ENVIRONMENT),
    } <= names


@pytest.mark.parametrize("content", ["", "{", "[]", None])
def test_a_stamp_that_cannot_be_read_counts_as_none(tmp_path, content):
    stamp = tmp_path / "stamp.json"
    if content is not None:
        stamp.write_text(content)
    assert environment.stamped(stamp) == {}


@pytest.fixture
def own_venv(monkeypatch, tmp_path):
    """A .venv of this test's own, with a stamp that fits."""
    venv = tmp_path / ".venv"
    python = environment.python_of(venv)
    python.parent.mkdir(parents=True)
    python.touch()
    monkeypatch.setattr(environment, "VENV", venv)
    monkeypatch.setattr(environment, "STAMP", venv / "stamp.json")
    monkeypatch.setattr(environment, "UNFINISHED", venv / "unfinished")
    monkeypatch.setattr(environment, "python_of", lambda: python)
    environment.STAMP.write_text(json.dumps({"run": environment.current_key()}))
    return venv


def test_a_stamp_serves_the_scope_it_was_made_for_alone(own_venv):
    assert own_venv.exists()
    assert environment.is_ready("run")
    assert not environment.is_ready("test")


def test_an_interrupted_run_makes_the_environment_neither_ready_nor_sound(own_venv):
    (own_venv / "unfinished").touch()
    assert not environment.is_ready("run")
    assert not environment.is_sound()


def test_an_environment_without_a_working_python_is_not_sound(own_venv):
    python = environment.python_of()
    assert own_venv in python.parents
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    assert not environment.is_sound()


@pytest.fixture
def own_log(monkeypatch, tmp_path):
    """A log of this test's own."""
    monkeypatch.setattr(steps, "ROOT", tmp_path)
    monkeypatch.setattr(steps, "BUILD", tmp_path / "build")
    monkeypatch.setattr(steps, "LOG", tmp_path / "build" / "log.txt")


@pytest.mark.usefixtures("own_log")
def test_a_failed_step_shows_the_end_of_what_the_tool_said():
    speak = "import sys; print(*range(100), sep='\\n'); sys.exit(3)"
    with pytest.raises(steps.StepFailedError, match=r"exit code 3(.|\n)*build/log.txt") as failure:
        steps.run_logged([sys.executable, "-c", speak])
    assert "    99" in str(failure.value).splitlines()
    assert "    5" not in str(failure.value).splitlines()


@pytest.mark.usefixtures("own_log")
def test_a_tool_that_takes_long_is_seen_at_work_by_its_last_line(monkeypatch):
    monkeypatch.setattr(steps, "PROGRESS_SECONDS", 0.05)
    # It ends as soon as the sign was given: what it reads is the end of this test's own output.
    speak = "import sys; print('Unpacking\\tlibgtk', flush=True); open(sys.argv[1]).read()"
    pipe = steps.ROOT / "pipe"
    os.mkfifo(pipe)
    shown, said_enough = [], []

    def say(line):
        shown.append(line)
        if "Unpacking" in line and not said_enough:  # another sign may come while it ends
            said_enough.append(pipe.write_text("enough"))

    monkeypatch.setattr(steps, "say", say)
    steps.run_logged([sys.executable, "-c", speak, str(pipe)], cwd=steps.ROOT)
    assert re.fullmatch(r"  \d+ s  Unpacking libgtk", shown[-1])


@pytest.mark.parametrize(
    ("check", "tests", "code"), [(True, 0, 0), (False, 0, 1), (True, 4, 4), (False, 4, 4)]
)
def test_the_exit_code_tells_of_failed_checks_and_of_failed_tests(monkeypatch, check, tests, code):
    ran = []

    def run(command, **_options):
        ran.append(command[1:])
        return subprocess.CompletedProcess(command, tests)

    monkeypatch.setattr(checks, "passes", lambda *_about: check)
    monkeypatch.setattr(checks.subprocess, "run", run)
    assert checks.run_all(Path("scripts"), ["-k", "one"]) == code
    assert ran == [["-m", "pytest", "-k", "one"]]


def test_ci_runs_exactly_the_test_command():
    lines = (ROOT / ".ci" / "run").read_text("utf-8").splitlines()
    assert lines[-1] == "exec python3 installer/bootstrap.py test"


def test_pre_commit_runs_the_same_checks_as_test():
    hooks = (ROOT / ".pre-commit-config.yaml").read_text("utf-8")
    for _name, command in checks.CHECKS:
        assert f"entry: .venv/bin/{' '.join(command)}\n" in hooks


def test_a_compiled_catalogue_speaks(tmp_path):
    import gettext

    source = tmp_path / "ja" / "LC_MESSAGES" / "words.po"
    source.parent.mkdir(parents=True)
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
    source.write_text(head + 'msgid "Quit"\nmsgstr "終了"\n', "utf-8")
    compile_catalogue(source)
    found = gettext.translation("words", tmp_path, ["ja"])
    assert found.gettext("Quit") == "終了"
    # Not when it was compiled: the same source gives the same bytes.
    assert "1970-01-01" in found.info()["pot-creation-date"]
