"""Screenshots of an Xvfb that was started with ``-fbdir``: its screen lies in a file, as XWD."""

import struct
import zlib
from pathlib import Path

FILE_NAME = "Xvfb_screen0"
COLOUR_BYTES = 12
PIXEL_BITS = 32


def read(folder: Path) -> tuple[int, int, bytes]:
    """Return the screen as width, height and RGB bytes.

    Raises:
        ValueError: the screen is not the 24-bit, little-endian one that this program starts.
    """
    data = (folder / FILE_NAME).read_bytes()
    head = struct.unpack_from(">25I", data)
    size, width, height, order = head[0], head[4], head[5], head[7]
    bits, stride, colours = head[11], head[12], head[19]
    if bits != PIXEL_BITS or order != 0 or stride != width * 4:
        raise ValueError(f"a screen of {bits} bits, byte order {order}, cannot be read")
    start = size + colours * COLOUR_BYTES
    pixels = data[start : start + stride * height]
    rgb = bytearray(width * height * 3)
    for channel in range(3):  # they lie as blue, green, red, unused
        rgb[channel::3] = pixels[2 - channel :: 4]
    return width, height, bytes(rgb)


def write_png(path: Path, width: int, height: int, rgb: bytes) -> None:
    """Write RGB bytes as a PNG file (PNG specification, third edition, sections 5 and 11)."""
    row = width * 3
    # Filter 2, each byte minus the one above it, makes flat areas and frames tiny.
    lines = [b"\x00" + rgb[:row]]
    for top in range(row, row * height, row):
        above, line = rgb[top - row : top], rgb[top : top + row]
        if line == above:
            lines.append(b"\x02" + bytes(row))
        else:
            lines.append(b"\x00" + line)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"".join(lines), 9)), (b"IEND", b""))
    with path.open("wb") as png:
        png.write(b"\x89PNG\r\n\x1a\n")
        for kind, body in chunks:
            check = zlib.crc32(kind + body)
            png.write(struct.pack(">I", len(body)) + kind + body + struct.pack(">I", check))
