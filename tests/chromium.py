"""Debian's Chromium, for the tests of the page and of the site."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # The tests beside these that need no browser do without it.
    from playwright.sync_api import Browser

ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser for the block.

    Raises:
        RuntimeError: there is none; the text says how to get one.
    """
    from playwright.sync_api import expect, sync_playwright

    # No test waits so long where all is well; a busy machine may.
    expect.set_options(timeout=30_000)
    found = os.environ.get("HPO_CHROMIUM") or shutil.which("chromium")
    if not found:
        raise RuntimeError(
            "These tests need Chromium: install Debian's chromium, or name it in HPO_CHROMIUM."
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield browser
        browser.close()
