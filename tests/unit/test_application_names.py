"""A program has one name under X11 and under Wayland: its class, found by its desktop file."""

from pathlib import Path

import pytest

from reprospective_tray.monitor.probes.application_names import ApplicationNames


@pytest.fixture
def applications(tmp_path, monkeypatch):
    """The folder of desktop files of one person; the system has another."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_DATA_DIRS", f"{tmp_path / 'absent'}:{tmp_path / 'system'}")
    folders = tmp_path / "home" / "applications", tmp_path / "system" / "applications"
    for folder in folders:
        folder.mkdir(parents=True)
    return folders


def write(folder: Path, name: str, its_class: str, *more: str) -> None:
    lines = ["[Desktop Entry]", "Name=X", f"StartupWMClass={its_class}", *more]
    (folder / f"{name}.desktop").write_text("\n".join(lines) + "\n", "utf-8")


def test_an_app_id_has_the_class_that_its_desktop_file_names(applications):
    _home, system = applications
    write(system, "code", "Code")
    write(system, "org.example.Writer", "writer")
    names = ApplicationNames()
    assert names.of("code") == "Code"
    assert names.of("org.example.Writer") == "writer"
    # A window of XWayland says its class itself.
    assert names.of("Code") == "Code"


@pytest.mark.usefixtures("applications")
def test_what_no_desktop_file_knows_keeps_its_own_name():
    names = ApplicationNames()
    assert [names.of(it) for it in ("", "foot", "Some.Thing", "org.kde.")] == [
        *("", "foot", "Some.Thing", "org.kde."),
    ]


def test_a_file_that_is_found_by_its_class_alone_gives_it_its_spelling(applications):
    write(applications[1], "vendor-tool", "Tool")
    assert ApplicationNames().of("tool") == "Tool"


def test_a_file_of_that_name_is_more_than_the_class_of_another(applications):
    _home, system = applications
    write(system, "editor", "Editor-of-this-name")
    write(system, "zz-other", "Editor")
    assert ApplicationNames().of("editor") == "Editor-of-this-name"


def test_a_persons_own_file_is_more_than_the_systems(applications):
    home, system = applications
    write(system, "mail", "SystemMail")
    write(home, "mail", "OwnMail")
    assert ApplicationNames().of("mail") == "OwnMail"


def test_other_groups_of_the_file_and_files_that_cannot_be_read_say_nothing(applications):
    _home, system = applications
    write(system, "chat", "", "[Desktop Action new]", "StartupWMClass=Wrong")
    (system / "broken.desktop").write_bytes(b"\xff\xfe[Desktop")
    (system / "folder.desktop").mkdir()
    names = ApplicationNames()
    assert [names.of("chat"), names.of("broken"), names.of("folder")] == [
        *("chat", "broken", "folder"),
    ]


def test_a_program_that_is_installed_meanwhile_is_found(applications):
    names = ApplicationNames()
    assert names.of("late") == "late"
    write(applications[1], "late", "Late")
    assert names.of("late") == "Late"


@pytest.mark.usefixtures("applications")
@pytest.mark.parametrize(
    ("app_id", "name"),
    [
        ("org.gnome.Terminal", "Gnome-terminal"),
        ("chromium", "Chromium"),
        ("org.kde.konsole", "konsole"),
        ("org.kde.dolphin", "dolphin"),
    ],
)
def test_programs_whose_files_do_not_say_it_have_their_class_all_the_same(app_id, name):
    assert ApplicationNames().of(app_id) == name
