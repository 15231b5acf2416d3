"""The manual page, written from the commands themselves and a few sections of its own.

Not by argparse-manpage 4.8: it lists hidden commands, leaves out ``--help`` and has no wheel.
"""

import argparse
import re
from collections.abc import Iterator
from datetime import UTC, datetime

from reprospective_tray import NAME

# In man's own language: what the parser does not know.
BEFORE = r"""
.SH DESCRIPTION
.B reprospective-tray
records which window you use, to the millisecond, in a SQLite file on your own computer.
If you like, it also sends the recordings to your own PostgreSQL.
.B "reprospective-tray run"
starts it with an icon in the tray. To see the day, click the icon or run
.BR "reprospective-tray summary" .
.PP
Put the program's options before the command, and a command's options after it.
"""
AFTER = r"""
.SH EXIT STATUS
.TP
.B 0
Done.
.TP
.B 1
It failed. Standard error says what happened, where, and what to do.
.TP
.B 2
The command line or the config is wrong.
.SH ENVIRONMENT
.TP
.B REPROSPECTIVE_CONFIG
The config file to use, unless
.B \-\-config
names one.
.TP
.BR XDG_CONFIG_HOME ", " XDG_DATA_HOME ", " XDG_STATE_HOME
Where the folders below are, if not in
.IR ~/.config ", " ~/.local/share " and " ~/.local/state .
.TP
.BR PGPASSWORD ", " PGPASSFILE ", " PGSERVICE
How to log in to the central database, as for every PostgreSQL program.
.SH FILES
.TP
.I ~/.config/reprospective-tray/config.yaml
Your settings;
.B "config init"
creates one that explains every key. It is optional.
.TP
.I ~/.local/share/reprospective-tray/data/local_cache.db
What was recorded: one SQLite file, which other programs may read at any time.
.TP
.I ~/.local/state/reprospective-tray/
What the program remembers between two runs, and the log in
.IR log/ .
.TP
.I ~/.config/autostart/reprospective-tray.desktop
Starts the program when you log in. It is there only if you asked for it, by
.I Start at login
in the menu or
.BR "autostart enable" .
.PP
.B "config path"
shows where they are on this computer.
.SH YOUR DATA
What was recorded belongs to the person who was recorded. Removing or purging the package leaves
these files, in every home folder, as they are.
To uninstall, quit the program, run
.BR "autostart disable" ,
remove the package, and delete the folders above.
To permanently delete a time range, use
.BR forget .
.SH EXAMPLES
.TP
.B reprospective-tray autostart enable
Start recording at each login.
.TP
.B reprospective-tray report \-\-date yesterday \-\-format html > yesterday.html
Save yesterday's report as a self-contained web page.
.TP
.B reprospective-tray forget \-\-last 30m
Delete the last half hour.
.TP
.B reprospective-tray forget \-\-from yesterday \-\-to today \-\-dry\-run
Show what would be deleted of yesterday.
.TP
.B reprospective-tray doctor
Show what is missing on this computer, and how to fix it.
.SH SEE ALSO
.BR sqlite3 (1),
.BR psql (1)
"""


def page(parser: argparse.ArgumentParser, version: str, epoch: int) -> str:
    """Return the page in roff, dated `epoch` (seconds since 1970)."""
    day = datetime.fromtimestamp(epoch, UTC).date().isoformat()
    lines = [
        f'.TH REPROSPECTIVE\\-TRAY 1 {day} "{NAME} {version}" "User Commands"',
        ".SH NAME",
        f"{_escaped(NAME)} \\- record which window you use, from the system tray",
        ".SH SYNOPSIS",
        f".B {_escaped(NAME)}",
        "[\\fB\\-\\-config\\fR \\fIFILE\\fR] [\\fB\\-v\\fR] \\fICOMMAND\\fR ...",
        BEFORE.strip(),
        ".SH OPTIONS",
        *_arguments(parser),
        ".SH COMMANDS",
        *_commands(parser),
    ]
    return "\n".join([*lines, AFTER.strip(), ""])


def _commands(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:  # noqa: SLF001  argparse has no other way to ask
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001  as above
            # By name: what the program keeps for itself is not among the names.
            for below in (action.choices[name] for name in action.choices):
                words = _escaped(below.prog.removeprefix(f"{NAME} "))
                places = (f" \\fI{each.metavar}\\fR" for each in below._get_positional_actions())  # noqa: SLF001  as above
                yield f".SS {words}{''.join(places)}"
                yield _text(below.description)
                yield from _arguments(below)
                yield from _commands(below)


def _arguments(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:  # noqa: SLF001  as above
        # Said once, at the top.
        repeats = parser.prog != NAME and "--help" in action.option_strings
        if not repeats and not isinstance(action, argparse._SubParsersAction):  # noqa: SLF001  as above
            names = ", ".join(f"\\fB{_escaped(name)}\\fR" for name in action.option_strings)
            default = "" if action.nargs == 0 else action.dest.upper()
            value = action.metavar or "|".join(action.choices or ()) or default
            yield from (".TP", f"{names} \\fI{_escaped(value)}\\fR".strip(), _text(action.help))


def _text(help_text: str) -> str:
    """Return a help line as a sentence; what it has in backquotes in bold."""
    # A value that is explained stays as it is typed.
    is_value = re.match(r"\w+:", help_text)
    sentence = help_text if is_value else help_text[:1].upper() + help_text[1:]
    sentence = re.sub(r"`([^`]*)`", r"\\fB\1\\fR", _escaped(sentence.rstrip(".") + "."))
    return f"\\&{sentence}" if sentence.startswith((".", "'")) else sentence


def _escaped(text: str) -> str:
    return text.replace("\\", "\\e").replace("-", "\\-")
