"""Makes HTML of elements, so that whatever stands in a name is escaped by construction."""

from collections.abc import Iterable
from xml.etree.ElementTree import Element, tostring

from reprospective_tray import clean_text

Child = Element | str | None
_DOCTYPE = "<!DOCTYPE html>\n"


def element(kind: str, *children: Child | Iterable[Child], **attributes: str) -> Element:
    """Return an element.

    Args:
        kind: Its tag, and its classes after dots: ``td.time``.
        children: Elements and texts, or several of them; None is left out.
        attributes: ``aria_label`` is `aria-label`.
    """
    tag, *classes = kind.split(".")
    made = Element(tag, {name.replace("_", "-"): value for name, value in attributes.items()})
    if classes:
        made.set("class", " ".join(classes))
    for child in children:
        several = [child] if isinstance(child, Element | str) or child is None else child
        for each in several:
            _append(made, each)
    return made


def cut(kind: str, text: str) -> Element:
    """Return a name or title that may be long, and written from the right to the left.

    It is cut where its room ends; the whole of it comes up under the pointer.
    """
    return element(kind + ".cut", text, dir="auto", title=text)


def swatch(colour: str) -> Element:
    """Return the small square that stands before what has a category."""
    return element("i.swatch", style=f"background:{colour}")


def hidden(text: str) -> Element:
    """Return what is heard and not seen."""
    return element("span.heard", text)


def document(root: Element) -> str:
    """Return the text of a page."""
    return _DOCTYPE + clean_text.lines(tostring(root, encoding="unicode", method="html")) + "\n"


def _append(parent: Element, child: Child) -> None:
    if isinstance(child, Element):
        parent.append(child)
    elif child and len(parent):
        parent[-1].tail = (parent[-1].tail or "") + child
    elif child:
        parent.text = (parent.text or "") + child
