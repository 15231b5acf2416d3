"""Wayland is told from X11 by what the log-in has set."""

import sys

import pytest

from reprospective_tray.monitor.probes import open_probe
from reprospective_tray.monitor.probes.session_type import session_type


@pytest.mark.parametrize(
    ("environment", "kind"),
    [
        (
            {"XDG_SESSION_TYPE": "wayland", "WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"},
            "wayland",
        ),
        ({"XDG_SESSION_TYPE": "wayland", "DISPLAY": ":0"}, "wayland"),
        ({"XDG_SESSION_TYPE": "Wayland "}, "wayland"),
        ({"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"}, "wayland"),
        ({"XDG_SESSION_TYPE": "tty", "WAYLAND_DISPLAY": "wayland-0"}, "wayland"),
        # A nested compositor in a session of X11.
        ({"XDG_SESSION_TYPE": "x11", "WAYLAND_DISPLAY": "wayland-1", "DISPLAY": ":0"}, "x11"),
        ({"XDG_SESSION_TYPE": "tty", "DISPLAY": ":0"}, "x11"),
        ({"DISPLAY": ":0"}, "x11"),
        ({"WAYLAND_DISPLAY": "", "DISPLAY": ":0"}, "x11"),
        ({}, ""),
    ],
)
def test_the_kind_of_session_is_what_the_log_in_says(environment, kind):
    assert session_type(environment) == kind


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have neither")
def test_in_a_wayland_session_no_display_is_asked(monkeypatch):
    monkeypatch.setenv("XDG_SESSION_TYPE", "wayland")
    monkeypatch.setenv("DISPLAY", ":0")
    probe = open_probe(1.0)
    assert (probe.name, probe.sees_windows) == ("none", False)
    assert probe.trouble.startswith("wlr: ")
