"""The files of the package, laid out in a folder as they will lie on the person's system."""

import gzip
import os
import shutil
from pathlib import Path

from PIL import Image

from installer import steps
from installer.debian import carried, completions, control, manual
from reprospective_tray import PRODUCT
from reprospective_tray.commands.command_line.all_commands import make_parser
from reprospective_tray.desktop.autostart import desktop_entry
from reprospective_tray.messages import in_each_language, set_language

NAME = control.PACKAGE
FILES = Path(__file__).with_name("files")
HOME = Path("usr/lib", NAME)
ICON_SIZES = (16, 22, 24, 32, 48, 64, 128, 256, 512)
DEBIANS_PACKAGES = "/usr/lib/python3/dist-packages"


def site_of(python: tuple[int, int]) -> Path:
    """Return where the program and what is carried lie, below the root."""
    return HOME / "lib" / "python{}.{}".format(*python) / "site-packages"


def lay_out(root: Path, wheel: Path, *, python: tuple[int, int], version: str, epoch: int) -> None:
    """Put every file of the package below `root`, but for the control files.

    Args:
        root: An empty folder.
        wheel: The program.
        python: The Python that it is to run by, as (3, 11).
        version: Debian's version of it.
        epoch: The time that the package speaks of, in seconds since 1970.

    Raises:
        steps.StepFailedError: something that goes in cannot be had.
    """
    site = root / site_of(python)
    site.mkdir(parents=True)
    carried.install(wheel, site, python)
    _interpreter(root, site, python)
    _desktop(root)
    _shell(root, version, epoch)
    _documents(root, site, version, epoch)


def _interpreter(root: Path, site: Path, python: tuple[int, int]) -> None:
    """Lay out what Python knows as a virtual environment: a link, and where its base is.

    So the program's own windows and its entry at login find all of it by the interpreter alone,
    and nothing that a person has installed for themselves comes between.
    """
    folder = root / HOME / "bin"
    folder.mkdir()
    (folder / "python3").symlink_to("../../../bin/python{}.{}".format(*python))
    (root / HOME / "pyvenv.cfg").write_text(
        "home = /usr/bin\ninclude-system-site-packages = false\nversion = {}.{}\n".format(*python),
        "utf-8",
    )
    # Last on the path: of what both have, the carried one is the newer.
    (site / "debian.pth").write_text(f"{DEBIANS_PACKAGES}\n", "utf-8")
    launcher = root / "usr/bin" / NAME
    launcher.parent.mkdir()
    shutil.copy(FILES / NAME, launcher)


def _desktop(root: Path) -> None:
    applications = root / "usr/share/applications"
    applications.mkdir(parents=True)
    (applications / f"{NAME}.desktop").write_text(entry(), "utf-8")
    icons = root / "usr/share/icons/hicolor"
    with Image.open(steps.ROOT / "assets/icon.png") as mark:
        for size in ICON_SIZES:
            folder = icons / f"{size}x{size}" / "apps"
            folder.mkdir(parents=True)
            mark.resize((size, size), Image.Resampling.LANCZOS).save(folder / f"{NAME}.png")
    folder = icons / "scalable/apps"
    folder.mkdir(parents=True)
    shutil.copy(steps.ROOT / "assets/icon.svg", folder / f"{NAME}.svg")


def entry() -> str:
    """Return the entry of the desktop's menu: it starts the program, or shows its window."""
    values = {
        "Type": "Application",
        "Version": "1.0",
        "Name": PRODUCT,
        **_translated("Comment", "Records which window you use, and when"),
        "Exec": f"{NAME} run",
        "TryExec": NAME,
        "Icon": NAME,
        "Terminal": "false",
        "StartupNotify": "false",
        "Categories": "Utility;",
        "Keywords": "time;tracking;activity;sessions;",
        "Actions": "summary;",
    }
    action = {**_translated("Name", "Open summary"), "Exec": f"{NAME} summary"}
    lines = [f"{key}={value}" for key, value in action.items()]
    return "\n".join([desktop_entry.write(values), "[Desktop Action summary]", *lines, ""])


def _translated(key: str, sentence: str) -> dict[str, str]:
    texts = in_each_language(sentence)
    return {key: texts.pop("en"), **{f"{key}[{code}]": text for code, text in texts.items()}}


def _shell(root: Path, version: str, epoch: int) -> None:
    set_language("en")
    for shell, name in {
        "bash": f"bash-completion/completions/{NAME}",
        "zsh": f"zsh/vendor-completions/_{NAME}",
        "fish": f"fish/vendor_completions.d/{NAME}.fish",
    }.items():
        file = root / "usr/share" / name
        file.parent.mkdir(parents=True)
        file.write_text(completions.script(make_parser(), shell), "utf-8")
    page = manual.page(make_parser(), version, epoch)
    _compressed(root / f"usr/share/man/man1/{NAME}.1.gz", page)


def _documents(root: Path, site: Path, version: str, epoch: int) -> None:
    folder = root / "usr/share/doc" / NAME
    licence = (steps.ROOT / "LICENSE").read_text("utf-8")
    place = Path("/", site.relative_to(root))
    text = control.copyright_text(licence, carried.inside(site), place)
    _compressed(folder / "changelog.gz", (steps.ROOT / "CHANGELOG.md").read_text("utf-8"))
    _compressed(folder / "changelog.Debian.gz", control.changelog(version, epoch))
    (folder / "copyright").write_text(text, "utf-8")
    overrides = root / "usr/share/lintian/overrides"
    overrides.mkdir(parents=True)
    shutil.copy(FILES / f"{NAME}.lintian-overrides", overrides / NAME)


def _compressed(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    # Without a name and a time inside, the same text gives the same file.
    file.write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))


def settle(root: Path, epoch: int) -> None:
    """Give every file the rights that it has on a system, and one time, whoever builds it."""
    programs = {root / "usr/bin" / NAME, *(root / "DEBIAN").glob("p*")}
    for path in [*root.rglob("*"), root]:
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)
        elif not path.is_symlink():
            path.chmod(0o755 if path in programs else 0o644)
        os.utime(path, (epoch, epoch), follow_symlinks=False)
