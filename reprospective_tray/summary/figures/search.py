"""The search over applications and titles: every word must stand somewhere in them. Pure."""

from collections.abc import Iterator, Sequence

from reprospective_tray.store.model.sessions import State
from reprospective_tray.store.query.raw_queries import StoredSession, TitleTotal
from reprospective_tray.summary.figures.report import ApplicationReport


class Search:
    """Finds windows by words in any case and order; without words it finds everything."""

    def __init__(self, text: str) -> None:
        """Search for the words of `text`."""
        self.words = text.casefold().split()
        self._known: dict[tuple[str, str], bool] = {}

    def finds(self, application_name: str, window_title: str) -> bool:
        """Tell whether all words stand in the names of a window."""
        if not self.words:
            return True
        key = application_name, window_title
        if key not in self._known:
            names = f"{application_name}\n{window_title}".casefold()
            self._known[key] = all(word in names for word in self.words)
        return self._known[key]

    def finds_session(self, session: StoredSession) -> bool:
        """Tell whether a session is found; idle and locked ones are only where all is."""
        if session.state is not State.ACTIVE:
            return not self.words
        return self.finds(session.application_name, session.window_title)

    def applications(
        self, applications: Sequence[ApplicationReport]
    ) -> Iterator[tuple[ApplicationReport, int, tuple[TitleTotal, ...]]]:
        """Yield each application found with its ms and titles, as far as they were found.

        Where titles are not known an application is found by its name alone.
        """
        for each in applications:
            titles = each.titles or ()
            if not self.words or (not titles and self.finds(each.name, "")):
                yield each, each.ms, titles
                continue
            found = tuple(title for title in titles if self.finds(each.name, title.window_title))
            if found:
                yield each, sum(title.ms for title in found), found
