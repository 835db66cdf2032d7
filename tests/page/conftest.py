"""Chromium, and reports of studies in it. A page that complains, or asks another host, fails its test."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

import hpo
from hpo.page import save
from tests.chromium import chromium
from tests.page import studies

if TYPE_CHECKING:
    # The tests beside these that need no browser do without it.
    from playwright.sync_api import Browser, Page

DRAWN = "html[data-drawn=all]"
KINDS = [*studies.STUDIES, "comparison"]
"""What reports there are; that of 10,000 trials takes longer."""


class NewPage(Protocol):
    """Opens an empty page."""

    def __call__(self, width: int = 1280, *, dark: bool = False) -> Page: ...


class Opened(Protocol):
    """Opens the report of a kind of study, see `tests.page.studies`, and waits until all of it is drawn."""

    def __call__(self, name: str, *, width: int = 1280, dark: bool = False) -> Page: ...


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The file of a report, by the name of its kind of study; written once."""
    folder = tmp_path_factory.mktemp("reports")

    def written(name: str) -> Path:
        path = folder / f"{name}.html"
        if not path.exists():
            save(_made(name, tmp_path_factory.mktemp(name)), path)
        return path

    return written


def _made(name: str, folder: Path) -> hpo.Study | list[hpo.Study]:
    if name == "comparison":
        return [studies.asha(folder), studies.hyperband(folder)]
    if name == "many":
        return studies.many()
    with warnings.catch_warnings():
        # What a search has to say of these studies is no subject here.
        warnings.simplefilter("ignore")
        made: hpo.Study = getattr(studies, name)(folder)
    return made


@contextmanager
def watching(browser: Browser, own: tuple[str, ...], expected: str | None = None) -> Iterator[NewPage]:
    """Makes new pages, each message, error, dialog and request of which is noted, and looked at in the end.

    Args:
        browser: where they are.
        own: how addresses begin that a page may ask for.
        expected: what stands in a message that is no complaint.
    """
    noted: list[str] = []
    contexts = []

    def asked(url: str) -> None:
        if not url.startswith(own):
            noted.append(url)

    def new(width: int = 1280, *, dark: bool = False) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            # What scrolls smoothly is not yet where a test finds it.
            reduced_motion="reduce",
        )
        contexts.append(context)
        context.set_default_timeout(60_000)
        page = context.new_page()
        page.on("console", lambda message: noted.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: noted.append(f"error: {error}"))
        page.on("dialog", lambda dialog: noted.append(f"dialog: {dialog.message}"))
        page.on("request", lambda request: asked(request.url))
        return page

    yield new
    for context in contexts:
        context.close()
    assert [text for text in noted if expected is None or expected not in text] == []


@pytest.fixture
def watched(browser: Browser) -> Iterator[NewPage]:
    """Makes pages that ask no server."""
    with watching(browser, ("file:", "data:", "blob:", "http://page.test/", "about:srcdoc")) as new:
        yield new


@pytest.fixture
def served(browser: Browser) -> Iterator[NewPage]:
    """Makes pages for a server of this machine, which ask no other and complain of its loss alone."""
    with watching(browser, ("http://127.0.0.1:", "http://localhost:", "data:"), "net::ERR_") as new:
        yield new


@pytest.fixture
def browser_without_javascript(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=False)
    yield context.new_page()
    context.close()


@pytest.fixture
def opened(watched: NewPage, report: Callable[[str], Path]) -> Opened:
    def open_report(name: str, *, width: int = 1280, dark: bool = False) -> Page:
        page = watched(width, dark=dark)
        page.goto(report(name).as_uri())
        page.wait_for_selector(DRAWN)
        return page

    return open_report


@pytest.fixture(params=studies.STUDIES)
def study(request: pytest.FixtureRequest, tmp_path: Path) -> hpo.Study:
    """A study of each kind."""
    return studies.STUDIES[request.param](tmp_path)


@pytest.fixture(autouse=True)
def _numpy_backend(numpy_backend: None) -> None:
    pass
