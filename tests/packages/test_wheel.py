"""Wheel and sdist: complete, equal each time, and installable as persons install them."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from installer import pypi
from tests.packages import unpacking

PACKAGE = "reprospective_tray"
# Of use to those who work on the repository alone.
LEFT_OUT = (".ci/", ".pre-commit-config.yaml", ".gitignore", ".gitattributes", ".github/")


@pytest.fixture(scope="module")
def built(checkout, tmp_path_factory):
    return pypi.build(tmp_path_factory.mktemp("dist"), checkout)


def files_of(folder):
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {str(path) for path in found if path.suffix not in {".mo", ".pyc"}}


def content_of(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_wheel_has_every_file_of_the_program_and_no_other(built, checkout):
    inside = {name for name in content_of(built[0]) if ".dist-info/" not in name}
    wanted = {name for name in files_of(checkout) if name.startswith(f"{PACKAGE}/")}
    wanted |= {
        f"{PACKAGE}/{name}" for name in ("config.yaml", "assets/icon.png", "assets/icon.svg")
    }
    catalogues = {name for name in inside if name.endswith(".mo")}
    assert inside - catalogues == wanted
    assert {name.replace(".mo", ".po") for name in catalogues} == {
        name for name in wanted if name.endswith(".po")
    }
    assert f"{PACKAGE}/py.typed" in inside


def test_the_sdist_has_every_file_of_the_repository_and_no_other(built, checkout):
    with tarfile.open(built[1]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {name for name in files_of(checkout) if not name.startswith(LEFT_OUT)}
    assert {name for name in names if not name.endswith(".mo")} - {
        "PKG-INFO",
        ".gitignore",
    } == wanted


def test_the_sdist_gives_the_same_wheel(built, tmp_path):
    unpacking.unpack(built[1], tmp_path / "source")
    (source,) = (tmp_path / "source").iterdir()
    again, _sdist = pypi.build(tmp_path / "dist", source)
    assert content_of(again) == content_of(built[0])


def test_the_wheel_is_the_same_each_time(built, checkout, tmp_path):
    again, sdist = pypi.build(tmp_path, checkout)
    assert again.read_bytes() == built[0].read_bytes()
    assert sdist.read_bytes() == built[1].read_bytes()


@pytest.mark.long
@pytest.mark.timeout(600)
def test_twine_and_check_wheel_contents_have_nothing_against_them(built):
    pypi.check(*built)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("tool", ["uv", "pipx"])
def test_it_is_installed_as_a_tool_with_its_extras(built, tmp_path, tool):
    wanted = f"reprospective-tray[tray,wayland,keyring] @ {built[0].as_uri()}"
    commands = tmp_path / "bin"
    places = {"UV_TOOL_DIR": "tools", "PIPX_HOME": "pipx"}
    env = {
        **os.environ,
        **{name: str(tmp_path / folder) for name, folder in places.items()},
        "UV_TOOL_BIN_DIR": str(commands),
        "PIPX_BIN_DIR": str(commands),
        "PIPX_MAN_DIR": str(tmp_path / "man"),
        "PIPX_DEFAULT_PYTHON": sys.executable,
    }
    if tool == "uv":
        uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
        if uv is None:
            pytest.skip("pip install uv")
        command = [uv, "tool", "install", "--python", sys.executable, wanted]
    else:
        command = [pypi.tools() / "pipx", "install", wanted]
    subprocess.run(command, env=env, check=True, capture_output=True, cwd=tmp_path)
    program = commands / "reprospective-tray"
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("reprospective-tray ")
    interpreter = program.resolve().with_name("python")
    subprocess.run([interpreter, "-c", "import gi, keyring"], check=True, capture_output=True)
