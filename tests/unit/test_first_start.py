"""What the very first start says: three lines, true for where recordings go."""

import pytest

from reprospective_tray.config.keys import Config, DatabaseSettings, Local, Remote, Sync
from reprospective_tray.config.loading import LoadedConfig
from reprospective_tray.runtime.first_start import lines
from tests.support import User

REMOTE = Remote(host="db.example.org", password="the secret")  # noqa: S106  made up
SERVER = "db.example.org"


@pytest.mark.parametrize(
    ("database", "said", "not_said"),
    [
        (DatabaseSettings(), ["Everything stays on this computer."], [SERVER]),
        (
            DatabaseSettings(remote=REMOTE, sync=Sync(enabled=True)),
            ["local_cache.db", SERVER],
            ["stays on this computer"],
        ),
        (
            DatabaseSettings(remote=REMOTE, local=Local(type="postgresql")),
            [SERVER],
            ["stays on this computer", "local_cache.db"],
        ),
    ],
)
def test_it_says_where_everything_goes_and_no_password(
    user: User, database: DatabaseSettings, said: list[str], not_said: list[str]
) -> None:
    what, where, how = lines(LoadedConfig(Config(database=database), None), user.paths)
    assert what.startswith("Now recording which window you use")
    assert how.startswith("Pause or quit")
    assert all(word in where for word in said)
    assert not any(word in where for word in [*not_said, "the secret"])
