"""The table of trials: sorted, filtered, turned, and each row opened to its trial's life."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.page.conftest import Opened


def cells(page: Page, column: int) -> list[str]:
    return [
        text.strip() for text in page.locator(f"#trials tbody tr > *:nth-child({column})").all_inner_texts()
    ]


def head(page: Page, name: str) -> Locator:
    return page.locator("#trials thead th").filter(has=page.get_by_role("button", name=name, exact=True))


def test_a_click_sorts_another_turns_round_and_a_third_ends_it(opened: Opened) -> None:
    page = opened("asha")
    button = head(page, "units").get_by_role("button")
    before = cells(page, 5)
    orders = []
    for direction in ("ascending", "descending", "none"):
        button.click()
        expect(head(page, "units")).to_have_attribute("aria-sort", direction)
        orders.append(cells(page, 5))
    assert orders == [sorted(before, key=int), sorted(before, key=int, reverse=True), before]


def test_trials_without_a_value_stand_last_in_either_order(opened: Opened) -> None:
    page = opened("failures")
    button = head(page, "value").get_by_role("button")
    for direction in ("ascending", "descending"):
        button.click()
        expect(head(page, "value")).to_have_attribute("aria-sort", direction)
        assert cells(page, 3)[-13:] == ["\u2013"] * 13


def test_words_filter_by_columns_and_all_must_hold(opened: Opened) -> None:
    page = opened("asha")
    page.get_by_label("Filter").fill("units>=100 optimizer=adam state!=stopped")
    expect(page.locator("#trials .count")).to_have_text(re.compile(r"^\d of 40 trials$"))
    assert all(int(text) >= 100 for text in cells(page, 5))
    assert set(cells(page, 7)) == {"adam"}


def test_a_column_that_is_not_there_is_named_with_those_that_are(opened: Opened) -> None:
    page = opened("asha")
    page.get_by_label("Filter").fill("unit>100")
    expect(page.locator("#filter-wrong")).to_contain_text("There is no column unit. Columns: trial, state, ")
    expect(page.locator("#trials tbody tr")).to_have_count(40)


def test_a_filter_that_no_trial_passes_says_so_and_can_be_cleared(opened: Opened) -> None:
    page = opened("asha")
    page.get_by_label("Filter").fill("error<0")
    expect(page.locator("#trials tbody")).to_have_text("No trial passes the filter.")
    page.get_by_role("button", name="Clear", exact=True).click()
    expect(page.locator("#trials tbody tr")).to_have_count(40)
    expect(page.get_by_label("Filter")).to_have_value("")


def test_states_are_chosen_by_buttons(opened: Opened) -> None:
    page = opened("asha")
    button = page.get_by_role("button", name="3 completed")
    button.click()
    expect(page.locator("#trials tbody tr")).to_have_count(3)
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(button).to_be_focused()


def test_a_row_opens_to_the_life_of_its_trial(opened: Opened) -> None:
    page = opened("asha")
    row = page.get_by_role("button", name="12", exact=True).last
    row.click()
    life = page.locator("#life-12")
    expect(life).to_contain_text("What happened")
    expect(life).to_contain_text("27")
    expect(page.locator("button[data-trial='12']")).to_have_attribute("aria-expanded", "true")
    page.locator("button[data-trial='12']").click()
    expect(life).to_have_count(0)


def test_a_failure_shows_its_traceback(opened: Opened) -> None:
    page = opened("failures")
    page.get_by_label("Filter").fill("state=failed units>128")
    page.locator("#trials tbody button").first.click()
    expect(page.locator("#trials pre")).to_contain_text("MemoryError")
    expect(page.locator("#trials pre")).to_contain_text("RuntimeError: no memory for </script>")


def test_a_cohort_is_named_in_the_life_of_its_trials(opened: Opened) -> None:
    page = opened("cohort")
    page.locator("#trials tbody button").first.click()
    expect(page.locator("#trials .life")).to_contain_text("Cohort")


def test_a_point_of_a_picture_opens_its_trial(opened: Opened) -> None:
    page = opened("main_job")
    canvas = page.locator("#history .u-over")
    box = canvas.bounding_box()
    assert box is not None
    for share in range(20):
        canvas.click(position={"x": box["width"] * 0.03, "y": box["height"] * (share + 0.5) / 20})
        if page.locator("#trials .life").count():
            break
    expect(page.locator("#trials .life")).to_have_count(1)
    expect(page.locator("#trials .life-row")).to_have_id("life-0")


def test_ten_thousand_trials_are_turned_by_pages(opened: Opened) -> None:
    page = opened("many")
    expect(page.locator("#trials .count")).to_have_text("10,000 trials")
    expect(page.locator("#trials tbody tr")).to_have_count(50)
    page.get_by_role("button", name="Last").click()
    expect(page.locator(".page-now")).to_have_text("9,951 to 10,000 of 10,000")
    assert cells(page, 1)[-1].endswith("9999")
