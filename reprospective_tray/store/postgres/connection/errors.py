"""Translates psycopg2's exceptions into the program's own errors."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reprospective_tray.clean_text import one_line
from reprospective_tray.config.source import without_secrets
from reprospective_tray.errors import (
    ServerDataError,
    ServerError,
    ServerRefusedError,
    ServerSchemaMissingError,
    ServerUnreachableError,
)
from reprospective_tray.messages import _
from reprospective_tray.store.postgres.connection import brief_messages as briefly
from reprospective_tray.store.postgres.connection.deadline import DeadlineError, End

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reprospective_tray.store.postgres.connection.address import ServerAddress

# SQLSTATEs by remedy.
# https://www.postgresql.org/docs/current/errcodes-appendix.html
PASSES = (
    "08",  # the connection broke
    "25006",  # a standby
    "25P03",  # idle for too long
    "40",  # a deadlock, or a neighbour's transaction
    "53",  # disk or memory full, too many connections
    "55006",  # in use by another session
    "55P03",  # a lock
    "57",  # shut down, starting, cancelled, timed out
    "58",  # the system below it: input and output
    "XX",  # internal
)
DATA = ("21", "22", "23", "54")
LOGIN = ("28",)
NO_RIGHT = ("42501",)
NO_DATABASE = ("3D000",)
NO_SCHEMA = ("3F000", "42P01", "42883", "42703", "42704")

_MOST_SHOWN = 500  # characters of a server's message

# A failed log-in has no SQLSTATE, so the message texts of libpq and PostgreSQL are matched.
# Patterns of two words use an atomic group that starts at the first occurrence in a line:
# otherwise a text that repeats the word would take quadratic time.
LOGIN_WORDS = re.compile(
    r"fe_sendauth|authentication failed|^(?>.*?role ).* does not exist"
    r"|not permitted to log in|no such user|SASL|password",
    re.IGNORECASE | re.MULTILINE,
)
CLEAR_TEXT_WORDS = re.compile(r'"!password"')  # libpq quotes the value of require_auth
ACCESS_WORDS = re.compile(r"pg_hba\.conf", re.IGNORECASE)
DATABASE_WORDS = re.compile(
    r"^(?>.*?database ).* does not exist|no such database", re.IGNORECASE | re.MULTILINE
)
RIGHT_WORDS = re.compile(r"permission denied for database", re.IGNORECASE)
TLS_WORDS = re.compile(
    r"certificate|does not support SSL|SSL is not enabled|SSL required|sslmode",
    re.IGNORECASE,
)
# The prefix that libpq puts before the message.
LIBPQS_PLACE = re.compile(r"^connection to server (?:at|on) .*? failed: (?:FATAL:\s+)?")
SETTING_WORDS = re.compile(
    r"definition of service|service file|^(?>.*?invalid ).* value", re.IGNORECASE | re.MULTILINE
)


def ended_from_here() -> ServerUnreachableError:
    """Return the error for what this program itself would not wait for any longer."""
    return ServerUnreachableError(_("The connection to the server was closed by this program."))


def connect_failure(error: Exception, address: ServerAddress) -> ServerError:
    """Return the error for a connection that could not be established."""
    reason = _first_words(error)
    what = _("No connection to {where}: {reason}").format(where=address, reason=reason)
    for words, remedy, brief in (
        (CLEAR_TEXT_WORDS, _clear_text_remedy(), briefly.clear_text()),
        (
            TLS_WORDS,
            _("Check sslmode and sslrootcert of database.remote: they must fit the server's TLS."),
            briefly.encryption(),
        ),
        (DATABASE_WORDS, _no_database_remedy(), briefly.no_database()),
        (RIGHT_WORDS, _no_right_remedy(), briefly.no_right()),
        (
            ACCESS_WORDS,
            _(
                "Ask the server administrator to allow your connection (pg_hba.conf), or try "
                "sslmode: require."
            ),
            briefly.not_admitted(),
        ),
        (LOGIN_WORDS, _login_remedy(), briefly.login()),
        (
            SETTING_WORDS,
            _("Correct it where it is set (config.yaml, service file, environment), or remove it."),
            briefly.setting(),
        ),
    ):
        if words.search(reason):
            return ServerRefusedError(what, remedy, brief)
    return ServerUnreachableError(what, _unreachable_remedy(), briefly.unreachable())


def too_slow(seconds: float, address: ServerAddress) -> ServerUnreachableError:
    """Return the error for a missed deadline of `seconds`."""
    return ServerUnreachableError(
        _("No answer within {seconds:g} s from {where}.").format(seconds=seconds, where=address),
        _unreachable_remedy(),
        briefly.silent(),
    )


def senseless(address: ServerAddress, reason: object) -> ServerRefusedError:
    """Return the error for an answer that this program cannot interpret."""
    return ServerRefusedError(
        _("The server's answer is not valid and was not used ({where}): {reason}.").format(
            where=address, reason=str(reason)[:_MOST_SHOWN].rstrip(".")
        ),
        _(
            "Check that database.remote names your server, and that its `server init` was run by "
            "a version of this program."
        ),
        briefly.senseless(),
    )


@contextmanager
def sensible(address: ServerAddress) -> Iterator[None]:
    """Convert errors from an answer of unexpected shape or type into a server error.

    Raises:
        ServerRefusedError: the answer has an unexpected shape or type.
    """
    try:
        yield
    except (ValueError, TypeError, LookupError, ArithmeticError) as error:
        raise senseless(address, error) from error


def statement_failure(error: Exception, address: ServerAddress) -> ServerError:
    """Return the error for a failed statement, given psycopg2's or a `Deadline`'s exception.

    Only the primary message of the server is included, because further lines quote rows.
    """
    if isinstance(error, DeadlineError):
        if error.why is End.SIZE:
            return senseless(address, _("it is too long"))
        if error.why is End.TIME:
            return too_slow(error.seconds, address)
        what = _("The connection to {where} was closed by this program.").format(where=address)
        return ServerUnreachableError(what, brief=briefly.unreachable())
    reason = _first_words(error)
    if isinstance(error, ValueError):  # raised by psycopg2: NUL, or a lone surrogate
        return _cannot_store(address, reason)
    code: str | None = getattr(error, "pgcode", None)
    if code is None:
        what = _("The connection to {where} was lost: {reason}")
        return ServerUnreachableError(
            what.format(where=address, reason=reason),
            _unreachable_remedy(),
            briefly.unreachable(),
        )
    return _by_code(code, reason, address)


def _by_code(code: str, reason: str, address: ServerAddress) -> ServerError:
    if code.startswith(PASSES):
        what = _("The server cannot do this at the moment ({where}): {reason}")
        return ServerUnreachableError(
            what.format(where=address, reason=reason),
            _(
                "The program tries again automatically. If this persists, tell the server "
                "administrator."
            ),
            briefly.busy(),
        )
    if code.startswith(DATA):
        return _cannot_store(address, reason)
    what = _("The server refused this ({where}): {reason}").format(where=address, reason=reason)
    if code.startswith(NO_SCHEMA):
        return ServerSchemaMissingError(
            what,
            _(
                "Ask the server administrator to run `reprospective-tray server init` once "
                "for this database."
            ),
            briefly.not_prepared(),
        )
    remedies = {
        LOGIN: (_login_remedy(), briefly.login()),
        NO_RIGHT: (_no_right_remedy(), briefly.no_right()),
        NO_DATABASE: (_no_database_remedy(), briefly.no_database()),
    }
    fitting = (remedy for codes, remedy in remedies.items() if code.startswith(codes))
    other = _("Tell the server administrator."), briefly.refused()
    return ServerRefusedError(what, *next(fitting, other))


def _first_words(error: Exception) -> str:
    """Return the server's primary message on one line; for a log-in, that of each host."""
    primary = getattr(getattr(error, "diag", None), "message_primary", None)
    lines = [line.strip() for line in str(primary or error).splitlines() if line.strip()]
    lines = [line for line in lines if not line.startswith("Is the server running")]
    if len(lines) == 1:  # the caller's message already names the address
        lines = [LIBPQS_PLACE.sub("", lines[0])]
    words = one_line(without_secrets("; ".join(lines)))[:_MOST_SHOWN] or type(error).__name__
    return words.rstrip(". ") + "."


def _cannot_store(address: ServerAddress, reason: str) -> ServerDataError:
    what = _("The server cannot store this ({where}): {reason}")
    return ServerDataError(what.format(where=address, reason=reason), brief=briefly.refused())


def _unreachable_remedy() -> str:
    return _(
        "Check that the server is running and can be reached over the network. The running "
        "program tries again automatically."
    )


def _clear_text_remedy() -> str:
    return _(
        "The server asked for the password in clear text and did not get it. Let it ask by "
        "scram-sha-256, or prove who it is: sslmode: verify-full in database.remote."
    )


def _login_remedy() -> str:
    return _(
        "Check user and password: PGPASSWORD, .pgpass, a service file, the keyring, or "
        "database.remote in config.yaml."
    )


def _no_right_remedy() -> str:
    return _(
        "Ask the server administrator to run `reprospective-tray server add-person NAME` for "
        "this user."
    )


def _no_database_remedy() -> str:
    return _("Correct database.remote.database in config.yaml, or have the database created.")
