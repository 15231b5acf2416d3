"""Compiles the catalogues of sentences when the package is built or installed: a hatchling hook."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CatalogueBuildHook(BuildHookInterface):  # type: ignore[type-arg]  # its parameter is private to hatchling
    """Turns every ``.po`` into the ``.mo`` that gettext reads, beside it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  hatchling's signature
        """Compile before the files are gathered; with no catalogue there is nothing to do."""
        for source in sorted(Path(self.root).glob("reprospective_tray/locale/*/LC_MESSAGES/*.po")):
            compile_catalogue(source)

    def clean(self, versions: list[str]) -> None:  # noqa: ARG002  hatchling's signature
        """Remove what `initialize` made."""
        for made in Path(self.root).glob("reprospective_tray/locale/*/LC_MESSAGES/*.mo"):
            made.unlink()


def compile_catalogue(source: Path) -> None:
    """Write the ``.mo`` beside `source`; entries marked fuzzy are not ready and stay out."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with source.open("rb") as po:
        catalogue = read_po(po, locale=source.parts[-3], domain=source.stem, abort_invalid=True)
    # Else it would be the present: the same source gives the same bytes.
    catalogue.creation_date = datetime.fromtimestamp(0, UTC)
    with source.with_suffix(".mo").open("wb") as mo:
        write_mo(mo, catalogue)
