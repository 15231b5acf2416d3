"""Names of processes, remembered by pid and start time, because pids are used again."""

import psutil

# As many are remembered: a program that runs for years sees more than anybody counts.
MOST = 256


class ProcessNames:
    """Looks a process's name up once in its life."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._known: dict[int, tuple[float, str]] = {}

    def name(self, process_id: int | None) -> str:
        """Return the name of the program that runs as `process_id`, ``''`` where unknown."""
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
            del self._known[next(iter(self._known))]  # whose name was asked for first
        return name
