"""Commands about the central PostgreSQL: prepare it, add persons, show its state."""

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from reprospective_tray.commands.common import Options, load, print_json
from reprospective_tray.errors import ServerError
from reprospective_tray.messages import _, plural

if TYPE_CHECKING:
    from reprospective_tray.store.postgres.administration.roles import AddedPerson, Initialised
    from reprospective_tray.store.postgres.administration.status import ServerStatus
    from reprospective_tray.store.postgres.connection.address import ServerAddress
    from reprospective_tray.store.postgres.connection.connection import Connection

PLACEHOLDER = "NAME"


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands of `server` to `parser`."""
    add = parser.add_subparsers(
        metavar="ACTION", required=True, parser_class=type(parser)
    ).add_parser
    initialise = add(
        "init",
        help=_("make or upgrade this program's tables, views and roles in the database"),
        description=_("Creates or upgrades the program's tables, views and roles in the database."),
    )
    initialise.add_argument(
        "--owner",
        metavar="NAME",
        help=_("who owns the sessions already there; added as a person"),
    )
    initialise.set_defaults(call=init)
    adding = add(
        "add-person",
        help=_("add a role (a login) that sends and reads its own sessions"),
        description=_("Adds a role (a login) that sends and reads its own sessions."),
    )
    adding.add_argument("name", metavar="NAME", help=_("the name of the role"))
    adding.set_defaults(call=add_person)
    resetting = add(
        "reset-password",
        help=_("give a person a new password"),
        description=_("Gives a person a new password; the old one stops working."),
    )
    resetting.add_argument("name", metavar="NAME", help=_("the name of the role"))
    resetting.set_defaults(call=reset_password)
    showing = add(
        "status",
        help=_("what is on the server, and what you may do there"),
        description=_("Shows what is on the server, and what you may do there."),
    )
    showing.add_argument("--json", action="store_true", help=_("print JSON"))
    showing.set_defaults(call=status)
    accepting = add(
        "accept",
        help=_("accept NAME as the owner of the tables on the server"),
        description=_("Accepts NAME as the owner of the tables on the server, from now on."),
    )
    accepting.add_argument("name", metavar="NAME", help=_("the role that owns the tables"))
    accepting.set_defaults(call=accept)
    for each in (initialise, adding, resetting, showing, accepting):
        each.add_argument(
            "--dsn",
            metavar="DSN",
            help=_("instead of the config's server: host=HOST dbname=DATABASE user=USER"),
        )


def init(options: Options) -> int:
    """Prepare the database, and print the lines for config.yaml."""
    from reprospective_tray.store.postgres.administration.roles import initialise

    with _connect(_address(options)) as connection:
        done = initialise(connection, options.owner)
        print("\n".join(_init_lines(done, connection)))
    return 0


def add_person(options: Options) -> int:
    """Create a person's role, and print once what they need."""
    from reprospective_tray.store.postgres.administration import roles

    with _connect(_address(options)) as connection:
        added = roles.add_person(connection, options.name)
        print("\n".join(_person_lines(added, connection)))
    return 0


def reset_password(options: Options) -> int:
    """Set a new password for a person, and print once what they need."""
    from reprospective_tray.store.postgres.administration import reset_password as new_password

    with _connect(_address(options)) as connection:
        password = new_password.reset(connection, options.name)
        print(_("The new password of {name} is shown only this once:").format(name=options.name))
        print(password)
        print()
        print("\n".join(_pgpass_lines(connection, options.name, password)))
        print(_("Until it is set on their computers, sessions are kept there."))
    return 0


def accept(options: Options) -> int:
    """Remember that this role may own the schema on the server."""
    from reprospective_tray.store.postgres.schema import owner as schema_owner

    _loaded, paths = load(options)
    with _connect(_address(options)) as connection:
        schema_owner.accept(connection, paths.data, options.name)
        print(
            _("Accepted: {name}, on {where}.").format(name=options.name, where=connection.address)
        )
    return 0


def status(options: Options) -> int:
    """Print the state of the server; return 1 if it cannot be reached."""
    from reprospective_tray.store.postgres.administration.status import standing
    from reprospective_tray.store.postgres.connection.errors import sensible

    _loaded, paths = load(options)
    address = _address(options)
    try:
        with _connect(address) as connection, sensible(address):
            found = standing(connection, paths.data)
    except ServerError as error:
        if options.json:
            print_json({"reachable": False, "server": str(address), "error": str(error)})
        raise
    if options.json:
        import msgspec

        print_json({"reachable": True, "server": str(address)} | msgspec.to_builtins(found))
    else:
        print("\n".join(_status_lines(found, address)))
    return 0


def _address(options: Options) -> "ServerAddress":
    from reprospective_tray.store.postgres.connection.address import ServerAddress

    loaded, _paths = load(options)
    if options.dsn is not None:
        return ServerAddress.from_dsn(options.dsn)
    return ServerAddress.from_remote(loaded.config.database.remote)


def _connect(address: "ServerAddress") -> "Connection":
    from reprospective_tray.store.postgres.connection.connection import connect

    return connect(address)


def _init_lines(done: "Initialised", connection: "Connection") -> Iterator[str]:
    where = connection.address
    if done.made:
        yield _("Prepared: {where} (schema {version}).").format(where=where, version=done.version)
    else:
        yield _("Up to date: {where} (schema {version}).").format(where=where, version=done.version)
    if done.taken_from is not None:
        yield _(
            "The tables belonged to {name}. They are yours now, and {name} is one of the persons."
        ).format(name=done.taken_from)
    for owner, problem in done.unsettled:
        yield _("The totals of the past days of {name} could not be calculated: {reason}").format(
            name=owner, reason=problem
        )
    if done.person is not None:
        yield plural(
            "{count} session now belongs to {name}.",
            "{count} sessions now belong to {name}.",
            done.handed,
        ).format(count=done.handed, name=done.person.name)
        yield from _person_lines(done.person, connection)
        return
    yield ""
    yield _("Put this into config.yaml on each computer:")
    yield _snippet(connection, PLACEHOLDER)
    yield _("Next, once for each person: {command}").format(
        command=f"reprospective-tray server add-person {PLACEHOLDER}"
    )


def _person_lines(added: "AddedPerson", connection: "Connection") -> Iterator[str]:
    if added.password is None:
        yield _(
            "The role {name} already existed. It is a person now and keeps its password."
        ).format(name=added.name)
    else:
        yield _("{name} was added as a person. The password is shown only this once:").format(
            name=added.name
        )
        yield added.password
    yield ""
    yield _("Put this into config.yaml on each of their computers:")
    yield _snippet(connection, added.name)
    if added.password is not None:
        yield from _pgpass_lines(connection, added.name, added.password)


def _snippet(connection: "Connection", user: str) -> str:
    import yaml

    host, port, database = _place(connection)
    remote: dict[str, object] = {"host": host, "port": port, "database": database, "user": user}
    tree = {"database": {"remote": remote, "sync": {"enabled": True}}}
    text: str = yaml.safe_dump(tree, sort_keys=False, allow_unicode=True)
    return text


def _pgpass_lines(connection: "Connection", user: str, password: str) -> Iterator[str]:
    yield _("The password, as a line of their ~/.pgpass (chmod 600):")
    fields = [str(part) for part in (*_place(connection), user, password)]
    yield ":".join(field.replace("\\", "\\\\").replace(":", "\\:") for field in fields)


def _place(connection: "Connection") -> tuple[str, int, str]:
    """Return the host that others write to get here, with all hosts of a list."""
    info = connection.raw.info
    return connection.address.resolved().get("host") or info.host, info.port, info.dbname


def _status_lines(found: "ServerStatus", address: "ServerAddress") -> Iterator[str]:
    yield _("Server: {where}, PostgreSQL {version}").format(where=address, version=found.postgresql)
    yield _("TLS: {version}").format(version=found.tls or _("none"))
    yield _("Clock: {seconds:+.1f} s compared with this computer's").format(
        seconds=found.clock_difference_ms / 1000
    )
    if found.mode == "none":
        yield _("The database is not prepared yet. Run: reprospective-tray server init")
        return
    yield _("Schema version: {there} on the server, {here} in this program").format(
        there=found.schema_version or "?", here=found.schema_version_here
    )
    if found.mode == "roles":
        yield _("Mode: a role for each person: {names}").format(
            names=", ".join(found.persons) or _("nobody yet")
        )
    else:
        yield _("Mode: single owner, everything belongs to {name}").format(name=found.owner)
    rights = [
        right
        for right, given in (
            (_("record"), found.may_record),
            (_("read everybody's sessions"), found.may_read_all),
        )
        if given
    ]
    yield _("You are {name} and may: {rights}").format(
        name=found.user, rights=", ".join(rights) or _("nothing")
    )
    yield plural(
        "{count} of your sessions is on the server.",
        "{count} of your sessions are on the server.",
        found.sessions,
    ).format(count=found.sessions)
    for device in found.devices:
        yield _("Computer {host} ({device}), last heard from {when}").format(
            host=device.source_host or "?",
            device=device.device_id,
            when=_local_time(device.last_received_at),
        )


def _local_time(ms: int) -> str:
    from datetime import UTC, datetime

    return f"{datetime.fromtimestamp(ms / 1000, UTC).astimezone():%Y-%m-%d %H:%M:%S}"
