"""Backups of the server in containers: made, kept, thrown away, and put back."""

import os
import shutil
import signal
import stat
import subprocess
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

import psutil
import pytest

from reprospective_tray.store.postgres.administration.roles import add_person, initialise
from tests.server.compose import Backups
from tests.server.sender import connected, sender, stored
from tests.server.servers import Person, new_server
from tests.support import wait_until

NAME = "reprospective"
SESSIONS = "reprospective.desktop_activity_sessions"
OWNERS = "SELECT owner, count(*) FROM reprospective.desktop_activity_sessions GROUP BY 1"
VERIFIER = "SELECT rolpassword FROM pg_authid WHERE rolname = 'postgres'"
WAITING = (
    "SELECT 1 FROM pg_stat_activity WHERE application_name = 'pg_dump' AND wait_event_type = 'Lock'"
)


@pytest.fixture(scope="module", params=[pytest.param("sh", marks=pytest.mark.long), "busybox"])
def shell(request, tmp_path_factory):
    """The folder of a shell and its tools: this system's, or those of the image."""
    if request.param == "sh":
        return None
    busybox = shutil.which("busybox")
    if busybox is None:
        pytest.skip("busybox is not installed")
    folder = tmp_path_factory.mktemp("busybox")
    subprocess.run([busybox, "--install", "-s", folder], check=True)
    return folder


@pytest.fixture(scope="module")
def home():
    """The server that is backed up."""
    with new_server() as server:
        yield server


@pytest.fixture
def database(home):
    with home.database(NAME) as made:
        with connected(made) as connection:
            initialise(connection)
        yield made


@pytest.fixture
def backups(database, shell, tmp_path):
    return _backups(database.server, shell, tmp_path)


def _backups(server, shell, folder):
    for name in ("backups", "state"):
        (folder / name).mkdir(exist_ok=True)
    return Backups(server, folder / "backups", folder / "state", shell)


@pytest.fixture
def persons(database):
    """Two persons with rows of their own, one of a name that must be quoted."""
    made = []
    with connected(database) as connection:
        for name in ("anna", 'Ben "B" O\'Neil: 日本'):
            added = add_person(connection, name)
            if added.password is None:
                database.rows(
                    f"""ALTER ROLE "{name.replace('"', '""')}" PASSWORD 'known to the tests'"""
                )
            made.append(Person(name, added.password or "known to the tests"))
    for person in made:
        with sender(database, person) as device:
            device.send(*(device.row() for _ in range(50)))
    return made


def named(moment):
    return f"reprospective-{moment:%Y%m%dT%H%M%SZ}"


@contextmanager
def nightly(backups, at="02:30"):
    """Run it until it has done what is to be done now, and sleeps; what it said is there then."""

    def is_asleep():
        with suppress(psutil.Error):  # a child that ends while it is looked at
            children = psutil.Process(process.pid).children()
            return any("sleep" in child.cmdline()[-2:] for child in children)
        return False

    said = []
    process = backups.start("nightly", BACKUP_AT_UTC=at)
    try:
        wait_until(is_asleep, 20, "its pause")
        yield said
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        said.append(process.communicate()[0])


def test_a_backup_is_the_database_and_its_persons_under_the_time_it_was_made(backups):
    before = datetime.now(UTC).replace(microsecond=0)
    said = backups.run("now")
    dump, roles = backups.names()
    assert dump.removesuffix(".dump") == roles.removesuffix(".roles.sql")
    made = datetime.strptime(dump, "reprospective-%Y%m%dT%H%M%SZ.dump").replace(tzinfo=UTC)
    assert before <= made <= datetime.now(UTC)
    assert dump in said
    for name in (dump, roles):
        assert stat.S_IMODE((backups.folder / name).stat().st_mode) == 0o600


def test_no_password_is_in_what_it_says_and_none_but_verifiers_in_what_it_writes(backups, persons):
    said = backups.run("now")
    _dump, roles = backups.names()
    text = (backups.folder / roles).read_text("utf-8")
    assert "SCRAM-SHA-256$" in text
    for secret in (backups.server.in_postgres.password, *(one.password for one in persons)):
        assert secret not in said + text


def test_it_comes_back_on_an_empty_server_with_its_rows_its_persons_and_their_walls(
    backups, database, persons, shell, tmp_path
):
    backups.run("now")
    kept = stored(database)
    assert len(kept) == 100
    with new_server() as elsewhere:
        anew = _backups(elsewhere, shell, tmp_path)
        own = elsewhere.in_postgres.rows(VERIFIER)
        assert "Restored." in anew.run("restore")
        back = elsewhere.in_postgres.__class__(elsewhere, NAME, elsewhere.host, elsewhere.port)
        assert stored(back) == kept
        for person in persons:
            with sender(back, person) as device:
                owners = device.ask(OWNERS)
                assert owners == [(person.name, 50)]
                assert device.send(device.row())["stored"] == 1
        assert elsewhere.in_postgres.rows(VERIFIER) == own


def test_it_takes_the_place_of_a_database_in_use_which_is_kept_under_another_name(
    backups, database, persons
):
    backups.run("now")
    kept = stored(database)
    with sender(database, persons[0]) as device:
        device.send(device.row())
        said = backups.run("restore", backups.names()[0])
    assert stored(database) == kept
    former = said.rsplit(maxsplit=1)[-1].rstrip(".")
    aside = database.__class__(database.server, former, database.host, database.port)
    assert len(stored(aside)) == 101
    rights = "SELECT datacl::text FROM pg_database WHERE datname = current_database()"
    assert database.rows(rights) == aside.rows(rights)
    database.server.in_postgres.rows(f'DROP DATABASE "{former}"')


@pytest.mark.usefixtures("persons")
def test_a_damaged_backup_changes_nothing(backups, database):
    backups.run("now")
    dump = backups.folder / backups.names()[0]
    dump.write_bytes(dump.read_bytes()[: dump.stat().st_size // 2])
    before = stored(database)
    backups.run("restore", code=1)
    assert stored(database) == before


def test_one_that_is_not_there_is_named(backups):
    assert "There is no backup" in backups.run("restore", code=1)
    assert "no such backup" in backups.run("restore", "reprospective-x.dump", code=1)


def test_only_its_own_files_go_and_only_when_they_are_old(backups):
    now = datetime.now(UTC)
    old, young = named(now - timedelta(days=15)), named(now - timedelta(days=13))
    gone = [f"{old}.dump", f"{old}.roles.sql"]
    stay = [
        f"{young}.dump",
        f"{young}.roles.sql",
        f"{old}.dump.copy",
        f"a-{old}.dump",
        "reprospective-before-the-move.dump",
        "reprospective-2020xxxxT000000Z.dump",
        "notes.txt",
    ]
    for name in (*gone, *stay):
        (backups.folder / name).write_text("x")
        # What a copy or a restore of the folder does to it must not matter.
        os.utime(backups.folder / name, (0, 0))
    assert backups.run("now").count("Removed") == 2
    assert set(backups.names()) - set(stay) == {
        name for name in backups.names() if name.startswith(f"reprospective-{now:%Y%m%d}")
    }
    assert set(stay) <= set(backups.names())


def test_nothing_is_thrown_away_by_a_backup_that_fails(backups):
    old = named(datetime.now(UTC) - timedelta(days=400))
    (backups.folder / f"{old}.dump").write_text("x")
    said = backups.run("now", code=1, PGDATABASE="nowhere")
    assert "nowhere" in said
    assert backups.names() == [f"{old}.dump"]


def test_one_that_is_cut_off_leaves_no_file_under_its_name_and_the_next_start_tidies_up(
    backups, database
):
    holder = database.connect()
    try:
        with holder.cursor() as cursor:
            cursor.execute(f"BEGIN; LOCK TABLE {SESSIONS}")
        process = backups.start("now")
        wait_until(lambda: database.rows(WAITING), 20, "pg_dump")
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        (left,) = backups.names()
        assert left.startswith(".unfinished-")
    finally:
        holder.close()
    with nightly(backups):
        dump, roles = backups.names()
    assert (dump[-5:], roles[-10:]) == (".dump", ".roles.sql")


def test_a_server_that_goes_amid_it_leaves_nothing_and_is_told_by_the_health_check(
    backups, database
):
    assert "there is none" in backups.ask_health().stderr
    backups.run("now")
    assert backups.ask_health().returncode == 0
    whole = backups.names()
    holder = database.connect()
    try:
        with holder.cursor() as cursor:
            cursor.execute(f"BEGIN; LOCK TABLE {SESSIONS}")
        process = backups.start("now")
        wait_until(lambda: database.rows(WAITING), 20, "pg_dump")
        database.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'pg_dump'"
        )
        said, _ = process.communicate(timeout=20)
    finally:
        holder.close()
    assert process.returncode == 1
    assert "The backup failed" in said
    assert backups.names() == whole
    ill = backups.ask_health()
    assert (ill.returncode, "The backup failed" in ill.stdout) == (1, True)
    wait_until(lambda: f"{datetime.now(UTC):T%H%M%SZ}" not in whole[0], 3, "another second")
    backups.run("now")
    assert backups.ask_health().returncode == 0


def test_one_of_the_day_before_yesterday_is_not_healthy(backups):
    (backups.folder / "reprospective-2999xxxxT000000Z.dump").write_text("none of its own")
    assert "there is none" in backups.ask_health().stderr
    moment = datetime.now(UTC)
    (backups.folder / f"{named(moment - timedelta(hours=27))}.dump").write_text("x")
    assert "older than a day" in backups.ask_health().stderr
    (backups.folder / f"{named(moment - timedelta(hours=25))}.dump").write_text("x")
    assert backups.ask_health().returncode == 0


@pytest.mark.parametrize("minutes_ago", [1, 60, 23 * 60])
def test_each_night_there_is_one_and_no_second_where_it_was_made(backups, minutes_ago):
    """Whatever the time is now: the night's time was so many minutes ago."""
    night = datetime.now(UTC) - timedelta(minutes=minutes_ago)
    at = f"{night:%H:%M}"
    made = named(night.replace(second=0) + timedelta(seconds=1))
    (backups.folder / f"{made}.dump").write_text("x")
    with nightly(backups, at):
        assert backups.names() == [f"{made}.dump"]
    before = named(night.replace(second=0) - timedelta(seconds=1))
    (backups.folder / f"{made}.dump").rename(backups.folder / f"{before}.dump")
    with nightly(backups, at):
        assert len(backups.names()) == 3


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BACKUP_AT_UTC", "24:00"),
        ("BACKUP_AT_UTC", "2:30"),
        ("BACKUP_AT_UTC", "02:60"),
        ("BACKUP_KEEP_DAYS", "0"),
        ("BACKUP_KEEP_DAYS", "two"),
    ],
)
def test_a_setting_that_cannot_be_is_named_with_its_value(backups, name, value):
    said = backups.run("now", code=1, **{name: value})
    assert name in said
    assert value in said
    assert backups.names() == []


@pytest.mark.parametrize("at", ["00:00", "08:09", "23:59"])
def test_times_with_leading_zeros_are_times(backups, at):
    assert "Made" in backups.run("now", BACKUP_AT_UTC=at)
    with nightly(backups, at) as said:
        pass
    assert said == [""]
