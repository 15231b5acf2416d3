"""Draws the program's mark, assets/icon.svg and assets/icon.png, from one geometry.

    python3 -m installer.draw_icon

The mark: time that runs back (the arrow turns against the clock) around the dot of a
recorder. Both files lie in the repository; this is run again only when the mark changes. Needs
Pillow. `reprospective_tray.tray.picture` relies on `SIZE`, the centre and `CORE_RADIUS`.
"""

import math
from pathlib import Path

from PIL import Image, ImageDraw

ASSETS = Path(__file__).resolve().parent.parent / "assets"
SIZE = 512
COLOUR = "#4C8DFF"
CENTRE = SIZE / 2
RING_RADIUS = 196.0
RING_WIDTH = 58.0
CORE_RADIUS = 86.0
# Degrees clockwise from three o'clock: the ring begins at the arrow and ends before it.
RING_FROM, RING_TO = 212.0, 510.0
ARROW_WIDTH, ARROW_LENGTH = 124.0, 112.0
CORNER = 12.0
SUPERSAMPLING = 4

Point = tuple[float, float]


def on_ring(degrees: float, radius: float = RING_RADIUS) -> Point:
    """Return a point at an angle and a distance from the centre."""
    angle = math.radians(degrees)
    return CENTRE + radius * math.cos(angle), CENTRE + radius * math.sin(angle)


def arrow() -> list[Point]:
    """Return the arrow head's corners: its base across the ring, its tip against the clock."""
    inner = on_ring(RING_FROM, RING_RADIUS - ARROW_WIDTH / 2)
    outer = on_ring(RING_FROM, RING_RADIUS + ARROW_WIDTH / 2)
    angle = math.radians(RING_FROM)
    x, y = on_ring(RING_FROM)
    tip = (x + ARROW_LENGTH * math.sin(angle), y - ARROW_LENGTH * math.cos(angle))
    return [inner, outer, tip]


def svg() -> str:
    """Return the mark as an SVG document."""
    (x1, y1), (x2, y2) = on_ring(RING_FROM), on_ring(RING_TO)
    corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in arrow())
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}">
  <path d="M{x1:.1f} {y1:.1f} A{RING_RADIUS:g} {RING_RADIUS:g} 0 1 1 {x2:.1f} {y2:.1f}"
        fill="none" stroke="{COLOUR}" stroke-width="{RING_WIDTH:g}" stroke-linecap="round"/>
  <polygon points="{corners}" fill="{COLOUR}"
           stroke="{COLOUR}" stroke-width="{2 * CORNER:g}" stroke-linejoin="round"/>
  <circle cx="{CENTRE:g}" cy="{CENTRE:g}" r="{CORE_RADIUS:g}" fill="{COLOUR}"/>
</svg>
"""


def png() -> Image.Image:
    """Return the mark as a picture of `SIZE` pixels with a transparent ground."""
    scale = SUPERSAMPLING
    mask = Image.new("L", (SIZE * scale, SIZE * scale))
    draw = ImageDraw.Draw(mask)

    def disc(centre: Point, radius: float) -> None:
        x, y = centre
        box = (x - radius, y - radius, x + radius, y + radius)
        draw.ellipse([value * scale for value in box], fill=255)

    outer = RING_RADIUS + RING_WIDTH / 2
    box = [(CENTRE - outer) * scale, (CENTRE + outer) * scale]
    draw.arc((box[0], box[0], box[1], box[1]), RING_FROM, RING_TO, 255, round(RING_WIDTH * scale))
    disc(on_ring(RING_TO), RING_WIDTH / 2)
    corners = [(x * scale, y * scale) for x, y in arrow()]
    draw.polygon(corners, fill=255)
    draw.line([*corners, corners[0]], fill=255, width=round(2 * CORNER * scale))
    for corner in arrow():
        disc(corner, CORNER)
    disc((CENTRE, CENTRE), CORE_RADIUS)
    picture = Image.new("RGBA", (SIZE, SIZE), COLOUR)
    picture.putalpha(mask.resize((SIZE, SIZE), Image.Resampling.BOX))
    return picture


def main() -> None:
    """Write both files."""
    (ASSETS / "icon.svg").write_text(svg(), encoding="utf-8")
    png().save(ASSETS / "icon.png", optimize=True)
    print(f"wrote icon.svg and icon.png in {ASSETS.name}/")


if __name__ == "__main__":
    main()
