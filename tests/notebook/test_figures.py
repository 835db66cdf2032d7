"""What a notebook shows for a figure of a study, in an IPython of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

SEARCH = """
import hpo
from hpo.plots import plot, scatter
study = hpo.search(lambda config: config["x"], {"x": hpo.Float(0, 1)}, num_trials=4, seed=0, backend="numpy")
"""
PROGRAM = r"""
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

shell = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}), colors="nocolor")
shell.display_formatter.active_types = shell.display_formatter.format_types  # as a notebook's kernel does
shell.enable_gui = lambda gui=None: None
published = []
shell.display_pub.publish = lambda data, metadata=None, **other: published.append(data)
# As a kernel, which publishes the value of a cell's last line.
shell.displayhook.write_format_data = lambda data, metadata=None: published.append(data)
for cell in CELLS:
    shell.run_cell(cell, store_history=False).raise_error()
pictures = [kind for data in published for kind in data if kind.startswith("image/")]
print("", pictures, sep="\n")
"""


def shown(*cells: str, backend: str = "agg") -> str:
    """The kinds of all pictures that the cells show."""
    program = f"CELLS = {[SEARCH, *cells]!r}\n{PROGRAM}"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "MPLBACKEND": backend},
    )
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    "before",
    ["", "%matplotlib inline", "import matplotlib.pyplot", "%matplotlib inline\nimport matplotlib.pyplot"],
    ids=["fresh", "inline", "pyplot", "both"],
)
def test_a_figure_is_one_picture_in_any_notebook(before: str) -> None:
    cells = [before, "plot(study, 'history')"]
    assert shown(*cells, backend="module://matplotlib_inline.backend_inline") == "['image/png']"


def test_a_figure_that_was_drawn_before_is_one_picture_after_pyplot_too() -> None:
    assert shown("figure = plot(study, 'scatter')", "%matplotlib inline", "figure") == "['image/png']"


def test_a_figure_that_is_not_the_value_of_a_cell_is_not_shown() -> None:
    assert shown("figure = plot(study, 'history')") == "[]"


def test_the_picture_has_two_dots_for_each_pixel_of_the_page() -> None:
    import hpo
    from hpo.plots import plot

    space = {"x": hpo.Float(0, 1)}
    study = hpo.search(lambda config: config["x"], space, num_trials=2, seed=0, backend="numpy")
    figure: Any = plot(study, "history")
    picture, page = figure._repr_png_()
    assert picture.startswith(b"\x89PNG")
    assert int.from_bytes(picture[16:20], "big") == 2 * page["width"]
