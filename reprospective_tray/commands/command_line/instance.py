"""The options of the commands that start, query, stop or show the running program."""

import argparse
from collections.abc import Callable
from typing import Any

from reprospective_tray.commands.command_line import argument_values
from reprospective_tray.messages import _

# Started by the program itself: the menu as a window, what asks before deleting, what greets.
# Started by its set-up program: what ends it before its files are replaced.
HIDDEN = ("control-window", "forget-window", "first-start-window", "quit")

Add = Callable[..., argparse.ArgumentParser]
# Turns ``module.function`` of `commands` into the function that a command calls.
Later = Callable[[str], Callable[[Any], int]]


def add_to(add: Add, later: Later) -> None:
    """Add the commands with `add`, which creates a parser; `later` finds a function by name."""
    _add_hidden(add, later)
    run = add(
        "run",
        help=_("start recording, with an icon in the tray"),
        description=_("Records the window in front until you quit, with an icon in the tray."),
    )
    run.add_argument("--no-tray", action="store_true", help=_("record without a tray icon"))
    run.set_defaults(call=later("instance.run"))

    status = add(
        "status",
        help=_("show whether it is recording, and today's active time"),
        description=_(
            "Shows whether the program is recording, and how long you were active today."
        ),
    )
    status.add_argument("--json", action="store_true", help=_("print JSON"))
    status.set_defaults(call=later("instance.status"))

    pause = add(
        "pause",
        help=_("pause recording"),
        description=_("Pauses recording for a while, or until you resume."),
    )
    pause.add_argument(
        "--for",
        dest="length",
        type=argument_values.length,
        metavar="TIME",
        help=_("such as 30m or 1h; default: until `resume`"),
    )
    pause.set_defaults(call=later("instance.pause"))
    add(
        "resume", help=_("resume recording"), description=_("Resumes recording after a pause.")
    ).set_defaults(call=later("instance.resume"))
    add(
        "stop",
        help=_("quit the running program and wait until it has ended"),
        description=_("Quits the running program, and waits until it has ended."),
    ).set_defaults(call=later("instance.stop"))

    add(
        "summary",
        help=_("open the summary window"),
        description=_("Opens the window that shows where the time went."),
    ).set_defaults(call=later("instance.summary"))


def _add_hidden(add: Add, later: Later) -> None:
    add("control-window", description=_("Opens the tray's menu as a window.")).set_defaults(
        call=later("instance.control_window")
    )
    add(
        "first-start-window", description=_("Opens the window that says what is recorded.")
    ).set_defaults(call=later("first_start.first_start_window"))
    add("quit", description=_("Quits the program if it is running.")).set_defaults(
        call=later("instance.quit_")
    )
    asking = add("forget-window", description=_("Opens the window that asks before deleting."))
    asking.add_argument("--since", type=int, required=True)
    asking.set_defaults(call=later("forget.forget_window"))
