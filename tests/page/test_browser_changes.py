"""Changes that a live page hears of: they are merged and drawn, and leave alone what is read meanwhile."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from hpo.page.html import render
from hpo.page.json_values import to_script
from tests.page.conftest import DRAWN, NewPage

HEAD = {"name": "live", "metrics": [{"name": "loss", "direction": "minimize"}], "counts": {}, "space": []}
Told = Callable[..., Page]


def row(number: int, value: float, state: str = "completed") -> dict[str, Any]:
    return {"id": number, "state": state, "config": {"x": number}, "value": value}


def change(rows: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {"key": "0", "head": {**HEAD, "num_trials": len(rows)}, "trials": rows, **more}


@pytest.fixture
def told(watched: NewPage) -> Told:
    """A live page and what its server tells it, an answer for each time that it connects."""

    def open_live(first: list[dict[str, Any]], *answers: list[dict[str, Any]]) -> Page:
        page = watched()
        left = list(answers)

        def events(route: Route) -> None:
            lines = [f"event: change\ndata: {json.dumps(each)}\n\n" for each in (left.pop(0) if left else [])]
            route.fulfill(content_type="text/event-stream", body="retry: 300\n\n" + "".join(lines))

        document = {"format": 1, "made": 0, "version": "0", "changes": first}
        text = render(to_script(document), title="live", events_url="/events")
        page.route("http://page.test/", lambda route: route.fulfill(content_type="text/html", body=text))
        page.route("http://page.test/events", events)
        page.goto("http://page.test/")
        page.wait_for_selector(DRAWN)
        return page

    return open_live


def test_new_trials_and_new_states_of_old_ones_are_merged(told: Told) -> None:
    page = told(
        [change([row(0, 1.0, "running")])],
        [change([row(0, 0.5), row(1, 0.25)])],
    )
    expect(page.locator("#trials tbody tr")).to_have_count(2)
    expect(page.locator("#trials tbody tr").first).to_contain_text("completed")


def test_a_reset_forgets_the_trials_of_before(told: Told) -> None:
    page = told([change([row(0, 1.0), row(1, 2.0)])], [change([row(7, 0.5)], reset=True)])
    expect(page.locator("#trials tbody button")).to_have_text(["\u25b87"])


def test_a_page_that_began_with_no_study_shows_the_first_one(told: Told) -> None:
    page = told([], [change([row(0, 1.0)])])
    expect(page.locator("h1")).to_have_text("live")
    expect(page.locator("#trials tbody tr")).to_have_count(1)


def test_a_study_that_comes_later_is_compared_and_one_that_is_gone_is_not(told: Told) -> None:
    later = change([row(0, 0.5)], key="1", label="later")
    page = told([change([row(0, 1.0)])], [later], *[[]] * 8, [{"key": "1", "gone": True}])
    expect(page.locator("#comparison tbody tr")).to_have_count(2)
    expect(page.locator("#study-select option")).to_have_text(["live", "later"])
    expect(page.locator("#comparison")).to_be_hidden()
    expect(page.locator("#study-choice")).to_be_hidden()


def test_a_study_that_can_be_read_at_last_is_offered(told: Told) -> None:
    broken = {"key": "1", "label": "mended", "error": "it cannot be read"}
    mended = change([row(0, 0.5)], key="1", label="mended")
    page = told([change([row(0, 1.0)]), broken], *[[]] * 3, [mended])
    expect(page.locator("#troubles")).to_contain_text("it cannot be read")
    expect(page.locator("#study-select option")).to_have_text(["live", "mended"])


def test_a_lost_connection_is_said_and_tried_again(told: Told) -> None:
    page = told([change([row(0, 1.0)])], [], [], [], [change([row(0, 1.0), row(1, 2.0)])])
    expect(page.locator("#connection")).to_have_text("connection lost, trying again")
    expect(page.locator("#trials tbody tr")).to_have_count(2)


def test_sort_filter_open_rows_and_focus_stay_while_data_arrive(told: Told) -> None:
    many = [row(number, 1.0 / (number + 1)) for number in range(6)]
    page = told([change(many)], *[[]] * 8, [change([*many, row(6, 0.01), row(7, 5.0)])])
    page.get_by_label("Filter").fill("x>=2")
    page.get_by_role("button", name="loss", exact=True).click()
    page.locator("button[data-trial='5']").click()
    # There are six rows at first, too.
    expect(page.locator("#trials tbody button[data-trial='7']")).to_have_count(1)
    expect(page.locator("#trials tbody button[data-trial='0']")).to_have_count(0)
    assert page.locator("#trials tbody button").evaluate_all(
        "all => all.map(each => each.dataset.trial)"
    ) == list("654327")
    expect(page.locator("#life-5")).to_be_visible()
    expect(page.locator("button[data-trial='5']")).to_be_focused()


def test_what_is_new_is_said_once(told: Told) -> None:
    best = {"trial": 1, "value": 0.25, "config": {"x": 1}}
    later = change([row(1, 0.25)])
    later["head"]["best"] = best
    page = told([change([row(0, 1.0)])], [later])
    expect(page.locator("#said")).to_have_text("New best: 0.25, trial 1")


def test_a_brush_stays_at_its_values_while_its_axis_grows(told: Told) -> None:
    few = [row(number, 1.0 + number) for number in range(5)]
    page = told([change(few)], *[[]] * 8, [change([*few, row(5, 9.0), row(40, 9.5)])])
    slider = page.get_by_role("slider", name="x, to")
    slider.fill("500")
    expect(page.locator("#trials tbody button")).to_have_count(3)
    slider.focus()
    expect(page.locator("#brush-count")).to_have_text("3 of 7 trials chosen.")
    assert int(slider.input_value()) < 100
    expect(slider).to_be_focused()
