"""Probes: one file a desktop. `open_probe` chooses the one that sees windows here."""

import os
import sys

from reprospective_tray.monitor.probes.base import ProbeLostError, WindowProbe
from reprospective_tray.monitor.probes.null import NullProbe
from reprospective_tray.monitor.probes.session_type import WAYLAND, session_type


def open_probe(poll_interval_s: float) -> WindowProbe:
    """Return the open probe for this desktop; a `NullProbe` where no window can be seen.

    `poll_interval_s` is for desktops that offer no events.
    """
    if sys.platform in {"win32", "darwin"}:
        return _open_polling(poll_interval_s)
    if session_type(os.environ) == WAYLAND:
        return NullProbe("this is a Wayland session, whose windows cannot be seen yet")
    if not os.environ.get("DISPLAY"):
        return NullProbe("there is no display")
    from reprospective_tray.monitor.probes.x11 import X11Probe

    try:
        return X11Probe(poll_interval_s)
    except ProbeLostError as error:
        return NullProbe(f"the display cannot be reached: {error}")


def _open_polling(poll_interval_s: float) -> WindowProbe:
    from reprospective_tray.monitor.probes.polling import PollingProbe

    try:
        return PollingProbe(poll_interval_s)
    except ProbeLostError as error:
        return NullProbe(str(error))
