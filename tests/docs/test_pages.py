"""Pages whose code runs: their outputs are theirs, and each framework has its tab."""

from __future__ import annotations

from itertools import groupby

import pytest

from tests.docs.pages import DOCS

# isort: split
from executed.pages import TABS, Page, all_pages, parsed
from executed.store import OUTPUTS, mend, path_of, stale

PAGES = list(all_pages())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_outputs_of_a_page_are_those_of_its_code(page: Page) -> None:
    assert not stale(page), mend(page)


def test_no_outputs_are_kept_of_what_is_no_page() -> None:
    wanted = {path_of(page, tab) for page in PAGES for tab in page.tabs}
    assert set(OUTPUTS.rglob("*.ipynb")) == wanted


@pytest.mark.parametrize("page", [page for page in PAGES if len(page.tabs) > 1], ids=lambda page: page.name)
def test_neighbouring_tabs_are_all_of_the_tabs_of_their_page(page: Page) -> None:
    for in_tabs, cells in groupby(page.cells, lambda cell: cell.is_code and cell.tab is not None):
        if in_tabs:
            assert {cell.tab for cell in cells} == set(page.tabs)


@pytest.mark.parametrize("tab", TABS)
def test_start_has_each_framework(tab: str) -> None:
    assert tab in next(page for page in PAGES if page.name == "start").tabs


def test_every_fence_is_closed() -> None:
    for path in DOCS.rglob("*.md"):
        lines = path.read_text(encoding="utf-8").splitlines()
        assert sum(line.startswith("```") for line in lines) % 2 == 0, path


def test_code_in_a_page_is_told_from_code_that_it_shows() -> None:
    shown = "````text\n```{code-cell}\nno\n```\n````\n"
    page = parsed(f"---\nframeworks: numpy\n---\n# T\n\n{shown}\n```{{code-cell}}\nx\n```\n", "p")
    assert [cell.source for cell in page.cells if cell.is_code] == ["x"]
    assert page.tabs == ["numpy"]


def test_a_page_is_stale_where_its_code_or_a_signature_that_it_uses_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from executed import signatures, store

    page = parsed("```{code-cell}\nimport hpo\nhpo.search\n```\n", "p")
    before = store.made_from(page, "numpy")
    assert store.made_from(parsed("```{code-cell}\nimport hpo\nhpo.Tuner\n```\n", "p"), "numpy") != before
    known = {name: set(lines) for name, lines in signatures._signatures().items()}
    known["search"] = {"search(changed)"}
    monkeypatch.setattr(signatures, "_signatures", lambda: known)
    assert store.made_from(page, "numpy") != before


def test_an_unknown_tab_is_refused() -> None:
    with pytest.raises(ValueError, match=r"p\.md names the tabs \['keras'\]; there are"):
        _ = parsed("```{code-cell}\n:tab: keras\nx\n```\n", "p").tabs
