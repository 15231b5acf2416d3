"""A backup counts once it was restored; what cannot be is told, and a restore is all or nothing."""

import subprocess
import threading
from contextlib import suppress
from dataclasses import replace

import psycopg2
import pytest

from tests.server.backups import (
    NAME,
    add_role,
    backed_up,
    backups,
    backups_of,
    database,
    pair,
    restored,
)
from tests.server.compose import FOLDER
from tests.server.sender import stored
from tests.server.servers import PASSWORD, roles, small_disk
from tests.support import wait_until

__all__ = ["backups", "database", "pair"]
pytestmark = [pytest.mark.trust, pytest.mark.long]

GUARD = FOLDER / "backup-parts" / "guard.sql"
DATABASES = "SELECT datname::text FROM pg_database WHERE NOT datistemplate ORDER BY 1"
WAITING = """
SELECT 1 FROM pg_stat_activity WHERE application_name = 'pg_dump' AND wait_event_type = 'Lock'
"""
# Fine as long as nobody puts it back: its rows come before the one that they ask for.
NOT_TO_BE_RESTORED = [
    "CREATE SCHEMA bi",
    "CREATE TABLE bi.z (secret text)",
    "INSERT INTO bi.z VALUES ('what nobody may read')",
    """CREATE FUNCTION bi.is_there(a text) RETURNS bool LANGUAGE sql
        RETURN EXISTS (SELECT FROM bi.z WHERE secret = a)""",
    "CREATE TABLE bi.a (secret text CHECK (bi.is_there(secret)))",
    "INSERT INTO bi.a TABLE bi.z",
]


def test_a_trial_restore_leaves_nothing_on_the_server(pair, database, backups):
    add_role(database, "anna", rows=1)
    here = pair.home.in_postgres.rows(DATABASES), roles(pair.home)
    assert "trial restore went well" in backups.run("now")
    assert (pair.home.in_postgres.rows(DATABASES), roles(pair.home)) == here


def test_what_cannot_be_restored_is_no_backup_and_is_told_without_a_word_of_the_data(
    pair, database, backups
):
    add_role(database, "anna", rows=3)
    backups.run("now")
    older = backups.names()
    for statement in NOT_TO_BE_RESTORED:
        database.rows(statement)
    said = backups.run("now", code=1)
    assert "trial restore of the backup failed" in said
    assert backups.names() == [*older, "unproven.dump", "unproven.roles.sql"]
    ill = backups.ask_health()
    assert (ill.returncode, "trial restore" in ill.stdout) == (1, True)
    assert pair.home.in_postgres.rows(DATABASES) == [("postgres",), (NAME,)]
    log = pair.home.log.read_text("utf-8", "replace").replace(NOT_TO_BE_RESTORED[2], "")
    assert "what nobody may read" not in said + log
    # It is no backup that is taken by itself, and a restore of it changes nothing.
    kept = stored(database)
    assert "Nothing was changed" in backups.run("restore", "unproven.dump", code=1)
    assert stored(database) == kept
    assert older[0] in backups.run("restore")
    # The next one that is whole takes its place.
    backups.run("now")
    assert "unproven.dump" not in backups.names()
    assert backups.ask_health().returncode == 0


def test_a_database_without_the_schema_is_not_backed_up_and_that_is_told(database, backups):
    database.rows("DROP SCHEMA reprospective CASCADE")
    database.rows("CREATE TABLE public.notes (line text)")
    assert "no schema reprospective" in backups.run("now", code=1)
    assert backups.names() == []


@pytest.mark.usefixtures("database")
def test_a_database_of_somebody_else_that_has_the_name_of_the_trial_is_kept(pair, backups):
    pair.home.in_postgres.rows("CREATE DATABASE reprospective_proof")
    said = backups.run("now", code=1)
    assert "reprospective_proof is in the way" in said
    assert ("reprospective_proof",) in pair.home.in_postgres.rows(DATABASES)
    # What an interrupted run has left is not.
    pair.home.in_postgres.rows("ALTER DATABASE reprospective_proof CONNECTION LIMIT 0")
    backups.run("now")
    assert ("reprospective_proof",) not in pair.home.in_postgres.rows(DATABASES)


def test_nobody_but_superusers_gets_into_the_databases_of_a_trial_or_a_restore(database, backups):
    anna = add_role(database, "anna", rows=1)
    met, refused, done = [], [], threading.Event()

    def try_to_get_in():
        while not done.is_set():
            for name in ("reprospective_proof", "reprospective_restoring"):
                try:
                    replace(database, name=name).connect(anna.name, anna.password).close()
                    met.append(name)
                except psycopg2.OperationalError as error:
                    if "too many connections" in str(error):
                        refused.append(name)

    thread = threading.Thread(target=try_to_get_in)
    thread.start()
    try:
        backups.run("now")
        backups.run("restore")
    finally:
        done.set()
        thread.join()
    assert met == []
    assert refused


def test_a_person_who_locks_a_table_does_not_hold_up_the_backup(database, backups):
    anna = add_role(database, "anna", rows=1)
    # Whatever the program itself grants: an administrator may let somebody change rows.
    database.rows("GRANT UPDATE, DELETE ON reprospective.devices TO anna")
    holder = database.connect(anna.name, anna.password)
    try:
        with holder.cursor() as cursor:
            cursor.execute("BEGIN; LOCK TABLE reprospective.devices IN ACCESS EXCLUSIVE MODE")
        backups.run("now")
        with pytest.raises(psycopg2.OperationalError), holder.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        holder.close()


def test_an_administrator_who_locks_a_table_is_waited_for(database, backups):
    holder = database.connect()
    with holder.cursor() as cursor:
        cursor.execute("BEGIN; LOCK TABLE reprospective.devices IN ACCESS EXCLUSIVE MODE")
        process = backups.start("now")
        wait_until(lambda: database.rows(WAITING), 20, "pg_dump")
        cursor.execute("ROLLBACK")
    holder.close()
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0, said


def test_what_takes_too_long_is_ended(database, backups):
    command = ["psql", "--quiet", "--set=application=slow", "--set=longest=1", "--file", GUARD]
    slow = database.connect(application_name="slow")
    try:
        subprocess.run(
            command, env=backups.environment(PGPASSWORD=PASSWORD), check=True, timeout=60
        )
        with pytest.raises(psycopg2.OperationalError), slow.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        slow.close()


def test_a_disk_without_room_for_a_trial_is_not_filled_and_that_is_told(tmp_path):
    with small_disk(80) as disk, backed_up(disk.server) as database:
        add_role(database, "anna", rows=1)
        made = backups_of(disk.server, tmp_path)
        said = made.run("now", code=1)
        assert "It would need" in said
        assert made.names() == ["unproven.dump", "unproven.roles.sql"]
        # Where there is room it can be put back all the same.
        kept = stored(database)
        said = made.run("restore", "unproven.dump")
        assert "Restored." in said
        assert stored(database) == kept


def test_a_restore_that_fails_halfway_leaves_neither_roles_nor_a_database(
    pair, database, backups, tmp_path
):
    add_role(database, "anna", rows=50)
    backups.run("now")
    dump = backups.folder / backups.names()[0]
    whole = dump.read_bytes()
    elsewhere = backups_of(pair.elsewhere, tmp_path)
    for share in (0.5, 0.9, 0.999):
        dump.write_bytes(whole[: int(len(whole) * share)])
        said = elsewhere.run("restore", code=1)
        assert "cannot be restored" in said
        assert roles(pair.elsewhere) == set()
        assert pair.elsewhere.in_postgres.rows(DATABASES) == [("postgres",)]
    dump.write_bytes(whole)
    assert len(stored(restored(pair.elsewhere, tmp_path).database)) == 50


def test_a_database_that_cannot_be_renamed_stays_and_goes_on_and_the_restored_one_too(
    database, backups
):
    anna = add_role(database, "anna", rows=1)
    backups.run("now")
    holder = database.connect()
    holder.autocommit = False
    holder.tpc_begin("held")
    with holder.cursor() as cursor:
        cursor.execute("CREATE TABLE public.held (a int)")
    holder.tpc_prepare()
    holder.close()
    said = backups.run("restore", code=1)
    assert "could not take the place" in said
    # Everybody still gets in.
    database.connect(anna.name, anna.password).close()
    database.rows("ROLLBACK PREPARED 'held'")
    assert "Restored." in backups.run("restore")


def test_clients_that_come_back_at_once_do_not_keep_a_restore_from_taking_its_place(
    database, backups
):
    anna = add_role(database, "anna", rows=1)
    backups.run("now")
    kept, done = stored(database), threading.Event()

    def come_back():
        while not done.is_set():
            with suppress(psycopg2.Error):
                connection = database.connect(anna.name, anna.password)
                with connection.cursor() as cursor:
                    while not done.wait(0.05):
                        cursor.execute("SELECT 1")

    threads = [threading.Thread(target=come_back) for _ in range(8)]
    for thread in threads:
        thread.start()
    try:
        backups.run("restore")
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert stored(database) == kept


def test_no_verifier_gets_into_the_log_of_a_server(pair, database, backups, tmp_path):
    add_role(database, "anna", rows=1)
    before = {each: each.log.stat().st_size for each in (pair.home, pair.elsewhere)}
    backups.run("now")
    restored(pair.elsewhere, tmp_path)
    for server, size in before.items():
        assert b"SCRAM-SHA-256$" not in server.log.read_bytes()[size:]


def test_a_backup_of_an_older_version_is_refused_and_does_not_count(database, backups):
    add_role(database, "anna", rows=1)
    backups.run("now")
    own = backups.names()[0]
    name = "reprospective-29990101T000000Z"
    (backups.folder / f"{name}.dump").write_bytes((backups.folder / own).read_bytes())
    (backups.folder / f"{name}.roles.sql").write_text("--\nALTER ROLE anna SUPERUSER;\n", "utf-8")
    assert "older version" in backups.run("restore", f"{name}.dump", code=1)
    assert database.rows("SELECT rolsuper FROM pg_roles WHERE rolname = 'anna'") == [(False,)]
    assert own in backups.run("restore")
    for each in (own, own.replace(".dump", ".roles.sql")):
        (backups.folder / each).unlink()
    assert "there is none" in backups.ask_health().stderr
