"""Cuts texts to what a desktop can show, by whole characters. Pure."""

ELLIPSIS = "…"


def cut(text: str, characters: int) -> str:
    """Return `text` in at most `characters`, an ellipsis for what was left out."""
    if len(text) <= characters:
        return text
    return text[: characters - 1].rstrip() + ELLIPSIS


def cut_utf16(text: str, units: int) -> str:
    """Return `text` in at most `units` of UTF-16, as Windows counts; no character is halved."""
    if _units(text) <= units:
        return text
    left = units - _units(ELLIPSIS)
    kept = []
    for character in text:
        left -= _units(character)
        if left < 0:
            break
        kept.append(character)
    return "".join(kept).rstrip() + ELLIPSIS


def _units(text: str) -> int:
    # A lone surrogate is one unit as well.
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
