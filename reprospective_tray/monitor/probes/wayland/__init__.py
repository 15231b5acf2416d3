"""Wayland: the connection to a compositor, and the probe for wlroots and similar compositors."""
