"""A report as a file or as text to paste: which formats there are, and writing one."""

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from reprospective_tray.clean_text import in_json
from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.messages import _
from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.query.raw_queries import StoredSession
from reprospective_tray.summary.figures.categories import Categories
from reprospective_tray.summary.figures.report import Report


class Render(Protocol):
    """Makes the text of a report."""

    def __call__(
        self,
        report: Report,
        sessions: Sequence[StoredSession],
        categories: Categories,
        titles: int | None = None,
        /,
    ) -> str:
        """Return it; `sessions` are those of a single day, for its timeline.

        `titles` is the most titles an application shows; without it each format has its own.
        """
        ...


@dataclass(frozen=True, slots=True)
class Format:
    """How a report can be written."""

    name: str
    suffix: str
    render: Render


def _html(
    report: Report,
    sessions: Sequence[StoredSession],
    categories: Categories,
    titles: int | None = None,
) -> str:
    from reprospective_tray.summary.formats.as_html import render

    return render(report, sessions, categories, titles=titles)


def _markdown(
    report: Report, _sessions: object, _categories: object, titles: int | None = None
) -> str:
    from reprospective_tray.summary.formats.as_markdown import render

    return render(report, titles=titles)


def _csv(
    report: Report, _sessions: object, categories: Categories, _titles: int | None = None
) -> str:
    from reprospective_tray.summary.formats.as_csv import render

    return render(report, categories)


def _json(
    report: Report, _sessions: object, _categories: object, _titles: int | None = None
) -> str:
    import json

    from reprospective_tray.summary.formats.as_json import as_object

    return in_json(json.dumps(as_object(report), ensure_ascii=False, indent=2)) + "\n"


FORMATS = {
    "html": Format("html", ".html", _html),
    "markdown": Format("markdown", ".md", _markdown),
    "csv": Format("csv", ".csv", _csv),
    "json": Format("json", ".json", _json),
}


def file_name(report: Report, kind: Format) -> str:
    """Return what to call the file of a report: ``reprospective-2026-11-23.html``.

    The name of a filtered one says that it is not the whole, also where the format cannot.
    """
    part = "" if report.filter is None else "-filtered"
    return f"reprospective-{_days(report.range)}{part}{kind.suffix}"


def sheet_name(days: DayRange) -> str:
    """Return what to call the file of a time sheet: ``time-sheet-2026-11-23.html``."""
    return f"time-sheet-{_days(days)}.html"


def _days(days: DayRange) -> str:
    return f"{days.first}" if days.count == 1 else f"{days.first}_{days.last}"


def save(text: str, target: Path) -> None:
    """Write `text` to `target`, whole or not at all; only its owner may read it.

    Raises:
        ReprospectiveError: it cannot be written; what was there stays.
    """
    try:
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        part = Path(name)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
                stream.write(text)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise ReprospectiveError(
            _("{path} cannot be written: {reason}.").format(
                path=target, reason=error.strerror or error
            ),
            _("Choose another folder or name."),
        ) from error
