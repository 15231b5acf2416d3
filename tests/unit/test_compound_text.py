"""Compound Text: what each escape chooses, and that no bytes whatever do harm.

What Xlib writes is asked of Xlib itself in tests/desktop/test_titles_of_xlib.py.
"""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprospective_tray.monitor.probes.x11.compound_text import decode

pytestmark = pytest.mark.trust


def extended(name, text, final=b"0"):
    """Write a named segment as Xlib does."""
    content = name + b"\x02" + text
    length = bytes((0x80 | len(content) // 128, 0x80 | len(content) % 128))
    return b"\x1b%/" + final + length + content


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"plain", "plain"),
        (b"", ""),
        (b"caf\xe9", "café"),
        ("naïve 題".encode(), "naïve 題"),
        (b"\x1b%G" + "Привет".encode() + b"\x1b%@", "Привет"),
        (b"\x1b%G" + "Привет".encode(), "Привет"),
        (b"a \x1b%G" + "題".encode() + b"\x1b%@ b\xe9", "a 題 bé"),
        (b"\x1b$(BF|K\\8l\x1b(B", "日本語"),
        (b"\x1b$(BF|K\\\x1b(B - vim", "日本 - vim"),
        (b"\x1b$(BF|K\\ 8l", "日本 語"),
        (b"\x1b$BF|\x1b(B", "日"),
        (b"\x1b$)B\xc6\xfc\xcb\xdc and", "日本 and"),
        (b"\x1b(J\\~A", "¥‾A"),
        (b"\x1b)I\xca\xdd\xb6\xb8", "ﾊﾝｶｸ"),
        (b"\x1b(IJ]68", "ﾊﾝｶｸ"),
        (b"\x1b$(D\x30\x21", "丂"),
        (b"\x1b$(A\x3c\x72", "简"),
        (b"\x1b$(C\x47\x51", "한"),
        (b"\x1b$(G\x44\x21\x1b$(H\x21\x21", "一乂"),
        (b"\x1b-B\xb1", "ą"),
        (b"\x1b-C\xa1", "Ħ"),
        (b"\x1b-D\xa2", "ĸ"),
        (b"\x1b-L\xbf", "П"),
        (b"\x1b-G\xc8", "ب"),
        (b"\x1b-F\xeb", "λ"),
        (b"\x1b-H\xe0", "א"),
        (b"\x1b-M\xf0", "ğ"),
        (b"\x1b-V\xa2", "Ē"),
        (b"\x1b-T\xa1", "ก"),
        (b"\x1b-Y\xa5", "„"),
        (b"\x1b-_\xa1", "Ḃ"),
        (b"\x1b-b\xa4", "€"),
        (b"\x1b-f\xaa", "Ș"),
        (b"\x9b2]" + b"\x1b-H\xf9\xec" + b"\x9b]", "של"),
        (extended(b"koi8-r", b"\xf0") + b"x", "Пx"),
        (extended(b"KOI8-U", b"\xa4"), "є"),
        (extended(b"big5-0", b"\xa4\xa4", b"2"), "中"),
        (extended(b"gbk-0", b"\xd6\xd0", b"2"), "中"),
        (extended(b"gb18030.2000-0", b"\x81\x30\x81\x30"), "\x80"),
        (extended(b"big5hkscs-0", b"\x87\x40"), "䏰"),
        (extended(b"iso10646-1", b"\x04\x16", b"2"), "Ж"),
        (extended(b"microsoft-cp1251", b"\xc6", b"1"), "Ж"),
        (extended(b"tis620-0", b"\xa1", b"1"), "ก"),
        (extended(b"iso8859-15", b"\xa4", b"1"), "€"),
        (extended(b"cns11643.1992-3", b"\x21\x21", b"2"), "丨"),
        (b"\x1b# 0after", "after"),
    ],
)
def test_each_set_is_read_as_it_was_meant(raw, text):
    assert decode(raw) == text


@pytest.mark.parametrize(
    "raw",
    [
        *(b"\x1b-xyz", b"\xff\xfe\x1b\x1b", b"\x1b$(B\xff", b"\x1b$(B%", bytes(range(256))),
        *(
            b"\x1b%/",
            b"\x1b%/1",
            b"\x1b%/1\x80",
            b"\x1b%/1\xff\xffshort",
            b"\x1b",
            b"\x1b$(",
            b"\x1b$",
        ),
        *(extended(b"no-such-set", b"x"), extended(b"rot13", b"x"), extended(b"hex", b"\xff")),
        *(extended(b"cns11643.1992-99", b"!!"), extended(b"cns11643.1992-1", b"!")),
        *(extended(b"x" * 80, b"y"), extended(b"\xff\xfe", b"y"), extended(b"idna", b"xn--\xff")),
    ],
)
def test_what_is_no_compound_text_still_is_a_text(raw):
    text = decode(raw)
    assert "\x1b" not in text
    assert text == text.encode("utf-8", "replace").decode()


PIECES = st.one_of(
    st.binary(max_size=6),
    st.sampled_from(
        [b"\x1b" + each for each in (b"$(", b"$)", b"-", b"(", b")", b"%/", b"%G", b"#")]
    ),
    st.builds(
        lambda kind, final: b"\x1b" + kind + bytes([final]),
        st.sampled_from([b"$(", b"$)", b"-", b"(", b")", b"$", b"%", b"%/"]),
        st.integers(0x30, 0x7E),
    ),
    st.builds(extended, st.binary(max_size=12), st.binary(max_size=12)),
    st.builds(
        extended,
        st.sampled_from(
            [b"utf-16", b"utf-7", b"iso2022_jp", b"punycode", b"unicode_escape", b"hz"]
        ),
        st.binary(max_size=12),
    ),
)


@given(st.lists(PIECES, max_size=12).map(b"".join))
def test_no_bytes_raise(raw):
    decode(raw).encode("utf-8")


@pytest.mark.parametrize(
    "unit",
    [
        *(
            b"\x1b",
            b"\x1b(B",
            b"\x1b$(B",
            b"\x1b%G",
            b"\x1b%/1\x80\x81",
            b"\x1b%/0\xff\xff",
            b"\x9b",
        ),
        *(b"\x1b    ", b"a\xe9", b"\x1b$(B! ", extended(b"koi8-r", b"\xf0"), b"\x9b0000"),
        *(b"\x1b$(G!!", b"\x1b$(G\x7e\x7e!!"),
    ],
)
def test_four_times_as_many_bytes_take_no_more_than_in_proportion(unit):
    def seconds(size):
        raw = (unit * (size // len(unit) + 1))[:size]
        begun = time.thread_time()
        decode(b"\x1b(B\xff" + raw)
        return max(time.thread_time() - begun, 1e-5)

    growth = []
    for _ in range(8):
        growth.append(seconds(16_000) / seconds(4_000))
        if growth[-1] < 9:
            return
    pytest.fail(f"{growth}")
