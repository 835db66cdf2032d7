"""The page as text: its policy, its size, and what its scripts may not do."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import pytest

from hpo.page.html import ASSETS, LIST, STUDIES, STYLES, Layout, policy, render

LAYOUTS = (STUDIES, LIST)
OWN = sorted(path for path in ASSETS.iterdir() if path.suffix in {".js", ".css", ".html"})
FORBIDDEN = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|setAttribute\('style'|"
    r"\bstyle=|\bon[a-z]+=\"|https?://(?!www\.w3\.org/2000/svg)|\bimport\b|javascript:"
)


def hash_of(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: str(layout.template))
def test_the_policy_names_the_scripts_and_styles_in_the_page_and_nothing_else(layout: Layout) -> None:
    page = render("{}", title="t", layout=layout)
    [script] = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    [style] = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    assert f"script-src '{hash_of(script)}';" in policy(layout)
    assert f"style-src '{hash_of(style)}';" in policy(layout)
    assert "unsafe" not in policy(layout)
    assert policy(layout).replace("'", "&#x27;") in page


def test_a_report_connects_to_nothing_and_a_live_page_to_its_own_server() -> None:
    assert "connect-src 'none'" in policy()
    assert "connect-src 'self'" in policy(live=True)
    assert 'data-events="/events?a=1&amp;b=2"' in render("{}", title="t", events_url="/events?a=1&b=2")


def test_a_page_without_data_is_small_enough_for_a_mail() -> None:
    assert len(render("{}", title="t").encode()) <= 250_000


def test_the_title_of_a_window_is_text() -> None:
    assert "<title>&lt;/title&gt;&lt;b&gt;{{script}}</title>" in render("{}", title="</title><b>{{script}}")


@pytest.mark.parametrize("tag", ["</script", "<!--", "<SCRIPT>"])
def test_a_document_that_was_not_escaped_is_refused(tag: str) -> None:
    with pytest.raises(ValueError, match=r"expected the text that hpo\.page\.json_values\.to_script"):
        render(f'{{"name": "{tag}"}}', title="t")


def test_what_looks_like_a_place_of_the_template_is_left_as_it_is() -> None:
    assert '{"name": "{{script}} \\\\1"}' in render('{"name": "{{script}} \\\\1"}', title="t")


@pytest.mark.parametrize("path", OWN, ids=lambda path: str(path.name))
def test_no_asset_makes_markup_of_text_or_names_another_host(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if FORBIDDEN.search(line)] == []


def test_each_asset_is_in_a_page() -> None:
    named = {*STYLES}
    for layout in LAYOUTS:
        named |= {layout.template, *layout.vendored, *(f"{name}.js" for name in layout.scripts)}
    assert {
        str(path.relative_to(ASSETS)) for path in ASSETS.rglob("*") if path.suffix in {".js", ".css", ".html"}
    } == named


def test_the_library_of_charts_brings_its_licence() -> None:
    assert "MIT License" in (ASSETS / "vendor" / "LICENSE").read_text(encoding="utf-8")
