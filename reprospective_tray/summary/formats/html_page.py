"""The head of a page: its title, its colours, and the rule that it asks for nothing."""

from pathlib import Path
from xml.etree.ElementTree import Element

from msgspec.structs import asdict

from reprospective_tray.messages import _
from reprospective_tray.summary import theme
from reprospective_tray.summary.formats.html_builder import element

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def head(title: str, style: Path) -> Element:
    """Return the head of a page with a style sheet, which finds the window's colours."""
    program = _("Re:prospective")
    # The policy comes first, so that it holds for all that follows.
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", f"{title} \N{EN DASH} {program}"),
        element("style", _style(style)),
    )


def _style(style: Path) -> str:
    light, dark = (
        "".join(f"--{name.replace('_', '-')}:{value};" for name, value in asdict(palette).items())
        for palette in (theme.LIGHT, theme.DARK)
    )
    return (
        f":root{{{light}}}\n"
        f"@media screen and (prefers-color-scheme:dark){{:root{{color-scheme:dark;{dark}}}}}\n"
        + style.read_text("utf-8")
    )
