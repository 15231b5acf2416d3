"""Record the active window as sessions, from recording to retrospection.

Importing this package opens no display, file or socket.
"""

__version__ = "0.1.0"
