"""The HTML report in a real browser: its figures, its room, and that it asks for nothing."""

import re
import subprocess

import pytest

from reprospective_tray.summary import theme
from reprospective_tray.summary.figures import shown
from reprospective_tray.summary.format_text import (
    application_label,
    duration,
    figure_text,
    title_label,
)
from reprospective_tray.summary.formats.as_json import as_object
from reprospective_tray.summary.rounding import alone, parts
from tests.browser.samples import HOSTILE, sample

SAMPLES = ["day", "computers", "week", "month", "year", "empty", "hostile", "away"]

ROWS = """
return [...document.querySelectorAll(arguments[0])].map(
    row => [...row.querySelectorAll(arguments[1])].map(part => part.textContent));
"""
# What reaches beyond the page, or beyond the card that it stands in.
OUTSIDE = """
const cards = [...document.querySelectorAll(".card")];
const wide = cards.flatMap(card => [...card.querySelectorAll(".time, .name, .title, .figure, td")]
    .filter(part => part.getBoundingClientRect().right > card.getBoundingClientRect().right)
    .map(part => part.textContent));
const page = document.documentElement;
return page.scrollWidth > innerWidth ? [page.scrollWidth, ...wide] : wide;
"""
EDGES = """
return [...document.querySelectorAll(arguments[0])].map(part => {
    const box = part.getBoundingClientRect();
    return [Math.round(box.left), Math.round(box.right)];
});
"""
COLOURS = """
return [getComputedStyle(document.body).backgroundColor,
        getComputedStyle(document.querySelector(".card")).backgroundColor,
        getComputedStyle(document.body).color];
"""


def rgb(colour):
    return "rgb({}, {}, {})".format(*bytes.fromhex(colour[1:]))


def said(seconds):
    return duration(round(seconds * 1000))


def rounded(parts_of_a_list, whole):
    return parts([round(1000 * each["seconds"]) for each in parts_of_a_list], whole)


def pdf_text(pdf, tmp_path):
    file = tmp_path / "report.pdf"
    file.write_bytes(pdf)
    read = ["pdftotext", "-layout", file, "-"]
    return subprocess.run(read, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize(("width", "scheme"), [(1120, "light"), (390, "light"), (1120, "dark")])
def test_a_page_fits_its_width_asks_for_nothing_and_says_nothing(open_page, name, width, scheme):
    page = open_page(name, width, scheme)
    assert page.run(OUTSIDE) == []
    assert [address for address in page.requests() if not address.endswith(f"/{name}.html")] == []
    assert page.logs("browser") == []


@pytest.mark.parametrize("name", ["day", "computers", "week", "month", "hostile"])
def test_the_figures_of_a_page_are_those_of_the_json_rounded_so_that_they_add_up(open_page, name):
    page, facts = open_page(name), as_object(sample(name).report)
    assert page.run(ROWS, ".cards .card:nth-child(-n + 2)", ".figure") == [
        [said(facts["active_seconds"])],
        [said(facts["idle_seconds"])],
    ]
    whole = alone(round(1000 * facts["active_seconds"]))
    figures = rounded(facts["applications"], whole)
    assert page.run(ROWS, ".apps .row", ".name, .time") == [
        [application_label(each["application_name"]), figure_text(figure)]
        for each, figure in zip(facts["applications"], figures, strict=True)
    ]
    titles = page.run(ROWS, ".titles", ".name, .time")
    for of_application, figure, found in zip(facts["applications"], figures, titles, strict=True):
        each = list(
            zip(of_application["titles"], rounded(of_application["titles"], figure), strict=True)
        )
        assert found[:20] == [
            text
            for title, of_title in each[:10]
            for text in (title_label(title["window_title"]), figure_text(of_title))
        ]
        assert len(found) == 2 * min(10, len(each)) + (len(each) > 10)
    shares = page.run(ROWS, ".shares:first-of-type tbody tr", ".name, .time:not(.dim)")
    lines = shown.of_categories(sample(name).report)
    assert shares[: len(lines)] == [[line.label, figure_text(line.figure)] for line in lines]
    if name in {"week", "month"}:
        days = page.run(ROWS, ".figures tbody tr", "td:nth-child(2)")
        figures = parts([round(1000 * day["active_seconds"]) for day in facts["days"]], whole)
        assert days == [[figure_text(figure)] for figure in figures]


def test_a_long_range_looks_finished_without_titles(open_page):
    page, facts = open_page("year"), as_object(sample("year").report)
    months = page.run(ROWS, ".figures tbody tr", "td:nth-child(3)")
    assert sum(int(days) for (days,) in months) == len(facts["days"])
    assert len(page.run(ROWS, ".stack", "i")) == 12
    assert page.run("return document.querySelectorAll('details, .arrow:not(.flat *)').length") == 0


@pytest.mark.parametrize(("scheme", "palette"), [("light", theme.LIGHT), ("dark", theme.DARK)])
def test_a_page_has_the_colours_of_the_window(open_page, scheme, palette):
    found = open_page("day", 1120, scheme).run(COLOURS)
    assert found == [rgb(palette.ground), rgb(palette.surface), rgb(palette.text)]


@pytest.mark.parametrize("name", ["day", "month", "hostile", "empty"])
def test_what_is_printed_is_light_and_has_all_that_is_closed_on_the_screen(
    open_page, tmp_path, name
):
    page, facts = open_page(name, 1120, "dark"), as_object(sample(name).report)
    text = pdf_text(page.pdf(), tmp_path)
    assert 1 <= text.count("\f") <= 4
    figures = shown.of_applications(sample(name).report)
    for application, figure in zip(facts["applications"], figures, strict=True):
        assert figure_text(figure) in text
        for title in application["titles"][:10]:
            words = title_label(title["window_title"]).split()
            assert name == "hostile" or words[0] in text
    page.devtools(
        "Emulation.setEmulatedMedia",
        media="print",
        features=[{"name": "prefers-color-scheme", "value": "dark"}],
    )
    assert page.run(COLOURS)[1:] == [rgb(theme.LIGHT.surface), rgb(theme.LIGHT.text)]


def test_no_name_becomes_markup_in_a_browser(open_page):
    page = open_page("hostile")
    assert page.run("return document.querySelectorAll('script, img, h1').length") == 1
    assert page.run("return document.title").startswith("Monday, 23 November 2026")
    shown = {name for (name,) in page.run(ROWS, ".apps .row", ".name")}
    assert shown == set(map(application_label, HOSTILE))


def test_names_written_from_the_right_leave_the_figures_in_their_column(open_page):
    page = open_page("hostile")
    edges = set(map(tuple, page.run(EDGES, ".apps .row .time")))
    assert len(edges) == 1


def test_who_cannot_see_the_page_hears_what_its_parts_are(open_page):
    page = open_page("day")
    tree = page.devtools("Accessibility.getFullAXTree")["nodes"]
    roles = [(n["role"]["value"], n.get("name", {}).get("value")) for n in tree if "role" in n]
    headings = [name for role, name in roles if role == "heading"]
    assert headings == [
        *("Monday, 23 November 2026", "Timeline", "Applications", "Categories", "Sessions")
    ]
    assert ("image", "Timeline") in roles
    heads = [name for role, name in roles if role == "columnheader"]
    assert {"When", "Time", "Window", "Category", "Share"} <= set(heads)


@pytest.mark.usefixtures("japanese")
def test_a_page_in_japanese_says_so_and_fits(open_page):
    for width in (1120, 390):
        page = open_page("day", width)
        assert page.run("return document.documentElement.lang") == "ja"
        assert page.run(OUTSIDE) == []
        assert re.search("[ぁ-ん]", page.run("return document.body.innerText"))
