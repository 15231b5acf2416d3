"""The documentation: its links lead somewhere, README is short, and the picture is up to date."""

import re
from pathlib import Path

import pytest

from installer import draw_rooms
from installer.steps import ROOT
from tests.unit.documentation import DOCS, PAGES, README, anchors, headings, name_of, targets

MOST_WORDS = 1200
PACKAGE = ROOT / "reprospective_tray"
# A row of CONTRIBUTING's questions: the file, and a name that is in it.
ANSWER = re.compile(
    r"^\| Wh\S+ .+\? \| \[.+\]\((?P<file>\S+)\) \| `(?P<name>\w+)` \|$", re.MULTILINE
)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_to_a_file_and_a_heading_that_exist(page: Path) -> None:
    for target in targets(page):
        if target.startswith(("https://", "http://")):
            continue
        path, _sharp, anchor = target.partition("#")
        led_to = (page.parent / path).resolve() if path else page
        assert led_to.exists(), target
        assert led_to.is_relative_to(ROOT), target
        assert not anchor or anchor in anchors(led_to), target


def test_readme_is_short() -> None:
    assert len(README.read_text("utf-8").split()) <= MOST_WORDS


@pytest.mark.parametrize("page", DOCS, ids=name_of)
def test_every_page_is_linked_from_readme_and_begins_with_its_purpose(page: Path) -> None:
    assert name_of(page) in {target.partition("#")[0] for target in targets(README)}
    lines = page.read_text("utf-8").split("\n\n")
    assert lines[0] == f"# {headings(page)[0]}"
    assert lines[1].startswith("This page ")


def test_both_commands_of_the_bootstrap_are_in_readme() -> None:
    text = README.read_text("utf-8")
    for command in ("run", "test"):
        assert f"\npython3 installer/bootstrap.py {command} " in text


def test_the_picture_of_the_rooms_is_what_the_command_makes() -> None:
    kept = draw_rooms.PAGE.read_text("utf-8")
    assert kept == draw_rooms.page(), "run: .venv/bin/python -m installer.draw_rooms"


def test_contributing_describes_every_room() -> None:
    rooms = {
        path.name
        for path in PACKAGE.iterdir()
        if path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()
    } - {"__init__.py", "__main__.py"}
    linked = {Path(target).name for target in targets(ROOT / "CONTRIBUTING.md")}
    assert rooms <= linked


def test_each_of_the_ten_questions_is_answered_by_a_name_in_its_file() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    answers = list(ANSWER.finditer(text))
    assert len(answers) == 10
    for answer in answers:
        assert answer["name"] in (ROOT / answer["file"]).read_text("utf-8"), answer[0]
