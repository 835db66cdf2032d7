"""A page as it is written: prose and cells, some of which belong to the tab of a framework."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

DOCS = Path(__file__).parents[1]

TABS = {"numpy": "NumPy", "pytorch": "PyTorch", "tensorflow": "TensorFlow", "mxnet": "MXNet", "jax": "JAX"}
"""The tabs, in their order, and what stands on them."""

BACKENDS = {tab: "torch" if tab == "pytorch" else tab for tab in TABS}
"""What `HPO_BACKEND` is in the cells of a tab."""

_FENCE = re.compile(r"^```+")
_CELL = re.compile(r"^(```+)\{code-cell\}")
_OPTION = re.compile(r"^:([\w-]+):\s*(.*)$")
_HEADER = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
_FRAMEWORKS = re.compile(r"^frameworks:\s*(.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Cell:
    """A piece of a page.

    A code cell is Python, unless it names the file that it is (`:file: space.toml`) or is a transcript of the
    shell, each line of which begins with `$ `.
    """

    source: str
    line: int
    """The line of the page at which it begins, from 0."""
    is_code: bool = False
    options: dict[str, str] = field(default_factory=dict)

    @property
    def tab(self) -> str | None:
        """The tab to which it belongs; without one it belongs to each of its page."""
        return self.options.get("tab")

    @property
    def tags(self) -> list[str]:
        """Marks for its execution (`raises-exception`) and its look (`hide-input`, `remove-output`, ...)."""
        return self.options.get("tags", "").replace("[", "").replace("]", "").replace(",", " ").split()

    @property
    def commands(self) -> list[str]:
        """The commands of a transcript of the shell; none in any other cell."""
        lines = self.source.splitlines()
        shell = self.is_code and "file" not in self.options and lines and lines[0].startswith("$ ")
        return [line[2:] for line in lines if line.startswith(("$ ", "> "))] if shell else []

    @property
    def language(self) -> str:
        """What highlights it."""
        if self.commands:
            return "console"
        suffix = Path(self.options.get("file", "cell.py")).suffix.removeprefix(".")
        return {"py": "ipython3", "yml": "yaml", "sh": "bash", "cfg": "ini", "txt": "text"}.get(
            suffix, suffix
        )


@dataclass(frozen=True)
class Page:
    """A page of the site."""

    name: str
    """Its path below `docs/`, without the suffix: `how-to/maximise`."""
    header: str
    """The YAML at its head."""
    cells: list[Cell]

    @property
    def tabs(self) -> list[str]:
        """The tabs in which it is executed, in their order.

        Its header may name them (`frameworks: numpy, pytorch`). Else they are all, if a cell belongs to one;
        NumPy alone, if it has other code; none, if it has no code.
        """
        code = [cell for cell in self.cells if cell.is_code]
        if named := _FRAMEWORKS.search(self.header):
            tabs = named[1].replace(",", " ").split()
        elif any(cell.tab for cell in code):
            tabs = list(TABS)
        else:
            tabs = ["numpy"] if code else []
        unknown = {*tabs, *(cell.tab for cell in code if cell.tab)} - set(TABS)
        if unknown:
            raise ValueError(f"{self.name}.md names the tabs {sorted(unknown)}; there are {list(TABS)}.")
        return [tab for tab in TABS if tab in tabs]

    def code_of(self, tab: str) -> list[Cell]:
        """The cells that are executed in one tab, in their order."""
        return [cell for cell in self.cells if cell.is_code and cell.tab in (None, tab)]


def read_page(path: Path) -> Page:
    """The page in a file below `docs/`."""
    return parsed(path.read_text(encoding="utf-8"), path.relative_to(DOCS).with_suffix("").as_posix())


def all_pages() -> Iterator[Page]:
    """Every page of the site."""
    for path in sorted(DOCS.rglob("*.md")):
        if "_build" not in path.parts:
            yield read_page(path)


def parsed(text: str, name: str) -> Page:
    """A page of a text."""
    header = _HEADER.match(text)
    lines = text.splitlines()
    start = header[0].count("\n") if header else 0
    return Page(name, header[1] if header else "", list(_cells(lines, start)))


def _cells(lines: list[str], at: int) -> Iterator[Cell]:
    prose_from = at
    while at < len(lines):
        opened = _CELL.match(lines[at])
        fence = opened or _FENCE.match(lines[at])
        if fence is None:
            at += 1
            continue
        marks = fence[1] if opened else fence[0]
        end = next((n for n in range(at + 1, len(lines)) if lines[n].rstrip() == marks), len(lines))
        if opened:
            if prose := "\n".join(lines[prose_from:at]).strip("\n"):
                yield Cell(prose, prose_from)
            yield _code(lines[at + 1 : end], at)
            prose_from = end + 1
        at = end + 1
    if prose := "\n".join(lines[prose_from:]).strip("\n"):
        yield Cell(prose, prose_from)


def _code(lines: list[str], line: int) -> Cell:
    options = {}
    while lines and (option := _OPTION.match(lines[0])):
        options[option[1]] = option[2]
        lines = lines[1:]
    return Cell("\n".join(lines).strip("\n"), line, is_code=True, options=options)
