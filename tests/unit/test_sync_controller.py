"""The sync side of the running program, with nothing that sends."""

import logging

import pytest

from reprospective_tray.config.keys import Config, DatabaseSettings, Notifications, Remote, Sync
from reprospective_tray.config.loading import LoadedConfig
from reprospective_tray.errors import ConfigError
from reprospective_tray.runtime.state import shown
from reprospective_tray.runtime.sync_controller import NotSending, Sending, retention_news
from reprospective_tray.store.outbox.sync_state import SyncState
from reprospective_tray.sync.service import SyncDependencies
from tests.support import User


def make(user: User, said: list[str], *, notifies: bool = True, days: int | None = 7) -> Sending:
    config = Config(
        database=DatabaseSettings(
            remote=Remote(host="db.example.org", password="the secret"),  # noqa: S106  made up
            sync=Sync(enabled=True, retention_days=days),
        ),
        notifications=Notifications(sync=notifies),
    )

    def no_manager() -> None:
        raise NotImplementedError

    means = SyncDependencies(no_manager, lambda: False, SyncState, lambda: None)
    return Sending(LoadedConfig(config, None), user.paths, means, lambda: None, said.append)


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


@pytest.mark.parametrize("notifies", [True, False])
def test_trouble_is_in_the_log_and_notified_where_the_config_has_it(
    user: User, notifies: bool, caplog: pytest.LogCaptureFixture
) -> None:
    said: list[str] = []
    make(user, said, notifies=notifies)._say("The server is away.")
    assert said == (["The server is away."] if notifies else [])
    assert "The server is away." in caplog.text


@pytest.mark.parametrize("notifies", [True, False])
def test_retention_is_said_at_the_first_start_alone(
    user: User, notifies: bool, caplog: pytest.LogCaptureFixture
) -> None:
    said: list[str] = []
    for _start in range(2):
        sending = make(user, said, notifies=notifies)
        sending._service.start = lambda: None
        sending.start()
    assert len(said) == int(notifies)
    assert caplog.text.count("Sessions older than 7 days") == 1


def test_another_retention_is_news_again_and_none_is_not(user: User) -> None:
    assert retention_news(Sync(retention_days=None), user.paths) == ""
    assert "7 days" in retention_news(Sync(retention_days=7), user.paths)
    assert retention_news(Sync(retention_days=7), user.paths) == ""
    assert "30 days" in retention_news(Sync(retention_days=30), user.paths)
    assert shown.load(user.paths).told_retention_days == 30


def test_who_asks_for_a_pass_where_sending_is_off_is_told_what_to_do() -> None:
    for command in ("sync", "sync_progress"):
        with pytest.raises(ConfigError, match="is off") as caught:
            NotSending().answer(command, {})
        assert "database.remote" in caught.value.remedy


def test_off_and_on_have_the_same_facts_in_the_status(user: User) -> None:
    on, off = make(user, []).status()["sync"], NotSending().status()["sync"]
    assert isinstance(on, dict)
    assert isinstance(off, dict)
    assert list(on) == list(off)
    assert (on["enabled"], off["enabled"]) == (True, False)
