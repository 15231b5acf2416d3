"""README's two commands on a Debian with nothing but Python: as root, and as a person without sudo.

`test --long tests/packages/test_fresh_machine.py`; what was said is in build/fresh-machine.
"""

import shutil
import subprocess
import time

import pytest

from installer import steps
from tests.packages.clean_debian import FRESH, CleanDebian, why_not

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(7200),
    pytest.mark.skipif(bool(why_not()), reason=why_not()),
]

SAID = steps.BUILD / "fresh-machine"
COMMAND_SECONDS = 3600
BOOTSTRAP = "installer/bootstrap.py"
NAME = "reprospective-tray"


@pytest.fixture(scope="module", params=FRESH, ids=lambda kind: kind.name)
def system(request):
    with CleanDebian(request.param) as clean:
        yield clean


def clone(system, folder, owner="root"):
    """Put a clone into a folder of the system, as its owner would; return its path in there."""
    target = system.root / folder.lstrip("/") / NAME
    shutil.rmtree(target, ignore_errors=True)
    subprocess.run(["git", "clone", "--quiet", steps.ROOT, target], check=True)
    system.run("chown", "-R", f"{owner}:{owner}", f"{folder}/{NAME}")
    return f"{folder}/{NAME}"


def do(system, checkout, command, user="root", *, check=True):
    """Run one of the two commands, keep what it says, and return that and the seconds it took."""
    start = time.monotonic()
    enter = f"cd {checkout} && python3 {BOOTSTRAP} {command}"
    enter += "; echo code $?"
    said = system.run("sh", "-c", enter, user=user, seconds=COMMAND_SECONDS)
    said, _word, code = said.rpartition("code ")
    seconds = time.monotonic() - start
    SAID.mkdir(parents=True, exist_ok=True)
    place = checkout.strip("/").split("/")[0]
    (SAID / f"{system.kind.name}-{place}-{command}.txt").write_text(said, "utf-8")
    print(f"{system.kind.name}, {checkout}, {command}: {seconds:.0f} s")
    assert not check or code.strip() == "0", said[-4000:]
    return said, seconds


def shows_the_demo_and_ends_green(system, checkout, user="root"):
    said, _seconds = do(system, checkout, "run", user)
    assert "What was recorded" in said
    assert "Screenshots: build/demo/desktop.png, build/demo/tray-menu.png" in said
    said, _seconds = do(system, checkout, "test", user)
    assert "Failed before the tests" not in said
    closing = said.splitlines()[-1]
    assert " passed" in closing
    assert " failed" not in closing


def test_a_person_without_sudo_is_told_once_what_an_administrator_installs(system):
    system.add_person("anna")
    checkout = clone(system, "/home/anna", "anna")
    said, _seconds = do(system, checkout, "run", "anna", check=False)
    assert "Installing" not in said
    (command,) = [line for line in said.splitlines() if "apt-get" in line]
    system.run("sh", "-c", command.strip().replace("apt-get install", "apt-get install -y"))
    said, _seconds = do(system, checkout, "run", "anna")
    assert "What was recorded" in said


@pytest.mark.parametrize("folder", ["/root", "/opt"])
def test_root_gets_the_demo_and_green_tests(system, folder):
    shows_the_demo_and_ends_green(system, clone(system, folder))


def test_a_person_gets_the_demo_and_green_tests_once_the_packages_are_there(system):
    checkout = clone(system, "/home/anna", "anna")
    shows_the_demo_and_ends_green(system, checkout, "anna")
