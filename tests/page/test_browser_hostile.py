"""Names, values and tracebacks that try to be more than text, and that are longer than any screen."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import expect

from hpo.page.html import render
from hpo.page.json_values import to_script
from tests.page.conftest import DRAWN, NewPage, Opened
from tests.page.studies import LONG, MARKUP

LONGEST = """all => Math.max(...all.map(each =>
  [...each.childNodes].filter(node => node.nodeType === 3).map(node => node.data).join('').length))"""


def test_markup_is_shown_as_text_and_runs_nothing(opened: Opened) -> None:
    page = opened("hostile")
    expect(page.locator("h1")).to_contain_text("</script><script>alert(1)</script><img src=x")
    assert page.locator("img, main script, iframe, object, svg, form").count() == 0


def test_a_name_of_ten_thousand_letters_is_cut_wherever_it_stands(opened: Opened) -> None:
    page = opened("hostile")
    assert len(LONG) > 9_000
    for row in page.locator("#trials tbody button").all()[:2]:
        row.click()
    shown = page.locator("body :not(script, pre)").evaluate_all(LONGEST)
    assert shown <= 1_000
    titles = page.locator("[title]").evaluate_all("all => all.map(each => each.title.length)")
    assert max(titles) <= 1_000


def test_text_that_turns_its_direction_turns_nothing_around_it(opened: Opened) -> None:
    page = opened("hostile")
    loose = page.locator(".data").evaluate_all(
        "all => all.filter(each => !getComputedStyle(each).unicodeBidi.includes('isolate')).length"
    )
    assert loose == 0


def test_a_filter_of_markup_and_quotes_finds_text(opened: Opened) -> None:
    page = opened("hostile")
    page.get_by_label("Filter").fill("<script>alert(1)</script>")
    expect(page.locator("#trials .count")).to_contain_text("20 trials")
    page.get_by_label("Filter").fill('"__proto__=1')
    expect(page.locator("#trials tbody")).to_have_text("No trial passes the filter.")


def test_documents_of_odd_values_are_drawn(watched: NewPage, tmp_path: Path) -> None:
    page = watched()
    path = tmp_path / "odd.html"
    path.write_text(render(to_script(odd()), title="odd"), encoding="utf-8")
    page.goto(path.as_uri())
    page.wait_for_selector(DRAWN)
    expect(page.locator("h1")).to_have_text(MARKUP.replace("\u2028", " "))


def test_a_document_of_another_format_says_so(watched: NewPage, tmp_path: Path) -> None:
    page = watched()
    path = tmp_path / "later.html"
    path.write_text(render('{"format": 2, "changes": []}', title="later"), encoding="utf-8")
    page.goto(path.as_uri())
    expect(page.locator("main")).to_have_text(
        "The data of this page have the format 2, and it reads format 1."
    )


def odd() -> dict[str, object]:
    """A document in which nearly everything that may be missing is, and what is there is strange."""
    head = {
        "name": MARKUP,
        "metrics": [{"name": "__proto__", "direction": "minimize"}],
        "space": [{"name": "constructor", "text": "?", "scale": "log", "low": -1.0, "high": None}],
    }
    values = ["NaN", "Infinity", "-Infinity", None, 1e308, -1e308, 5e-324, 0, "1" * 400]
    rows: list[dict[str, object]] = [
        {
            "id": number,
            "state": "completed",
            "config": {"constructor": value, "toString": [{}]},
            "value": value,
        }
        for number, value in enumerate(values)
    ]
    document = {"format": 1, "title": "odd", "made": 0, "version": None, "live": False}
    found: dict[str, object] = json.loads(
        json.dumps({**document, "changes": [{"key": "0", "head": head, "trials": rows}]})
    )
    return found
