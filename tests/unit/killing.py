"""Runs work in processes that are killed: one at each line of some modules, in turn.

As a script: `python -m tests.unit.killing WORK TEMPLATE STEPS EVERY TIMES MODULE...` with WORK as
`module:function`, which is called with a copy of the folder TEMPLATE.
"""

import importlib
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).parents[2]


def killed_at_each_line(
    work: str, template: Path, steps: Path, *modules: str, every: int = 1, times: int = 1
) -> list[Path]:
    """Return a copy of `template` for each line of `modules` at which `work` on it was killed.

    With `every` it is each second line, or third; a line that runs often counts `times` times.
    The last copy is that of the run which came to its end.
    """
    own = ["-m", "tests.unit.killing", work, template, steps, str(every), str(times)]
    command = [sys.executable, *own, *modules]
    subprocess.run(command, cwd=ROOT, check=True)
    return sorted(steps.iterdir())


def run_and_die(
    work: Callable[[Path], None], folder: Path, files: set[str], number: int, times: int
) -> None:
    """Do `work`, and be killed before the line that is the `number`th to be reached."""
    reached: Counter[tuple[str, int]] = Counter()
    counted = 0

    def trace(frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal counted
        if frame.f_code.co_filename not in files:
            return None
        if event == "line":
            line = (frame.f_code.co_filename, frame.f_lineno)
            reached[line] += 1
            counted += reached[line] <= times
            if counted >= number:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    threading.settrace(trace)
    sys.settrace(trace)
    work(folder)


def main(work: str, template: str, steps: str, every: str, times: str, *modules: str) -> None:
    module, _colon, name = work.partition(":")
    function = getattr(importlib.import_module(module), name)
    files = {str(importlib.import_module(each).__file__) for each in modules}
    for number in range(1, 100_000, int(every)):
        folder = Path(steps) / f"{number:05}"
        shutil.copytree(template, folder)
        child = os.fork()
        if not child:
            run_and_die(function, folder, files, number, int(times))
            os._exit(0)
        _pid, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            assert status == 0, f"{work} failed"
            return


if __name__ == "__main__":
    main(*sys.argv[1:])
