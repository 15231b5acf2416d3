"""The icon's pictures, by their pixels."""

from itertools import pairwise

import pytest
from PIL import Image

from reprospective_tray.tray.picture import COLOURS, picture, write_all
from reprospective_tray.tray.state import Mode


def near(pixel, colour: str) -> bool:
    wanted = tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return all(abs(a - b) < 12 for a, b in zip(pixel[:3], wanted, strict=True))


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("size", [16, 22, 24, 48, 64])
def test_a_picture_has_its_size_and_a_transparent_ground(mode, size):
    drawn = picture(mode, size)
    assert (drawn.size, drawn.mode) == ((size, size), "RGBA")
    assert drawn.getpixel((0, size - 1))[3] == 0


@pytest.mark.parametrize("size", [16, 64])
def test_no_two_modes_look_alike(size):
    looks = {picture(mode, size).tobytes() for mode in Mode}
    assert len(looks) == len(Mode)


def test_recording_has_a_full_core_and_idle_a_hollow_one():
    middle = (32, 32)
    assert picture(Mode.RECORDING).getpixel(middle)[3] == 255
    assert picture(Mode.IDLE).getpixel(middle)[3] == 0


def test_paused_is_grey_with_two_bars():
    drawn = picture(Mode.PAUSED)
    red, green, blue, _alpha = drawn.getpixel((32, 4))
    assert max(red, green, blue) - min(red, green, blue) < 40
    opaque = [drawn.getpixel((x, 32))[3] > 127 for x in range(20, 45)]
    bars = sum(1 for left, right in pairwise(opaque) if right and not left)
    assert bars == 2


def test_attention_has_an_amber_badge_and_the_others_none():
    amber = (44, 56)
    assert near(picture(Mode.ATTENTION).getpixel(amber), "#F5A524")
    for mode in set(Mode) - {Mode.ATTENTION}:
        assert not near(picture(mode).getpixel(amber), "#F5A524")


@pytest.mark.parametrize("ground", ["#ffffff", "#2b2d31"])
@pytest.mark.parametrize("mode", Mode)
def test_each_mode_stands_out_on_light_and_dark_panels(mode, ground):
    def luminance(colour):
        shares = [value / 255 for value in colour]
        linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
        return sum(w * s for w, s in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    one, other = (
        luminance(Image.new("RGB", (1, 1), colour).getpixel((0, 0)))
        for colour in (COLOURS[mode], ground)
    )
    assert (max(one, other) + 0.05) / (min(one, other) + 0.05) >= 2.3


def test_every_mode_has_a_file_of_its_own_name(tmp_path):
    files = write_all(tmp_path)
    assert set(files) == set(Mode)
    assert len({file.name for file in files.values()}) == len(Mode)
    for file in files.values():
        assert file.suffix == ".png"
        with Image.open(file) as stored:
            assert stored.size == (64, 64)
