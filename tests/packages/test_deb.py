"""The .deb, looked into without installing it."""

import io
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from PIL import Image

from installer import locks, pypi, steps
from installer.debian import build, carried, control, tree

PYTHON = (3, 11)
SYSTEM_PYTHON = Path("/usr/bin/python3.11")
LARGEST_KIB = 60_000

pytestmark = pytest.mark.skipif(
    shutil.which("dpkg-deb") is None, reason="a .deb is built on Debian alone"
)


@pytest.fixture(scope="module")
def package(checkout, tmp_path_factory):
    folder = tmp_path_factory.mktemp("deb")
    return build.build(PYTHON, source=checkout, folder=folder, compression=("-Zgzip", "-z1"))


@pytest.fixture(scope="module")
def unpacked(package, tmp_path_factory):
    root = tmp_path_factory.mktemp("root")
    subprocess.run(["dpkg-deb", "--extract", package, root], check=True)
    return root


@pytest.fixture(scope="module")
def fields(package):
    told = subprocess.run(
        ["dpkg-deb", "--field", package], capture_output=True, text=True, check=True
    ).stdout
    return dict(line.split(": ", 1) for line in told.splitlines() if line[0] != " ")


def test_the_control_file_says_which_python_it_takes(fields):
    needs = fields["Depends"].split(", ")
    assert {"python3 (>= 3.11)", "python3 (<< 3.12)", "python3-tk"} <= set(needs)
    assert "python3-gi (>= 3.42)" in needs
    assert "gir1.2-ayatanaappindicator3-0.1" in needs
    assert any(re.fullmatch(r"libc6 \(>= 2\.\d+\)", each) for each in needs)
    assert fields["Version"].endswith("+py311")
    assert int(fields["Installed-Size"]) < LARGEST_KIB


def test_everything_belongs_to_root_and_has_one_time_and_the_usual_rights(package):
    files = subprocess.run(["dpkg-deb", "--fsys-tarfile", package], capture_output=True, check=True)
    with tarfile.open(fileobj=io.BytesIO(files.stdout)) as archive:
        members = archive.getmembers()
    programs = {member.name for member in members if member.isfile() and member.mode == 0o755}
    assert programs == {"./usr/bin/reprospective-tray"}
    epoch = pypi.source_epoch()
    for member in members:
        assert (member.uname, member.gname) == ("root", "root")
        assert member.mtime == epoch
        assert member.issym() or member.mode in {0o755, 0o644}


def test_nothing_in_it_knows_where_it_was_built(unpacked, checkout):
    places = [str(path).encode() for path in (steps.ROOT, checkout, Path.home())]
    # A home that is the whole disk's top would be everywhere.
    places = [place for place in places if len(place) > len(b"/root")]
    for file in unpacked.rglob("*"):
        if file.is_file() and not file.is_symlink():
            content = file.read_bytes()
            assert not [place for place in places if place in content], file
    assert not list(unpacked.rglob("direct_url.json"))


def test_no_tests_no_compiled_files_and_no_commands_of_others_are_inside(unpacked):
    site = unpacked / tree.site_of(PYTHON)
    assert not list(unpacked.rglob("__pycache__"))
    assert not list(site.glob("*/tests"))
    assert not (site / "bin").exists()
    assert [file.name for file in (unpacked / "usr/bin").iterdir()] == ["reprospective-tray"]
    assert (site / "reprospective_tray/locale/ja/LC_MESSAGES/reprospective_tray.mo").exists()


def test_all_that_the_program_needs_is_carried_or_a_dependency(unpacked, fields):
    inside = {
        canonicalize_name(each.name): each.version
        for each in carried.inside(unpacked / tree.site_of(PYTHON))
    }
    project = tomllib.loads((steps.ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for requirement in map(Requirement, project["dependencies"]):
        if requirement.marker and not requirement.marker.evaluate({"sys_platform": "linux"}):
            continue
        name = canonicalize_name(requirement.name)
        if name in inside:
            assert inside[name] in requirement.specifier
            continue
        bounds = carried.FROM_DEBIAN[name]
        oldest = re.search(r">= ([\d.]+)", bounds[0])[1]
        assert oldest in requirement.specifier
        assert all(bound in fields["Depends"] for bound in bounds)
    assert not set(inside) & set(carried.FROM_DEBIAN)


@pytest.mark.skipif(not SYSTEM_PYTHON.exists(), reason="the system's Python is not 3.11")
def test_what_speaks_wayland_is_inside_and_loads(unpacked):
    site = unpacked / tree.site_of(PYTHON)
    code = f"import sys; sys.path.insert(0, {str(site)!r}); import pywayland.client.display as it"
    told = subprocess.run(
        [SYSTEM_PYTHON, "-S", "-c", f"{code}; print(it.__file__)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.startswith(str(site))


def test_what_debian_brings_is_named_as_the_lock_names_it():
    lock = locks.RUNTIME.read_text("utf-8")
    assert all(re.search(f"^{name}==", lock, re.MULTILINE) for name in carried.FROM_DEBIAN)


def test_each_licence_that_the_copyright_names_is_there(unpacked):
    text = (unpacked / "usr/share/doc/reprospective-tray/copyright").read_text("utf-8")
    assert "MIT License" in text
    folders = re.findall(r"^  /(\S+\.dist-info)$", text, re.MULTILINE)
    assert len(folders) == len(list((unpacked / tree.site_of(PYTHON)).glob("*.dist-info"))) - 1
    for folder in folders:
        found = [file.name.upper() for file in (unpacked / folder).rglob("*")]
        assert any(name.startswith(("LICEN", "COPYING")) for name in found), folder


@pytest.mark.skipif(shutil.which("desktop-file-validate") is None, reason="desktop-file-utils")
def test_the_desktop_entry_is_valid_and_its_icon_is_there_in_every_size(unpacked):
    entry = unpacked / "usr/share/applications/reprospective-tray.desktop"
    told = subprocess.run(
        ["desktop-file-validate", entry], capture_output=True, text=True, check=True
    )
    assert told.stdout == ""
    assert "\nComment[ja]=" in entry.read_text("utf-8")
    icons = list((unpacked / "usr/share/icons/hicolor").rglob("reprospective-tray.png"))
    assert len(icons) == len(tree.ICON_SIZES)
    for icon in icons:
        with Image.open(icon) as picture:
            assert "{}x{}".format(*picture.size) == icon.parent.parent.name
    assert (unpacked / "usr/share/icons/hicolor/scalable/apps/reprospective-tray.svg").exists()


@pytest.mark.skipif(not SYSTEM_PYTHON.exists(), reason="the system's Python is not 3.11")
def test_the_launcher_starts_the_program_of_the_package(unpacked, tmp_path):
    (unpacked / "usr/bin/python3.11").symlink_to(SYSTEM_PYTHON)
    interpreter = unpacked / "usr/lib/reprospective-tray/bin/python3"
    launcher = unpacked / "usr/bin/reprospective-tray"
    first = launcher.read_text("utf-8").splitlines()[0]
    assert first == f"#!/{interpreter.relative_to(unpacked)}"
    try:
        for started in ([launcher], ["-m", "reprospective_tray"]):
            done = subprocess.run(
                [interpreter, *started, "--version"],
                env={"HOME": str(tmp_path), "LANG": "C.UTF-8"},
                cwd=tmp_path,
                capture_output=True,
                text=True,
                check=True,
            )
            assert re.fullmatch(r"reprospective-tray \d+\.\d+\.\d+\n", done.stdout)
    finally:
        (unpacked / "usr/bin/python3.11").unlink()


def test_versions_sort_as_they_follow_each_other():
    order = ["0.9.0", "1.0.0.dev1", "1.0.0a1", "1.0.0b2", "1.0.0rc1", "1.0.0", "1.0.1"]
    versions = [control.deb_version(version, (3, 11)) for version in order]
    versions.append(control.deb_version("1.0.1", (3, 13)))
    for before, after in pairwise(versions):
        compared = ["dpkg", "--compare-versions", before, "lt", after]
        assert subprocess.run(compared, check=False).returncode == 0, (before, after)


def test_a_package_for_another_python_takes_that_one_alone():
    needs = control.depends((3, 13), "2.28")
    assert {"python3 (>= 3.13)", "python3 (<< 3.14)"} <= set(needs)


@pytest.mark.parametrize("text", ["3.9", "3", "three", "2.7"])
def test_a_python_that_the_program_does_not_take_is_refused(text):
    done = subprocess.run(
        [sys.executable, "-m", "installer.debian", "--python", text],
        cwd=steps.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert text in done.stderr


@pytest.mark.long
@pytest.mark.timeout(600)
def test_the_same_source_gives_the_same_package_to_the_byte(checkout, tmp_path):
    one, two = (
        build.build(PYTHON, source=checkout, folder=tmp_path / name).read_bytes() for name in "ab"
    )
    assert one == two


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.skipif(shutil.which("lintian") is None, reason="apt-get install lintian")
def test_lintian_finds_no_error(package):
    done = subprocess.run(
        ["lintian", "--allow-root", "--fail-on=error", package],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "E:" not in done.stdout
