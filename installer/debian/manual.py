"""The manual page, written from the commands themselves and a few sections of its own."""

import re
from datetime import UTC, datetime

from installer.debian.command_tree import Argument, Command

PROGRAM = "reprospective-tray"

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


def page(root: Command, version: str, epoch: int) -> str:
    """Return the page in roff, dated `epoch` (seconds since 1970)."""
    day = datetime.fromtimestamp(epoch, UTC).date().isoformat()
    lines = [
        f'.TH REPROSPECTIVE\\-TRAY 1 {day} "{PROGRAM} {version}" "User Commands"',
        ".SH NAME",
        f"{_escaped(PROGRAM)} \\- record which window you use, from the system tray",
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
