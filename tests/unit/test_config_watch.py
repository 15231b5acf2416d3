"""A changed config is read when it is whole, and only then."""

import os

import pytest

from reprospective_tray.config import loading
from reprospective_tray.config import watch as settings_watch
from reprospective_tray.config.keys import Config
from reprospective_tray.config.watch import ConfigWatch


@pytest.fixture
def watch(user, monkeypatch):
    monkeypatch.setattr(settings_watch, "SETTLED_S", 0.0)

    def make(text: str | None = "language: en\n", explicit=None) -> ConfigWatch:
        if text is not None:
            user.write_config(text)
        return ConfigWatch(loading.load(explicit, user.paths), user.paths)

    return make


def test_what_stays_as_it_is_is_not_read_again(watch):
    watching = watch()
    assert watching.look() is None
    assert watching.look() is None


def test_a_change_is_read_once(watch, user):
    watching = watch()
    user.write_config("language: ja\n")
    assert watching.look().loaded.config.language == "ja"
    assert watching.look() is None


def test_a_file_that_comes_later_is_found(watch, user):
    watching = watch(None)
    assert watching.look() is None
    user.write_config("language: ja\n")
    assert watching.look().loaded.file == user.paths.config_file


def test_a_mistake_is_told_once_with_its_line(watch, user):
    watching = watch()
    user.write_config("language: en\nnobody: 1\n")
    found = watching.look()
    assert found.loaded is None
    assert "Line 2" in str(found.error)
    assert watching.look() is None


def test_a_file_that_is_missing_for_a_moment_is_no_change_of_settings(watch, user):
    watching = watch()
    text = user.paths.config_file.read_text("utf-8")
    user.paths.config_file.unlink()
    assert watching.look() is None
    user.write_config(text + "monitor: {heartbeat: 5}\n")
    assert watching.look().loaded.config.monitor.heartbeat == 5
    user.paths.config_file.unlink()
    assert watching.look() is None
    assert watching.look().loaded.config == Config()


def test_a_file_that_is_being_written_is_left_alone(watch, user, monkeypatch):
    watching = watch()
    user.write_config("privacy: {")

    def go_on_writing(_seconds) -> None:
        user.write_config("privacy: {private_windows: false}\n")

    monkeypatch.setattr(settings_watch.time, "sleep", go_on_writing)
    assert watching.look() is None
    monkeypatch.undo()
    assert not watching.look().loaded.config.privacy.private_windows


def test_a_named_file_is_the_one_that_is_watched_also_through_a_link(watch, user):
    there, link = user.folder / "there.yaml", user.folder / "link.yaml"
    there.write_text("language: en\n")
    link.symlink_to(there)
    watching = watch("language: en\n", explicit=link)
    user.write_config("language: ja\n")
    assert watching.look() is None
    new = user.folder / "new.yaml"
    new.write_text("language: ja\n")
    os.replace(new, there)  # noqa: PTH105  what editors do
    assert watching.look().loaded.config.language == "ja"
    there.unlink()
    assert watching.look() is None
    assert "link.yaml" in str(watching.look().error)
