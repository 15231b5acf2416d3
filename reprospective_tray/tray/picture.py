"""The tray icon's pictures: one for each mode, drawn with Pillow from assets/icon.png."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprospective_tray.system.paths import shipped_file
from reprospective_tray.tray.state import Mode

if TYPE_CHECKING:
    from pathlib import Path

    from PIL.Image import Image

MASTER = "assets/icon.png"
# Large enough for a panel of 32 px on a screen of twice the usual density.
TRAY_SIZE = 64

# All measures are shares of the picture's edge; the mark's core is in its middle.
CORE_RADIUS, HOLLOW_RADIUS = 0.19, 0.095
BAR_WIDTH, BAR_HEIGHT, BAR_GAP = 0.11, 0.33, 0.11
LOCK_HALF, BOW_RADIUS, BOW_WIDTH = 0.17, 0.12, 0.05
BADGE_RADIUS, BADGE_RIM = 0.235, 0.055
MARK_WIDTH, MARK_HEIGHT = 0.07, 0.3

# Chosen to be told from white and from dark grey panels alike.
COLOURS = {
    Mode.RECORDING: "#4C8DFF",
    Mode.PAUSED: "#8E97A6",
    Mode.IDLE: "#8FA9D6",
    Mode.LOCKED: "#8FA9D6",
    Mode.ATTENTION: "#4C8DFF",
}
BADGE_COLOUR = "#F5A524"


def picture(mode: Mode, size: int = TRAY_SIZE) -> Image:
    """Return the picture of a mode, `size` pixels square, RGBA on a transparent ground.

    Recording is the mark itself; paused has pause bars in its middle; idle a hollow core,
    locked a padlock; attention an amber badge.

    Raises:
        ReprospectiveError: the program's own picture file is missing.
        OSError: it cannot be read.
    """
    from PIL import Image, ImageDraw

    with Image.open(shipped_file(MASTER)) as master:
        mask = master.getchannel("A")
    edge = mask.width
    middle = edge / 2
    draw = ImageDraw.Draw(mask)

    def disc(centre: float, radius: float, fill: int) -> None:
        low, high = centre - radius, centre + radius
        draw.ellipse((low, low, high, high), fill=fill)

    if mode is Mode.PAUSED:
        disc(middle, CORE_RADIUS * edge, 0)
        top, bottom = middle - BAR_HEIGHT * edge / 2, middle + BAR_HEIGHT * edge / 2
        near, far = BAR_GAP * edge / 2, (BAR_GAP / 2 + BAR_WIDTH) * edge
        for left, right in ((middle - far, middle - near), (middle + near, middle + far)):
            draw.rounded_rectangle((left, top, right, bottom), BAR_WIDTH * edge / 4, fill=255)
    elif mode is Mode.IDLE:
        disc(middle, HOLLOW_RADIUS * edge, 0)
    elif mode is Mode.LOCKED:
        disc(middle, CORE_RADIUS * edge, 0)
        half, low, radius = LOCK_HALF * edge, middle + CORE_RADIUS * edge, BOW_RADIUS * edge
        draw.rounded_rectangle((middle - half, middle, middle + half, low), edge * 0.03, fill=255)
        bow = (middle - radius, middle - CORE_RADIUS * edge, middle + radius, middle + radius)
        draw.arc(bow, 180, 360, fill=255, width=round(BOW_WIDTH * edge))
    elif mode is Mode.ATTENTION:
        disc(edge * (1 - BADGE_RADIUS), (BADGE_RADIUS + BADGE_RIM) * edge, 0)
    drawn = Image.new("RGBA", (edge, edge), COLOURS[mode])
    drawn.putalpha(mask)
    if mode is Mode.ATTENTION:
        low = edge * (1 - 2 * BADGE_RADIUS)
        badge = ImageDraw.Draw(drawn)
        badge.ellipse((low, low, edge - 1, edge - 1), fill=BADGE_COLOUR)
        # An exclamation mark, for those to whom amber is no warning.
        x, y, half = edge * (1 - BADGE_RADIUS), edge * (1 - BADGE_RADIUS), edge * MARK_WIDTH / 2
        top, bottom = y - MARK_HEIGHT * edge / 2, y + MARK_HEIGHT * edge / 2
        badge.rounded_rectangle((x - half, top, x + half, bottom - 3.2 * half), half, fill="white")
        badge.ellipse((x - half, bottom - 2 * half, x + half, bottom), fill="white")
    return drawn.resize((size, size), Image.Resampling.LANCZOS)


def write_all(folder: Path) -> dict[Mode, Path]:
    """Draw every mode into `folder` and return the files, ``<name>-<mode>.png``.

    All at once: panels read the folder of an icon theme when it is named to them, and may not
    see what is added later.

    Raises:
        ReprospectiveError: the program's own picture file is missing.
        OSError: it cannot be read, or `folder` not written.
    """
    files = {mode: folder / f"reprospective-tray-{mode}.png" for mode in Mode}
    for mode, file in files.items():
        picture(mode).save(file)  # by its suffix: naming the format would load more of Pillow
    return files
