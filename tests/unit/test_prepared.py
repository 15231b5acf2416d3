"""A statement that Peewee puts into words once runs as Peewee's own would, each time.

How it can fail: a value lands in another's place, a constant of the statement is taken for a
value, a text that looks like a stand-in is replaced, or the count of written rows is wrong.
"""

import peewee
import pytest

from reprospective_tray.store.engine.prepared import Prepared


@pytest.fixture
def table(tmp_path):
    database = peewee.SqliteDatabase(tmp_path / "a.db")

    class Row(database.Model):
        name = peewee.TextField(unique=True)
        number = peewee.IntegerField()
        other = peewee.IntegerField(null=True)
        constant = peewee.IntegerField(default=7)

    with database.connection_context():
        database.create_tables([Row])
        yield Row
    database.close()


def prepared(table) -> Prepared:
    return Prepared(
        table._meta.database,
        ("name", "number", "other"),
        lambda values: table.insert(values).on_conflict(
            conflict_target=[table.name],
            update={table.number: peewee.EXCLUDED.number, table.other: 3},
            where=table.constant == 7,
        ),
    )


def test_values_go_to_their_columns_and_constants_stay(table):
    statement = prepared(table)
    assert statement.execute({"other": None, "name": "a", "number": 1}) == 1
    assert statement.execute({"name": "number", "number": 2, "other": 5}) == 1
    assert statement.execute({"name": "a", "number": 9, "other": 8}) == 1
    assert list(table.select(table.name, table.number, table.other, table.constant).tuples()) == [
        ("a", 9, 3, 7),
        ("number", 2, 5, 7),
    ]


def test_a_row_that_the_statement_leaves_alone_is_not_counted(table):
    statement = prepared(table)
    statement.execute({"name": "a", "number": 1, "other": None})
    table.update(constant=0).execute()
    assert statement.execute({"name": "a", "number": 2, "other": None}) == 0
    assert table.get().number == 1


def test_errors_are_peewees(table):
    with pytest.raises(peewee.IntegrityError):
        prepared(table).execute({"name": "a", "number": None, "other": None})
