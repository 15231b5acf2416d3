"""A report as a file: named by its days, whole or not there, and its owner's alone."""

import csv
import io
import json
import stat
from datetime import date

import pytest
from msgspec.structs import replace

from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.messages import set_language
from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.summary.figures.categories import OTHER, CategoryTotal
from reprospective_tray.summary.formats import as_text
from reprospective_tray.summary.formats.saving import FORMATS, file_name, save
from tests.unit.report_values import CATEGORIES, MINUTE, a_report, named


def test_a_file_is_named_by_its_days():
    week = DayRange(date(2026, 11, 23), date(2026, 11, 29))
    assert file_name(a_report(), FORMATS["html"]) == "reprospective-2026-11-23.html"
    several = replace(a_report(), range=week)
    assert file_name(several, FORMATS["markdown"]) == "reprospective-2026-11-23_2026-11-29.md"


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_text_that_a_file_can_hold(name, tmp_path):
    target = tmp_path / "report"
    save(FORMATS[name].render(a_report(), [], CATEGORIES), target)
    text = target.read_bytes().decode("utf-8")
    assert "sessionizer.py" in text
    assert text.endswith("\n")
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["html", "markdown"])
def test_fewer_titles_can_be_asked_for(name):
    assert "a|b" in FORMATS[name].render(a_report(), [], CATEGORIES).replace("\\", "")
    assert "a|b" not in FORMATS[name].render(a_report(), [], CATEGORIES, 1).replace("\\", "")


def test_json_is_the_object_of_the_command():
    found = json.loads(FORMATS["json"].render(a_report(), [], CATEGORIES))
    assert found["active_seconds"] == 488 * 60
    assert found["longest_stretch"]["seconds"] == 72 * 60


@pytest.mark.parametrize(("language", "shown"), [("en", "Other"), ("ja", "その他")])
def test_what_no_rule_takes_has_one_name_for_people_and_one_for_programs(language, shown):
    report = replace(named([("Barcode Reader", "x")]), categories=(CategoryTotal(OTHER, MINUTE),))
    set_language(language)
    try:
        made = {name: kind.render(report, [], CATEGORIES) for name, kind in FORMATS.items()}
        made["text"] = as_text.render(report, width=80)
    finally:
        set_language("en")
    assert json.loads(made["json"])["categories"][0]["category"] == "Other"
    (row,) = csv.DictReader(io.StringIO(made["csv"][1:], newline=""))
    assert row["category"] == "Other"
    for name in ("text", "markdown", "html"):
        assert shown in made[name], name


def test_what_cannot_be_written_leaves_what_was_there(tmp_path):
    target = tmp_path / "folder"
    target.mkdir()
    with pytest.raises(ReprospectiveError, match="cannot be written"):
        save("x", target)
    assert list(tmp_path.iterdir()) == [target]
