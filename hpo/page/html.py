"""A page as one HTML text: its template, its style, its scripts and the document that it shows.

What stands in the document came from users: names, configs, tracebacks. Three walls keep it text. It is JSON
in an inert `<script type="application/json">`, escaped by `hpo.page.json_values.to_script`. The scripts set
`textContent` and attributes only. The policy in the page allows the one script and the one style whose hashes
it names, and no connection (a live page: one to its own server).
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

ASSETS = Path(__file__).with_name("assets")
STYLES = (
    "vendor/uPlot.min.css",
    *("colours.css", "page.css", "controls.css", "headline.css", "charts.css", "tables.css", "print.css"),
)
VENDORED = "vendor/uPlot.iife.min.js"
SCRIPTS = (
    *("numbers", "elements", "studies", "theme", "colours", "scales", "marks", "plot", "tip", "filter"),
    *("sections", "headline", "comparison", "history", "life", "columns", "rows", "trials", "curves"),
    *("importance", "slices", "brushes", "parallel", "contour", "timeline", "about", "inside", "connection"),
    *("live", "start"),
)
"""Our own scripts of the page of studies; each may use the names of those before it while it loads."""


class Layout(NamedTuple):
    """A kind of page.

    Attributes:
        template: its HTML, with places for the rest.
        scripts: our own scripts in it, in their order.
        vendored: what they need of others.
    """

    template: str
    scripts: tuple[str, ...]
    vendored: tuple[str, ...] = ()


STUDIES = Layout("page.html", SCRIPTS, (VENDORED,))
"""Shows studies: the report, and the live page."""

LIST = Layout("list.html", ("numbers", "elements", "theme", "connection", "list"))
"""Lists the studies of a server that has too many for one page."""


def render(document: str, *, title: str, events_url: str | None = None, layout: Layout = STUDIES) -> str:
    """One self-contained HTML page that shows a document.

    Args:
        document: the JSON text that `hpo.page.json_values.to_script` made, which is safe inside a `<script>`.
        title: the title of the window, as plain text.
        events_url: where a live page listens for changes, on the server that it came from. With None the page
            stays as it is and may connect to nothing.
        layout: the kind of page.

    Returns:
        The text of the page; write it as UTF-8.

    Raises:
        ValueError: the document would end its `<script>` early, so it was not made by `to_script`.

    Example:
        >>> page = render('{"format":1,"title":"t","changes":[]}', title="A <study>")
        >>> "<title>A &lt;study&gt;</title>" in page
        True
    """
    if re.search(r"<(/script|script|!--)", document, re.IGNORECASE):
        raise ValueError(
            "The document has a tag in it that could end or hide the page's script; expected the text that "
            "hpo.page.json_values.to_script(document) returns, in which each `<` is escaped."
        )
    parts = {
        "policy": html.escape(policy(layout, live=events_url is not None)),
        "title": html.escape(title),
        "style": _style(),
        "events": html.escape(events_url or ""),
        "document": document,
        "script": _script(layout),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], _read(layout.template))


def policy(layout: Layout = STUDIES, *, live: bool = False) -> str:
    """The Content-Security-Policy of a page; a server may send it as a header too.

    Args:
        layout: the kind of page.
        live: whether the page may connect to the server that it came from.
    """
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_hash(_script(layout))}'",
            f"style-src '{_hash(_style())}'",
            "img-src data:",
            "connect-src 'self'" if live else "connect-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


@cache
def _style() -> str:
    return "\n".join(_read(name) for name in STYLES)


@cache
def _script(layout: Layout) -> str:
    own = "\n".join(_read(f"{name}.js") for name in layout.scripts)
    vendored = "".join(f"{_read(name)}\n" for name in layout.vendored)
    return f"{vendored}(() => {{\n'use strict';\n{own}\n}})();\n"


def _read(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"
