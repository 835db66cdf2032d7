"""The report: studies as one HTML file, which needs nothing beside it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from hpo.outputs import check_place, whole_file
from hpo.page.document import Studies, document, labelled
from hpo.page.html import render
from hpo.page.json_values import to_script
from hpo.study.study import Study

ENDINGS = (".html", ".htm")


def save(studies: Studies, path: str | os.PathLike[str]) -> Path:
    """Write a report of a study, or a comparison of several, as one HTML file.

    The file opens in any browser, from a disk or a mail, and asks no other computer for anything. It shows
    the best trial and how it was found, the history, every trial with its life and its learning curve, what
    mattered, the space, and how the study was made and goes on. It is there completely or not at all.

    Args:
        studies: a study, a list of studies to compare, or a dict of studies by what to call them.
        path: the file, which ends in `.html` or `.htm`; what was there is replaced.

    Returns:
        The path.

    Example:
        >>> import hpo, tempfile
        >>> study = hpo.search(lambda c: c["x"], {"x": hpo.Float(0, 1)}, num_trials=5, seed=0)
        >>> hpo.page.save(study, f"{tempfile.mkdtemp()}/report.html").name
        'report.html'

    Raises:
        ValueError: the path does not end in `.html` or `.htm`, it is the storage of a study, or there
            is no study.
        TypeError: something among the studies is none.
        FileNotFoundError: the folder does not exist.
        IsADirectoryError: the path is a folder.
        PermissionError: the folder or the file cannot be written.
        OSError: writing failed.
    """
    target = check_page_path(path, [place for _, study in labelled(studies) for place in _places(study)])
    shown = document(studies)
    page = render(to_script(shown), title=shown["title"])
    with whole_file(target) as stream:
        stream.write(page)
    return target


def check_page_path(path: str | os.PathLike[str], places: Iterable[str] = ()) -> Path:
    """Check whether a report could be written, before studies are read for it.

    Args:
        path: the file.
        places: storages, which it must not replace.

    Returns:
        The path.

    Raises:
        ValueError: it does not end in `.html` or `.htm`, is a storage, or is no regular file.
        OSError: as of `hpo.outputs.check_place`.
    """
    target = Path(path)
    if target.suffix.lower() not in ENDINGS and not target.is_dir():
        raise ValueError(
            f"A report is a file that a browser opens, and ends in {' or '.join(ENDINGS)}; received {target}."
        )
    check_place(target, "the report")
    for place in places:
        if target.exists() and os.path.exists(place) and target.samefile(place):
            raise ValueError(
                f"{target} is the storage of a study, which would be lost: name another file for the report."
            )
    return target


def _places(study: Study) -> list[str]:
    store = study.history.store
    return [] if store is None else [store.place]
