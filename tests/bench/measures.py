"""What the kernel says a process costs."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Cost:
    """What all threads of a process have used since it began."""

    cpu_ns: int
    wakeups: int

    def since(self, earlier: "Cost") -> "Cost":
        return Cost(self.cpu_ns - earlier.cpu_ns, self.wakeups - earlier.wakeups)


def cost(pid: int) -> Cost:
    """Read the scheduler's own figures: ns on a processor, times a thread went to sleep."""
    cpu_ns = wakeups = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):  # a thread may end meanwhile
            cpu_ns += int((task / "schedstat").read_text().split()[0])
            for line in (task / "status").read_text().splitlines():
                if line.startswith("voluntary_ctxt_switches"):
                    wakeups += int(line.split()[1])
    return Cost(cpu_ns, wakeups)


def pss_mb(pid: int | str) -> float:
    """Return the proportional set size, in MB of 10^6 bytes."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise ValueError("no Pss in smaps_rollup")


def peak_mb(pid: int) -> float:
    """Return the most memory that a process ever had in RAM, in MB of 10^6 bytes; 0 at its end."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0
