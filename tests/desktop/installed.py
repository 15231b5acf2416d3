"""The program as somebody has it installed: in a virtual environment of its own."""

import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# What pip writes for an entry of [project.scripts].
SCRIPT = """\
#!{python}
import sys
from reprospective_tray.cli import main
sys.exit(main())
"""


def install(folder: Path) -> Path:
    """Put this checkout into a virtual environment at `folder`; return the environment's python."""
    venv.create(folder, symlinks=True)
    (site,) = folder.glob("lib/python*/site-packages")
    # What it needs is in the environment that runs the tests.
    others = Path(sys.executable).parents[1].glob("lib/python*/site-packages")
    (site / "checkout.pth").write_text("\n".join(map(str, [ROOT, *others])), "utf-8")
    python = folder / "bin" / "python"
    script = folder / "bin" / "reprospective-tray"
    script.write_text(SCRIPT.format(python=python), "utf-8")
    script.chmod(0o755)
    return python
