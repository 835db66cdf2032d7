"""The page in the dark, on a phone, on paper."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.page.conftest import DRAWN, Opened
from tests.page.test_browser_sections import KINDS

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
    page.wait_for_timeout(600)
    assert canvas.evaluate("canvas => canvas.toDataURL()") != light


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


def test_ten_thousand_trials_are_drawn(opened: Opened) -> None:
    page = opened("many")
    expect(page.locator(DRAWN)).to_have_count(1)
    expect(page.locator("#headline")).to_contain_text("10,000")
