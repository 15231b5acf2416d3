"""A person's role against everybody else: reads, writes, blocks and learns nothing of another's.

Each statement is sent by a person who may create whatever an ordinary role may, and its transaction
stays open while another person goes on: what it would hold up shows. Then the administrator comes.
"""

# ruff: noqa: S608, E501  every name in these statements is a constant of this file or a role made
# here; a statement that is cut into pieces is harder to read than a long one

import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psycopg2
import pytest

from reprospective_tray.errors import ServerUnreachableError
from reprospective_tray.store.postgres.administration.roles import initialise
from reprospective_tray.store.postgres.administration.status import standing
from reprospective_tray.store.postgres.schema.upgrade import scripts
from tests.server.sender import Sender, add_role, connected, sender
from tests.server.servers import Database, Person, Server, person

pytestmark = pytest.mark.trust

SESSIONS = "reprospective.desktop_activity_sessions"
ENTRIES = "reprospective.desktop_activity_entries"
CATEGORY, NOTE = "Customers > Undisclosed", "about the takeover"
TITLE, APPLICATION, HOST = "Resignation letter.odt", "Secret Messenger", "annas-laptop"
SECONDS = 5
VIEWS = (
    *("session_days", "computed_days", "desktop_activity_days"),
    *("daily_application_totals", "hourly_activity", "hosts"),
)
NEW = """device_id, source_host, state, application_name, window_title, started_at, ended_at,
    utc_offset_minutes"""
VALUES = "gen_random_uuid(), 'desk', 'active', 'Editor', 'page', now(), now(), 60"
# What would give its maker all rights, where an administrator runs it.
TROJAN = """CREATE FUNCTION public.trojan() RETURNS integer LANGUAGE plpgsql AS $$
    BEGIN ALTER ROLE {me} SUPERUSER; RETURN 1; EXCEPTION WHEN insufficient_privilege THEN
    RETURN 0; END $$;"""

ATTACKS = {
    # Tables
    "read the sessions": f"SELECT * FROM {SESSIONS}",
    "read the sessions of one": f"SELECT * FROM {SESSIONS} WHERE owner = '{{her}}'",
    "read by the uid": f"SELECT * FROM {SESSIONS} WHERE uid = '{{uid}}'",
    "read the whole rows": f"SELECT s, to_json(s) FROM {SESSIONS} AS s",
    "read by TABLE": f"TABLE {SESSIONS}",
    "read what is settled": "SELECT * FROM reprospective.settled_days, reprospective.settled",
    "read the devices": "SELECT * FROM reprospective.devices",
    "read with a cursor": f"DECLARE c CURSOR WITH HOLD FOR SELECT * FROM {SESSIONS}; FETCH ALL c",
    "read into a table": f"CREATE TEMP TABLE mine AS SELECT * FROM {SESSIONS}; TABLE mine",
    "read past the policies": f"SET row_security = off; SELECT * FROM {SESSIONS}",
    "read by returning": f"UPDATE {SESSIONS} SET revision = revision + 1 RETURNING *",
    "read by merging": f"""MERGE INTO {SESSIONS} AS s USING (SELECT 1) AS one ON true
        WHEN MATCHED THEN UPDATE SET window_title = 'forged'""",
    "read by an error": f"SELECT (window_title || owner)::integer FROM {SESSIONS}",
    "read by dividing": f"SELECT 1 / (char_length(window_title) - 22) FROM {SESSIONS}",
    "read by a sample": f"SELECT * FROM {SESSIONS} TABLESAMPLE SYSTEM (100)",
    "write into the rows of one": f"UPDATE {SESSIONS} SET window_title = 'forged'",
    "forget the rows of one": f"UPDATE {SESSIONS} SET deleted = 1 WHERE owner = '{{her}}'",
    "take the rows over": f"UPDATE {SESSIONS} SET owner = current_user",
    "give rows away": f"UPDATE {SESSIONS} SET owner = '{{her}}'",
    "write in another's name": f"""INSERT INTO {SESSIONS} (uid, owner, {NEW})
        VALUES (gen_random_uuid(), '{{her}}', {VALUES})""",
    "write over a uid": f"""INSERT INTO {SESSIONS} (uid, {NEW}) VALUES ('{{uid}}', {VALUES})
        ON CONFLICT (uid) DO UPDATE SET window_title = 'forged'""",
    "read over a uid": f"""INSERT INTO {SESSIONS} AS s (uid, {NEW}) VALUES ('{{uid}}', {VALUES})
        ON CONFLICT (uid) DO UPDATE SET revision = s.revision RETURNING s.window_title""",
    "delete": f"DELETE FROM {SESSIONS}",
    "truncate": f"TRUNCATE {SESSIONS} CASCADE",
    "write into what is settled": """INSERT INTO reprospective.settled_days SELECT '{her}',
        '2024-01-01', gen_random_uuid(), 'x', 'active', 'x', 1, 1, now(), 0, now(), 0""",
    "lower a mark": "UPDATE reprospective.settled SET until = '1970-01-01'",
    "delete what is settled": "DELETE FROM reprospective.settled_days",
    "become another device": "UPDATE reprospective.devices SET counter = 9, token = 'forged'",
    "write a version": "INSERT INTO reprospective.schema_version VALUES (99)",
    # Entries
    "read the entries": f"SELECT * FROM {ENTRIES}",
    "read an entry by returning": f"UPDATE {ENTRIES} SET revision = revision + 1 RETURNING *",
    "read an entry by an error": f"SELECT (note || owner)::integer FROM {ENTRIES}",
    "read an entry by its own form": f"SELECT reprospective.entry_as_sent(e) FROM {ENTRIES} AS e",
    "write into the entries of one": f"UPDATE {ENTRIES} SET note = 'forged'",
    "take the entries over": f"UPDATE {ENTRIES} SET owner = current_user WHERE owner = '{{her}}'",
    "give entries away": f"UPDATE {ENTRIES} SET owner = '{{her}}'",
    "delete entries": f"DELETE FROM {ENTRIES}",
    "send another's entry": """SELECT reprospective.ingest(('{{"schema": 1, "device_id":
        "00000000-0000-0000-0000-000000000002", "pair": {{"counter": 1, "token": "x"}}, "entries":
        [{{"uid": "{entry}", "device_id": "00000000-0000-0000-0000-000000000002", "source_host":
        "x", "category": "x", "note": "forged", "started_at": 1, "ended_at": 2,
        "utc_offset_minutes": 0, "revision": 99}}]}}')::json)""",
    "delete another's entry": """SELECT reprospective.take_entries('[{{"uid": "{entry}", "deleted":
        1, "device_id": "00000000-0000-0000-0000-000000000002", "source_host": "", "started_at": 1,
        "ended_at": 2, "utc_offset_minutes": 0, "revision": 99}}]', now())""",
    "forget another's entries": """SELECT reprospective.forget_entries(ROW(
        'ffffffff-ffff-7fff-bfff-ffffffffffff', ARRAY['{device}']::uuid[], 0, 7000000000000, NULL)
        ::reprospective.sent_order, now())""",
    "explain entries": f"EXPLAIN (ANALYZE, VERBOSE) SELECT * FROM {ENTRIES} WHERE note = '{NOTE[:-1]}'",
    # Views and functions
    **{f"read {view}": f"SELECT * FROM reprospective.{view}" for view in VIEWS},
    "a function in a condition": f"""CREATE FUNCTION pg_temp.peek(text) RETURNS boolean
        LANGUAGE plpgsql COST 0.0000001 AS 'BEGIN RAISE NOTICE ''%'', $1; RETURN true; END';
        SELECT count(*) FROM {SESSIONS} WHERE pg_temp.peek(window_title || owner)""",
    "send another's row": """SELECT reprospective.ingest(('{{"schema": 1, "device_id":
        "00000000-0000-0000-0000-000000000001", "pair": {{"counter": 1, "token": "x"}}, "rows":
        [{{"uid": "{uid}", "device_id": "00000000-0000-0000-0000-000000000001", "source_host":
        "x", "state": "active", "application_name": "x", "window_title": "forged",
        "started_at": 1, "ended_at": 2, "utc_offset_minutes": 0, "revision": 99}}]}}')::json)""",
    "take rows": """SELECT reprospective.take_rows('[]', 1, now())""",
    "compare with a uid": """SELECT reprospective.compare_rows('[{{"uid": "{uid}"}}]', NULL, '{{}}')""",
    "forget a range of another": f"""SELECT reprospective.forget_range(ROW(gen_random_uuid(),
        (SELECT array_agg(DISTINCT device_id) FROM {SESSIONS}), 0, 9000000000000, NULL)
        ::reprospective.sent_order, now())""",
    "forget a device of another": """SELECT reprospective.forget_range(ROW(gen_random_uuid(),
        ARRAY['{device}']::uuid[], 0, 7000000000000, NULL)::reprospective.sent_order, now())""",
    "settle another": "SELECT reprospective.settle('{her}', '2100-01-01', 1000000)",
    "settle an owner": "SELECT reprospective.settle_owner('{her}', '2100-01-01', 1000000)",
    "settle all": "SELECT reprospective.settle_all()",
    "unsettle another": "SELECT reprospective.unsettle_from('{her}', '1970-01-01')",
    "a trigger of one's own": """CREATE TEMP TABLE mine (owner text, first_day date);
        CREATE TRIGGER t AFTER INSERT ON mine REFERENCING NEW TABLE AS new_rows
        FOR EACH STATEMENT EXECUTE FUNCTION reprospective.unsettle();
        INSERT INTO mine VALUES ('{her}', '1970-01-01')""",
    "a trigger that empties": """CREATE TEMP TABLE mine ();
        CREATE TRIGGER t AFTER TRUNCATE ON mine EXECUTE FUNCTION reprospective.unsettle_all();
        TRUNCATE mine""",
    "a trigger that settles": """CREATE TEMP TABLE mine (owner text, received_at timestamptz);
        CREATE TRIGGER t AFTER INSERT ON mine FOR EACH ROW
        EXECUTE FUNCTION reprospective.settle_for_device();
        INSERT INTO mine VALUES ('{her}', now())""",
    # DDL
    "a view of all": f"CREATE VIEW public.peek AS SELECT * FROM {SESSIONS}; TABLE public.peek",
    "a function with its maker's rights": f"""CREATE FUNCTION public.peek() RETURNS SETOF {SESSIONS}
        LANGUAGE sql SECURITY DEFINER AS 'SELECT * FROM {SESSIONS}'; SELECT public.peek()""",
    "a table beside": "CREATE TABLE reprospective.mine ()",
    "a child": f"CREATE TABLE public.child () INHERITS ({SESSIONS})",
    "a foreign key": f"CREATE TABLE public.child (uid uuid REFERENCES {SESSIONS})",
    "a column": f"ALTER TABLE {SESSIONS} ADD COLUMN x text DEFAULT public.trojan()",
    "no policies": f"ALTER TABLE {SESSIONS} DISABLE ROW LEVEL SECURITY",
    "a policy": f"CREATE POLICY mine ON {SESSIONS} USING (true)",
    "an index": f"CREATE INDEX ON {SESSIONS} (window_title)",
    "a rule": f"CREATE RULE mine AS ON INSERT TO {SESSIONS} DO INSTEAD NOTHING",
    "statistics": f"ALTER TABLE {SESSIONS} ALTER COLUMN window_title SET STATISTICS 1000",
    "statistics of two": f"CREATE STATISTICS public.mine ON window_title, owner FROM {SESSIONS}",
    "another owner": f"ALTER TABLE {SESSIONS} OWNER TO CURRENT_USER",
    "another ingest": """CREATE OR REPLACE FUNCTION reprospective.ingest(batch json) RETURNS json
        LANGUAGE sql AS 'SELECT NULL::json'""",
    "another ingest beside": """CREATE FUNCTION reprospective.ingest(text) RETURNS json
        LANGUAGE sql AS 'SELECT NULL::json'""",
    "drop all": "DROP SCHEMA reprospective CASCADE",
    "a comment": f"COMMENT ON TABLE {SESSIONS} IS 'mine'",
    "an event trigger": """CREATE FUNCTION public.ev() RETURNS event_trigger LANGUAGE plpgsql
        AS 'BEGIN END'; CREATE EVENT TRIGGER mine ON ddl_command_end EXECUTE FUNCTION public.ev()""",
    "a publication": f"CREATE PUBLICATION mine FOR TABLE {SESSIONS}",
    # Rights
    "a grant": f"GRANT ALL ON {SESSIONS} TO CURRENT_USER",
    "a reader's rights": "GRANT reprospective_reader TO CURRENT_USER",
    "be a reader": "SET ROLE reprospective_reader",
    "be the group": f"SET ROLE reprospective_person; SELECT * FROM {SESSIONS}",
    "be her": "SET ROLE {her}",
    "be her by logging in": "SET SESSION AUTHORIZATION {her}",
    "be a superuser": "ALTER ROLE {me} SUPERUSER",
    "her password": "ALTER ROLE {her} PASSWORD 'known'",
    "her settings": "ALTER ROLE {her} SET search_path = public",
    "the database's settings": "ALTER DATABASE {database} SET search_path = public, pg_catalog",
    "everybody's defaults": "ALTER DEFAULT PRIVILEGES FOR ROLE {her} GRANT ALL ON TABLES TO PUBLIC",
    # Locks
    **{
        f"lock {table} in {mode}": f"LOCK TABLE reprospective.{table} IN {mode} MODE"
        for table in (
            *("desktop_activity_sessions", "desktop_activity_entries"),
            *("devices", "settled", "schema_version"),
        )
        for mode in ("SHARE", "SHARE ROW EXCLUSIVE", "EXCLUSIVE", "ACCESS EXCLUSIVE")
    },
    "lock a view": "LOCK TABLE reprospective.hosts IN ACCESS EXCLUSIVE MODE",
    "lock rows": f"SELECT * FROM {SESSIONS} FOR UPDATE",
    "lock marks": "SELECT * FROM reprospective.settled FOR UPDATE",
    "lock the version": "SELECT * FROM reprospective.schema_version FOR UPDATE",
    "the key of the schema": "SELECT pg_advisory_lock(32217028706021232)",
    "the keys of settling": """SELECT pg_advisory_lock(hashtextextended(
        'reprospective settled {her}', 0))""",
    "many keys": "SELECT pg_advisory_xact_lock(n) FROM generate_series(1, 1000) AS n",
    "a transaction with rows": f"INSERT INTO {SESSIONS} (uid, {NEW}) VALUES (gen_random_uuid(), {VALUES})",
    # What the planner and the server's own views tell
    "explain": f"EXPLAIN (VERBOSE, SETTINGS) SELECT * FROM {SESSIONS} WHERE window_title = '{TITLE[:-1]}'",
    "explain and run": f"EXPLAIN (ANALYZE, VERBOSE, BUFFERS) SELECT * FROM {SESSIONS}",
    "pg_stats": "SELECT * FROM pg_stats WHERE schemaname = 'reprospective'",
    "pg_statistic": "SELECT * FROM pg_statistic",
    "pg_stats_ext": "SELECT * FROM pg_stats_ext",
    "what others run": "SELECT query FROM pg_stat_activity WHERE usename <> current_user",
    "what others hold": "SELECT * FROM pg_locks",
    "cursors": "SELECT * FROM pg_cursors, pg_prepared_statements",
    "passwords": "SELECT * FROM pg_authid, pg_shadow",
    # Settings
    "no triggers": "SET session_replication_role = replica",
    "a library": "SET session_preload_libraries = 'x'; LOAD 'x'",
    "log everything": "SET log_statement = 'all'",
    "the server's settings": "ALTER SYSTEM SET log_statement = 'all'",
    "the mark of the pooler": "SET application_name = 'reprospective-tray'",
    # Files, programs, large objects, other sessions
    "read a file": "SELECT pg_read_file('postgresql.conf')",
    "read a folder": "SELECT pg_ls_dir('.')",
    "copy from a file": f"COPY {SESSIONS} (window_title) FROM '/etc/hosts'",
    "copy to a file": f"COPY {SESSIONS} TO '/tmp/stolen'",
    "copy to a program": f"COPY {SESSIONS} TO PROGRAM 'cat'",
    "a large object": "SELECT lo_from_bytea(4242, 'mine'); SELECT * FROM pg_largeobject_metadata",
    "a large object to a file": "SELECT lo_export(lo_from_bytea(4243, 'mine'), '/tmp/stolen')",
    "a large object from a file": "SELECT lo_import('/etc/hosts')",
    "end her session": "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{her}'",
    "cancel her": "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE usename = '{her}'",
    "her temporary tables": "SELECT * FROM pg_class WHERE relnamespace = pg_my_temp_schema()",
    "another language": "CREATE FUNCTION public.c() RETURNS int LANGUAGE c AS 'x', 'y'",
    "an extension": "CREATE EXTENSION file_fdw",
    "another server": "CREATE SERVER mine FOREIGN DATA WRAPPER postgres_fdw",
    "listen": "LISTEN reprospective; NOTIFY reprospective, 'x'",
    "prepare for later": "PREPARE TRANSACTION 'mine'",
    "say it in plpgsql": f"""DO $$ BEGIN EXECUTE 'ALTER TABLE {SESSIONS} NO FORCE ROW LEVEL SECURITY';
        EXCEPTION WHEN insufficient_privilege THEN RAISE NOTICE 'denied'; END $$""",
    # Names in the way of others
    "a table in the temporary schema": """CREATE TEMP TABLE schema_version (version integer);
        CREATE TEMP TABLE desktop_activity_sessions (owner text)""",
    "a function that fits better": """CREATE FUNCTION public.json_build_object(text, integer, text,
        text) RETURNS json LANGUAGE sql AS 'SELECT NULL::json'""",
}
# PostgreSQL locks the row of a table's rights before it finds that there is nothing to grant: nobody
# who sends or reads needs that row, and `server init` says after 3 s that it cannot have it now.
HOLDS_UP_A_GRANT = {"a grant"}
# These stay there: the administrator comes after them.
PLANTED = (
    TROJAN,
    *(
        f"""CREATE FUNCTION public.{name} RETURNS {returns} LANGUAGE sql AS
        'SELECT public.trojan()::text::{returns}'"""
        for name, returns in (
            ("count(uuid)", "bigint"),
            ("max(integer)", "integer"),
            ("coalesce_all(text)", "text"),
            ("pg_has_role(oid, oid, text)", "text"),
            ("pg_has_role(oid, text)", "text"),
            ("has_schema_privilege(oid, text)", "text"),
            ("split_part(text, text, text)", "text"),
            ("to_regnamespace(unknown)", "text"),
            ("current_setting(text, text)", "text"),
            ("quote_ident(name)", "text"),
            ("concat_ws(text, text, text)", "text"),
            ("pg_get_userbyid(integer)", "text"),
        )
    ),
    "CREATE FUNCTION public.same(name, text) RETURNS boolean LANGUAGE sql AS 'SELECT public.trojan() > 0'",
    "CREATE OPERATOR public.= (FUNCTION = public.same, LEFTARG = name, RIGHTARG = text)",
    "CREATE OPERATOR public.<> (FUNCTION = public.same, LEFTARG = name, RIGHTARG = text)",
    "CREATE TABLE public.schema_version (version integer DEFAULT public.trojan())",
    "CREATE VIEW public.pg_roles AS SELECT public.trojan()::text AS rolname, true AS rolsuper",
    "CREATE VIEW public.settled AS SELECT public.trojan()::text AS owner",
    "ALTER ROLE {me} SET search_path = public, pg_catalog",
    "ALTER ROLE {me} SET default_tablespace = '; ALTER ROLE {me} SUPERUSER; --'",
    "ALTER ROLE {me} SET application_name = E'x\\nALTER ROLE postgres '",
)


@dataclass(frozen=True, slots=True)
class Scene:
    """A database of some persons: she works, he attacks."""

    database: Database
    she: Person
    he: Person
    uid: str
    device: str
    entry: str

    def text(self, statement: str) -> str:
        """Put the names in."""
        return statement.format(
            her=self.she.name,
            me=self.he.name,
            uid=self.uid,
            device=self.device,
            entry=self.entry,
            database=self.database.name,
        )

    def hers(self) -> list[tuple[Any, ...]]:
        """Return all that is kept of her, as it is; waits for nobody for long."""
        raw = self.database.connect(options=f"-c statement_timeout={SECONDS}s")
        try:
            return [
                row
                for table in (
                    *("desktop_activity_sessions", "desktop_activity_entries"),
                    *("devices", "settled", "settled_days"),
                )
                for row in Sender(raw).ask(
                    f"SELECT t::text FROM reprospective.{table} AS t WHERE owner = %s ORDER BY 1",
                    [self.she.name],
                )
            ]
        finally:
            raw.close()

    def catalogue(self) -> list[tuple[Any, ...]]:
        """Return what the schema is, and who may do what."""
        return self.database.rows("""
            SELECT c.oid::regclass::text, c.relacl::text, c.relowner::text, c.relrowsecurity::text
            FROM pg_class AS c WHERE relnamespace = 'reprospective'::regnamespace
            UNION ALL SELECT p.oid::regprocedure::text, p.proacl::text, p.proowner::text, p.prosrc
            FROM pg_proc AS p WHERE pronamespace = 'reprospective'::regnamespace
            UNION ALL SELECT rolname, rolsuper::text, rolcreaterole::text, rolbypassrls::text
            FROM pg_roles
            UNION ALL SELECT roleid::regrole::text, member::regrole::text, '', ''
            FROM pg_auth_members ORDER BY 1, 2, 3, 4
        """)


@pytest.fixture(scope="module")
def scene(postgres: Server) -> Iterator[Scene]:
    """Make it; he may create in the database and in its public schema."""
    with postgres.database() as database, person(postgres) as she, person(postgres) as he:
        with connected(database) as connection:
            initialise(connection)
        for role in (she, he):
            add_role(database, role)
        database.rows(f"GRANT CREATE ON DATABASE {database.name} TO {he.name}")
        database.rows(f"GRANT CREATE ON SCHEMA public TO {he.name}")
        with sender(database, she) as device, sender(database, he) as other:
            secrets = {"window_title": TITLE, "application_name": APPLICATION, "source_host": HOST}
            rows = [device.row(**secrets) for _ in range(20)]
            entries = [device.entry(category=CATEGORY, note=NOTE) for _ in range(5)]
            device.send(*rows, entries=entries)
            other.send(*(other.row() for _ in range(20)), entries=[other.entry()])
            for each in (she, he):
                database.rows(
                    "SELECT reprospective.settle_owner(%s, '2100-01-01', 100000)", [each.name]
                )
            database.rows("ANALYZE")
            yield Scene(database, she, he, rows[0]["uid"], device.device_id, entries[0]["uid"])
        database.rows(f"DROP OWNED BY {he.name} CASCADE")


@pytest.fixture
def her(scene: Scene) -> Iterator[Sender]:
    """A computer of hers, which waits for nobody for long."""
    with sender(scene.database, scene.she) as device:
        device.ask(f"SET statement_timeout = '{SECONDS}s'")
        yield device


def test_there_are_enough_of_them():
    assert len(ATTACKS) >= 60


@pytest.mark.parametrize("what", ATTACKS)
def test_it_reads_writes_blocks_and_learns_nothing_of_anothers(
    scene: Scene, her: Sender, what: str
):
    before, made = scene.hers(), scene.catalogue()
    seen: list[object] = []
    with sender(scene.database, scene.he) as attacker:
        attacker.ask(f"SET statement_timeout = '{SECONDS}s'")
        attacker.raw.autocommit = False
        for statement in scene.text(ATTACKS[what]).split(";\n        "):
            try:
                seen.append(attacker.ask(statement))
            except psycopg2.Error as error:
                seen.append(str(error))
                break
        seen += attacker.raw.notices
        # His transaction is open still.
        assert scene.hers() == before
        assert her.send(her.row())["stored"] == 1
        with connected(scene.database) as connection:
            # An administrator who is blocked shall be seen, not waited for.
            connection.execute(f"SET statement_timeout = '{4 * SECONDS}s'")
            if what in HOLDS_UP_A_GRANT:
                with pytest.raises(ServerUnreachableError, match="lock timeout"):
                    initialise(connection)
            else:
                assert initialise(connection).unsettled == ()
        with suppress(psycopg2.Error):
            attacker.raw.commit()
        attacker.raw.rollback()
    her.ask(f"UPDATE {SESSIONS} SET deleted = deleted WHERE window_title <> 'forged'")
    told = repr(seen)
    for secret in (TITLE, APPLICATION, HOST, CATEGORY, NOTE, scene.device):
        assert secret not in told.replace(scene.text(ATTACKS[what]), ""), told
    now = scene.hers()
    assert "forged" not in repr(now)
    # What she had is as it was, besides what settles it anew.
    titles = scene.database.rows(
        f"SELECT count(*) FROM {SESSIONS} WHERE owner = %s AND window_title = %s AND deleted = 0",
        [scene.she.name, TITLE],
    )
    assert titles == [(20,)]
    assert scene.catalogue() == made
    assert her.ask("SELECT current_user") == [(scene.she.name,)]


def test_what_was_planted_runs_for_no_administrator(scene: Scene, her: Sender):
    with sender(scene.database, scene.he) as attacker:
        planted = 0
        for statement in PLANTED:
            with suppress(psycopg2.Error):
                attacker.ask(scene.text(statement))
                planted += 1
        assert planted > 10
    with connected(scene.database) as connection:
        initialise(connection)
        assert standing(connection).schema_version == scripts()[-1].number
    program = scene.database.server.programs / "pg_dump"
    if program.exists():
        subprocess.run(
            [program, "--dbname", scene.database.dsn(), "--file", "/dev/null"], check=True
        )
    scene.database.rows("VACUUM (ANALYZE)")
    ((superuser,),) = scene.database.rows(
        "SELECT rolsuper FROM pg_roles WHERE rolname = %s", [scene.he.name]
    )
    assert not superuser
    assert her.send(her.row())["stored"] == 1
