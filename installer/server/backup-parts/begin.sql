-- Begins the transaction that puts a backup into an empty database. The file of roles fills these
-- tables; `made_as` is the name under which a role is made, where that is not its own.

BEGIN;
CREATE TEMPORARY TABLE kept_roles (
    name text NOT NULL PRIMARY KEY,
    superuser boolean NOT NULL,
    inherit boolean NOT NULL,
    createrole boolean NOT NULL,
    createdb boolean NOT NULL,
    login boolean NOT NULL,
    replication boolean NOT NULL,
    bypassrls boolean NOT NULL,
    connection_limit integer NOT NULL,
    verifier text,
    valid_until timestamptz,
    made_as text
) ON COMMIT DROP;
CREATE TEMPORARY TABLE kept_members (
    role text NOT NULL,
    member text NOT NULL,
    admin boolean NOT NULL,
    inherit boolean,  -- NULL, as the next, where PostgreSQL 15 was backed up
    set boolean
) ON COMMIT DROP;
CREATE TEMPORARY TABLE kept_database (
    owner text NOT NULL,
    connection_limit integer NOT NULL,
    has_rights boolean NOT NULL
) ON COMMIT DROP;
CREATE TEMPORARY TABLE kept_rights (
    number integer NOT NULL,
    grantee text,  -- NULL is PUBLIC
    privilege text NOT NULL,
    grantable boolean NOT NULL
) ON COMMIT DROP;
CREATE TEMPORARY TABLE kept_settings (
    name text NOT NULL,
    value text NOT NULL
) ON COMMIT DROP;

-- A name as a terminal may show it.
CREATE FUNCTION pg_temp.plain(name text) RETURNS text LANGUAGE sql
RETURN regexp_replace(
    name, '[[:cntrl:]\u0080-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]', '?', 'g'
);
