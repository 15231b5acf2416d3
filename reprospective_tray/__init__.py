"""Record the active window as sessions, from recording to retrospection.

Importing this package opens no display, file or socket.
"""

__version__ = "0.1.0"
NAME = "reprospective-tray"
"""Of the command, of its folders and of its entries in the system."""

PRODUCT = "Re:prospective"
"""Of the program, as a person reads it."""
