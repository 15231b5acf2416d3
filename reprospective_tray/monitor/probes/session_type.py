"""The kind of this session, as the login reports it."""

from collections.abc import Mapping

X11, WAYLAND, UNKNOWN = "x11", "wayland", ""


def session_type(environment: Mapping[str, str]) -> str:
    """Return the kind of session of `environment`: ``x11``, ``wayland``, or nothing for others.

    On Wayland, DISPLAY names XWayland: it only knows its own windows, and some
    compositors leave the last of them marked as active while none is in front.
    """
    said = environment.get("XDG_SESSION_TYPE", "").strip().lower()
    if said in {X11, WAYLAND}:
        return said
    # A service, or a shell of another login, gets fewer variables.
    if environment.get("WAYLAND_DISPLAY"):
        return WAYLAND
    return X11 if environment.get("DISPLAY") else UNKNOWN
