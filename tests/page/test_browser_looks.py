"""The page in the dark, on a phone, on paper."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from hpo.page.html import render
from hpo.page.json_values import to_script
from tests.page.conftest import DRAWN, KINDS, Opened

PAPER = "getComputedStyle(document.body).backgroundColor"
BRIGHTNESS = f"{PAPER}.match(/\\d+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0) / 765"
WIDTH = "document.documentElement.scrollWidth"


@pytest.mark.parametrize("dark", [False, True])
def test_the_page_begins_as_the_system_is_and_the_button_turns_it(opened: Opened, dark: bool) -> None:
    page = opened("main_job", dark=dark)
    assert (page.evaluate(BRIGHTNESS) < 0.5) is dark
    page.get_by_role("button", name="Show in light colours" if dark else "Show in dark colours").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "light" if dark else "dark")
    assert (page.evaluate(BRIGHTNESS) < 0.5) is not dark


def test_pictures_are_drawn_again_in_the_other_colours(opened: Opened) -> None:
    page = opened("main_job")
    canvas = page.locator("#history canvas")
    light = canvas.evaluate("canvas => canvas.toDataURL()")
    page.locator("#theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.wait_for_function(
        "light => document.querySelector('#history canvas').toDataURL() !== light", arg=light
    )


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_wider_than_a_phone(opened: Opened, kind: str) -> None:
    page = opened(kind, width=390)
    rows = page.locator("#trials tbody button")
    if rows.count():
        rows.first.click()
        expect(page.locator("#trials .life")).to_have_count(1)
    assert page.evaluate(WIDTH) <= 390


def test_a_page_that_grows_narrow_draws_its_pictures_narrower(opened: Opened) -> None:
    page = opened("asha")
    page.set_viewport_size({"width": 390, "height": 900})
    page.wait_for_timeout(500)
    assert page.evaluate(WIDTH) <= 390


def test_what_is_printed_is_light_and_whole(opened: Opened) -> None:
    page = opened("asha", dark=True)
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    assert page.evaluate(BRIGHTNESS) > 0.9
    assert page.locator("nav").is_hidden()
    assert page.locator("#trials tbody tr").last.is_visible()
    page.emulate_media(media="screen", color_scheme="dark")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_a_printed_report_is_a_document_of_some_pages(opened: Opened) -> None:
    page = opened("asha")
    assert page.pdf().count(b"/Type /Page\n") >= 3


def test_without_javascript_the_page_says_why_it_is_empty(
    browser_without_javascript: Page, report: Callable[[str], Path]
) -> None:
    page = browser_without_javascript
    page.goto(report("main_job").as_uri())
    expect(page.get_by_text("drawn by JavaScript, which is off")).to_be_visible()


def test_all_rows_of_the_table_are_printed_up_to_a_thousand(opened: Opened) -> None:
    page = opened("many")
    rows, count = page.locator("#trials tbody tr"), page.locator("#trials .count")
    page.emulate_media(media="print")
    expect(count).to_have_text("10,000 trials; the first 1,000 are printed")
    expect(rows).to_have_count(1000)
    page.emulate_media(media="screen")
    expect(rows).to_have_count(50)
    page.get_by_label("Filter").fill("optimizer=adam units>200")
    expect(count).to_have_text(re.compile(r"^\d+ of 10,000 trials$"))
    page.emulate_media(media="print")
    expect(rows).to_have_count(int(count.inner_text().split()[0]))
    assert 50 < rows.count() < 1000


A4_PIXELS = 794
NAMES = [f"hyperparameter_number_{number}" for number in range(12)]


def of_twelve_long_names() -> str:
    """A page of two trials with many columns."""
    config = {name: "two words" if place % 2 else 0.12345678 for place, name in enumerate(NAMES)}
    rows = [{"id": number, "state": "completed", "config": config, "value": 0.5} for number in range(2)]
    head = {"name": "wide", "metrics": [{"name": "loss", "direction": "minimize"}], "counts": {}, "space": []}
    made = {"format": 1, "changes": [{"key": "0", "head": head, "trials": rows}]}
    return render(to_script(made), title="wide")


def test_a_table_of_many_columns_fits_on_paper(watched: Callable[..., Page]) -> None:
    page = watched(A4_PIXELS)
    page.set_content(of_twelve_long_names())
    page.wait_for_selector(DRAWN)
    page.emulate_media(media="print")
    table = page.locator("table.trials").bounding_box()
    assert table is not None
    assert table["x"] + table["width"] <= A4_PIXELS


WATCH_TEXTS = """() => {
  const write = CanvasRenderingContext2D.prototype.fillText;
  window.texts = [];
  CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
    const half = this.measureText(text).width / 2;
    if (this.textAlign === 'center' && y === 12) window.texts.push([x - half, x + half]);
    write.call(this, text, x, y);
  };
}"""


@pytest.mark.parametrize("width", [390, 1280])
def test_names_of_parallel_axes_lie_beside_each_other(watched: Callable[..., Page], width: int) -> None:
    page = watched(width)
    page.add_init_script(f"({WATCH_TEXTS})()")
    page.route(
        "http://page.test/",
        lambda route: route.fulfill(content_type="text/html", body=of_twelve_long_names()),
    )
    page.goto("http://page.test/")
    page.wait_for_selector(DRAWN)
    names = page.evaluate("window.texts")[: len(NAMES) + 1]
    assert len(names) == len(NAMES) + 1
    assert names[0][0] >= 0
    assert all(end < start for (_, end), (start, _) in pairwise(names))


SWATCHES = """all => all.map(each => {
  const [red, green, blue] = getComputedStyle(each).borderTopColor.match(/\\d+/g).map(Number);
  return red + green + blue;
})"""


@pytest.mark.parametrize("dark", [False, True])
def test_curves_that_got_farther_stand_out_more(opened: Opened, dark: bool) -> None:
    page = opened("asha", dark=dark)
    brightness = page.locator("#curves .swatch.line").evaluate_all(SWATCHES)
    assert len(brightness) == 4
    assert brightness == sorted(brightness, reverse=not dark)
