"""A command with a window of which one method fails at first; it writes down what it shows.

Arguments: the file to write, the method as ``module:Class.method``, and the command's own words.
"""

import importlib
import json
import sys
import tkinter as tk
from pathlib import Path
from typing import Any

from reprospective_tray import cli
from tests.desktop.summary_probe import WRITE_MS, Reader

WHAT = "qzx this is broken"


def main() -> int:
    """Run the command until its window is closed."""
    file, (module, _colon, place) = Path(sys.argv[1]), sys.argv[2].partition(":")
    owner, method = place.split(".")
    _fail_once(getattr(importlib.import_module(module), owner), method)
    loop = tk.Misc.mainloop

    def mainloop(root: Any, n: int = 0) -> None:
        reader = Reader(root)

        def write() -> None:
            root.after(WRITE_MS, write)
            part = file.with_suffix(".part")
            part.write_text(json.dumps(reader.read() | {"zoom": []}), "utf-8")
            part.replace(file)

        write()
        loop(root, n)

    tk.Misc.mainloop = mainloop  # type: ignore[method-assign]
    return cli.main(sys.argv[3:])


def _fail_once(owner: Any, name: str) -> None:
    method = getattr(owner, name)
    failures: list[str] = []

    def failing(self: Any, *arguments: Any, **named: Any) -> Any:
        if not failures:
            failures.append(name)
            raise LookupError(WHAT)
        return method(self, *arguments, **named)

    setattr(owner, name, failing)


if __name__ == "__main__":
    raise SystemExit(main())
