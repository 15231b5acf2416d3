"""The program's mark as the icons that executables carry: .ico for Windows, .icns for macOS."""

from pathlib import Path

from installer import steps

MARK = steps.ROOT / "assets" / "icon.png"
# Those that Windows shows, from a list's row to the largest tile; larger ones it never asks for.
ICO_SIZES = (16, 20, 24, 32, 40, 48, 64, 128, 256)
# What macOS shows, each also for screens of twice the density.
ICNS_SIZES = (16, 32, 64, 128, 256, 512, 1024)


def write_ico(file: Path) -> Path:
    """Write the mark for Windows, in all of `ICO_SIZES`."""
    from PIL import Image

    with Image.open(MARK) as mark:
        mark.save(file, sizes=[(size, size) for size in ICO_SIZES])
    return file


def write_icns(file: Path) -> Path:
    """Write the mark for macOS, in all of `ICNS_SIZES`."""
    from PIL import Image

    with Image.open(MARK) as mark:
        drawn = [mark.resize((size, size), Image.Resampling.LANCZOS) for size in ICNS_SIZES]
    # Without those at hand the library would scale each anew, by a coarser method.
    drawn[-1].save(file, append_images=drawn[:-1])
    return file
