"""The window's export: a menu of formats, a file, or text on the clipboard."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.messages import _, plural
from reprospective_tray.summary import sentences
from reprospective_tray.summary.figures.sources import Sources
from reprospective_tray.summary.format_text import fit, printable
from reprospective_tray.summary.formats import saving
from reprospective_tray.summary.session_list import SessionLine
from reprospective_tray.summary.widgets.popups import Toast
from reprospective_tray.summary.widgets.style import WindowStyle
from reprospective_tray.summary.window.background_call import BackgroundCall
from reprospective_tray.summary.window.loading.loader import LoadedView

_TOAST_MS = 4000
_COLUMNS = 80


class Exporting:
    """Saves and copies what the window shows."""

    def __init__(self, root: Any, look: WindowStyle, toast: Toast, sources: Sources) -> None:
        """Take the window, where to say what was done, and where a time sheet is read."""
        self._root, self._look, self._toast = root, look, toast
        self._sources = sources.apart()
        self._sheet = BackgroundCall(root, "time-sheet", self._say_problem)

    def offer(self, place: tuple[int, int], loaded: LoadedView) -> None:
        """Open the menu below and to the left of `place` (pixels of the screen)."""
        assert loaded.report is not None
        menu = self._look.menu(self._root)
        filtered = sentences.filtered_by(loaded.report)
        if filtered:
            menu.add_command(label=fit(filtered, _COLUMNS // 2).rstrip(), state="disabled")
            menu.add_separator()
        labels = {
            "html": _("Web page (HTML)…"),
            "markdown": _("Markdown…"),
            "csv": _("Table (CSV)…"),
            "json": _("JSON…"),
        }
        for name, label in labels.items():
            menu.add_command(
                label=label,
                command=partial(self._save, saving.FORMATS[name], label, loaded),
            )
        if not filtered:
            # A sheet is whole: what a search leaves out was worked as well.
            menu.add_command(label=_("Time sheet…"), command=lambda: self._save_sheet(loaded))
        menu.add_separator()
        menu.add_command(label=_("Copy as text"), command=lambda: self._copy_report(loaded))
        menu.update_idletasks()
        menu.tk_popup(place[0] - menu.winfo_reqwidth(), place[1])

    def copy_sessions(self, lines: Sequence[SessionLine]) -> None:
        """Put `lines` on the clipboard, one a line, oldest first."""
        if not lines:
            return
        rows = sorted(lines, key=lambda line: line.started_at)
        self._copy("\n".join(f"{row.when}\t{row.time}\t{row.name}\t{row.title}" for row in rows))
        text = plural("{count} session copied.", "{count} sessions copied.", len(rows))
        self._say(text.format(count=len(rows)))

    def _save(self, kind: saving.Format, label: str, loaded: LoadedView) -> None:
        from reprospective_tray.summary.window.dialogs.pickers import ask_file

        assert loaded.report is not None
        name = saving.file_name(loaded.report, kind)
        pattern = label.removesuffix("…"), f"*{kind.suffix}"
        target = ask_file(self._root, self._look, name, pattern)
        if target is not None:
            self.save(kind, target, loaded)

    def _save_sheet(self, loaded: LoadedView) -> None:
        from reprospective_tray.summary.window.dialogs.pickers import ask_file

        assert loaded.report is not None
        name = saving.sheet_name(loaded.report.range)
        target = ask_file(self._root, self._look, name, (_("Web page (HTML)"), "*.html"))
        if target is not None:
            done = _("Saved: {path}").format(path=target)
            self._sheet.begin(lambda: self._write_sheet(loaded, target), lambda: self._say(done))

    def _write_sheet(self, loaded: LoadedView, target: Path) -> None:
        """Read and write the time sheet of what was `loaded`; in a thread of its own."""
        from reprospective_tray.summary.timesheet.formats import as_html
        from reprospective_tray.summary.timesheet.reading import read_sheet
        from reprospective_tray.summary.timesheet.sheet import GROUPS
        from reprospective_tray.system.person import full_name

        assert loaded.report is not None
        assert loaded.categories is not None
        sheet = read_sheet(
            *(self._sources, loaded.wish.scope, loaded.report.range, loaded.categories),
            group=GROUPS[0],
        )
        page = as_html.render(sheet, full_name(), now=datetime.now().astimezone())
        saving.save(page, target)

    def save(self, kind: saving.Format, target: Path, loaded: LoadedView) -> None:
        """Write the report of what was `loaded` to `target`, and say so."""
        assert loaded.report is not None
        assert loaded.categories is not None
        sessions, categories = list(loaded.sessions), loaded.categories
        try:
            saving.save(kind.render(loaded.report, sessions, categories), target)
        except ReprospectiveError as error:
            self._say_problem(f"{error} {error.remedy}".strip())
        else:
            self._say(_("Saved: {path}").format(path=target))

    def _copy_report(self, loaded: LoadedView) -> None:
        from reprospective_tray.summary.formats.as_text import render

        assert loaded.report is not None
        self._copy(render(loaded.report, width=_COLUMNS))
        self._say(_("The report is on the clipboard."))

    def _copy(self, text: str) -> None:
        self._root.clipboard_clear()
        self._root.clipboard_append(text)

    def _say_problem(self, sentence: str) -> None:
        self._toast.show(sentence, _("OK"), self._toast.hide)

    def _say(self, sentence: str) -> None:
        self._toast.show(printable(sentence), _("OK"), self._toast.hide, for_ms=_TOAST_MS)
