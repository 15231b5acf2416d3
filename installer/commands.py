"""The bootstrap's commands: run, test, bench, package, lock."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from installer import checks, environment, locks, steps, system_packages
from installer.steps import ROOT
from installer.system_packages import Interpreter

USAGE = """\
Usage: python3 installer/bootstrap.py COMMAND

  run    set up what is missing, then start the tray app (with no display: on a virtual desktop)
  test   set up what is missing, then run every check and test; further arguments go to pytest
  bench  set up what is missing, then measure; further arguments go to the benchmark
  package deb | pypi | frozen | windows | macos
         set up what is missing, then build a package into dist/; --help after it says more
  lock   write the lock files anew from pyproject.toml; --upgrade takes the newest versions
"""

PACKAGES = {
    "deb": "installer.debian",
    "pypi": "installer.pypi",
    "frozen": "installer.frozen",
    "windows": "installer.windows",
    "macos": "installer.macos",
}
WHICH_PACKAGE = f"Which package? One of: {', '.join(PACKAGES)}"
HELP = {"-h", "--help"}
# Freezing is for the system that it runs on.
ONLY_ON = {"windows": ("win32", "Windows"), "macos": ("darwin", "macOS")}


def has_display() -> bool:
    """Say whether there is a desktop to show a tray icon on."""
    if sys.platform != "linux":
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; 2 where the command line is wrong."""
    handlers = {"run": run, "test": test, "bench": bench, "package": package, "lock": lock}
    if arguments and arguments[0] == "package" and HELP & set(arguments[2:]):
        return package_help(arguments[1])
    if HELP & set(arguments) or arguments[:1] == ["help"]:
        print(USAGE, end="")
        return 0
    if not arguments or arguments[0] not in handlers:
        print(USAGE, end="", file=sys.stderr)
        return 2
    try:
        return handlers[arguments[0]](list(arguments[1:]))
    except steps.StepFailedError as failure:
        steps.warn(str(failure))
        return 1
    except KeyboardInterrupt:
        steps.warn("\nStopped. The next start goes on from here.")
        return 130


def run(arguments: list[str]) -> int:
    """Start the tray app in place of this process, or the demo where there is no display."""
    if has_display():
        environment.prepare(environment.RUN, virtual_desktop=False)
        steps.say("Starting reprospective-tray.")
        return hand_over([environment.scripts_folder() / "reprospective-tray", "run", *arguments])
    steps.say(
        "There is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set): showing the app "
        "on a virtual desktop, for a minute."
    )
    environment.prepare(environment.RUN, virtual_desktop=True)
    from installer.demo import demonstration as demo

    return demo.show(environment.python_of())


def test(arguments: list[str]) -> int:
    """Run every check and then pytest, whose closing line is the last one."""
    environment.prepare(environment.TEST, virtual_desktop=True)
    if "--long" in arguments:
        built_with = system_packages.building_pygobject(Interpreter.current())
        system_packages.complete_or_warn([*system_packages.LONG_TESTS, *built_with])
    return checks.run_all(environment.scripts_folder(), arguments)


def bench(arguments: list[str]) -> int:
    """Run the benchmark in place of this process."""
    environment.prepare(environment.TEST, virtual_desktop=True)
    os.chdir(ROOT)
    return hand_over([environment.python_of(), "-m", "tests.bench", *arguments])


def package(arguments: list[str]) -> int:
    """Build a package in place of this process, by the module that knows its kind."""
    if not arguments or arguments[0] not in PACKAGES:
        steps.warn(WHICH_PACKAGE)
        return 2
    system, its_name = ONLY_ON.get(arguments[0], (sys.platform, ""))
    if sys.platform != system:
        raise steps.StepFailedError(
            f"The package for {its_name} can be built on {its_name} only: a program is frozen for "
            "the system that it is frozen on."
        )
    environment.prepare(environment.RUN, virtual_desktop=False)
    os.chdir(ROOT)
    return hand_over([environment.python_of(), "-m", PACKAGES[arguments[0]], *arguments[1:]])


def package_help(kind: str) -> int:
    """Show what can be said after `package KIND`; nothing is set up for it."""
    if kind not in PACKAGES:
        steps.warn(WHICH_PACKAGE)
        return 2
    os.chdir(ROOT)
    return hand_over([sys.executable, "-m", PACKAGES[kind], "--help"])


def lock(arguments: list[str]) -> int:
    """Write the lock files; uv does it, and is installed into .venv where it is not there."""
    scripts = environment.scripts_folder()
    uv = locks.find_uv(str(scripts))
    if uv is None:
        if not environment.is_sound():
            environment.make()
        steps.say("Installing uv, which makes the lock files")
        environment.pip("install", "uv")
        uv = locks.find_uv(str(scripts))
    assert uv is not None
    locks.write(uv, arguments)
    return 0


def hand_over(command: Sequence[str | Path]) -> int:
    """Become another program, so that signals reach it; on Windows wait for it instead."""
    sys.stdout.flush()
    words = [str(word) for word in command]
    if os.name != "nt":
        os.execv(words[0], words)  # noqa: S606  no shell is the point
    return subprocess.run(words, check=False).returncode
