"""The real parts that the other tests trust: the server and the proxy do what their names say."""

import os
import socket
import threading
import time
from pathlib import Path

import psycopg2
import pytest

from tests.server import binaries, pgbouncer, servers
from tests.support import wait_until


def one(connection, statement="SELECT 1"):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


# The binaries


def make_programs(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 15.9'\n")
        (folder / name).chmod(0o755)
    return folder


def test_a_folder_with_a_client_alone_is_no_server(tmp_path, monkeypatch):
    make_programs(tmp_path / "14" / "bin", "psql", "pg_dump", "pg_config")
    make_programs(tmp_path / "15" / "bin", "psql", "initdb", "postgres")
    make_programs(tmp_path / "16" / "bin", "psql", "postgres")
    make_programs(tmp_path / "17" / "bin", "psql", "initdb")
    (tmp_path / "17" / "bin" / "postgres").symlink_to("gone")
    monkeypatch.setattr(binaries, "DEBIAN", tmp_path)
    monkeypatch.setattr(binaries.importlib.util, "find_spec", lambda _name: None)
    assert binaries.installed() == {15: tmp_path / "15" / "bin"}


@pytest.mark.skipif(bool(os.geteuid()), reason="the servers of others than root are their own")
@pytest.mark.parametrize("version", sorted(binaries.installed()))
def test_another_user_runs_a_copy_of_what_lies_in_a_closed_folder(version, monkeypatch):
    monkeypatch.setattr(binaries, "others_may_run", lambda _binaries: False)
    with servers.server_folder() as folder:
        copied = binaries.within_reach(binaries.installed()[version], folder)
        assert copied.is_relative_to(folder)
        made = servers.Server(folder, copied)
        made.create()
        assert made.start().in_postgres.rows("SELECT 1") == [(1,)]
        made.stop("fast")


# The server


def test_a_person_logs_in_with_the_password_alone(database, make_person):
    made = make_person()
    connection = database.connect(made.name, made.password)
    assert one(connection, "SELECT current_user") == made.name
    connection.close()
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        database.connect(made.name, "something else")


def test_databases_and_persons_leave_nothing_behind(postgres):
    before = servers.roles(postgres)
    with postgres.database() as database, servers.person(database) as person:
        database.rows(f"CREATE SCHEMA AUTHORIZATION {person.name}")
        kept = database.connect()
    assert servers.roles(postgres) == before
    assert (database.name,) not in postgres.in_postgres.rows("SELECT datname FROM pg_database")
    kept.close()


@pytest.mark.parametrize("how", ["fast", "immediate", "SIGKILL"])
def test_what_was_committed_is_there_after_each_kind_of_stop(how):
    with servers.new_server(settings=servers.DURABLE) as server:
        server.in_postgres.rows("CREATE TABLE kept AS SELECT 7 AS n")
        held = server.in_postgres.connect()
        server.kill() if how == "SIGKILL" else server.stop(how)
        assert not server.running
        with pytest.raises(psycopg2.OperationalError):
            one(held)
        held.close()
        assert server.start().in_postgres.rows("SELECT n FROM kept") == [(7,)]


def test_a_small_disk_is_full_and_free_again():
    with servers.small_disk() as disk:
        database = disk.server.in_postgres
        database.rows("CREATE TABLE t (x text)")
        disk.fill()
        with pytest.raises(psycopg2.errors.DiskFull):
            database.rows("INSERT INTO t SELECT repeat('x', 1000) FROM generate_series(1, 9999)")
        disk.free()
        database.rows("INSERT INTO t SELECT repeat('x', 1000) FROM generate_series(1, 999)")


# The pooler


def test_two_clients_of_a_pooler_share_one_connection_of_the_server(
    postgres, database, make_person
):
    made = make_person()
    with pgbouncer.pooler(postgres, pool_size=1) as pooler:
        clients = [database.at(pooler).connect(made.name, made.password) for _ in range(2)]
        backends = {one(client, "SELECT pg_backend_pid()") for client in clients}
        for client in clients:
            client.close()
        with pytest.raises(psycopg2.OperationalError):
            database.at(pooler).connect(made.name, "something else")
    assert len(backends) == 1


# The proxy


@pytest.fixture
def through(database, proxy):
    connection = database.at(proxy).connect()
    yield connection
    connection.close()


def test_latency_is_paid_once_each_way(through, proxy):
    proxy.latency = 0.05
    before, start = proxy.round_trips, time.monotonic()
    for _ in range(3):
        one(through)
    assert time.monotonic() - start >= 0.3
    assert proxy.round_trips - before == 3


@pytest.mark.parametrize("how", ["reset", "close"])
def test_a_cut_ends_what_is_open_and_new_connections_are_taken(through, proxy, database, how):
    proxy.cut(how)
    with pytest.raises((psycopg2.OperationalError, psycopg2.InterfaceError)):
        one(through)
    again = database.at(proxy).connect()
    assert one(again) == 1
    again.close()


def test_an_answer_cut_off_at_its_first_byte_was_carried_out(through, proxy, database):
    one(through)
    proxy.cut_after(to_client=0)
    with pytest.raises(psycopg2.OperationalError):
        through.cursor().execute("CREATE TABLE done ()")
    assert proxy.was_cut()
    assert database.rows("SELECT to_regclass('done') IS NOT NULL") == [(True,)]


def test_a_statement_cut_off_before_the_server_was_not_carried_out(through, proxy, database):
    proxy.cut_after(to_server=10)
    with pytest.raises(psycopg2.OperationalError):
        through.cursor().execute("CREATE TABLE done ()")
    assert database.rows("SELECT to_regclass('done') IS NULL") == [(True,)]


@pytest.mark.parametrize("hold", [True, False])
def test_silence_ends_with_what_was_held_or_with_a_cut(through, proxy, hold):
    proxy.go_silent(hold=hold)
    answers = []

    def ask():
        try:
            answers.append(one(through))
        except psycopg2.OperationalError:
            answers.append("cut")

    asking = threading.Thread(target=ask)
    asking.start()
    asking.join(0.3)
    assert answers == []
    proxy.go_on()
    asking.join()
    assert answers == [1 if hold else "cut"]


def test_a_proxy_that_refuses_takes_connections_again_on_its_port(proxy, database):
    port = proxy.port
    proxy.refuse()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((proxy.host, port))
    proxy.go_on()
    assert proxy.port == port
    again = database.at(proxy).connect()
    assert one(again) == 1
    again.close()
    wait_until(lambda: proxy.open_connections == 0, 5, "the end of all connections")
