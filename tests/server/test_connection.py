"""Connections: which host is taken, what each failure becomes, and what a transaction is."""

import time

import pytest

from reprospective_tray.errors import (
    ServerDataError,
    ServerRefusedError,
    ServerSchemaMissingError,
    ServerUnreachableError,
)
from reprospective_tray.store.postgres.connection.address import ServerAddress
from reprospective_tray.store.postgres.connection.connection import connect
from reprospective_tray.store.postgres.connection.reachability import knock
from tests.bystander import at_most
from tests.server.addresses import address_of, plain_environment
from tests.server.proxy import proxy_to
from tests.server.servers import free_port, new_server

__all__ = ["plain_environment"]

FIRST = "127.0.0.2"  # nobody listens there unless a test does

pytestmark = pytest.mark.usefixtures("plain_environment")


@pytest.fixture
def connection(database):
    with connect(address_of(database)) as made:
        yield made


# Which host


def both(database):
    """The address with a first host that the server does not listen on."""
    return address_of(database, host=f"{FIRST},{database.host}")


def reached(address, deadline_s=20.0):
    with connect(address, deadline_s) as made:
        return made.rows("SELECT host(inet_server_addr()), inet_server_port()")[0]


def test_a_first_host_that_refuses_gives_way_to_the_second(database):
    assert reached(both(database)) == (database.host, database.port)


def test_a_first_host_that_is_silent_gives_way_to_the_second(database):
    with proxy_to(database.host, database.port, host=FIRST, port=database.port) as first:
        first.go_silent()
        start = time.monotonic()
        with at_most(6):
            assert reached(both(database), 6.0) == (database.host, database.port)
        assert first.connections == 1
    assert time.monotonic() - start >= 2


def test_a_first_host_that_only_reads_gives_way_to_the_second(database):
    with (
        new_server(settings={"default_transaction_read_only": "on"}) as standby,
        proxy_to(standby.host, standby.port, host=FIRST, port=database.port) as first,
    ):
        alone = address_of(database, host=FIRST, database="postgres")
        assert reached(alone)[1] == standby.port
        here = address_of(database, host=f"{FIRST},{database.host}", database="postgres")
        assert reached(here)[1] == database.port
        assert first.connections == 2


def test_hosts_that_are_all_silent_cost_the_deadline_and_no_more(database, proxy):
    proxy.go_silent()
    silence = r"No answer within 1 s from database test_"
    with at_most(1.5), pytest.raises(ServerUnreachableError, match=silence):
        connect(address_of(database.at(proxy)), 1.0)
    proxy.go_on()


def test_an_attempt_that_was_given_up_closes_what_it_still_opens(database, proxy):
    from tests.support import wait_until

    proxy.go_silent(hold=True)
    with pytest.raises(ServerUnreachableError):
        connect(address_of(database.at(proxy)), 0.3)
    proxy.go_on()
    wait_until(lambda: proxy.bytes_to_client > 200, 5, "the log-in that nobody waits for")
    wait_until(lambda: proxy.open_connections == 0, 5, "its end")


# What failures become


def test_a_server_that_is_not_there_is_named_with_host_port_and_database():
    port = free_port()
    address = ServerAddress({"host": "127.0.0.1", "port": str(port), "dbname": "days"})
    with pytest.raises(ServerUnreachableError) as caught:
        connect(address)
    assert f"database days on 127.0.0.1, port {port}: " in str(caught.value)
    assert "Connection refused" in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("change", "remedy"),
    [
        ({"password": "another"}, "PGPASSWORD"),
        ({"user": "nobody_of_the_name"}, "PGPASSWORD"),
        ({"database": "no_such"}, "database.remote.database"),
        ({"sslmode": "require"}, "sslmode"),
        ({"service": "unheard"}, "where it is set"),
    ],
)
def test_what_a_person_has_to_correct_is_refused_with_a_remedy(database, change, remedy):
    with pytest.raises(ServerRefusedError) as caught:
        connect(address_of(database, **change))
    assert remedy in caught.value.remedy


def test_a_role_that_may_not_connect_is_told_who_lets_it(database, make_person):
    database.rows(f"REVOKE CONNECT ON DATABASE {database.name} FROM PUBLIC")
    with pytest.raises(ServerRefusedError) as caught:
        connect(address_of(database, make_person()))
    assert "server add-person" in caught.value.remedy


@pytest.mark.parametrize(
    "statement",
    ["SELECT * FROM nothing.at_all", "SELECT nothing.at_all()", "SELECT * FROM nothing_at_all"],
)
def test_a_database_without_the_schema_is_told_of_server_init(connection, statement):
    with pytest.raises(ServerSchemaMissingError) as caught:
        connection.rows(statement)
    assert "server init" in caught.value.remedy
    assert connection.rows("SELECT 1") == [(1,)]


def test_rights_that_were_withdrawn_are_refused_and_the_connection_lives(database, make_person):
    database.rows("CREATE TABLE public.hidden ()")
    with connect(address_of(database, make_person())) as connection:
        with pytest.raises(ServerRefusedError, match="permission denied for table hidden"):
            connection.rows("SELECT * FROM public.hidden")
        assert connection.rows("SELECT 1") == [(1,)]


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
def test_what_psycopg2_cannot_send_is_an_error_of_the_data(connection, text):
    with pytest.raises(ServerDataError):
        connection.rows("SELECT %s", [text])
    assert connection.rows("SELECT 1") == [(1,)]


@pytest.mark.parametrize(
    "statement", ["SELECT 'x'::int", "SELECT 1/0", "INSERT INTO public.few VALUES (1), (1)"]
)
def test_what_the_server_cannot_store_is_an_error_of_the_data(connection, statement):
    connection.execute("CREATE TABLE public.few (n int UNIQUE)")
    with pytest.raises(ServerDataError):
        connection.execute(statement)


def test_an_error_quotes_no_row(connection):
    connection.execute("CREATE TABLE public.few (title text CHECK (title = ''))")
    with pytest.raises(ServerDataError) as caught:
        connection.execute("INSERT INTO public.few VALUES ('a private title')")
    assert "private" not in str(caught.value)


@pytest.mark.parametrize("how", ["fast", "immediate", "SIGKILL"])
def test_a_server_that_stops_is_unreachable_until_it_is_back(own_server, how):
    address = address_of(own_server.in_postgres)
    with connect(address) as connection:
        own_server.kill() if how == "SIGKILL" else own_server.stop(how)
        with pytest.raises(ServerUnreachableError):
            connection.rows("SELECT 1")
        assert connection.closed
        with pytest.raises(ServerUnreachableError):
            connection.rows("SELECT 1")
    assert not knock(address, 1.0)
    own_server.start()
    assert knock(address, 1.0)
    assert reached(address)


@pytest.mark.parametrize("how", ["reset", "close"])
def test_a_cut_connection_is_lost_and_closed(database, proxy, how):
    with connect(address_of(database.at(proxy))) as connection:
        proxy.cut(how)
        with pytest.raises(ServerUnreachableError, match="was lost"):
            connection.rows("SELECT 1")
        assert connection.raw.closed == 1  # 2 would be broken, with its socket still held


# Transactions


def insert_and(connection, do):
    with connection.transaction():
        connection.execute("INSERT INTO public.t VALUES (2)")
        do()


def test_a_transaction_is_kept_whole_or_not_at_all(connection, database):
    connection.execute("CREATE TABLE public.t (n int)")
    with connection.transaction():
        connection.execute("INSERT INTO public.t VALUES (1)")
        assert database.rows("SELECT n FROM public.t") == []
    with pytest.raises(KeyError):
        insert_and(connection, lambda: {}["missing"])
    with pytest.raises(ServerDataError):
        insert_and(connection, lambda: connection.execute("INSERT INTO public.t VALUES (1/0)"))
    assert database.rows("SELECT n FROM public.t") == [(1,)]
    assert connection.execute("UPDATE public.t SET n = 4") == 1


def test_an_error_that_was_passed_over_does_not_look_like_a_commit(connection):
    connection.execute("CREATE TABLE public.t (n int)")

    def fail_and_go_on():
        with pytest.raises(ServerDataError):
            connection.execute("SELECT 1/0")

    with pytest.raises(AssertionError, match="passed over"):
        insert_and(connection, fail_and_go_on)


def test_a_connection_works_through_a_pooler(database, pgbouncer, make_person):
    with connect(address_of(database.at(pgbouncer), make_person())) as connection:
        with connection.transaction():
            assert connection.rows("SELECT current_database()") == [(database.name,)]
        assert connection.rows("SHOW client_encoding") == [("UTF8",)]


def test_it_says_who_it_is(connection):
    assert connection.rows("SHOW application_name") == [("reprospective-tray",)]


def test_a_second_close_does_nothing(connection):
    connection.close()
    connection.close()
    assert connection.closed


# Knocking


def test_a_knock_is_heard_by_any_of_the_hosts_and_sends_nothing(database, proxy):
    assert knock(address_of(database.at(proxy)), 1.0)
    assert knock(both(database), 1.0)
    assert proxy.bytes_to_server == 0
    proxy.refuse()
    assert not knock(address_of(database.at(proxy)), 1.0)


def test_a_knock_finds_a_socket(database):
    folder = str(database.server.folder)
    assert knock(address_of(database, host=folder), 1.0)
    assert not knock(address_of(database, host="/nowhere"), 1.0)


@pytest.mark.trust
def test_a_statement_whose_values_travel_beside_it_calls_no_strangers_function(database):
    database.rows("CREATE SCHEMA strange")
    database.rows("CREATE TABLE strange.called (given text)")
    database.rows("CREATE TABLE public.texts (text text)")
    database.rows("""
        CREATE FUNCTION strange.upper(given text) RETURNS text LANGUAGE sql AS $$
            INSERT INTO strange.called VALUES (given) RETURNING 'strange'
        $$
    """)
    database.rows(f'ALTER DATABASE "{database.name}" SET search_path = strange, pg_catalog')
    with connect(address_of(database)) as connection:
        connection.execute("INSERT INTO public.texts SELECT upper(%s::text)", ["one"])
        with connection.transaction():
            connection.execute("INSERT INTO public.texts SELECT upper(%s::text)", ["two"])
        with pytest.raises(ServerDataError):
            connection.execute("INSERT INTO public.texts SELECT (1 / %s)::text", [0])
        assert connection.rows("SELECT text FROM public.texts ORDER BY text") == [
            ("ONE",),
            ("TWO",),
        ]
    assert database.rows("SELECT given FROM strange.called") == []
