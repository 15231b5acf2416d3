"""The time sheet as CSV files that other time trackers import.

A line is a part of a row: an entry on one day, or what rules gave to a category on one day. Its
length is what the sheet comes to, rounded if it is, so that the lines add up to the sheet. What
rules gave has no single begin: it gets that of its first session. What is uncategorised is not in
these files.

A category of one part is the project; of two, client and project; further parts are the task. The
columns are those that the services document (all read on 30 November 2026):

- Toggl Track: https://support.toggl.com/import-and-export/csv-import/editing-and-uploading-a-csv-file
- Clockify: https://clockify.me/help/track-time-and-expenses/import-timesheets
- Kimai: https://www.kimai.org/documentation/plugin-import.html
- Harvest: https://support.getharvest.com/hc/en-us/articles/360048685111-Importing-data
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from msgspec import Struct

from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.summary.format_text import printable, wall_time
from reprospective_tray.summary.timesheet.formats.as_csv import table
from reprospective_tray.summary.timesheet.parts import Part
from reprospective_tray.summary.timesheet.sheet import TimeSheet

_SECOND_MS, _HOUR_S = 1000, 3600


class Person(Struct, frozen=True):
    """Whose time it is; the services find them by the address, Harvest by the name."""

    name: str
    email: str = ""


class _Line(Struct, frozen=True):
    """A part as the services have it; `client` and `task` may be empty."""

    client: str
    project: str
    task: str
    note: str
    billable: bool
    begin: datetime
    seconds: int
    rate: str

    @property
    def length(self) -> str:
        """Hours, minutes and seconds: ``01:30:00``."""
        minutes, seconds = divmod(self.seconds, 60)
        return "{:02}:{:02}:{:02}".format(*divmod(minutes, 60), seconds)


class Shape(Struct, frozen=True):
    """The columns of a service, and what makes a line of them."""

    columns: tuple[str, ...]
    cells: Callable[[_Line, Person], tuple[object, ...]]
    needs_email: bool


def render(sheet: TimeSheet, service: str, person: Person) -> str:
    """Return the file for a service, one of `SHAPES`: UTF-8 without a byte order mark."""
    shape = SHAPES[service]
    return table(shape.columns, (shape.cells(line, person) for line in _lines(sheet)))


def _lines(sheet: TimeSheet) -> Iterator[_Line]:
    rate = f"{sheet.rate.an_hour:f}" if sheet.rate else ""
    parts = sorted(sheet.parts, key=lambda part: (part.day, part.begins or 0, part.path))
    # Whole seconds that add up: what is cut off of one is given to the next.
    rest = 0
    for part in parts:
        seconds, rest = divmod(part.rounded_ms + rest, _SECOND_MS)
        if not seconds:
            continue
        client, project, task = _names(part.path)
        yield _Line(
            client=client,
            project=project,
            task=task,
            note=printable(part.entry.note) if part.entry else "",
            billable=part.billable,
            begin=_begin(part),
            seconds=seconds,
            rate=rate if part.billable else "0" if rate else "",
        )


def _names(path: tuple[str, ...]) -> tuple[str, str, str]:
    first, *others = path
    if not others:
        return "", first, ""
    return first, others[0], " / ".join(others[1:])


def _begin(part: Part) -> datetime:
    if part.begins is not None:
        return wall_time(part.begins, 0).replace(microsecond=0)
    day = datetime.fromisoformat(part.day).date()
    return wall_time(DayRange(day, day).begin, 0)


def _toggl(line: _Line, person: Person) -> tuple[object, ...]:
    what = line.client, line.project, line.task, line.note, _yes(line)
    when = f"{line.begin:%Y-%m-%d}", f"{line.begin:%H:%M:%S}", line.length
    return person.name, person.email, *what, *when


def _clockify(line: _Line, person: Person) -> tuple[object, ...]:
    what = line.project, line.client, line.note, line.task, person.email, "", _yes(line)
    # The formats of a new account; the guide of this program says where to set them.
    return *what, f"{line.begin:%m/%d/%Y}", f"{line.begin:%I:%M:%S %p}", line.length


def _kimai(line: _Line, person: Person) -> tuple[object, ...]:
    end = line.begin + timedelta(seconds=line.seconds)
    when = f"{line.begin:%Y-%m-%d}", f"{line.begin:%H:%M:%S}", f"{end:%H:%M:%S}", line.seconds
    what = line.client or line.project, line.project, line.task or line.project, line.note
    whose = person.name, person.email
    return *when, "", *whose, *what, 0, "", line.rate, int(line.billable)


def _harvest(line: _Line, person: Person) -> tuple[object, ...]:
    what = line.client or line.project, line.project, line.task or line.project, line.note
    hours = f"{line.seconds / _HOUR_S:.4f}".rstrip("0").rstrip(".")
    first, _space, last = person.name.rpartition(" ")
    return f"{line.begin:%Y-%m-%d}", *what, hours, first or last, last if first else ""


def _yes(line: _Line) -> str:
    return "Yes" if line.billable else "No"


SHAPES = {
    "toggl": Shape(
        (
            *("User", "Email", "Client", "Project", "Task", "Description", "Billable"),
            *("Start date", "Start time", "Duration"),
        ),
        _toggl,
        needs_email=True,
    ),
    "clockify": Shape(
        (
            *("Project", "Client", "Description", "Task", "Email", "Tags", "Billable"),
            *("Start Date", "Start Time", "Duration (h)"),
        ),
        _clockify,
        needs_email=True,
    ),
    "kimai": Shape(
        (
            *("Date", "From", "To", "Duration", "Rate", "User", "Email", "Customer", "Project"),
            *("Activity", "Description", "Exported", "Tags", "HourlyRate", "Billable"),
        ),
        _kimai,
        needs_email=True,
    ),
    "harvest": Shape(
        (
            *("Date", "Client", "Project", "Task", "Notes", "Hours"),
            *("First name", "Last name"),
        ),
        _harvest,
        needs_email=False,
    ),
}
