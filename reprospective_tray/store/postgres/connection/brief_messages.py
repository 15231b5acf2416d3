"""What is wrong with the server, and what to do, each in one line of a menu."""

from reprospective_tray.messages import _


def unreachable() -> str:
    """Say that nobody answers there, or no longer."""
    return _("The server cannot be reached. Check your network and the server.")


def silent() -> str:
    """Say that an answer took too long."""
    return _("The server does not answer. Check your network and the server.")


def busy() -> str:
    """Say that it cannot just now: it starts, ends or is full."""
    return _("The server cannot take data now. It is tried again by itself.")


def login() -> str:
    """Say that user or password is wrong."""
    return _("The server refuses user or password. Check database.remote.")


def clear_text() -> str:
    """Say that it wants the password in clear text."""
    return _("The server wants the password in clear text. Set sslmode: verify-full.")


def encryption() -> str:
    """Say that TLS does not come about."""
    return _("The encryption does not fit. Check sslmode and sslrootcert.")


def not_admitted() -> str:
    """Say that the server lets nobody in from here."""
    return _("The server does not admit this computer. Ask its administrator.")


def no_database() -> str:
    """Say that there is no such database."""
    return _("The database does not exist. Check database.remote.database.")


def no_right() -> str:
    """Say that this user may not do it."""
    return _("This user has no rights on the server. Ask its administrator.")


def not_prepared() -> str:
    """Say that tables are missing, or older ones."""
    return _("The database is not prepared. Ask its administrator for `server init`.")


def setting() -> str:
    """Say that an address or option cannot be used."""
    return _("A setting of the server is not valid. Check database.remote.")


def senseless() -> str:
    """Say that what answers is no such server."""
    return _("The server's answer is not valid. Check database.remote.")


def refused() -> str:
    """Say that it does not store this."""
    return _("The server refuses this. Tell its administrator.")
