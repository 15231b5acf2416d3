"""Brings the catalogues up to date with the code: `.venv/bin/python -m installer.catalogue`.

What is new in the code is added untranslated, what is gone from it is dropped, and what
is missing is said. Compiling is the build's own work: `installer.build_catalogues`.
"""

import io
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from installer import steps

PACKAGE = steps.ROOT / "reprospective_tray"
DOMAIN = "reprospective_tray"
CATALOGUES = sorted(PACKAGE.glob(f"locale/*/LC_MESSAGES/{DOMAIN}.po"))
KEYWORDS = {"_": None, "in_each_language": None, "plural": (1, 2)}

# Babel's own head has dates and versions, which would change at every run.
HEAD = """\
# The sentences of reprospective-tray; brought up to date by
# .venv/bin/python -m installer.catalogue
msgid ""
msgstr ""
"Project-Id-Version: reprospective-tray\\n"
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plural_forms}\\n"

"""


def extract() -> Catalog:
    """Return the sentences of the code, each with the files it stands in."""
    found = Catalog(domain=DOMAIN)
    for file, _line, sentence, _comments, context in extract_from_dir(PACKAGE, keywords=KEYWORDS):
        # Without lines: a moved function would change the catalogue.
        place = (f"{PACKAGE.name}/{Path(file).as_posix()}", 0)
        found.add(sentence, locations=[place], context=context)
    return found


def load(source: Path) -> Catalog:
    """Return what the catalogue at `source` says."""
    with source.open("rb") as stream:
        return read_po(stream, locale=source.parts[-3], domain=DOMAIN, abort_invalid=True)


def updated(source: Path) -> Catalog:
    """Return the catalogue at `source` with exactly the sentences of the code."""
    catalogue = load(source)
    # A guess at a changed sentence would stay out of the program, and hide that one is missing.
    catalogue.update(extract(), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    return catalogue


def as_text(catalogue: Catalog) -> str:
    """Return the text of the catalogue's file; the same for the same sentences."""
    body = io.BytesIO()
    for message in catalogue:
        # Else the order would follow that in which files were read, and change when it is loaded.
        message.locations.sort()
    write_po(body, catalogue, width=0, omit_header=True, sort_by_file=True, include_lineno=False)
    head = HEAD.format(
        language=catalogue.locale_identifier, plural_forms=catalogue.plural_forms.rstrip(";") + ";"
    )
    return head + body.getvalue().decode("utf-8").strip() + "\n"


def missing(catalogue: Catalog) -> list[str]:
    """Return the sentences that have no translation yet; of a plural its first form."""
    empty = []
    for message in catalogue:
        forms = message.string if isinstance(message.string, tuple | list) else [message.string]
        if message.id and not all(forms):
            empty.append(message.id if isinstance(message.id, str) else message.id[0])
    return empty


def main() -> int:
    """Bring every catalogue up to date; return 1 where translations are missing."""
    lacking = 0
    for source in CATALOGUES:
        catalogue = updated(source)
        source.write_text(as_text(catalogue), "utf-8")
        empty = missing(catalogue)
        lacking += len(empty)
        steps.say(f"{source.relative_to(steps.ROOT)}: {len(catalogue)} sentences")
        for sentence in empty:
            steps.warn(f"  not translated: {sentence!r}")
    return int(bool(lacking))


if __name__ == "__main__":
    raise SystemExit(main())
