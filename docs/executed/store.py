"""What the cells of a page printed and drew: one notebook for each page and tab, in `docs/outputs/`."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import nbformat

from executed.pages import BACKENDS, DOCS, Page
from executed.signatures import signatures_in

OUTPUTS = DOCS / "outputs"


def path_of(page: Page, tab: str) -> Path:
    """Where the outputs of a page in a tab are kept."""
    return OUTPUTS / page.name / f"{tab}.ipynb"


def made_from(page: Page, tab: str) -> str:
    """A digest of all from which the outputs follow: the code, and the signatures of the names in it."""
    code = [(cell.source, cell.options) for cell in page.code_of(tab)]
    signatures = signatures_in("\n".join(source for source, _ in code))
    return hashlib.sha256(json.dumps([code, signatures], sort_keys=True).encode()).hexdigest()[:16]


def stored(page: Page, tab: str) -> nbformat.NotebookNode | None:
    """The executed notebook of a page in a tab; None, if there is none or it is stale."""
    path = path_of(page, tab)
    if not path.exists():
        return None
    notebook = nbformat.read(path, as_version=4)
    return notebook if notebook.metadata.get("made_from") == made_from(page, tab) else None


def stale(page: Page) -> list[str]:
    """The tabs of a page whose outputs are missing or made by other code."""
    return [tab for tab in page.tabs if stored(page, tab) is None]


def mend(page: Page) -> str:
    """The message about a stale page, with the commands that execute it."""
    commands = [f"  tox -e pages-{BACKENDS[tab]} -- {page.name}" for tab in stale(page)]
    return "\n".join([f"The outputs of {page.name}.md are not those of its code. Execute it:", *commands])


def keep(page: Page, tab: str, notebook: nbformat.NotebookNode) -> None:
    """Store an executed notebook."""
    notebook.metadata["made_from"] = made_from(page, tab)
    path = path_of(page, tab)
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
