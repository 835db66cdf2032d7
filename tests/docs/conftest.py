"""The built site: in files, served, and in Chromium."""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.chromium import chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="session")
def site() -> Path:
    """The folder of the built site."""
    folder = os.environ.get("HPO_SITE")
    if not folder or not (Path(folder) / "index.html").exists():
        raise RuntimeError(
            "HPO_SITE has to name the folder of the built site: sphinx-build -W docs FOLDER. "
            f"It is {folder!r}. `tox -e docs` builds it and runs these tests."
        )
    return Path(folder)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Requests are no news."""


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """Where the site is served."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(params=[(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")], ids=str)
def window(browser: Browser, request: pytest.FixtureRequest, address: str) -> Iterator[Page]:
    """A window of a computer or of a phone. A page that complains, or asks another host, fails its test."""
    width, colors = request.param
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=colors)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request",
        lambda asked: None if asked.url.startswith((address, "data:")) else complaints.append(asked.url),
    )
    yield page
    context.close()
    assert not complaints
