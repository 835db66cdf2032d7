"""The Sphinx extension: pages get their stored outputs, and cells of frameworks stand in tabs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import groupby
from typing import Any

import nbformat
import yaml
from docutils import nodes
from docutils.utils.math import MathError, latex2mathml
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.transforms import SphinxTransform
from sphinx_design.shared import create_component

from executed.benchmark import Benchmark
from executed.command import CommandLine
from executed.pages import TABS, Cell, Page, all_pages, parsed
from executed.store import mend, stale, stored


def read(text: str) -> nbformat.NotebookNode:
    """The notebook that myst-nb draws for a page: its cells with what they printed, a copy for each tab."""
    page = _page_of(text)
    if stale(page):
        raise ExtensionError(mend(page))
    notebook = new_notebook(metadata=yaml.safe_load(page.header) or {})
    notebook.metadata["language_info"] = {"name": "python", "pygments_lexer": "ipython3"}
    lines = []
    for cell, copy in _with_outputs(page):
        lines.append(cell.line)
        notebook.cells.append(copy)
    notebook.metadata["source_map"] = lines
    return notebook


def _page_of(text: str) -> Page:
    """The page with this text, which is all that a reader of myst-nb is given."""
    unnamed = parsed(text, "")
    return next(page for page in _pages() if (page.header, page.cells) == (unnamed.header, unnamed.cells))


@cache
def _pages() -> list[Page]:
    return list(all_pages())


def _with_outputs(page: Page) -> Iterator[tuple[Cell, nbformat.NotebookNode]]:
    outputs = {}
    for tab in page.tabs:
        notebook = stored(page, tab)
        if notebook is not None:
            outputs[tab] = iter(notebook.cells)
    for cell in page.cells:
        if not cell.is_code:
            yield cell, new_markdown_cell(cell.source)
            continue
        ran = {tab: next(outputs[tab]) for tab in page.tabs if cell.tab in (None, tab)}
        if cell.tab is None and _are_alike(list(ran.values())):
            yield cell, _copy(cell, None, next(iter(ran.values())))
        else:
            for tab, one in ran.items():
                yield cell, _copy(cell, tab, one)


def _are_alike(cells: Sequence[nbformat.NotebookNode]) -> bool:
    """Whether the cells printed the same. Pictures are not compared: they show what is printed."""
    texts = [
        [(output.get("text"), output.get("data", {}).get("text/plain")) for output in cell.outputs]
        for cell in cells
    ]
    return all(text == texts[0] for text in texts)


def _copy(cell: Cell, tab: str | None, ran: nbformat.NotebookNode) -> nbformat.NotebookNode:
    about = {"tags": cell.tags, "language": cell.language, "tab": tab}
    if "file" in cell.options:
        about["file"] = cell.options["file"]
    return new_code_cell(cell.source, outputs=ran.outputs, metadata=about)


class Tabs(SphinxTransform):
    """Puts neighbouring cells of frameworks into a set of tabs, and names the language of each cell."""

    default_priority = 200

    def apply(self, **kwargs: Any) -> None:
        """Change the document in place."""
        for parent in list(self.document.findall(lambda node: any(map(_is_cell, node.children)))):
            children: list[nodes.Node] = []
            for in_tabs, group in groupby(
                parent.children, lambda child: bool(_is_cell(child) and _tab(child))
            ):
                together = list(group)
                children += [_tab_set(together)] if in_tabs else together
            parent.children = []
            parent.extend(children)
        for cell in self.document.findall(_is_cell):
            _finish(cell)


def _is_cell(node: nodes.Node) -> bool:
    return isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"


def _tab(cell: nodes.Element) -> str | None:
    tab = cell["cell_metadata"].get("tab")
    return None if tab is None else str(tab)


def _tab_set(cells: list[nodes.Element]) -> nodes.Element:
    tab_set = create_component("tab-set", classes=["sd-tab-set"])
    for tab in TABS:
        own = [cell for cell in cells if _tab(cell) == tab]
        if own:
            label = nodes.rubric(TABS[tab], nodes.Text(TABS[tab]), classes=["sd-tab-label"])
            label["sync_group"], label["sync_id"] = "framework", tab
            content = create_component("tab-content", children=own, classes=["sd-tab-content"])
            tab_set += create_component(
                "tab-item", children=[label, content], classes=["sd-tab-item"], selected=False
            )
    return tab_set


def _finish(cell: nodes.Element) -> None:
    about = cell["cell_metadata"]
    for block in cell.children[0].findall(nodes.literal_block) if cell.children else ():
        if block.parent.get("nb_element") != "cell_code_source":
            continue
        block["language"] = about["language"]
        if "file" in about:
            caption = nodes.caption("", "", nodes.literal("", about["file"]))
            wrapper = nodes.container(
                "", caption, block.deepcopy(), literal_block=True, classes=["literal-block-wrapper"]
            )
            block.replace_self(wrapper)
        break


def _math(translator: Any, node: nodes.Element) -> None:
    """Equations as MathML, which browsers draw by themselves: the site asks no other host for anything."""
    is_block = isinstance(node, nodes.math_block)
    source = node.astext()
    try:
        translator.body.append(latex2mathml.tex2mathml(source, as_block=is_block))
    except MathError as error:
        page = translator.builder.current_docname
        raise ExtensionError(f"{page}.md has an equation that cannot be read: {error} {source}") from error
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_directive("benchmark", Benchmark)
    app.add_directive("command-line", CommandLine)
    app.add_transform(Tabs)
    app.add_html_math_renderer("mathml", (_math, None), (_math, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
