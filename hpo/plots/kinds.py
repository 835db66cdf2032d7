"""The figures of a study by name, for the command line."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hpo.plots._contour import contour
from hpo.plots._cost import cost
from hpo.plots._curves import curves
from hpo.plots._edf import edf
from hpo.plots._epochs import epochs
from hpo.plots._history import history
from hpo.plots._importance import importance
from hpo.plots._parallel import parallel
from hpo.plots._rank import rank
from hpo.plots._regret import regret
from hpo.plots._rungs import rungs
from hpo.plots._scatter import scatter
from hpo.plots._slices import slices
from hpo.plots._timeline import timeline
from hpo.plots._workers import workers
from hpo.space.values import did_you_mean
from hpo.study.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KINDS: dict[str, Callable[..., Any]] = {
    "scatter": scatter,
    "importance": importance,
    "slice": slices,
    "contour": contour,
    "rank": rank,
    "parallel": parallel,
    "history": history,
    "regret": regret,
    "edf": edf,
    "cost": cost,
    "curves": curves,
    "rungs": rungs,
    "epochs": epochs,
    "workers": workers,
    "timeline": timeline,
}
"""Functions that return a figure of a study; all other parameters have defaults."""


def check_kind(kind: str) -> None:
    """Check the name of a figure.

    Raises:
        ValueError: `KINDS` has none of that name.
    """
    if kind not in KINDS:
        raise ValueError(
            f"There is no plot {kind!r}.{did_you_mean(kind, list(KINDS))} Known are: {', '.join(KINDS)}."
        )


def plot(study: Study, kind: str) -> Figure:
    """Draw one of the figures of `KINDS`.

    Raises:
        ValueError: there is none of that name, or the study has nothing that it could show.
        ObjectiveError: the study has not exactly one metric, or no trial completed.

    Example:
        >>> import hpo
        >>> study = hpo.search(lambda c: c["x"] ** 2, {"x": hpo.Float(-1, 1)}, num_trials=9, seed=0)
        >>> [ax] = hpo.plots.plot(study, "scatter").axes
        >>> ax.get_xlabel(), ax.get_ylabel()
        ('x', 'value')
        >>> hpo.plots.plot(study, "skatter")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
            ...
        ValueError: There is no plot 'skatter'. Did you mean 'scatter'? Known are: scatter, ...
    """
    check_kind(kind)
    figure: Figure = KINDS[kind](study)
    return figure
