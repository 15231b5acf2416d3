"""Names of processes, cached by pid and start time, because pids are reused."""

import psutil

# At most this many are cached: a program that runs for years sees any number of them.
MOST = 256


class ProcessNames:
    """Looks up the name of each process once."""

    def __init__(self) -> None:
        """Start with nothing known."""
        self._known: dict[int, tuple[float, str]] = {}

    def name(self, process_id: int | None) -> str:
        """Return the name of the program that runs as `process_id`, ``''`` if unknown."""
        if not process_id:
            return ""
        try:
            process = psutil.Process(process_id)
            started = process.create_time()
            known = self._known.get(process_id)
            if known and known[0] == started:
                return known[1]
            name = process.name().removesuffix(".exe")
        except (psutil.Error, OSError, ValueError):
            return ""
        self._known.pop(process_id, None)
        self._known[process_id] = (started, name)
        if len(self._known) > MOST:
            del self._known[next(iter(self._known))]  # the one that was asked for first
        return name
