"""The search over applications and titles: every word must stand somewhere in them. Pure."""

from reprospective_tray.store.model.sessions import State
from reprospective_tray.store.query.raw_queries import StoredSession


class Search:
    """Finds windows by words in any case and order; without words it finds everything."""

    def __init__(self, text: str) -> None:
        """Search for the words of `text`."""
        self.text = " ".join(text.split())
        self.words = self.text.casefold().split()
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
