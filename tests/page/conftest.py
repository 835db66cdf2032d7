"""Chromium, and reports of studies in it. A page that complains, or asks another host, fails its test."""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

import hpo
from hpo.page.document import document
from hpo.page.html import render
from hpo.page.json_values import to_script
from tests.page import studies

if TYPE_CHECKING:
    # The tests beside these that need no browser do without it.
    from playwright.sync_api import Browser, Page

ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
DRAWN = "html[data-drawn=all]"


class Opened(Protocol):
    """Opens the report of a kind of study, see `tests.page.studies`, and waits until all of it is drawn."""

    def __call__(self, name: str, *, width: int = 1280, dark: bool = False) -> Page: ...


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import expect, sync_playwright

    # No test waits so long where all is well; a busy machine may.
    expect.set_options(timeout=30_000)

    found = os.environ.get("HPO_CHROMIUM") or shutil.which("chromium")
    if not found:
        raise RuntimeError(
            "The tests of the page need Chromium: install Debian's chromium, or name it in HPO_CHROMIUM."
        )
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The file of a report, by the name of its kind of study; written once."""
    folder = tmp_path_factory.mktemp("reports")

    def written(name: str) -> Path:
        path = folder / f"{name}.html"
        if not path.exists():
            made = document(_made(name, tmp_path_factory.mktemp(name)))
            path.write_text(render(to_script(made), title=made["title"]), encoding="utf-8")
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


@pytest.fixture
def watched(browser: Browser) -> Iterator[Callable[..., Page]]:
    """A new page, each message, error, dialog and request of which is noted, and looked at in the end."""
    noted: list[str] = []
    contexts = []

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
        page.on("request", lambda request: noted.append(request.url) if _is_elsewhere(request.url) else None)
        return page

    yield new
    for context in contexts:
        context.close()
    assert noted == []


def _is_elsewhere(url: str) -> bool:
    return not url.startswith(("file:", "data:", "blob:", "http://page.test/", "about:srcdoc"))


@pytest.fixture
def served(browser: Browser) -> Iterator[Callable[[], Page]]:
    """A new page for a server of this machine: it asks no other, and complains of its loss alone."""
    noted: list[str] = []
    contexts = []

    def new() -> Page:
        contexts.append(browser.new_context(viewport={"width": 1280, "height": 900}))
        contexts[-1].set_default_timeout(60_000)
        page = contexts[-1].new_page()
        page.on("console", lambda message: noted.append(message.text))
        page.on("pageerror", lambda error: noted.append(f"error: {error}"))
        page.on("request", lambda request: noted.append(request.url) if _is_remote(request.url) else None)
        return page

    yield new
    for context in contexts:
        context.close()
    assert [text for text in noted if "net::ERR_" not in text] == []


def _is_remote(url: str) -> bool:
    return not url.startswith(("http://127.0.0.1:", "http://localhost:", "data:"))


@pytest.fixture
def browser_without_javascript(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=False)
    yield context.new_page()
    context.close()


@pytest.fixture
def opened(watched: Callable[..., Page], report: Callable[[str], Path]) -> Opened:
    def open_report(name: str, *, width: int = 1280, dark: bool = False) -> Page:
        page = watched(width, dark=dark)
        page.goto(report(name).as_uri())
        page.wait_for_selector(DRAWN)
        return page

    return open_report


@pytest.fixture(autouse=True)
def _numpy_backend(numpy_backend: None) -> None:
    pass
