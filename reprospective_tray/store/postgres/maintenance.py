"""PostgresMaintenance: reconnects to the server with exponential back-off (1 s to 60 s)."""

import logging
from typing import Any

from reprospective_tray.errors import StoreError
from reprospective_tray.messages import _
from reprospective_tray.store.engine.maintenance import RETRY_S, Maintenance

log = logging.getLogger(__name__)

# Upper limit of the back-off, so that a server refusing the log-in is not asked every second.
_LONGEST_RETRY_S = 60.0


class PostgresMaintenance(Maintenance):
    """Maintenance of a server: reconnects after a lost connection."""

    goes_on = True
    last_s = 0.0

    def opening(self, adapter: Any, busy_timeout_s: float) -> None:  # noqa: ARG002  no such waiting here
        """See `Maintenance.opening`."""
        if self.given_up:
            raise StoreError(_("The program is quitting."))

    def retry_s(self, failures: int) -> float:
        """See `Maintenance.retry_s`."""
        return float(min(RETRY_S * 2 ** min(failures - 1, 10), _LONGEST_RETRY_S))

    def is_lost(self, adapter: Any) -> bool:
        """See `Maintenance.is_lost`."""
        if adapter.database.is_connection_usable():
            return False
        log.info("the connection to %s was lost", adapter.place)
        return True

    def problem(self, error: Exception) -> str:
        """See `Maintenance.problem`."""
        if self.given_up:
            return ""
        problem = _("The server cannot be written to: {reason}. Sessions are kept in memory.")
        return problem.format(reason=str(error).rstrip(".。"))
