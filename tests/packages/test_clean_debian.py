"""The .deb in a Debian 12 that has never seen it: installed, used, upgraded, removed, purged.

`test --long tests/packages/test_clean_debian.py`; the pictures are in build/clean-debian.
"""

import io
import json
import subprocess
import time

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from installer import steps
from installer.debian import build
from tests.packages import smoke, unpacking
from tests.packages.clean_debian import PROGRAM, CleanDebian, Person, why_not

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(bool(why_not()), reason=why_not()),
]

PICTURES = steps.BUILD / "clean-debian"
LARGEST_BYTES = 12_000_000
FIRST_SESSION_SECONDS = 30.0
# The migration that came with sending to a server; before it was a program that recorded already.
SECOND_MIGRATION = "reprospective_tray/store/migrations/0002_sync.py"
TAKEN = "desktop_activity_taken"


@pytest.fixture(scope="module")
def package():
    return build.build()


@pytest.fixture(scope="module")
def system():
    with CleanDebian() as clean:
        yield clean


@pytest.fixture
def person(system, request):
    name = request.function.__name__.split("_")[1]
    system.add_person(name)
    with Person(system, name) as somebody:
        yield somebody
    system.run("dpkg", "--purge", PROGRAM)


def git(*words):
    return subprocess.run(["git", *words], cwd=steps.ROOT, capture_output=True, check=True).stdout


def previous_package(folder):
    """Build the program as it was before the second migration, as an older version."""
    try:
        added = git("log", "--diff-filter=A", "--format=%H", "--", SECOND_MIGRATION).split()[0]
        files = git("archive", f"{added.decode()}~1")
    except (OSError, IndexError, subprocess.CalledProcessError):
        pytest.skip("needs the repository with its history")
    source = folder / "source"
    unpacking.unpack(io.BytesIO(files), source)
    version = source / "reprospective_tray" / "__init__.py"
    version.write_text('__version__ = "0.0.9"\n', "utf-8")
    return build.build(source=source, folder=folder, compression=("-Zgzip", "-z1"))


def test_the_package_is_small(package):
    size = package.stat().st_size
    print(f"{package.name}: {size / 1e6:.2f} MB")
    assert size <= LARGEST_BYTES


def test_anna_installs_it_and_has_a_session_at_once_and_keeps_her_data_after_a_purge(
    system, person, package
):
    inside = system.put(package)
    start = time.time()
    system.apt("install", inside)
    installed = time.time()
    recorded = person.do("run")
    print(f"installed with what it needs in {installed - start:.1f} s")
    print(f"from then to the first session {recorded - installed:.2f} s")
    assert recorded - start < FIRST_SESSION_SECONDS

    home = system.root / "home/anna"
    smoke.use(person, PICTURES, home)
    assert smoke.switch_on_at_login(person, home) == "/usr/bin/reprospective-tray run"
    smoke.stop(person)
    rows = person.do("rows")

    system.apt("remove", PROGRAM)
    assert not system.run("find", "/usr", "/etc", "/var/lib", "-name", f"*{PROGRAM}*")
    assert person.do("rows") == rows
    system.apt("install", inside)
    system.apt("purge", PROGRAM)
    assert not system.run("find", "/usr", "/etc", "/var/lib", "-name", f"*{PROGRAM}*")
    assert person.do("rows") == rows


def test_ben_upgrades_under_the_running_program_and_his_data_is_migrated(
    system, person, package, tmp_path
):
    system.apt("install", system.put(previous_package(tmp_path)))
    person.do("run")
    assert person.do("ask", "--version")["out"].split()[1] == "0.0.9"
    person.do("rename", "Recorded by the old one")
    assert TAKEN not in person.do("tables")

    system.apt("install", system.put(package))
    person.do("rename", "Recorded by the old one after the upgrade")
    assert person.do("stop") == 0, person.do("said")
    before = person.do("rows")
    assert not any(row["open"] for row in before)

    person.do("run")
    assert person.do("ask", "--version")["out"].split()[1] != "0.0.9"
    assert TAKEN in person.do("tables")
    after = person.do("rows")
    kept = ("uid", "started_at", "ended_at", "window_title", "application_name", "revision")
    assert [[row[name] for name in kept] for row in after[: len(before)]] == [
        [row[name] for name in kept] for row in before
    ]
    exported = person.do("ask", "export")["out"]
    assert "Recorded by the old one after the upgrade" in exported
    assert person.do("stop") == 0


def test_carla_finds_the_manual_and_her_shells_complete_the_commands(system, person, package):
    system.apt("install", system.put(package))
    assert "YOUR DATA" in system.run("man", "-P", "cat", PROGRAM, user="carla")
    system.run("desktop-file-validate", f"/usr/share/applications/{PROGRAM}.desktop")
    for line, offered in {
        "report --format ": {"text", "json", "markdown", "csv", "html"},
        "--config x server ": {"init", "add-person", "reset-password", "status", "accept"},
        "export --output=/etc/hostn": {"--output=/etc/hostname"},
    }.items():
        fish = system.run("fish", "-c", f"complete -C '{PROGRAM} {line}'", user="carla")
        assert {told.split("\t")[0] for told in fish.splitlines()} == offered
    script = (
        "autoload -Uz compinit; compinit -u; print $_comps[reprospective-tray];"
        "autoload +X _reprospective-tray && print loaded"
    )
    zsh = system.run("zsh", "-f", "-c", script, user="carla")
    assert zsh.split() == ["_reprospective-tray", "loaded"]
    assert person.do("ask", "config", "path")["out"].count("/home/carla/") == 4


def test_what_is_carried_and_what_debian_has_fit_together(system, package):
    system.apt("install", system.put(package))
    script = (
        "import importlib.metadata as m, json;"
        "facts = {d.name: [str(d.locate_file('')), d.version, d.requires]"
        " for d in m.distributions()}; print(json.dumps(facts))"
    )
    told = json.loads(system.run(f"/usr/lib/{PROGRAM}/bin/python3", "-c", script))
    found = {canonicalize_name(name): facts for name, facts in told.items()}
    carried = {name: facts for name, facts in found.items() if PROGRAM in facts[0]}
    assert PROGRAM in carried
    for name, (_where, _version, requires) in carried.items():
        for requirement in map(Requirement, requires or ()):
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                there = found[canonicalize_name(requirement.name)][1]
                assert there in requirement.specifier, f"{name} needs {requirement}: {there}"


def test_every_module_is_compiled_when_it_is_installed(system, package):
    system.apt("install", system.put(package))
    folder = system.root / "usr/lib" / PROGRAM
    compiled = {file.parent.parent / file.name.split(".")[0] for file in folder.rglob("*.pyc")}
    assert compiled == {file.with_suffix("") for file in folder.rglob("*.py")}
