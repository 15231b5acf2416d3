"""Tests on a Wayland desktop without a screen: sway, its bar, XWayland, real windows."""
