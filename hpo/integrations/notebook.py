"""Cells for one framework or another in one notebook: `%load_ext hpo.integrations.notebook`.

It adds the object `tab` and the cell magic `%%tab` to a notebook:

    tab.interact_select(["mxnet", "pytorch", "tensorflow"])     # lets the reader pick one

    %%tab pytorch                                               # runs if PyTorch is picked
    %%tab mxnet tensorflow                                      # runs for either of these
    %%tab all                                                   # runs for any

Until the user picks, cells for the chosen backend run (see `hpo.backend.registry`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from hpo.backend import registry
from hpo.errors import BackendError

_MAGIC = "tab"
_ALL = "all"


class Tabs:
    """Which framework's cells run in a notebook.

    Frameworks are named as backends are, also by their aliases: `pytorch` or `torch`, `tensorflow` or `tf`.

    Example:
        In a notebook `%load_ext hpo.integrations.notebook` makes one, called `tab`.

        >>> from hpo.integrations.notebook import Tabs
        >>> tab = Tabs()
        >>> tab.select("pytorch")
        >>> tab.choice.name, tab.selected("tensorflow", "pytorch")
        ('torch', True)
        >>> tab.skipped("mxnet")
        '(a cell for mxnet; torch runs, because it was picked)'
    """

    def __init__(self) -> None:
        self._picked: registry.BackendChoice | None = None

    @property
    def choice(self) -> registry.BackendChoice:
        """The framework whose cells run, and why this one.

        Raises:
            BackendError: none was picked, and which backend would be chosen is not clear either.
        """
        return self._picked or registry.choose()

    def select(self, name: str) -> None:
        """Pick the framework for the cells that follow.

        Raises:
            UnknownBackendError: there is none of that name; the text lists those that are registered.
        """
        self._picked = registry.BackendChoice(_canonical(name), "it was picked")

    def selected(self, *names: str | Iterable[str]) -> bool:
        """Whether the framework whose cells run is among these, for an `if` inside of a cell.

        Raises:
            UnknownBackendError: there is none of a name; the text lists those that are registered.
        """
        return self.choice.name in [_canonical(name) for name in _flat(names)]

    def interact_select(self, *names: str | Iterable[str]) -> None:
        """Offer frameworks to the reader: a drop-down where ipywidgets is installed, and a printed line.

        Args:
            names: the frameworks that the notebook has cells for.

        Raises:
            UnknownBackendError: there is none of a name; the text lists those that are registered.
        """
        offered = {name: _canonical(name) for name in _flat(names)}
        try:
            now, why = self.choice.name, f"cells for {self.choice.name} run, because {self.choice.reason}"
        except BackendError as error:
            now, why = None, str(error)
        line = why if self._picked else f"Until a framework is picked: {why}"
        if not self._show(offered, now):
            line += f"\nPick one of {', '.join(offered)} with tab.select(...), in quotes."
        print(line)

    def takes(self, names: str) -> bool:
        """Whether a cell runs that is marked `%%tab` with these names.

        Raises:
            ValueError: there are no names.
            BackendError: one is not registered, or it is not clear which backend is chosen.
        """
        marked = _flat([names])
        if not marked:
            raise ValueError("%%tab takes the names of frameworks, for example %%tab pytorch, or %%tab all.")
        return _ALL in marked or self.selected(marked)

    def skipped(self, names: str) -> str:
        """The line that stands in for a cell that does not run."""
        return (
            f"(a cell for {', '.join(_flat([names]))}; {self.choice.name} runs, because {self.choice.reason})"
        )

    def _show(self, offered: dict[str, str], now: str | None) -> bool:
        """Show the drop-down, if that can be."""
        try:
            import ipywidgets
            from IPython.display import display
        except ImportError:
            return False
        shown = next((name for name, canonical in offered.items() if canonical == now), None)
        menu = ipywidgets.Dropdown(options=list(offered), value=shown, description="Framework")
        menu.observe(lambda change: self.select(change["new"]), names="value")
        display(menu)
        return True


class CellSelection:
    r"""Turns a cell that is marked `%%tab` into its own code, or into the line that says it is skipped.

    As a transformation of the input, and not only as a magic, it leaves errors, the last value and
    `await` to the notebook, as in any other cell.

    Example:
        >>> from hpo.integrations.notebook import CellSelection, Tabs
        >>> tab = Tabs()
        >>> tab.select("pytorch")
        >>> selection = CellSelection(tab, shell=None)
        >>> selection(["%%tab pytorch\n", "x = 1\n"])
        ['\n', 'x = 1\n']
        >>> selection(["%%tab mxnet\n", "x = 1\n"])
        ["print('(a cell for mxnet; torch runs, because it was picked)')\n"]
    """

    # IPython then leaves it alone while it only asks whether a cell that is being typed is complete.
    has_side_effects = True

    def __init__(self, tabs: Tabs, shell: Any) -> None:
        self._tabs = tabs
        self._shell = shell

    def __call__(self, lines: list[str]) -> list[str]:
        """The lines that run in place of these."""
        marker, _, names = lines[0].strip().partition(" ") if lines else ("", "", "")
        if marker != f"%%{_MAGIC}":
            return lines
        try:
            takes = self._tabs.takes(names)
        except (BackendError, ValueError):
            return lines  # The magic raises it again, at a place where the notebook shows errors.
        if not takes:
            return [f"print({self._tabs.skipped(names)!r})\n"]
        # An empty line in place of the marker keeps the numbers of the lines, unless a magic comes next.
        return lines[1:] if lines[1:] and lines[1].startswith("%%") else ["\n", *lines[1:]]

    def run(self, line: str, cell: str) -> None:
        """Run a cell for some frameworks: %%tab NAME [NAME ...], or %%tab all."""
        if self._tabs.takes(line):
            self._shell.run_cell(cell).raise_error()
        else:
            print(self._tabs.skipped(line))


def load_ipython_extension(ipython: Any) -> None:
    r"""What `%load_ext hpo.integrations.notebook` does.

    Example:
        `shell` stands for a notebook.

        >>> from IPython.core.interactiveshell import InteractiveShell
        >>> from traitlets.config import Config
        >>> shell = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))
        >>> shell.run_line_magic("load_ext", "hpo.integrations.notebook")
        >>> shell.user_ns["tab"].select("numpy")
        >>> cell = shell.run_cell("%%tab pytorch\nx = 1")
        (a cell for pytorch; numpy runs, because it was picked)
    """
    tabs = Tabs()
    selection = CellSelection(tabs, ipython)
    ipython.input_transformers_cleanup.append(selection)
    ipython.register_magic_function(selection.run, magic_kind="cell", magic_name=_MAGIC)
    ipython.push({"tab": tabs}, interactive=False)


def unload_ipython_extension(ipython: Any) -> None:
    """What `%unload_ext hpo.integrations.notebook` does.

    Example:
        >>> from IPython.core.interactiveshell import InteractiveShell
        >>> from traitlets.config import Config
        >>> shell = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))
        >>> shell.run_line_magic("load_ext", "hpo.integrations.notebook")
        >>> shell.run_line_magic("unload_ext", "hpo.integrations.notebook")
        >>> "tab" in shell.user_ns
        False
    """
    transformers = ipython.input_transformers_cleanup
    transformers[:] = [each for each in transformers if not isinstance(each, CellSelection)]
    ipython.magics_manager.magics["cell"].pop(_MAGIC, None)
    ipython.user_ns.pop("tab", None)


def _canonical(name: str) -> str:
    return registry.canonical_name(name, origin="tab")


def _flat(names: Iterable[str | Iterable[str]]) -> list[str]:
    """All names, of which a string may hold several."""
    return [
        name
        for each in names
        for text in ([each] if isinstance(each, str) else each)
        for name in re.split(r"[\s,]+", text)
        if name
    ]
