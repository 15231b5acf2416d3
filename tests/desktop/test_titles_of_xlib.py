# ruff: noqa: RUF001  the letters are what it is about
"""Titles as Xlib writes them: in Compound Text, by Xlib itself and by a real program of it.

How it can fail: a title in an old encoding is recorded as garbage.
"""

import ctypes
import locale
import string
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from Xlib import X, Xatom

from installer.demo.virtual_desktop import VirtualDesktop
from reprospective_tray.monitor.probes.x11.compound_text import decode
from reprospective_tray.monitor.probes.x11.text import WindowTexts
from tests.desktop.windows import Windows
from tests.support import wait_until

pytestmark = pytest.mark.trust

COMPOUND_TEXT_STYLE = 1
ISSUES = ["Привет, мир – Łódź", "Čeština „ř“ Ελλάδα"]


class _Property(ctypes.Structure):
    _fields_ = (
        ("value", ctypes.POINTER(ctypes.c_ubyte)),
        ("encoding", ctypes.c_ulong),
        ("format", ctypes.c_int),
        ("nitems", ctypes.c_ulong),
    )


@pytest.fixture(scope="module")
def bare_desktop():
    with VirtualDesktop(panel=None, window_manager=False) as made:
        yield made


@pytest.fixture(scope="module")
def write_by_xlib(bare_desktop):
    """Return what has Xlib write a text as Compound Text, in a locale of UTF-8."""
    before = locale.setlocale(locale.LC_CTYPE)
    locale.setlocale(locale.LC_CTYPE, "C.UTF-8")
    library = ctypes.CDLL("libX11.so.6")
    library.XOpenDisplay.restype = ctypes.c_void_p
    display = ctypes.c_void_p(library.XOpenDisplay(bare_desktop.env["DISPLAY"].encode()))
    assert display.value

    def write(text, function="Xutf8TextListToTextProperty"):
        listed = (ctypes.c_char_p * 1)(text.encode())
        written = _Property()
        left_out = getattr(library, function)(
            display, listed, 1, COMPOUND_TEXT_STYLE, ctypes.byref(written)
        )
        assert left_out == 0, text
        raw = bytes(written.value[: written.nitems])
        library.XFree(written.value)
        return raw

    yield write
    library.XCloseDisplay(display)
    locale.setlocale(locale.LC_CTYPE, before)


LETTERS = st.characters(exclude_categories=("Cc", "Cs", "Cn"))
SCRIPTS = st.sampled_from(
    string.ascii_letters
    + "éüßñÅžłőřțżЖђюїαΩώקשثجกข日本語漢字かなﾊﾝｶｸ한국어简体中文€¥‾–„“…™ąĦĸĒḂȘ☃😀＼～"
)


@given(st.text(st.one_of(SCRIPTS, LETTERS), max_size=30))
@settings(max_examples=600, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("function", ["Xutf8TextListToTextProperty", "XmbTextListToTextProperty"])
def test_what_xlib_writes_is_read(write_by_xlib, function, text):
    raw = write_by_xlib(text, function)
    if b"\x1b" not in raw and not raw.isascii():
        # Latin-1 that is UTF-8 as well ("\u00c2\u00a9") is taken for that.
        with suppress(UnicodeDecodeError):
            text = raw.decode()
    assert decode(raw) == text


def test_every_character_of_the_basic_plane_is_read(write_by_xlib):
    characters = [chr(code) for code in range(0xA0, 0xFFFE) if not 0xD800 <= code < 0xE000]
    for at in range(0, len(characters), 200):
        text = "a".join(characters[at : at + 200])
        assert decode(write_by_xlib(text)) == text


@pytest.fixture
def windows(bare_desktop):
    with Windows(bare_desktop.env["DISPLAY"]) as made:
        yield made


@pytest.mark.parametrize("text", ISSUES)
def test_the_title_of_a_program_of_xlib_is_read(bare_desktop, windows, text):
    program = bare_desktop.start(["env", "LC_ALL=C.UTF-8", "xmessage", "-title", text, "x"])
    texts = WindowTexts(windows.connection)

    def titles():
        return [texts.read(window)[1] for window in windows.root.query_tree().children]

    wait_until(lambda: text in titles(), 10, text)
    program.terminate()


@pytest.mark.parametrize(
    ("kind", "raw", "title"),
    [
        ("STRING", "Łódź – 東京".encode(), "Łódź – 東京"),
        ("STRING", b"caf\xe9", "café"),
        ("UTF8_STRING", "Łódź".encode(), "Łódź"),
        ("UTF8_STRING", b"caf\xe9", "caf\ufffd"),
        ("TEXT", "Łódź".encode(), "Łódź"),
        ("COMPOUND_TEXT", b"\x1b-L\xbf\xe0", "Пр"),
        ("C_STRING", b"\x1b-L\xbf\xe0", "Пр"),
    ],
)
def test_a_title_of_any_type_is_read(windows, kind, raw, title):
    window = windows.open("Old", None, activate=False)
    kind = windows.connection.intern_atom(kind)
    window._window.change_property(Xatom.WM_NAME, kind, 8, raw)
    assert WindowTexts(windows.connection).read(window._window)[1] == title


def test_of_a_title_that_is_longer_than_any_the_end_is_read(windows):
    window = windows.open("Edge", None, activate=False)
    name, utf8 = map(windows.connection.intern_atom, ("_NET_WM_NAME", "UTF8_STRING"))
    for _piece in range(5):
        more = "題x".encode() * 10_000
        window._window.change_property(name, utf8, 8, more, mode=X.PropModeAppend)
    end = " - [InPrivate] - Microsoft Edge"
    window._window.change_property(name, utf8, 8, end.encode(), mode=X.PropModeAppend)
    title = WindowTexts(windows.connection).read(window._window)[1]
    assert title.startswith("題x題x")
    assert title.endswith(end)
