"""Who uses this computer, by the name of the account."""

import getpass


def full_name() -> str:
    """Return the full name of the person's account, else the account's name; empty if unknown."""
    try:
        import pwd  # not on Windows
        from os import getuid

        account = pwd.getpwuid(getuid())
        # The first of the fields separated by commas is the name (passwd(5)).
        return account.pw_gecos.partition(",")[0].strip() or account.pw_name
    except (ImportError, KeyError):
        pass
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):
        return ""
