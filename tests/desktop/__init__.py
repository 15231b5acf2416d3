"""Tests on a virtual desktop: X server, window manager, panel, real windows."""
