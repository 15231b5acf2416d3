"""The manual page, written from the commands themselves and a few sections of its own."""

import re
from datetime import UTC, datetime

from installer.debian.command_tree import Argument, Command

PROGRAM = "reprospective-tray"

# In man's own language: what the parser does not know.
BEFORE = r"""
.SH DESCRIPTION
.B reprospective-tray
sits in the tray and records which window you use, and when, as sessions in a local SQLite file.
If you like, it sends them to a PostgreSQL of yours.
.B "reprospective-tray run"
starts it; a click on its icon, or
.BR "reprospective-tray summary" ,
shows the day.
.PP
Options of the program stand before the command, options of a command behind it.
"""
AFTER = r"""
.SH EXIT STATUS
.TP
.B 0
Done.
.TP
.B 1
It failed; what, where and what helps is said on standard error.
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
Where the folders below lie, if not in
.IR ~/.config ", " ~/.local/share " and " ~/.local/state .
.TP
.BR PGPASSWORD ", " PGPASSFILE ", " PGSERVICE
As for every program of PostgreSQL: how to get into the central database.
.SH FILES
.TP
.I ~/.config/reprospective-tray/config.yaml
Your settings;
.B "config init"
writes one in which every key is explained. There need not be one.
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
says where they are in your case.
.SH YOUR DATA
What was recorded belongs to the person who was recorded. Removing or purging the package leaves
these files, in every home folder, as they are.
To uninstall, quit the program, run
.BR "autostart disable" ,
remove the package, and delete the folders above.
To let a stretch of time go for good, use
.BR forget .
.SH EXAMPLES
.TP
.B reprospective-tray autostart enable
Record from each login on.
.TP
.B reprospective-tray report \-\-date yesterday \-\-format html > yesterday.html
A page of yesterday that needs nothing else.
.TP
.B reprospective-tray forget \-\-last 30m
Let the last half hour go.
.TP
.B reprospective-tray forget \-\-from yesterday \-\-to today \-\-dry\-run
Say what would be deleted of yesterday.
.TP
.B reprospective-tray doctor
Say what is missing on this computer, and what helps.
.SH SEE ALSO
.BR sqlite3 (1),
.BR psql (1)
"""


def page(root: Command, version: str, epoch: int) -> str:
    """Return the page in roff, dated `epoch` (seconds since 1970)."""
    day = datetime.fromtimestamp(epoch, UTC).date().isoformat()
    lines = [
        f'.TH REPROSPECTIVE\\-TRAY 1 {day} "{PROGRAM} {version}" "User Commands"',
        ".SH NAME",
        f"{_escaped(PROGRAM)} \\- record which window you use, as sessions, from the system tray",
        ".SH SYNOPSIS",
        f".B {_escaped(PROGRAM)}",
        "[\\fB\\-\\-config\\fR \\fIFILE\\fR] [\\fB\\-v\\fR] \\fICOMMAND\\fR ...",
        BEFORE.strip(),
        ".SH OPTIONS",
        *_arguments(root),
        ".SH COMMANDS",
    ]
    for command in root.all():
        if command.words and not command.commands:
            lines += [f".SS {_usage(command)}", _text(command.help), *_arguments(command)]
    return "\n".join([*lines, AFTER.strip(), ""])


def _usage(command: Command) -> str:
    places = "".join(f" \\fI{_escaped(place.metavar)}\\fP" for place in command.places)
    return _escaped(" ".join(command.words)) + places


def _arguments(command: Command) -> list[str]:
    lines = []
    for argument in command.arguments:
        # Said once, at the top.
        if command.words and "--help" in argument.names:
            continue
        lines += [".TP", _names(argument), _text(argument.help)]
    return lines


def _names(argument: Argument) -> str:
    value = f"\\fI{_escaped(argument.metavar)}\\fR"
    if not argument.names:
        return value
    names = ", ".join(f"\\fB{_escaped(name)}\\fR" for name in argument.names)
    return f"{names} {value}" if argument.metavar else names


def _text(help_text: str) -> str:
    """Return a help line as a sentence; what it has in backquotes in bold."""
    # A value that is explained stays as it is typed.
    is_value = re.match(r"\w+:", help_text)
    sentence = help_text if is_value else help_text[:1].upper() + help_text[1:]
    sentence = re.sub(r"`([^`]*)`", r"\\fB\1\\fR", _escaped(sentence.rstrip(".") + "."))
    return f"\\&{sentence}" if sentence.startswith((".", "'")) else sentence


def _escaped(text: str) -> str:
    return text.replace("\\", "\\e").replace("-", "\\-")
