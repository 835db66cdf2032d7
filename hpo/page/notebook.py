"""The page in a notebook, below the cell that shows it."""

from __future__ import annotations

import html

from hpo.page.document import Studies, document
from hpo.page.html import render
from hpo.page.json_values import to_script
from hpo.study.screen import in_notebook

HEIGHT = 800
"""Pixels, unless another height is given."""


def show(studies: Studies, *, height: int = HEIGHT) -> None:
    """Show the page of a study, or a comparison of several, in a notebook.

    It is the page that `hpo.page.save` writes, in a frame of its own: it sees nothing of the notebook and
    asks no other computer for anything. It stays in the notebook's file, with all of its data. To see a
    search while it runs, use `hpo serve`.

    Args:
        studies: a study, a list of studies to compare, or a dict of studies by what to call them.
        height: of the frame, in pixels, from 200 to 5,000.

    Raises:
        RuntimeError: this is no notebook; `hpo.page.save` writes the page into a file.
        ValueError: there is no study, or the height is out of range.
        TypeError: something among the studies is none.

    Example:
        A program that also runs where there is no notebook writes the page there.

        >>> import hpo, tempfile
        >>> study = hpo.search(lambda c: c["x"], {"x": hpo.Float(0, 1)}, num_trials=5, seed=0)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     try:
        ...         hpo.page.show(study, height=600)
        ...     except RuntimeError:
        ...         print("written:", hpo.page.save(study, f"{folder}/report.html").name)
        written: report.html
    """
    if not isinstance(height, int) or isinstance(height, bool) or not 200 <= height <= 5000:
        raise ValueError(f"height is a number of pixels from 200 to 5,000; received {height!r}.")
    if not in_notebook():
        raise RuntimeError(
            "hpo.page.show() shows a page in a notebook, and this program is none. Write the page into a "
            'file that a browser opens: hpo.page.save(study, "report.html").'
        )
    from IPython.display import display

    shown = document(studies)
    page = render(to_script(shown), title=shown["title"])
    data = {
        "text/html": frame(page, title=shown["title"], height=height),
        "text/plain": f"<the page of {shown['title']}>",
    }
    display(data, raw=True)


def frame(page: str, *, title: str, height: int) -> str:
    """A page inside of another one, as HTML.

    Args:
        page: the text of the page.
        title: what a screen reader calls it.
        height: in pixels.
    """
    # Scripts alone are allowed in it: what it holds is of another origin than the notebook.
    return (
        f'<div><iframe title="{html.escape(title)}" sandbox="allow-scripts allow-modals" width="100%" '
        f'height="{height}" style="border: 0" srcdoc="{html.escape(page)}"></iframe></div>'
    )
