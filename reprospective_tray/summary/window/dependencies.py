"""WindowDependencies: what the summary window works with, and what it remembers."""

from collections.abc import Callable
from dataclasses import dataclass

from reprospective_tray.config.watch import ChangedConfig
from reprospective_tray.summary.figures.categories import Categories
from reprospective_tray.summary.figures.sources import Sources
from reprospective_tray.summary.view_model import View
from reprospective_tray.summary.window.loading.running_messages import Status


@dataclass(frozen=True, slots=True)
class Memory:
    """What the window remembers: Tk's size and place, and the view that was last looked at."""

    geometry: str = ""
    view: str = View.DAY


@dataclass(frozen=True, slots=True)
class WindowDependencies:
    """What the window works with; all of it is called in other threads.

    Attributes:
        sources: Where figures are read.
        categories: What time is put under.
        status: Returns the running instance's status; None: there is none.
        forget: Deletes sessions by their uids.
        remember: Takes what the window remembers when it closes.
        resume: Ends a pause of the running instance.
        changed_config: Returns changed settings; see `ConfigWatch.look`.
        note: What is wrong with the settings at the beginning, a sentence; or empty.
    """

    sources: Sources
    categories: Categories
    status: Callable[[], Status | None]
    forget: Callable[[list[str]], object]
    remember: Callable[[Memory], object]
    resume: Callable[[], object]
    changed_config: Callable[[], ChangedConfig | None]
    note: str = ""
