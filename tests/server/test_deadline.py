"""Deadlines: a peer that goes silent costs so long and no longer, whatever was going on."""

import io
import os
import threading
import time
from pathlib import Path

import psycopg2
import pytest

from reprospective_tray.errors import ServerUnreachableError
from reprospective_tray.store.postgres.connection.connection import connect
from reprospective_tray.store.postgres.connection.deadline import Deadline, DeadlineError
from tests.bystander import at_most
from tests.server.addresses import address_of, plain_environment
from tests.server.proxy import proxy_to
from tests.server.tls import pooler_with_tls, postgresql_with_tls
from tests.support import wait_until

__all__ = ["plain_environment"]

pytestmark = pytest.mark.usefixtures("plain_environment")

SECONDS = 0.5
LATE = 0.4


@pytest.fixture
def through(database, proxy):
    with connect(address_of(database.at(proxy))) as made:
        yield made


@pytest.fixture
def deadline():
    made = Deadline()
    yield made
    made.close()


def assert_ends_in_time(do, seconds=SECONDS):
    silence = f"No answer within {seconds:g} s"
    with at_most(seconds + LATE):
        start = time.monotonic()
        with pytest.raises(ServerUnreachableError, match=silence):
            do()
        assert time.monotonic() - start >= seconds - 0.01


def ask(connection):
    return connection.rows("SELECT 1", None, SECONDS)


class Lines:
    """A file of 200 MB, made while it is read."""

    left = 200_000

    def read(self, size):
        lines = min(size // 1000, self.left)
        self.left -= lines
        return ("x" * 999 + "\n") * lines


def copy_to_the_server(connection):
    connection.execute("CREATE TEMPORARY TABLE t (x text)")
    with connection.cursor(SECONDS) as cursor:
        cursor.copy_expert("COPY t FROM STDIN", Lines())


def copy_from_the_server(connection):
    with connection.cursor(SECONDS) as cursor:
        cursor.copy_expert(
            "COPY (SELECT repeat('x', 999) FROM generate_series(1, 99999)) TO STDOUT", io.StringIO()
        )


@pytest.mark.parametrize("hold", [True, False])
def test_a_statement_that_is_never_answered_ends_at_the_deadline(through, proxy, hold):
    proxy.go_silent(hold=hold)
    assert_ends_in_time(lambda: ask(through))
    assert through.closed
    proxy.go_on()


@pytest.mark.parametrize("copy", [copy_to_the_server, copy_from_the_server])
def test_a_copy_that_gets_stuck_ends_at_the_deadline(through, proxy, copy):
    def go_silent_on_the_way():
        wait_until(
            lambda: proxy.bytes_to_server + proxy.bytes_to_client > 1_000_000, 10, "a part of it"
        )
        proxy.go_silent(hold=True)

    proxy.latency = 0.001
    spoiler = threading.Thread(target=go_silent_on_the_way)
    spoiler.start()
    with (
        at_most(SECONDS + LATE + 0.5),
        pytest.raises(ServerUnreachableError, match="No answer within"),
    ):
        copy(through)
    spoiler.join()
    assert through.closed
    proxy.go_on()


@pytest.mark.parametrize("kind", ["postgresql", "pgbouncer"])
def test_it_ends_under_tls_as_well(database, kind):
    secured = postgresql_with_tls() if kind == "postgresql" else pooler_with_tls(database)
    with secured as place, proxy_to(place.database.host, place.database.port) as proxy:
        address = address_of(place.database.at(proxy), sslmode="require")
        with connect(address) as connection:
            assert connection.raw.info.ssl_in_use
            assert ask(connection) == [(1,)]
            proxy.go_silent()
            assert_ends_in_time(lambda: ask(connection))
        proxy.go_on()


def test_a_server_that_is_merely_slow_ends_at_the_deadline_too(database):
    with connect(address_of(database), deadline_s=SECONDS) as connection:
        assert_ends_in_time(lambda: connection.rows("SELECT pg_sleep(30)"))


def test_closing_a_connection_to_a_silent_peer_takes_no_time(through, proxy):
    ask(through)
    proxy.go_silent(hold=True)
    with at_most(LATE):
        through.close()
    proxy.go_on()


def test_an_abort_ends_what_waits_and_what_would_wait(database):
    with connect(address_of(database)) as connection:
        aborting = threading.Timer(0.2, connection.abort)
        with at_most(0.2 + LATE):
            aborting.start()
            with pytest.raises(ServerUnreachableError, match="closed by this program"):
                connection.rows("SELECT pg_sleep(30)")
        aborting.join()
    with connect(address_of(database)) as idle:
        idle.abort()
        with pytest.raises(ServerUnreachableError):
            idle.rows("SELECT 1")
        assert idle.closed


# The watch itself, on connections of psycopg2


@pytest.fixture
def plain(database):
    connection = database.connect()
    yield connection
    connection.close()


def run(deadline, connection, seconds, statement):
    with deadline.within(connection, seconds), connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_deadlines_of_several_threads_hold_each_for_itself(database, deadline, bystander):
    ended = {}

    def wait(seconds):
        connection = database.connect()
        start = time.monotonic()
        with pytest.raises(DeadlineError):
            run(deadline, connection, seconds, "SELECT pg_sleep(30)")
        ended[seconds] = time.monotonic() - start

    threads = [threading.Thread(target=wait, args=[each]) for each in (1.2, 0.3, 0.6)]
    for thread in threads:
        thread.start()
        time.sleep(0.05)  # each comes while the others are being waited for
    for thread in threads:
        thread.join()
    assert sorted(ended) == [0.3, 0.6, 1.2]
    for seconds, took in ended.items():
        assert took >= seconds - 0.01
        assert bystander.allows(took, seconds + LATE)


def test_a_statement_that_was_in_time_is_left_alone_afterwards(deadline, plain):
    run(deadline, plain, 0.2, "SELECT 1")
    run(deadline, plain, 5.0, "SELECT pg_sleep(0.5)")
    assert not plain.closed


def test_an_error_of_the_server_stays_what_it_is(deadline, plain):
    with pytest.raises(psycopg2.errors.DivisionByZero):
        run(deadline, plain, 5.0, "SELECT 1/0")
    assert not plain.closed


def test_an_error_of_the_server_that_came_in_time_outlives_the_deadline(deadline, plain):
    def fail_and_be_slow_about_it():
        with deadline.within(plain, 0.2), plain.cursor() as cursor:
            try:
                cursor.execute("SELECT 1/0")
            finally:
                wait_until(lambda: not deadline._watched, 5, "the deadline")

    with pytest.raises(psycopg2.errors.DivisionByZero):
        fail_and_be_slow_about_it()
    assert plain.closed


def test_only_the_watched_socket_is_ended_though_libpq_closed_it_and_its_number_was_used_again(
    deadline, plain
):
    """The number of the descriptor goes to a pipe while the watch is on; the pipe lives."""
    number = plain.fileno()
    with deadline.within(plain, 0.2):
        plain.close()
        ends = [os.pipe() for _ in range(4)]
        assert number in [end for pair in ends for end in pair]
        wait_until(lambda: not deadline._watched, 5, "the deadline")
    for read_end, write_end in ends:
        os.write(write_end, b"x")
        assert os.read(read_end, 1) == b"x"
        os.close(read_end)
        os.close(write_end)


def descriptors():
    return len(list(Path("/proc/self/fd").iterdir()))


def test_no_descriptor_is_left_and_one_thread_serves_all(deadline, plain):
    run(deadline, plain, 5.0, "SELECT 1")
    files, threads = descriptors(), threading.active_count()
    for _ in range(50):
        run(deadline, plain, 5.0, "SELECT 1")
    assert descriptors() == files
    assert threading.active_count() == threads
    assert not deadline._watched


def test_watching_a_statement_costs_a_fraction_of_it(deadline, plain):
    watched, asked = [], []
    with plain.cursor() as cursor:
        for _ in range(500):
            start = time.perf_counter()
            with deadline.within(plain, 30.0):
                pass
            watching = time.perf_counter()
            cursor.execute("SELECT 1")
            watched.append(watching - start)
            asked.append(time.perf_counter() - watching)
    # The quickest tenth: in the others the machine had something else to do.
    assert sorted(watched)[50] < sorted(asked)[50] / 2
