"""The parallel coordinates: a brush with the pointer or the keyboard chooses the trials in the table."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.page.conftest import Opened


def drag(page: Page, *, axis: int, start: float, end: float) -> None:
    """Along an axis of five, from one share of the canvas' height to another."""
    canvas = page.locator("#parallel canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    x = box["x"] + 46 + axis * (box["width"] - 92) / 4
    page.mouse.move(x, box["y"] + start * box["height"])
    page.mouse.down()
    page.mouse.move(x, box["y"] + (start + end) / 2 * box["height"])
    page.mouse.move(x, box["y"] + end * box["height"])
    page.mouse.up()


def numbers(page: Page, column: int) -> list[float]:
    """What stands in a column of the table of trials."""
    return [float(text) for text in page.locator(f"#trials tbody td:nth-child({column})").all_inner_texts()]


def eventually(page: Page, is_so: Callable[[], bool]) -> None:
    """Wait until it is so: the table follows what is brushed a few times a second."""
    for _ in range(300):
        if is_so():
            return
        page.wait_for_timeout(100)
    pytest.fail("What was brushed is not what the table shows.")


def test_a_drag_along_an_axis_chooses_trials_and_a_click_lets_go(opened: Opened) -> None:
    page = opened("asha")
    drag(page, axis=4, start=0.7, end=0.99)
    expect(page.locator("#brush-count")).to_have_text(re.compile(r"^\d+ of 40 trials chosen\.$"))
    expect(page.locator("#trials .count")).to_have_text(
        re.compile(r"^\d+ of 40 trials, 1 of the axes below brushed$")
    )
    drag(page, axis=4, start=0.5, end=0.5)
    expect(page.locator("#trials .count")).to_have_text("40 trials")


def test_what_is_brushed_on_the_axis_of_the_value_are_the_values_in_the_table(opened: Opened) -> None:
    page = opened("asha")
    drag(page, axis=4, start=0.7, end=0.99)
    expect(page.locator("#trials .count")).to_contain_text("brushed")
    eventually(page, lambda: 0 < len(numbers(page, 3)) < 40 and max(numbers(page, 3)) < 0.4)


def test_the_keyboard_brushes_with_the_sliders(opened: Opened) -> None:
    page = opened("asha")
    slider = page.get_by_role("slider", name="dropout, from")
    slider.focus()
    page.keyboard.press("End")
    page.keyboard.press("Home")
    for _ in range(4):
        page.keyboard.press("PageUp")
    expect(page.locator("#trials .count")).to_contain_text("1 of the axes below brushed")
    expect(slider).to_be_focused()
    assert float(slider.get_attribute("aria-valuetext") or "") > 0.1
    eventually(page, lambda: min(numbers(page, 6), default=0) > 0.1)


def test_brushes_of_several_axes_and_words_hold_together(opened: Opened) -> None:
    page = opened("asha")
    drag(page, axis=4, start=0.4, end=0.99)
    page.get_by_label("Filter").fill("optimizer=sgd")
    expect(page.locator("#trials .count")).to_contain_text("brushed")
    expect(page.locator("#trials tbody td:nth-child(7)").first).to_have_text("sgd")
    page.get_by_role("button", name="Clear brushes").click()
    expect(page.locator("#trials .count")).not_to_contain_text("brushed")
    expect(page.get_by_label("Filter")).to_have_value("optimizer=sgd")
