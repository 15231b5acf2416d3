"""The options of `autostart` and `config`, which have subcommands."""

import argparse
from collections.abc import Callable
from typing import Any

from reprospective_tray.messages import _

# Turns ``module.function`` of `commands` into the function that a subcommand calls.
Later = Callable[[str], Callable[[Any], int]]


def add_autostart(autostart: argparse.ArgumentParser, later: Later) -> None:
    """Add the subcommands of `autostart` to its parser."""
    add = _actions_of(autostart)
    add(
        "enable",
        help=_("start it when you log in"),
        description=_("Starts the program whenever you log in."),
    ).set_defaults(call=later("autostart.enable"))
    add(
        "disable",
        help=_("do not start it when you log in"),
        description=_("Stops the program from starting when you log in."),
    ).set_defaults(call=later("autostart.disable"))
    add(
        "status",
        help=_("show whether it starts at login, and by which entry"),
        description=_("Shows whether the program starts when you log in, and by which entry."),
    ).set_defaults(call=later("autostart.status"))


def add_config(config: argparse.ArgumentParser, later: Later) -> None:
    """Add the subcommands of `config` to its parser."""
    add = _actions_of(config)
    add(
        "path",
        help=_("show where config, data, state and log are"),
        description=_("Shows where config, data, state and log are."),
    ).set_defaults(call=later("config.path"))
    add(
        "show", help=_("show the current settings"), description=_("Shows the current settings.")
    ).set_defaults(call=later("config.show"))
    add(
        "init",
        help=_("create a config file that explains every key"),
        description=_("Creates a config file that explains every key."),
    ).set_defaults(call=later("config.init"))
    check = add(
        "check",
        help=_("check the config, or try the privacy rules on a window"),
        description=_("Checks the config, or shows which privacy rule applies to a window."),
    )
    check.add_argument(
        "--application", default="", metavar="A", help=_("the application of a window")
    )
    check.add_argument("--title", default="", metavar="T", help=_("the title of the window"))
    check.set_defaults(call=later("config.check"))


def _actions_of(parser: argparse.ArgumentParser) -> Callable[..., argparse.ArgumentParser]:
    return parser.add_subparsers(
        metavar="ACTION", required=True, parser_class=type(parser)
    ).add_parser
