"""What a person's role, a reader's and a stranger's can do to others: nothing."""

# ruff: noqa: S608  every name in these statements is a constant of this file or a role made here

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from psycopg2 import errors

from tests.server.sender import Sender, Shared, add_role, sender, stored, stored_entries
from tests.server.servers import Database, Person

SESSIONS = "reprospective.desktop_activity_sessions"
ENTRIES = "reprospective.desktop_activity_entries"
NEW_ENTRY = f"""INSERT INTO {ENTRIES} (uid, owner, device_id, source_host, started_at, ended_at,
    utc_offset_minutes, category)
    VALUES (%s, %s, gen_random_uuid(), 'desk', now(), now() + interval '1 h', 60, 'Work')"""
COLUMNS = "device_id, source_host, state, application_name, window_title, utc_offset_minutes"
VALUES = "gen_random_uuid(), 'desk', 'active', 'Editor', 'page', 60"
TIMES = "started_at, ended_at"
NOW = "now(), now()"
VIEWS = (
    "computed_days",
    "session_days",
    "desktop_activity_days",
    "daily_application_totals",
    "hourly_activity",
    "hosts",
)
DENIED = errors.InsufficientPrivilege


@pytest.fixture
def reader(prepared: Database, make_person: Callable[..., Person]) -> Iterator[Sender]:
    """A role that reads everybody's sessions and has none."""
    role = make_person()
    prepared.rows(f"GRANT reprospective_reader TO {role.name}")
    with sender(prepared, role) as made:
        yield made


@pytest.fixture
def stranger(prepared: Database, make_person: Callable[..., Person]) -> Iterator[Sender]:
    """A role that may log in and nothing else."""
    with sender(prepared, make_person()) as made:
        yield made


def name_of(device: Sender) -> str:
    return device.ask("SELECT current_user")[0][0]


def test_a_person_reads_their_own_rows_alone_through_every_table_and_view(
    anna: Sender, ben: Sender
):
    anna.send(anna.row(), anna.row(), entries=[anna.entry()])
    ben.send(ben.row(), entries=[ben.entry()])
    for table in ("desktop_activity_sessions", "desktop_activity_entries", "devices", *VIEWS):
        for device in (anna, ben):
            owners = device.ask(f"SELECT DISTINCT owner::text FROM reprospective.{table}")
            assert owners == [(name_of(device),)], table


def test_a_reader_reads_everybody_and_writes_nothing(
    anna: Sender, ben: Sender, reader: Sender, prepared: Database
):
    anna.send(anna.row(), entries=[anna.entry()])
    ben.send(ben.row(), entries=[ben.entry()])
    for table in ("desktop_activity_sessions", "desktop_activity_entries", "devices", *VIEWS):
        assert reader.ask(f"SELECT count(DISTINCT owner) FROM reprospective.{table}") == [(2,)]
    before = stored(prepared)
    for attempt in (
        f"UPDATE {SESSIONS} SET window_title = ''",
        f"DELETE FROM {SESSIONS}",
        f"""INSERT INTO {SESSIONS} (uid, {COLUMNS}, {TIMES})
        VALUES (gen_random_uuid(), {VALUES}, {NOW})""",
        "UPDATE reprospective.devices SET counter = 0",
        f"UPDATE {ENTRIES} SET note = ''",
        f"DELETE FROM {ENTRIES}",
        f"SELECT * FROM {SESSIONS} FOR UPDATE",
    ):
        with pytest.raises(DENIED):
            reader.ask(attempt)
    with pytest.raises(DENIED):
        reader.send(reader.row())
    assert stored(prepared) == before


def test_a_person_who_is_a_reader_too_reads_all_and_changes_their_own(
    fresh: Database, make_person: Callable[..., Person]
):
    both, other = (add_role(fresh, make_person()) for _ in range(2))
    fresh.rows(f"GRANT reprospective_reader TO {both.name}")
    with sender(fresh, both) as mine, sender(fresh, other) as others:
        hers = others.row()
        others.send(hers)
        assert mine.send(mine.row())["stored"] == 1
        assert mine.ask(f"SELECT count(*) FROM {SESSIONS}") == [(2,)]
        answer = mine.send(hers | {"revision": 9}, hers, hers | {"deleted": 1})
        assert [refused["at"] for refused in answer["refused"]] == [0, 1, 2]
        assert answer["superseded"] == []
        with mine.raw.cursor() as cursor:
            cursor.execute(f"UPDATE {SESSIONS} SET window_title = 'mine'")
            assert cursor.rowcount == 1
    assert stored(fresh)[hers["uid"]]["window_title"] == hers["window_title"]


def test_updates_and_deletes_reach_no_row_of_another(anna: Sender, ben: Sender, prepared: Database):
    hers = anna.row()
    anna.send(hers)
    for table, change in (
        (SESSIONS, "deleted = 1"),
        (SESSIONS, "window_title = 'forged'"),
        (SESSIONS, "owner = current_user"),
        ("reprospective.devices", "counter = 0, token = 'forged'"),
        ("reprospective.devices", "owner = current_user"),
    ):
        with ben.raw.cursor() as cursor:
            cursor.execute(f"UPDATE {table} SET {change}")
            assert cursor.rowcount == 0
    for attempt in (f"DELETE FROM {SESSIONS}", f"TRUNCATE {SESSIONS}"):
        with pytest.raises(DENIED):
            ben.ask(attempt)
    held = stored(prepared)[hers["uid"]]
    assert {key: held[key] for key in hers} == hers
    assert anna.send(anna.row())["verdict"] == "fits"


def test_nobody_puts_a_row_or_a_device_under_another_name(
    anna: Sender, ben: Sender, prepared: Database
):
    ben.send(ben.row())
    before = stored(prepared)
    for owner in (name_of(anna), "postgres", "reprospective_person"):
        for attempt in (
            f"""INSERT INTO {SESSIONS} (owner, uid, {COLUMNS}, {TIMES})
            VALUES ('{owner}', gen_random_uuid(), {VALUES}, {NOW})""",
            f"UPDATE {SESSIONS} SET owner = '{owner}'",
            f"""INSERT INTO reprospective.devices (owner, device_id, counter, token, verdict,
                sent_schema) VALUES ('{owner}', gen_random_uuid(), 1, '', 'fits', 1)""",
            f"UPDATE reprospective.devices SET owner = '{owner}'",
        ):
            with pytest.raises(DENIED):
                ben.ask(attempt)
    assert stored(prepared) == before


def test_a_row_sent_with_the_name_of_another_owner_is_the_senders(
    anna: Sender, ben: Sender, prepared: Database
):
    ben.send(ben.row(owner=name_of(anna)), owner=name_of(anna))
    assert [row["owner"] for row in stored(prepared).values()] == [name_of(ben)]


def test_a_uid_of_another_is_taken_over_by_no_upsert(anna: Sender, ben: Sender, prepared: Database):
    hers = anna.row()
    anna.send(hers)
    upsert = (
        f"INSERT INTO {SESSIONS} (uid, {COLUMNS}, {TIMES}) VALUES (%s, {VALUES}, {NOW})"
        " ON CONFLICT (uid) DO UPDATE SET owner = current_user, window_title = 'forged'"
    )
    with pytest.raises(DENIED):
        ben.ask(upsert, [hers["uid"]])
    ben.send(ben.row())
    with pytest.raises(errors.UniqueViolation):
        ben.ask(f"UPDATE {SESSIONS} SET uid = %s", [hers["uid"]])
    assert stored(prepared)[hers["uid"]]["owner"] == name_of(anna)


def test_what_a_person_does_to_their_own_rows_by_hand_touches_no_other(
    anna: Sender, ben: Sender, prepared: Database
):
    hers = anna.row()
    anna.send(hers)
    ben.send(ben.row())
    before = stored(prepared)[hers["uid"]]
    ben.ask(f"UPDATE {SESSIONS} SET received_at = '1999-01-01', sent_schema = 99")
    assert stored(prepared)[hers["uid"]] == before


@pytest.mark.parametrize(
    "attempt",
    [
        "CREATE TABLE reprospective.mine (a integer)",
        "CREATE FUNCTION reprospective.mine() RETURNS integer LANGUAGE sql RETURN 1",
        """CREATE OR REPLACE FUNCTION reprospective.ingest(batch json) RETURNS json
        LANGUAGE sql RETURN NULL""",
        """CREATE OR REPLACE FUNCTION reprospective.lived(moment timestamptz, m integer)
        RETURNS timestamp LANGUAGE sql RETURN NULL""",
        "ALTER FUNCTION reprospective.ingest(json) SECURITY DEFINER",
        "ALTER FUNCTION reprospective.ingest(json) SET search_path = pg_temp",
        f"""CREATE TRIGGER mine BEFORE INSERT ON {SESSIONS}
        FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()""",
        f"CREATE POLICY mine ON {SESSIONS} USING (true)",
        f"ALTER TABLE {SESSIONS} DISABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {SESSIONS} OWNER TO CURRENT_USER",
        f"CREATE RULE mine AS ON INSERT TO {SESSIONS} DO INSTEAD NOTHING",
        f"GRANT ALL ON {SESSIONS} TO PUBLIC",
        "INSERT INTO reprospective.schema_version VALUES (99)",
        "DELETE FROM reprospective.schema_version",
        "SET SESSION AUTHORIZATION postgres",
        "SET ROLE postgres",
        "SET ROLE reprospective_reader",
        "GRANT reprospective_reader TO CURRENT_USER",
        "GRANT reprospective_person TO reprospective_reader",
        "SET session_replication_role = replica",
    ],
)
def test_a_person_alters_nothing_that_others_use(ben: Sender, attempt: str):
    with pytest.raises(errors.Error):
        with_warning_as_error(ben, attempt)


def with_warning_as_error(device: Sender, attempt: str) -> None:
    """Run it; where a right is lacking, GRANT says so by a warning alone."""
    del device.raw.notices[:]
    device.ask(attempt)
    if any("no privileges were granted" in notice for notice in device.raw.notices):
        raise DENIED


def test_entries_of_another_are_not_changed_taken_over_given_away_or_deleted(
    anna: Sender, ben: Sender, prepared: Database
):
    hers = anna.entry()
    anna.send(entries=[hers])
    ben.send(entries=[ben.entry()])
    before = stored_entries(prepared)
    mine = [entry for entry in before.values() if entry["owner"] == name_of(ben)]
    for change in ("note = 'forged'", "owner = current_user", "billable = 0"):
        with ben.raw.cursor() as cursor:
            cursor.execute(f"UPDATE {ENTRIES} SET {change} WHERE uid = %s", [hers["uid"]])
            assert cursor.rowcount == 0
    for attempt in (
        f"DELETE FROM {ENTRIES}",
        f"TRUNCATE {ENTRIES}",
        f"UPDATE {ENTRIES} SET owner = '{name_of(anna)}'",
    ):
        with pytest.raises(DENIED):
            ben.ask(attempt)
    for owner in (name_of(anna), "postgres", "reprospective_person"):
        with pytest.raises(DENIED):
            ben.ask(NEW_ENTRY, [mine[0]["uid"], owner])
    upsert = f"{NEW_ENTRY} ON CONFLICT (uid) DO UPDATE SET note = 'forged'"
    with pytest.raises(DENIED):
        ben.ask(upsert, [hers["uid"], name_of(ben)])
    assert stored_entries(prepared) == before


def test_row_security_off_is_an_error_and_no_way_around(anna: Sender, ben: Sender):
    anna.send(anna.row())
    ben.ask("SET row_security = off")
    with pytest.raises(DENIED):
        ben.ask(f"SELECT * FROM {SESSIONS}")


def test_a_function_of_ones_own_never_sees_the_rows_of_others(anna: Sender, ben: Sender):
    anna.send(anna.row(window_title="her secret"))
    ben.send(ben.row(window_title="his own"))
    ben.ask("""
        CREATE FUNCTION pg_temp.peek(what text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001
        AS $$ BEGIN RAISE NOTICE 'saw %', what; RETURN true; END $$
    """)
    for source in (SESSIONS, *(f"reprospective.{view}" for view in VIEWS)):
        text = "window_title" if source == SESSIONS else "source_host || owner"
        ben.ask(f"SELECT count(*) FROM {source} AS s WHERE pg_temp.peek({text})")
    said = "".join(ben.raw.notices)
    assert "his own" in said
    assert "her secret" not in said
    assert name_of(anna) not in said


def test_tables_and_functions_in_pg_temp_do_not_stand_in_for_the_real_ones(
    ben: Sender, prepared: Database
):
    ben.ask("CREATE TEMP TABLE desktop_activity_sessions (LIKE reprospective.devices)")
    ben.ask("CREATE TEMP TABLE schema_version (version integer)")
    for name in ("json_array_elements(json)", "clock_timestamp()", "greatest_of(int, int)"):
        ben.ask(
            f"CREATE FUNCTION pg_temp.{name} RETURNS text LANGUAGE plpgsql"
            " AS $$ BEGIN RAISE 'the wrong one'; END $$"
        )
    ben.ask("SET search_path = pg_temp, pg_catalog")
    assert ben.send(ben.row(state="bad"), ben.row())["stored"] == 1
    assert len(stored(prepared)) == 1


def test_a_function_in_public_runs_in_nobody_elses_batch(
    fresh: Database, make_person: Callable[..., Person]
):
    """An exact match beats a built-in that takes any type, unless public is not searched."""
    victim = add_role(fresh, make_person())
    fresh.rows("""
        CREATE FUNCTION public.json_build_object(text, integer, text, text) RETURNS json
        LANGUAGE plpgsql AS $$ BEGIN RAISE 'trojan'; END $$;
        CREATE FUNCTION public.format(text, text) RETURNS text
        LANGUAGE plpgsql AS $$ BEGIN RAISE 'trojan'; END $$
    """)
    with sender(fresh, victim) as device:
        answer = device.send(device.row(state="bad"), device.row())
    assert (answer["stored"], len(answer["refused"])) == (1, 1)


def test_who_takes_on_the_group_itself_records_nothing_and_sees_nothing(
    fresh: Database, make_person: Callable[..., Person]
):
    role = make_person()
    # Without SET FALSE, as PostgreSQL 15 has no such thing.
    fresh.rows(f"GRANT reprospective_person TO {role.name}")
    with sender(fresh, role) as device:
        device.send(device.row())
        device.ask("SET ROLE reprospective_person")
        with pytest.raises(DENIED):
            device.send(device.row())
        assert device.ask(f"SELECT count(*) FROM {SESSIONS}") == [(0,)]


def test_who_may_act_as_another_person_is_that_person_while_they_do(
    fresh: Database, make_person: Callable[..., Person]
):
    """The role that acts is what counts, not the one that has logged in."""
    agent, principal = (add_role(fresh, make_person()) for _ in range(2))
    fresh.rows(f"GRANT {principal.name} TO {agent.name}")
    with sender(fresh, agent) as device:
        own = device.row()
        device.send(own)
        device.ask(f"SET ROLE {principal.name}")
        assert device.ask(f"SELECT * FROM {SESSIONS}") == []
        device.acknowledged = None
        theirs = device.row()
        assert device.send(theirs)["verdict"] == "fits"
    held = stored(fresh)
    assert held[own["uid"]]["owner"] == agent.name
    assert held[theirs["uid"]]["owner"] == principal.name


def test_a_stranger_gets_in_nowhere(stranger: Sender, anna: Sender):
    anna.send(anna.row())
    for table in ("desktop_activity_sessions", "devices", "schema_version", *VIEWS):
        with pytest.raises(DENIED):
            stranger.ask(f"SELECT * FROM reprospective.{table}")
    with pytest.raises(DENIED):
        stranger.send(stranger.row())
    with pytest.raises(DENIED):
        stranger.ask("SELECT reprospective.from_ms(1)")


def test_public_has_no_right_on_anything(prepared: Database):
    granted = prepared.rows("""
        SELECT c.relname FROM pg_class AS c, aclexplode(c.relacl) AS a
        WHERE c.relnamespace = 'reprospective'::regnamespace AND a.grantee = 0
        UNION ALL
        SELECT p.proname FROM pg_proc AS p,
            aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS a
        WHERE p.pronamespace = 'reprospective'::regnamespace AND a.grantee = 0
        UNION ALL
        SELECT n.nspname FROM pg_namespace AS n, aclexplode(n.nspacl) AS a
        WHERE n.nspname = 'reprospective' AND a.grantee = 0
    """)
    assert granted == []


def test_every_view_asks_for_the_rights_of_who_reads_it(prepared: Database):
    views = prepared.rows("""
        SELECT relname, reloptions FROM pg_class
        WHERE relnamespace = 'reprospective'::regnamespace AND relkind = 'v'
    """)
    assert {name for name, _options in views} == set(VIEWS)
    assert all(options == ["security_invoker=true"] for _name, options in views)


def test_no_function_takes_the_search_path_of_the_caller_or_the_owners_rights_for_a_person(
    prepared: Database,
):
    functions = prepared.rows("""
        SELECT proname, prosecdef, proconfig, prorettype = 'trigger'::regtype,
            has_function_privilege('reprospective_person', p.oid, 'EXECUTE')
        FROM pg_proc AS p JOIN pg_language AS l ON l.oid = p.prolang AND l.lanname = 'plpgsql'
        WHERE pronamespace = 'reprospective'::regnamespace
    """)
    assert functions
    for name, with_owners_rights, settings, follows_a_trigger, is_for_persons in functions:
        assert settings == ["search_path=pg_catalog, pg_temp"], name
        # Who may call a trigger's function can make a trigger of it, with rows of their own.
        assert not (follows_a_trigger and is_for_persons), name
        # settle() looks at whose days it is called for.
        assert not with_owners_rights or follows_a_trigger or name == "settle", name


def test_withdrawn_and_given_back_a_person_goes_on_where_they_were(
    fresh: Database, make_person: Callable[..., Person]
):
    role = add_role(fresh, make_person())
    with ExitStack() as stack:
        device = stack.enter_context(sender(fresh, role))
        device.send(device.row())
        fresh.rows(f"REVOKE reprospective_person FROM {role.name}")
        batch: dict[str, Any] = device.batch([device.row()])
        with pytest.raises(DENIED):
            device.ingest(batch)
        add_role(fresh, role)
        answer = device.ingest(batch)
    assert (answer["verdict"], answer["stored"]) == ("fits", 1)


def test_persons_of_a_shared_server_are_in_each_database_of_it(shared: Shared, fresh: Database):
    with sender(fresh, shared.anna) as device:
        assert device.send(device.row())["stored"] == 1
