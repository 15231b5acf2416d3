"""What the failures of libpq and PostgreSQL become for a person, by code and by words."""

import re
from types import SimpleNamespace

import psycopg2
import pytest

from reprospective_tray.errors import (
    ServerDataError,
    ServerRefusedError,
    ServerSchemaMissingError,
    ServerUnreachableError,
)
from reprospective_tray.messages import set_language
from reprospective_tray.store.postgres.connection.address import ServerAddress
from reprospective_tray.store.postgres.connection.deadline import DeadlineError, End
from reprospective_tray.store.postgres.connection.errors import connect_failure, statement_failure
from reprospective_tray.tray.state import PROBLEM_CHARACTERS

ADDRESS = ServerAddress({"host": "h", "port": "1", "dbname": "d"})
WHERE = "database d on h, port 1"


class FailedError(Exception):
    """As psycopg2's own, whose code cannot be set."""

    def __init__(self, code):
        super().__init__(f"ERROR of {code}\nDETAIL: a private title\n")
        self.pgcode = code
        self.diag = SimpleNamespace(message_primary=f"of {code}")


@pytest.mark.parametrize(
    ("kind", "codes"),
    [
        (
            ServerUnreachableError,
            "08006 53100 53300 57P01 57P03 57014 40P01 40001 55P03 25006 XX000",
        ),
        (ServerDataError, "21000 22021 22P05 22003 23514 23505 54000"),
        (ServerSchemaMissingError, "42P01 3F000 42883 42703"),
        (ServerRefusedError, "28P01 28000 3D000 42501 0A000 42601 P0001"),
    ],
)
def test_each_code_becomes_one_kind_of_error(kind, codes):
    for code in codes.split():
        failure = statement_failure(FailedError(code), ADDRESS)
        assert type(failure) is kind, code
        assert WHERE in str(failure)
        assert f"of {code}" in str(failure)
        assert "private" not in str(failure)
        assert "\n" not in str(failure)


def test_each_of_them_that_a_person_can_mend_says_how():
    assert "server init" in statement_failure(FailedError("42P01"), ADDRESS).remedy
    assert "server add-person" in statement_failure(FailedError("42501"), ADDRESS).remedy
    assert "PGPASSWORD" in statement_failure(FailedError("28P01"), ADDRESS).remedy


def test_a_failure_without_a_code_is_a_lost_connection():
    error = psycopg2.OperationalError("server closed the connection unexpectedly\n\tThis\n")
    failure = statement_failure(error, ADDRESS)
    assert type(failure) is ServerUnreachableError
    assert f"The connection to {WHERE} was lost: server closed" in str(failure)


def test_a_deadline_says_how_long_it_was_and_an_abort_says_that_it_was_one():
    late = statement_failure(DeadlineError(2.5, End.TIME), ADDRESS)
    assert str(late) == f"No answer within 2.5 s from {WHERE}."
    assert "closed by this program" in str(
        statement_failure(DeadlineError(2.5, End.ABORT), ADDRESS)
    )


@pytest.mark.parametrize(
    ("words", "kind", "remedy"),
    [
        ("connection to server at h failed: Connection refused", ServerUnreachableError, "network"),
        ("timeout expired", ServerUnreachableError, "network"),
        ('could not translate host name "h" to address', ServerUnreachableError, "network"),
        ("FATAL:  sorry, too many clients already", ServerUnreachableError, "network"),
        ("FATAL:  the database system is starting up", ServerUnreachableError, "network"),
        ("session is read-only", ServerUnreachableError, "network"),
        ('FATAL:  password authentication failed for user "x"', ServerRefusedError, "PGPASSWORD"),
        ("fe_sendauth: no password supplied", ServerRefusedError, "PGPASSWORD"),
        ('FATAL:  role "x" does not exist', ServerRefusedError, "PGPASSWORD"),
        ('FATAL:  database "x" does not exist', ServerRefusedError, "database.remote.database"),
        ('FATAL:  no pg_hba.conf entry for host "h", no encryption', ServerRefusedError, "pg_hba"),
        ("SSL error: certificate verify failed", ServerRefusedError, "sslrootcert"),
        ('permission denied for database "x"', ServerRefusedError, "add-person"),
        ("something that nobody has heard of", ServerUnreachableError, "network"),
    ],
)
def test_a_failed_log_in_is_told_by_its_words(words, kind, remedy):
    failure = connect_failure(psycopg2.OperationalError(f"{words}\n"), ADDRESS)
    assert type(failure) is kind
    assert remedy in failure.remedy
    said = words.removeprefix("connection to server at h failed: ")  # it is said anyway
    assert str(failure) == f"No connection to {WHERE}: {said}."


def all_failures():
    for codes in ["08006", "22021", "42P01", "28P01", "42501", "3D000", "0A000"]:
        yield statement_failure(FailedError(codes), ADDRESS)
    yield statement_failure(psycopg2.OperationalError("closed"), ADDRESS)
    yield statement_failure(DeadlineError(2.5, End.TIME), ADDRESS)
    yield statement_failure(DeadlineError(0, End.ABORT), ADDRESS)
    yield statement_failure(DeadlineError(0, End.SIZE), ADDRESS)
    for words in ("refused", '"!password"', "certificate", 'database "x" does not exist'):
        yield connect_failure(psycopg2.OperationalError(words), ADDRESS)
    for words in ("no pg_hba.conf entry", "authentication failed", "definition of service"):
        yield connect_failure(psycopg2.OperationalError(words), ADDRESS)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_each_is_said_in_one_line_of_a_menu_with_what_to_do_and_no_address(language):
    set_language(language)
    try:
        for failure in all_failures():
            assert 10 < len(failure.brief) <= PROBLEM_CHARACTERS, failure
            assert len([part for part in re.split(r"[.。] ?", failure.brief) if part]) >= 2
            assert WHERE not in failure.brief
    finally:
        set_language("en")


def test_a_refusal_by_one_of_several_hosts_is_a_refusal():
    words = (
        'connection to server at "a" failed: Connection refused\n\tIs the server running?\n'
        'connection to server at "b" failed: FATAL:  password authentication failed for user "x"\n'
    )
    failure = connect_failure(psycopg2.OperationalError(words), ADDRESS)
    assert type(failure) is ServerRefusedError
    assert "\n" not in str(failure)
