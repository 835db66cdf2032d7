"""Every section draws, of every kind of study, or says why it has nothing to show."""

from __future__ import annotations

import sys

import pytest
from playwright.sync_api import expect

from hpo.page.html import render
from hpo.page.json_values import to_script
from tests.page.conftest import DRAWN, KINDS, NewPage, Opened

PICTURES = ["history", "curves", "slices", "parallel", "timeline"]
PIXELS = """canvas => {
  const { width, height } = canvas;
  const copy = Object.assign(document.createElement('canvas'), { width, height });
  const context = copy.getContext('2d', { willReadFrequently: true });
  context.drawImage(canvas, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  %s
}"""
"""Reads what is drawn on a canvas into `data`: red, green, blue and opacity of each pixel."""

NUM_COLOURS = (
    PIXELS
    % """const seen = new Set();
  for (let at = 0; at < data.length; at += 4) if (data[at + 3] > 200) seen.add(data.slice(at, at + 3).join());
  return seen.size;"""
)
HEIGHT = (
    PIXELS
    % """const rows = [];
  for (let at = 0; at < data.length; at += 4)
    if (data[at + 3] > 200 && data[at + 2] > data[at] + 60) rows.push(Math.floor(at / 4 / width));
  return (rows[rows.length - 1] - rows[0]) / height;"""
)
"""Of the marks, which are blue, as a share of the canvas."""

LARGEST = sys.float_info.max


@pytest.mark.parametrize("section", PICTURES)
def test_a_section_of_a_study_with_rungs_is_a_picture_of_several_colours(
    opened: Opened, section: str
) -> None:
    canvas = opened("asha").locator(f"#{section} canvas").first
    assert canvas.evaluate(NUM_COLOURS) >= 4


def test_the_contour_is_drawn_for_each_pair(opened: Opened) -> None:
    page = opened("failures")
    canvas, chosen = page.locator("#contour canvas"), page.locator("#contour select")
    first = canvas.evaluate(NUM_COLOURS)
    label = page.locator("#contour [role=img]").get_attribute("aria-label") or ""
    chosen.select_option(index=1)
    expect(page.locator("#contour [role=img]")).not_to_have_attribute("aria-label", label)
    assert first >= 8
    assert canvas.evaluate(NUM_COLOURS) >= 8


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("asha", "from 15 trials that reached epoch 3, by the value after it"),
        ("failures", "trials that completed"),
    ],
)
def test_the_contour_says_of_which_trials_it_is_made(opened: Opened, kind: str, said: str) -> None:
    assert said in opened(kind).locator("#contour .finding").inner_text()


@pytest.mark.parametrize("kind", KINDS)
def test_each_section_draws_or_says_that_it_has_nothing(opened: Opened, kind: str) -> None:
    page = opened(kind)
    for section in page.locator("main section:visible").all():
        assert section.locator("h1, h2").first.is_visible()
        shown = section.locator(
            "canvas:visible, table:visible, .bars:visible, .nothing:visible, .figure:visible"
        )
        assert shown.count() > 0, section.get_attribute("id")


def test_the_headline_says_what_is_best_how_it_was_found_and_what_it_cost(opened: Opened) -> None:
    text = opened("asha").locator("#headline").inner_text()
    for part in (
        "Best error",
        "0.06092",
        "proposal 12",
        "epoch 27",
        "43 s",
        "3 completed",
        "37 stopped",
        "What to do next",
    ):
        assert part in text


def test_the_history_says_what_it_shows(opened: Opened) -> None:
    page = opened("failures")
    label = page.locator("#history [role=img]").get_attribute("aria-label") or ""
    assert "30 trials. The best value" in label
    assert "13 trials without a value" in label


@pytest.mark.parametrize(("kind", "epoch"), [("asha", "last epoch that"), ("best_values", "best epoch that")])
def test_pictures_say_of_which_epoch_their_values_are(opened: Opened, kind: str, epoch: str) -> None:
    page = opened(kind)
    assert epoch in page.locator("#history .finding").inner_text()
    assert epoch in page.locator("#slices .finding").inner_text()


def test_the_numbers_of_a_picture_are_there_as_a_table(opened: Opened) -> None:
    page = opened("asha")
    page.locator("#curves summary").click()
    expect(page.locator("#curves tbody tr")).to_have_count(4)
    rows = page.locator("#curves tbody tr").all_inner_texts()
    assert [row.split("\t")[:2] for row in rows] == [["1", "25"], ["3", "9"], ["9", "3"], ["27", "3"]]


def test_the_table_of_a_picture_follows_what_is_shown(opened: Opened) -> None:
    page = opened("comparison")
    page.locator("#curves summary").click()
    rows = page.locator("#curves tbody tr")
    expect(rows).to_have_count(4)
    page.locator("#study-select").select_option("hyperband")
    expect(rows).to_have_count(3)
    page.locator("#history summary").click()
    before = page.locator("#history tbody").inner_text()
    page.locator("#history select").select_option("loss")
    expect(page.locator("#history tbody")).not_to_have_text(before)


def test_an_interrupted_run_is_marked_on_the_timeline(opened: Opened) -> None:
    section = opened("interrupted").locator("#timeline")
    assert "1 run interrupted" in section.inner_text()
    section.get_by_role("button", name="A lane for each trial").click()
    assert section.locator("canvas").evaluate(NUM_COLOURS) >= 4


def test_what_made_the_study_stands_in_the_report(opened: Opened) -> None:
    text = opened("asha").locator("#about").inner_text()
    for part in ("hpo.search(", "resume=True", "Float(0.0001, 1.0, log=True)", "Seed", "numpy"):
        assert part in text


def test_several_studies_are_compared_and_each_can_be_shown(opened: Opened) -> None:
    page = opened("comparison")
    assert page.locator("#comparison tbody tr").count() == 2
    page.locator("#comparison").get_by_role("button", name="By seconds of work").click()
    page.locator("#comparison").get_by_role("button", name="hyperband").click()
    expect(page.locator("h1")).to_have_text("hyperband")
    page.locator("#study-select").select_option("asha")
    expect(page.locator("h1")).to_have_text("asha")


def test_another_metric_can_be_shown_in_all_pictures(opened: Opened) -> None:
    page = opened("asha")
    page.locator("#history select").select_option("loss")
    expect(page.locator("#history .axis-name").first).to_have_text("loss")
    expect(page.locator("#trials thead th").nth(2)).to_have_text("loss")


@pytest.mark.parametrize(
    "values",
    [
        (1.0, 1e300, 0.5),
        (0.5, LARGEST, 1e300),
        (-LARGEST, 1.0, LARGEST),
        (5e-324, 1.0, LARGEST),
        (0.0, 5e-324),
    ],
    ids=str,
)
@pytest.mark.parametrize("goal", ["minimize", "maximize"])
def test_values_of_any_size_are_spread_over_the_height_of_their_picture(
    watched: NewPage, values: tuple[float, ...], goal: str
) -> None:
    rows = [
        {"id": number, "state": "completed", "config": {"x": number}, "value": value}
        for number, value in enumerate(4 * values)
    ]
    head = {"name": "extreme", "metrics": [{"name": "loss", "direction": goal}], "counts": {}, "space": []}
    made = {"format": 1, "changes": [{"key": "0", "head": head, "trials": rows}]}
    page = watched()
    text = render(to_script(made), title="extreme")
    page.route("http://page.test/", lambda route: route.fulfill(content_type="text/html", body=text))
    page.goto("http://page.test/")
    page.wait_for_selector(DRAWN)
    for section in ("history", "slices"):
        assert page.locator(f"#{section} canvas").first.evaluate(HEIGHT) > 0.5
