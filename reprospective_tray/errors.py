"""The errors a person can meet, each with what happened and what to do."""


class ReprospectiveError(Exception):
    """An operation failed.

    ``str()`` is what happened and where; `remedy` says what the person can do
    about it (empty when nothing helps). Only the top (cli, thread loop, tray)
    logs or shows it.
    """

    exit_code = 1

    def __init__(self, what: str, remedy: str = "") -> None:
        """Take `what` happened and where, and the `remedy`, both translated."""
        super().__init__(what)
        self.remedy = remedy


class ConfigError(ReprospectiveError):
    """The config file cannot be used; recording does not start on guesses."""

    exit_code = 2


class UsageError(ReprospectiveError):
    """The command line asks for something that cannot be."""

    exit_code = 2


class NotRunningError(ReprospectiveError):
    """No instance of this user answers on the control channel."""


class InstanceBusyError(ReprospectiveError):
    """An instance of this user runs, but took no command; nothing was done."""


class AlreadyRunningError(ReprospectiveError):
    """Another instance of this user holds the lock."""


class StoreError(ReprospectiveError):
    """The local database cannot be opened, read or written."""


class DamagedStoreError(StoreError):
    """The local database file is no database, or its pages are damaged."""


class EntryError(ReprospectiveError):
    """An entry cannot be as it was asked for, or is not there."""


class EntryOverlapError(EntryError):
    """An entry overlaps others, and nobody said what is to become of them."""


class ClosedDayError(EntryError):
    """A change of entries touches a day that was closed."""


class OutputError(ReprospectiveError):
    """Standard output takes nothing more: its disk is full, or who read it has left."""


class ImportFileError(ReprospectiveError):
    """An import file has bad lines; nothing of it was taken."""


class SyncBusyError(ReprospectiveError):
    """Another process is sending this file's sessions."""


class ServerError(ReprospectiveError):
    """The central PostgreSQL did not do what was asked of it.

    `brief` says what is wrong and what to do in a line of a menu (empty where nobody has
    shortened it).
    """

    def __init__(self, what: str, remedy: str = "", brief: str = "") -> None:
        """Take the same as every error, and the `brief` form of both."""
        super().__init__(what, remedy)
        self.brief = brief


class ServerUnreachableError(ServerError):
    """It cannot be reached, went away, gave no answer in time or cannot just now: try again."""


class ServerRefusedError(ServerError):
    """It does not let this role in, or not do this: trying again changes nothing, a person can."""


class ServerSchemaMissingError(ServerRefusedError):
    """It has none of the tables and functions, or older ones that lack something."""


class ServerDataError(ServerError):
    """It cannot store what was sent: some of it is wrong, the rest may be sent again."""
