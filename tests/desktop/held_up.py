"""For how long the system let others run instead of some processes, by its own account."""

from contextlib import suppress
from pathlib import Path


class HeldUp:
    """What the threads of `process_ids` have waited for a processor, in ms; those of Linux."""

    def __init__(self, *process_ids: int) -> None:
        """Count from now on; `os.getpid` is one of them where the test itself notes times."""
        self._folders = [Path(f"/proc/{number}/task") for number in process_ids]
        self._last: dict[str, int] = {}
        self._total_ns = 0
        self.ms()
        self._total_ns = 0

    def ms(self) -> int:
        """Return how long all of them together have waited since the beginning."""
        for folder in self._folders:
            with suppress(FileNotFoundError):  # it has ended
                for thread in folder.iterdir():
                    self._add(thread / "schedstat")
        return self._total_ns // 1_000_000

    def _add(self, file: Path) -> None:
        with suppress(FileNotFoundError, ProcessLookupError):  # the thread has ended
            # Time on a processor, time of waiting for one, turns: ns.
            waited = int(file.read_text("ascii").split()[1])
            self._total_ns += waited - self._last.get(file.parent.name, 0)
            self._last[file.parent.name] = waited
