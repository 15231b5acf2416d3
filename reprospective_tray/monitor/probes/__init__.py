"""Probes, one file or folder for each desktop. `open_probe` chooses the one that works here."""

import os
import sys
from typing import Literal

from reprospective_tray.monitor.probes.base import Lack, ProbeLostError, WindowProbe
from reprospective_tray.monitor.probes.null import NullProbe
from reprospective_tray.monitor.probes.session_type import WAYLAND, session_type

Way = Literal["wlr", "kwin", "gnome", "x11"]
"""The ways to see windows on Linux, by the names of the probes."""

Choice = Literal["auto"] | Way

# In this order: by what a compositor offers, not by its name.
_ON_WAYLAND: tuple[Way, ...] = ("wlr", "kwin", "gnome")
# What helps most if none of them works.
_TELLING = (Lack.EXTENSION, Lack.PYWAYLAND, Lack.DISPLAY, Lack.WAY)


def open_probe(poll_interval_s: float, choice: Choice = "auto") -> WindowProbe:
    """Return the open probe for this desktop; a `NullProbe` if no window can be seen.

    `poll_interval_s` is for desktops without events; `choice` is for Linux.
    """
    if sys.platform in {"win32", "darwin"}:
        return _open_polling(poll_interval_s)
    if choice != "auto":
        return _open_chosen(choice, poll_interval_s)
    if session_type(os.environ) == WAYLAND:
        return _open_on_wayland(poll_interval_s)
    return _open_on_x11(poll_interval_s)


def _open_chosen(choice: Way, poll_interval_s: float) -> WindowProbe:
    try:
        return _open(choice, poll_interval_s)
    except ProbeLostError as error:
        return NullProbe(Lack.CHOICE, f"{choice}: {error}")


def _open_on_x11(poll_interval_s: float) -> WindowProbe:
    if not os.environ.get("DISPLAY"):
        return NullProbe(Lack.DISPLAY, "there is no display")
    try:
        return _open("x11", poll_interval_s)
    except ProbeLostError as error:
        return NullProbe(Lack.DISPLAY, f"the display cannot be reached: {error}")


def _open_on_wayland(poll_interval_s: float) -> WindowProbe:
    """Return the first probe that works. X11 is not tried: XWayland only knows its own windows."""
    refused: list[tuple[Way, ProbeLostError]] = []
    for way in _ON_WAYLAND:
        try:
            return _open(way, poll_interval_s)
        except ProbeLostError as error:
            refused.append((way, error))
    lack = min((error.lack for _way, error in refused), key=_TELLING.index)
    return NullProbe(lack, "; ".join(f"{way}: {error}" for way, error in refused))


def _open(way: Way, poll_interval_s: float) -> WindowProbe:
    """Open the probe of this name; each loads only what it needs.

    Raises:
        ProbeLostError: it cannot work here.
    """
    if way == "wlr":
        from reprospective_tray.monitor.probes.wayland.wlr import WlrProbe

        return WlrProbe()
    if way == "kwin":
        from reprospective_tray.monitor.probes.kwin.probe import KWinProbe

        return KWinProbe()
    if way == "gnome":
        from reprospective_tray.monitor.probes.gnome.probe import GnomeProbe

        return GnomeProbe(poll_interval_s)
    from reprospective_tray.monitor.probes.x11.probe import X11Probe

    return X11Probe(poll_interval_s)


def _open_polling(poll_interval_s: float) -> WindowProbe:
    from reprospective_tray.monitor.probes.polling import PollingProbe

    try:
        return PollingProbe(poll_interval_s)
    except ProbeLostError as error:
        return NullProbe(Lack.DISPLAY, str(error))
