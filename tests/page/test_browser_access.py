"""The page for a keyboard and for a screen reader, checked by axe-core as well."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.page.conftest import Opened

RUN = "async () => (await axe.run(document, { resultTypes: ['violations'] })).violations"
FOCUSED = """() => {
  const seen = document.activeElement;
  const style = getComputedStyle(seen);
  return [seen.tagName, style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2, seen.className];
}"""


def violations(page: Page) -> list[str]:
    """What axe-core finds, each with the first element that it is found at."""
    script = os.environ.get("HPO_AXE")
    if not script or not Path(script).exists():
        raise RuntimeError(
            "The environment `page` installs axe-core and names its file in HPO_AXE; received none."
        )
    page.evaluate(Path(script).read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = page.evaluate(RUN)
    return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found]


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (1280, True), (390, False)])
@pytest.mark.parametrize("kind", ["asha", "comparison", "failures", "hostile", "empty"])
def test_axe_finds_no_violation(opened: Opened, kind: str, width: int, dark: bool) -> None:
    page = opened(kind, width=width, dark=dark)
    rows = page.locator("#trials tbody button")
    if rows.count():
        rows.first.click()
    for summary in page.locator("summary:visible", has_text="As a table").all():
        summary.click()
    assert violations(page) == []


def test_axe_would_find_one(opened: Opened) -> None:
    page = opened("empty")
    page.evaluate("document.querySelector('#theme').replaceChildren()")
    page.evaluate("document.querySelector('#theme').removeAttribute('aria-label')")
    assert [each.split(":")[0] for each in violations(page)] == ["button-name"]


def test_the_first_stop_of_the_keyboard_leads_past_the_bar(opened: Opened) -> None:
    page = opened("asha")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the study")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_each_stop_of_the_keyboard_is_seen_and_none_is_a_trap(opened: Opened) -> None:
    page = opened("main_job")
    page.keyboard.press("Tab")
    stops = []
    for _ in range(120):
        tag, seen, _ = stop = page.evaluate(FOCUSED)
        if tag == "BODY":
            break
        assert seen or tag == "MAIN", stop
        stops.append(tag)
        page.keyboard.press("Tab")
    assert tag == "BODY"
    assert {"A", "BUTTON", "INPUT", "SUMMARY", "DIV"} <= set(stops)


def test_a_table_is_sorted_and_a_row_is_opened_by_keys_alone(opened: Opened) -> None:
    page = opened("asha")
    page.locator("#trials thead button").nth(2).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#trials thead th").nth(2)).to_have_attribute("aria-sort", "ascending")
    expect(page.locator("#trials thead button").nth(2)).to_be_focused()
    expect(page.locator("#said")).to_have_text("Sorted by error, ascending")
    page.locator("#trials tbody button").first.focus()
    page.keyboard.press("Space")
    expect(page.locator("#trials .life")).to_have_count(1)
    expect(page.locator("#trials tbody button").first).to_be_focused()


def test_headings_are_in_order_and_every_picture_states_what_it_shows(opened: Opened) -> None:
    page = opened("asha")
    levels = [
        int(tag[1]) for tag in page.locator("h1, h2, h3").evaluate_all("all => all.map(each => each.tagName)")
    ]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    labels = [each.get_attribute("aria-label") or "" for each in page.locator("[role=img]:visible").all()]
    assert all(len(label) > 30 for label in labels)
