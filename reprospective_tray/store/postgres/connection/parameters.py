"""Runs statements with server-side parameters (PQexecParams).

Psycopg2 inserts values into the SQL text, and a server logs the text of a failed statement,
including window titles. Through `pgconn_ptr`, libpq itself can send the values separately.
"""

from __future__ import annotations

import ctypes
import functools
import re
from typing import TYPE_CHECKING, Any

import psycopg2
import psycopg2.extensions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# Only writing statements contain titles. For queries psycopg2 is used, as it reads rows faster.
_WRITES = re.compile(r"\s*(?:INSERT|UPDATE|DELETE|SELECT reprospective\.)", re.IGNORECASE)
_PLACE = re.compile(r"%[s%]")
_TO_QUOTE = re.compile(r'(["\\])')
# Fully qualified statements, which are safe with any search path.
_QUALIFIED = re.compile(r"SELECT reprospective\.\w+\(%s::pg_catalog\.\w+\)(?:::pg_catalog\.\w+)?")
# PostgreSQL's type OIDs: a value gets the type that its literal would have.
_UNKNOWN, _BOOL, _BYTEA, _INT8, _INT4, _NUMERIC = 0, 16, 17, 20, 23, 1700
_INT4_BOUND = 1 << 31
_CONNECTION_BAD = 1  # ConnStatusType
_COMMAND_OK, _TUPLES_OK = 1, 2  # ExecStatusType
_SQLSTATE, _MESSAGE = ord("C"), ord("M")  # PG_DIAG_SQLSTATE, PG_DIAG_MESSAGE_PRIMARY


class StatementError(psycopg2.DatabaseError):
    """The server's error, compatible with psycopg2; `pgcode` is None if the connection broke."""

    def __init__(self, message: str, pgcode: str | None) -> None:
        """Take the server's primary message and its SQLSTATE."""
        super().__init__(message)
        self._pgcode = pgcode

    @property
    def pgcode(self) -> str | None:  # type: ignore[override]  # an attribute in the base class
        """The SQLSTATE."""
        return self._pgcode


class StatementResult:
    """The result of a statement: a cursor with all rows already fetched."""

    def __init__(
        self,
        description: list[tuple[Any, ...]] | None,
        texts: list[list[bytes | None]],
        rowcount: int,
        cast: Callable[[int, bytes], Any],
    ) -> None:
        """Take the columns (None for none), the rows as text, the count and the converter."""
        self.description = description
        self.rowcount = rowcount
        self._texts = texts
        self._cast = cast

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return the rows.

        Raises:
            ValueError: a text does not have the type of its column.
        """
        return [
            tuple(
                None if text is None else self._cast(column, text)
                for column, text in enumerate(texts)
            )
            for texts in self._texts
        ]


def execute(cursor: Any, sql: Any, values: Sequence[Any] | None) -> Any:
    """Run a statement on psycopg2's `cursor`; return an object with rows and `rowcount`.

    Values of writing statements are sent separately from the SQL text if libpq can be reached on
    this platform.

    Raises:
        psycopg2.Error: the statement failed.
        ValueError: a value contains NUL or a lone surrogate.
    """
    libpq = _libpq() if values and isinstance(sql, str) and _WRITES.match(sql) else None
    if libpq is None or values is None:
        cursor.execute(sql, values)
        return cursor
    numbered = _with_numbers(sql, len(values))
    idle = psycopg2.extensions.TRANSACTION_STATUS_IDLE
    if cursor.connection.info.transaction_status != idle or _QUALIFIED.fullmatch(sql):
        return _run(libpq, cursor, numbered, values)
    # PQexecParams takes a single statement, so the search path is set together with BEGIN.
    cursor.execute("BEGIN")
    try:
        answer = _run(libpq, cursor, numbered, values)
    except psycopg2.Error:
        if not cursor.connection.closed:
            cursor.execute("ROLLBACK")
        raise
    cursor.execute("COMMIT")
    return answer


@functools.cache
def _libpq() -> Any:
    """Return the libpq instance that psycopg2 uses; None if its symbols are not accessible."""
    try:
        libpq = ctypes.CDLL(psycopg2._psycopg.__file__)  # noqa: SLF001  the module's own file
        pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
        for name, answer, arguments in (
            ("PQexecParams", pointer, [pointer, text, number, *[pointer] * 4, number]),
            ("PQstatus", number, [pointer]),
            ("PQresultStatus", number, [pointer]),
            ("PQresultErrorField", text, [pointer, number]),
            ("PQerrorMessage", text, [pointer]),
            ("PQcmdTuples", text, [pointer]),
            ("PQntuples", number, [pointer]),
            ("PQnfields", number, [pointer]),
            ("PQfname", text, [pointer, number]),
            ("PQftype", ctypes.c_uint, [pointer, number]),
            ("PQgetisnull", number, [pointer, number, number]),
            ("PQgetvalue", text, [pointer, number, number]),
            ("PQclear", None, [pointer]),
        ):
            function = getattr(libpq, name)
            function.restype, function.argtypes = answer, arguments
    except (OSError, AttributeError):
        return None
    return libpq


@functools.lru_cache(maxsize=64)
def _with_numbers(sql: str, count: int) -> str:
    """Return the statement with numbered placeholders ($1, $2)."""
    numbers = iter(range(1, count + 1))
    return _PLACE.sub(lambda found: "%" if found[0] == "%%" else f"${next(numbers)}", sql)


def _run(libpq: Any, cursor: Any, sql: str, values: Sequence[Any]) -> StatementResult:
    raw = cursor.connection
    encoding = psycopg2.extensions.encodings[raw.encoding]
    types, texts = zip(*(_as_parameter(value, encoding) for value in values), strict=True)
    count = len(values)
    pointer = raw.pgconn_ptr
    if pointer is None:
        raise psycopg2.InterfaceError("connection already closed")
    result = libpq.PQexecParams(
        pointer,
        sql.encode(encoding),
        count,
        (ctypes.c_uint * count)(*types),
        (ctypes.c_char_p * count)(*texts),
        None,  # lengths are needed only for binary values
        None,
        0,
    )
    try:
        if libpq.PQresultStatus(result) not in (_COMMAND_OK, _TUPLES_OK):
            raise _failure(libpq, raw, pointer, result, encoding)
        return _answer(libpq, cursor, result, encoding)
    finally:
        libpq.PQclear(result)


def _failure(libpq: Any, raw: Any, pointer: int, result: Any, encoding: str) -> StatementError:
    code = libpq.PQresultErrorField(result, _SQLSTATE)
    said = libpq.PQresultErrorField(result, _MESSAGE) or libpq.PQerrorMessage(pointer)
    if libpq.PQstatus(pointer) == _CONNECTION_BAD:
        raw.close()
    return StatementError(said.decode(encoding, "replace"), code.decode() if code else None)


def _answer(libpq: Any, cursor: Any, result: Any, encoding: str) -> StatementResult:
    touched = libpq.PQcmdTuples(result)
    rowcount = int(touched) if touched else -1
    columns = range(libpq.PQnfields(result))
    types = [libpq.PQftype(result, column) for column in columns]
    casts = [_cast(cursor.connection, kind) for kind in types]
    is_null, get = libpq.PQgetisnull, libpq.PQgetvalue
    texts = [
        [None if is_null(result, row, column) else get(result, row, column) for column in columns]
        for row in range(libpq.PQntuples(result))
    ]
    description = [
        (libpq.PQfname(result, column).decode(encoding), types[column], *[None] * 5)
        for column in columns
    ]

    def cast(column: int, text: bytes) -> Any:
        return casts[column](text.decode(encoding), cursor)

    return StatementResult(description or None, texts, rowcount, cast)


def _cast(connection: Any, kind: int) -> Callable[[str, Any], Any]:
    """Return psycopg2's converter from text to a value of type `kind`."""
    known = connection.string_types.get(kind) or psycopg2.extensions.string_types.get(kind)
    return known or psycopg2.extensions.UNICODE


def _as_parameter(value: Any, encoding: str) -> tuple[int, bytes | None]:
    """Return the type OID and the text of a value."""
    if value is None:
        return _UNKNOWN, None
    if isinstance(value, bool):
        return _BOOL, b"t" if value else b"f"
    if isinstance(value, int):
        return (_INT4 if abs(value) < _INT4_BOUND else _INT8), str(value).encode()
    if isinstance(value, float):
        return _NUMERIC, repr(value).encode()
    if isinstance(value, bytes):
        return _BYTEA, rb"\x" + value.hex().encode()
    text = _array(value) if isinstance(value, list | tuple) else str(value)
    if "\0" in text:
        raise ValueError("A string literal cannot contain NUL (0x00) characters.")
    return _UNKNOWN, text.encode(encoding)


def _array(values: Sequence[Any]) -> str:
    """Return the array literal of `values`."""
    quoted = (
        "NULL" if value is None else '"' + _TO_QUOTE.sub(r"\\\1", str(value)) + '"'
        for value in values
    )
    return "{" + ",".join(quoted) + "}"
