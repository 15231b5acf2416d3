"""What goes into the frozen program: nothing that it loads by name may be missing."""

import ast
import importlib.util
import sys
import tomllib
from pathlib import Path

import pytest
from PIL import Image

from installer import commands, locks, steps
from installer.frozen import contents, icons, names
from reprospective_tray.desktop import programs

ROOT = steps.ROOT
PACKAGE = ROOT / "reprospective_tray"
HERE = ROOT / "installer" / "frozen"
SPEC = HERE / "reprospective-tray.spec"


def test_every_module_of_the_program_is_named_and_can_be_found():
    modules = contents.own_modules(PACKAGE)
    for name in ("", ".cli", ".commands.instance", ".desktop.autostart.windows", ".store.postgres"):
        assert f"reprospective_tray{name}" in modules
    files = [file for file in PACKAGE.rglob("*.py") if file.parent.name != "migrations"]
    assert len(modules) == len(set(modules)) == len(files)
    assert all(importlib.util.find_spec(name) for name in modules)


def test_migrations_go_in_as_files_with_all_that_they_import():
    data = dict.fromkeys(source for source, _folder in contents.data_files(PACKAGE))
    scripts = sorted((PACKAGE / "store" / "sqlite" / "migrations").glob("0*.py"))
    assert scripts
    assert {str(script) for script in scripts} <= set(data)
    assert {"peewee", "playhouse.migrate"} <= set(contents.imports_of_scripts(PACKAGE))


def test_data_lies_where_the_code_looks_for_it():
    placed = {
        str(Path(folder, Path(source).name)) for source, folder in contents.data_files(PACKAGE)
    }
    assert {
        "reprospective_tray/store/postgres/schema/roles.sql",
        "reprospective_tray/store/postgres/schema/comments.sql",
        "reprospective_tray/summary/formats/html_style.css",
        "reprospective_tray/store/sqlite/migrations/0001_initial.py",
    } <= placed
    assert not [name for name in placed if name.endswith((".po", ".pyc"))]
    assert "reprospective_tray/cli.py" not in placed


@pytest.mark.parametrize(
    "name",
    [
        "share/locale/de/LC_MESSAGES/gtk30.mo",
        "share/icons/Adwaita/index.theme",
        "_tcl_data/tzdata/Europe/Berlin",
        "_tk_data/demos/widget",
        "_tk_data\\demos\\widget",
        "reprospective_tray/locale/ja/LC_MESSAGES/reprospective_tray.po",
    ],
)
def test_what_nobody_sees_stays_out(name):
    assert contents.kept([(name, "from", "DATA")]) == []


@pytest.mark.parametrize(
    "name",
    [
        "libgtk-3.so.0",
        "gi_typelibs/Gtk-3.0.typelib",
        "lib/gdk-pixbuf/loaders/libpixbufloader-svg.so",
        "_tcl_data/init.tcl",
        "_tcl_data/encoding/shiftjis.enc",
        "_tk_data/ttk/ttk.tcl",
        "reprospective_tray/locale/ja/LC_MESSAGES/reprospective_tray.mo",
        "reprospective_tray/store/sqlite/migrations/0001_initial.py",
    ],
)
def test_what_the_program_needs_goes_in(name):
    entry = (name, "from", "DATA")
    assert contents.kept([entry]) == [entry]


def test_nothing_that_the_program_imports_is_left_out():
    imported = set()
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(node.module)
    assert not imported & set(contents.EXCLUDED)


def test_a_start_does_what_the_program_needs_and_no_more():
    scripts = [(name, f"{name}.py", "PYSOURCE") for name in ("pyi_rth_inspect", "pyi_rth_gi")]
    assert contents.needed_at_start(scripts) == scripts[1:]
    used = {"inspect", "pkgutil", "multiprocessing"}
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                assert not used & {alias.name for alias in node.names}


@pytest.mark.parametrize("system", ["linux", "win32", "darwin"])
def test_each_system_has_its_tray(system):
    module = {"linux": "_appindicator", "win32": "_win32", "darwin": "_darwin"}[system]
    assert f"pystray.{module}" in contents.OF_THE_SYSTEM[system]


def test_the_names_that_the_tray_makes_at_run_time_are_those_that_go_in():
    text = (PACKAGE / "tray" / "icons" / "backend.py").read_text("utf-8")
    assert 'importlib.import_module(f"pystray._{name}")' in text
    assert 'APPINDICATOR, GTK, XORG, NATIVE = "appindicator", "gtk", "xorg", "native"' in text
    assert {"pystray._appindicator", "pystray._gtk", "pystray._xorg"} <= set(
        contents.OF_THE_SYSTEM["linux"]
    )


def namespaces(folder):
    """Return the namespaces of GTK's world that the modules in `folder` ask for."""
    found = set()
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "gi.repository":
                found |= {alias.name for alias in node.names}
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "gi.require_version":
                found |= {each.value for each in node.args[:1] if isinstance(each, ast.Constant)}
    return found


def test_every_namespace_that_program_and_tray_ask_for_goes_in():
    named = {name.rpartition(".")[2] for name in contents.OF_THE_SYSTEM["linux"]}
    pystray = Path(importlib.util.find_spec("pystray").origin).parent
    asked = namespaces(PACKAGE) | namespaces(pystray)
    assert {"Gtk", "GdkX11", "DBus"} <= asked
    # The older name of the same, which is asked for first.
    assert asked - {"AppIndicator3"} <= named


def test_the_spec_and_the_scripts_beside_it_are_python_and_name_files_that_are_there():
    tree = ast.parse(SPEC.read_text("utf-8"))
    calls = {n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call) and hasattr(n.func, "id")}
    assert {"Analysis", "PYZ", "EXE", "COLLECT", "BUNDLE"} <= calls
    scripts = ("start.py", "remember.py", "pictures.py")
    for name in scripts:
        assert f'"{name}"' in SPEC.read_text("utf-8")
    for name in (*(HERE / "program" / name for name in scripts), *(HERE / "hooks").glob("*.py")):
        ast.parse(name.read_text("utf-8"))
    # In no package: else PyInstaller takes the program from the checkout, not the installed one.
    assert not (HERE / "program" / "__init__.py").exists()


def test_the_freezers_lock_has_the_program_with_its_extras():
    lock = locks.FREEZER.read_text("utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert project["dependency-groups"]["frozen"]
    for name in ("pyinstaller", "pyinstaller-hooks-contrib", "pygobject", "keyring", "peewee"):
        assert f"\n{name}==" in lock


def test_the_icon_for_windows_has_every_size_that_windows_shows(tmp_path):
    with Image.open(icons.write_ico(tmp_path / "icon.ico")) as icon:
        assert icon.info["sizes"] == {(size, size) for size in icons.ICO_SIZES}
        assert {16, 24, 32, 48, 256} <= set(icons.ICO_SIZES)
        small = icon.ico.getimage((16, 16)).convert("RGBA")
    # The mark: blue in the middle, nothing in the corner.
    assert small.getpixel((8, 8))[:3] == (0x4C, 0x8D, 0xFF)
    assert small.getpixel((0, 0))[3] == 0


def test_the_icon_for_macos_has_every_size_also_for_dense_screens(tmp_path):
    with Image.open(icons.write_icns(tmp_path / "icon.icns")) as icon:
        shown = {width * scale for width, _height, scale in icon.info["sizes"]}
        assert {32, 64, 128, 256, 512, 1024} <= shown
        assert {scale for _width, _height, scale in icon.info["sizes"]} == {1, 2}


@pytest.mark.parametrize(
    ("version", "numbers"),
    [("1.2.3", (1, 2, 3)), ("0.1", (0, 1, 0)), ("2.0.0rc1", (2, 0, 0)), ("1.2.3.post4", (1, 2, 3))],
)
def test_versions_are_told_to_systems_as_numbers(version, numbers):
    assert names.release_numbers(version) == numbers


@pytest.mark.parametrize(("kind", "system"), [("windows", "Windows"), ("macos", "macOS")])
def test_a_package_for_another_system_is_refused_in_a_sentence_at_once(
    kind, system, capsys, monkeypatch
):
    monkeypatch.setattr(sys, "platform", "linux")
    assert commands.main(["package", kind]) == 1
    said = capsys.readouterr()
    assert f"can be built on {system} only" in said.err
    assert said.out == ""


def test_a_frozen_program_on_windows_starts_the_one_that_opens_no_terminal(monkeypatch, tmp_path):
    for name in (names.WINDOWLESS, names.FOR_TERMINALS):
        (tmp_path / name).touch()
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / names.FOR_TERMINALS))
    monkeypatch.setattr(sys, "platform", "win32")
    windowless = str(tmp_path / names.WINDOWLESS)
    assert programs.own_command("summary") == [windowless, "summary"]
    assert programs.login_program() == (windowless,)
    monkeypatch.setattr(sys, "platform", "linux")
    assert programs.login_program() == (str(tmp_path / names.FOR_TERMINALS),)


def test_the_usage_names_every_package():
    line = next(line for line in commands.USAGE.splitlines() if "package" in line)
    assert line.split("package ")[1] == " | ".join(commands.PACKAGES)
