"""The X11 probe and its parts."""
