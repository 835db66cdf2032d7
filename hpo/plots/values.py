"""The values of trials for figures: which trials have one, and how to colour and scale them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from hpo.errors import ObjectiveError
from hpo.plots.reach import axis_label, span_of, within
from hpo.space.values import did_you_mean
from hpo.study.numbers import counted
from hpo.study.study import Study
from hpo.study.trial import Trial, TrialState

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Normalize
    from matplotlib.figure import Figure

COLOURS = "viridis"
"""From dark to light for every kind of colour vision, and in grey print."""


@dataclass(frozen=True)
class Shown:
    """The trials that a figure shows, by what became of them.

    Attributes:
        completed: those with a result.
        early: those that a scheduler stopped or lets wait, with the values of their last epochs.
        failed: those without a result.
    """

    completed: list[Trial]
    early: list[Trial]
    failed: list[Trial]

    @property
    def valued(self) -> list[Trial]:
        """Those with a value."""
        return self.completed + self.early


def tried(study: Study) -> Shown:
    """The trials of a study that can be drawn.

    Raises:
        ObjectiveError: the study has not exactly one metric, or no trial has a value.
    """
    name = study.metric.name
    found = Shown([], [], [])
    for trial in study.trials:
        if trial.state is TrialState.COMPLETED:
            found.completed.append(trial)
        elif trial.state is TrialState.FAILED:
            found.failed.append(trial)
        elif trial.state is not TrialState.RUNNING and math.isfinite(trial.metrics.get(name, math.nan)):
            found.early.append(trial)
    if not found.valued:
        raise _nothing_completed(study)
    return found


def _nothing_completed(study: Study) -> ObjectiveError:
    return ObjectiveError(
        f"There is nothing to draw: no trial of the study {study.name!r} completed, so none has a "
        f"{study.metric.name}."
    )


def ended(study: Study) -> tuple[list[Trial], list[Trial]]:
    """The completed and the failed trials.

    Raises:
        ObjectiveError: the study has not exactly one metric, or no trial completed.
    """
    study.metric  # noqa: B018  # says what is wrong where there is none, or several
    trials = list(study.trials)
    completed = [trial for trial in trials if trial.state is TrialState.COMPLETED]
    if not completed:
        raise _nothing_completed(study)
    return completed, [trial for trial in trials if trial.state is TrialState.FAILED]


def values_of(study: Study, trials: Sequence[Trial]) -> NDArray[np.float64]:
    """The metric of trials that have it, within the reach of a figure."""
    return within([trial.metrics[study.metric.name] for trial in trials])


@dataclass(frozen=True)
class Shades:
    """The colours of values: good ones are dark, and a few very bad ones do not stretch the scale.

    Attributes:
        colours: the colour map.
        scale: maps values to it.
        label: what to write at the bar of colours.
        extend: at which end of the bar there are values beyond, as `colorbar` takes it.
    """

    colours: Any
    scale: Normalize
    label: str
    extend: Literal["neither", "min", "max"]

    @classmethod
    def of(cls, study: Study, values: NDArray[np.float64]) -> Shades:
        """The colours of these values of the study's metric."""
        from matplotlib import colormaps
        from matplotlib.colors import LogNorm, Normalize

        sign = study.metric.sign
        span = span_of(values)
        shown = sign * span.drawn(values)
        best, bad = np.min(shown), np.quantile(shown, 0.9)
        low, high = sorted((float(sign * best), float(sign * bad)))
        if low == high:
            high = low + (abs(low) or 1.0)
        count = int((sign * values > bad).sum())
        worst = "max" if sign > 0 else "min"
        return cls(
            colours=colormaps[COLOURS if sign > 0 else f"{COLOURS}_r"],
            scale=(LogNorm if span.is_log and low > 0 else Normalize)(low, high),
            label=axis_label(study.metric.name, np.clip(values, low, high))
            + (f"\n({counted(count, 'value')} beyond the end of the scale)" if count else ""),
            extend=worst if count else "neither",  # type: ignore[arg-type]  # one of the two
        )

    def bar(self, ax: Axes, figure: Figure) -> None:
        """Draw the bar that says which colour which value has."""
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import LogNorm

        from hpo.plots.figure import PlainNumbers

        figure.colorbar(
            ScalarMappable(self.scale, self.colours),
            ax=ax,
            label=self.label,
            extend=self.extend,
            format=None if isinstance(self.scale, LogNorm) else PlainNumbers(),
        )

    def __call__(self, values: NDArray[np.float64]) -> Any:
        """The colours, shape (n, 4)."""
        return self.colours(self.scale(values))


def varying(study: Study, names: Sequence[str] | None, fewest: int, what: str) -> list[str]:
    """The hyperparameters to draw: those that were named, else all that vary in some completed trial.

    Args:
        study: the study.
        names: what was asked for; None for all.
        fewest: how many a figure needs.
        what: the figure, for the message.

    Raises:
        ValueError: a name is not in the space, or there are too few.
    """
    free = [name for name, domain in study.space.items() if domain.size > 1]
    for name in names or ():
        if name not in free:
            near = did_you_mean(name, free)
            raise ValueError(
                f"{what} shows hyperparameters that vary: {', '.join(free) or 'none'}; received {name!r}."
                f"{near}"
            )
    chosen = list(names) if names is not None else free
    if len(chosen) < fewest:
        raise ValueError(
            f"{what} needs at least {fewest} hyperparameters that vary; received "
            f"{', '.join(chosen) or 'none'}."
        )
    return chosen
