"""Whole studies as one document, from which the page is drawn."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from hpo.page.analysis import analysis
from hpo.page.head import head
from hpo.page.index import Index
from hpo.page.rows import row
from hpo.page.snapshot import Snapshot
from hpo.study.study import Study
from hpo.version import __version__

FORMAT = 1
"""The number of the document's form. The page refuses any other."""

Studies: TypeAlias = "Study | Sequence[Study] | Mapping[str, Study]"
"""One study, or several to compare: in order, or by what to call them."""


def change(study: Study, key: str, *, label: str | None = None, index: Index | None = None) -> dict[str, Any]:
    """A whole study as one change of the page: its head, all of its trials, and the analysis.

    Args:
        study: of any state.
        key: what the page knows it by.
        label: what to call it beside others; its name by default.
        index: the study's, which has been read up to the end of the log.
    """
    index, seen = index or Index(study), Snapshot(study)
    return {
        "key": key,
        "label": study.name if label is None else label,
        "head": head(study, index=index),
        "trials": [row(seen, number, index=index) for number in range(len(seen.trials))],
        "analysis": analysis(seen),
    }


def document(studies: Studies, *, live: bool = False) -> dict[str, Any]:
    """Studies as the page reads them, in JSON values.

    Args:
        studies: one, several, or several by what to call them.
        live: whether more changes will come.

    Example:
        >>> import hpo
        >>> study = hpo.search(lambda c: c["x"], {"x": hpo.Int(3, 3)}, num_trials=1, seed=0)
        >>> document(study)["title"], len(document([study, study])["changes"])
        ('study', 2)

    Raises:
        ValueError: there is no study.
        TypeError: something among them is no study.
    """
    named = labelled(studies)
    return {
        "format": FORMAT,
        "title": named[0][0] if len(named) == 1 else f"{len(named)} studies",
        "made": round(time.time(), 3),
        "version": __version__,
        "live": live,
        "changes": [change(study, str(n), label=label) for n, (label, study) in enumerate(named)],
    }


def labelled(studies: Studies) -> list[tuple[str, Study]]:
    """The studies, each with what to call it; studies of one name are numbered.

    Raises:
        ValueError: there is none.
        TypeError: something among them is no study.
    """
    if isinstance(studies, Study):
        return [(studies.name, studies)]
    if isinstance(studies, Mapping):
        pairs = list(studies.items())
    elif isinstance(studies, Sequence):
        pairs = [(getattr(each, "name", ""), each) for each in studies]
    else:
        raise TypeError(f"A page shows a study, a list of them, or a dict by name; received {studies!r}.")
    for _, study in pairs:
        if not isinstance(study, Study):
            raise TypeError(
                f"A page shows studies, such as those of hpo.search or hpo.load_study; received {study!r}."
            )
    if not pairs:
        raise ValueError(f"A page shows one study or several; received {studies!r}.")
    names = [str(name) for name, _ in pairs]
    return list(zip(_told_apart(names), [study for _, study in pairs], strict=True))


def _told_apart(names: list[str]) -> list[str]:
    """The names, with a number behind each that stands there more than once."""
    labels: list[str] = []
    taken = {name for name in names if names.count(name) == 1}
    for name in names:
        numbered = (f"{name} ({number})" for number in itertools.count(1))
        label = name if name in taken else next(each for each in numbered if each not in (*taken, *labels))
        labels.append(label)
    return labels
