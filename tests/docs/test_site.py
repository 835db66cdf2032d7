"""The built site: its links lead somewhere, it asks no other host, and a reader finds the way."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urldefrag, urlsplit

from bs4 import BeautifulSoup

from tests.docs.pages import DOCS, ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Page

LINK = re.compile(r"https://polyhpo\.readthedocs\.io/[\w./#-]*")


class Elements(HTMLParser):
    """What a page links to, what it loads, and which anchors it has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.loaded: set[str] = set()
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value for name, value in attrs if value}
        if "id" in values:
            self.anchors.add(values["id"])
        if tag == "a" and "href" in values:
            self.links.add(values["href"])
        if tag in ("script", "img", "iframe", "source") and "src" in values:
            self.loaded.add(values["src"])
        if tag == "link" and values.get("rel") in ("stylesheet", "icon", "preload"):
            self.loaded.add(values["href"])


def pages_of(site: Path) -> dict[Path, Elements]:
    return {path: Elements(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}


def test_every_link_inside_leads_to_a_page_and_an_anchor(site: Path) -> None:
    pages = pages_of(site)
    lost = []
    for path, page in pages.items():
        for link in page.links:
            if urlsplit(link).scheme or link == "#":
                continue
            target, anchor = urldefrag(link)
            found = (path.parent / unquote(target)).resolve() if target else path
            there = pages.get(found)
            if not found.exists() or (anchor and there is not None and unquote(anchor) not in there.anchors):
                lost.append(f"{path.relative_to(site)} -> {link}")
    assert not lost


def test_no_page_loads_anything_from_another_host(site: Path) -> None:
    assert not {
        (path.name, link)
        for path, page in pages_of(site).items()
        for link in page.loaded
        if urlsplit(link).netloc
    }


def test_the_pages_that_the_library_and_its_files_name_are_there(site: Path) -> None:
    """Those in messages, docstrings, the metadata and the README."""
    texts = [*ROOT.glob("*.md"), *ROOT.glob("*.toml"), *ROOT.glob("*.cff")]
    texts += [path for folder in ("hpo", "backends", "examples") for path in (ROOT / folder).rglob("*.py")]
    named = {link.rstrip(".") for text in texts for link in LINK.findall(text.read_text(encoding="utf-8"))}
    assert named
    pages = pages_of(site)
    for link in named:
        address, anchor = urldefrag(link)
        path = site / re.sub(r"^/(en/(latest|stable)/)?", "", urlsplit(address).path)
        path = path / "index.html" if path.is_dir() else path
        assert path in pages, link
        assert not anchor or anchor in pages[path].anchors, link


def test_the_links_of_the_readme_lead_to_files() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)]+)\)", text) if not urlsplit(link).scheme]
    assert links
    assert not [link for link in links if not (ROOT / urldefrag(link)[0]).exists()]


def test_no_page_is_wider_than_its_window(window: Page, address: str, site: Path) -> None:
    wide = []
    for path in sorted(site.rglob("*.html")):
        name = path.relative_to(site).as_posix()
        if name.startswith("_"):
            continue
        window.goto(f"{address}/{name}")
        by = window.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if by > 0:
            wide.append(f"{name} by {by} pixels")
    assert not wide


def test_a_reader_chooses_a_framework_once(window: Page, address: str) -> None:
    from playwright.sync_api import expect

    window.goto(f"{address}/start.html")
    window.locator("label.sd-tab-label", has_text="PyTorch").first.click()
    expect(window.get_by_text("hpo_torch").first).to_be_visible()
    window.goto(f"{address}/tutorials/api.html")
    chosen = window.locator("input:checked + label.sd-tab-label", has_text="PyTorch")
    expect(chosen.first).to_be_visible()
    expect(window.locator("input:checked + label.sd-tab-label", has_text="NumPy")).to_have_count(0)


def test_search_finds_maximize(window: Page, address: str) -> None:
    from playwright.sync_api import expect

    window.goto(f"{address}/search.html?q=maximize")
    expect(window.locator("#search-results li a[href*='how-to/maximise']").first).to_be_visible()


def test_every_page_of_the_docs_is_built(site: Path) -> None:
    sources = {path.relative_to(DOCS).with_suffix("").as_posix() for path in DOCS.rglob("*.md")}
    assert sources <= {path.relative_to(site).with_suffix("").as_posix() for path in site.rglob("*.html")}


def test_every_public_name_has_an_example(site: Path) -> None:
    """Each class, function and error of the reference: the one of a class may stand at one of its methods."""
    lost = []
    for path in sorted((site / "reference").glob("*.html")):
        soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        found = soup.select("dl.py.class, dl.py.exception, dl.py.function")
        lost += [name.dt["id"] for name in found if name.dt.get("id") and ">>>" not in name.get_text()]
    assert not lost
