"""What each trial cost, and what it brought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from hpo.plots.canvas import BLUE, VERMILION, headline, key, panels, plain_frame, size
from hpo.plots.decades import log_across
from hpo.plots.marks import cross_out, early_looks, edges, points, star
from hpo.plots.reach import Span, axis_label, span_of
from hpo.plots.values import tried, values_of
from hpo.study.numbers import counted
from hpo.study.runs import runs
from hpo.study.study import Study
from hpo.study.trial import Trial

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LOG_RATIO = 30


def cost(study: Study) -> Figure:
    """Draw the value of each trial against the seconds that it took.

    The steps join the trials to which no other was both faster and better. Trials that were stopped or wait
    are grey diamonds, at the last epoch that they reached; failed ones are crosses at the border of the bad
    values. The seconds are those of `trial.seconds`; while a trial waits, those of its runs.

    Raises:
        ObjectiveError: the study has not exactly one metric, or no trial has a value.

    Example:
        >>> import hpo
        >>> from hpo.plots import cost
        >>> study = hpo.search(lambda config: config["x"] ** 2, {"x": hpo.Float(-1, 1)}, num_trials=9, seed=0)
        >>> [ax] = cost(study).axes
        >>> ax.get_xlabel()
        'seconds of the trial'
    """
    found = tried(study)
    taken = _seconds(study)

    def seconds(trials: Sequence[Trial]) -> list[float]:
        return [taken[trial.id] for trial in trials]

    values = values_of(study, found.valued)
    spans = _span_of_seconds(seconds(found.valued + found.failed)), span_of(values)
    figure, [ax] = panels(1)
    plain_frame(ax)
    marks: list[tuple[list[Trial], dict[str, Any]]] = [
        (found.early, early_looks(found.early)),
        (
            found.completed,
            {"s": size(30, len(found.completed)), "color": BLUE, "alpha": 0.7, "label": "trial"},
        ),
    ]
    for trials, looks in marks:
        if trials:
            points(ax, seconds(trials), values_of(study, trials), spans, **{"linewidths": 0.4} | looks)
    edges(ax, seconds(found.valued), values, spans)
    best = study.best
    star(ax, taken[best.id], values_of(study, [best])[0], spans)
    front = _undominated(study, found.completed, taken)
    if len(front) > 1:
        across, up = spans[0].drawn(seconds(front)), spans[1].drawn(values_of(study, front))
        label = "none is faster and better" + (", of those trained in full" if found.early else "")
        ax.plot(across, up, drawstyle="steps-post", color=VERMILION, linewidth=1.2, label=label)
    if spans[1].is_log:
        ax.set_yscale("log")
    if spans[0].is_log:
        drawn = spans[0].drawn(seconds(found.valued + found.failed))
        log_across(ax, min(drawn), max(drawn))
    cross_out(ax, spans[0].drawn(seconds(found.failed)).tolist(), study.metric.direction)
    ax.set_xlabel("seconds of the trial")
    ax.set_ylabel(axis_label(study.metric.name, spans[1].drawn(values)))
    key(ax)
    headline(
        figure, study.name, f"{counted(len(study.trials), 'trial')}, {sum(taken.values()):.4g} s of work"
    )
    return figure


def _span_of_seconds(seconds: Sequence[float]) -> Span:
    """A logarithmic axis already where a scheduler trains some trials for much longer than others."""
    if not max(seconds) > _LOG_RATIO * min(seconds) > 0:
        return Span()
    span = span_of(seconds, is_log=True)
    drawn = span.drawn(seconds)
    # Without those at the edge the others may be close to each other, where a logarithmic axis has no room.
    return replace(span, is_log=bool(drawn.max() > _LOG_RATIO * drawn.min()))


def _seconds(study: Study) -> dict[int, float]:
    """How long each trial was worked on."""
    worked: dict[int, float] = dict.fromkeys(range(len(study.trials)), 0.0)
    for run in runs(study.history):
        worked[run.trial] += run.seconds
    for trial in study.trials:
        if trial.seconds is not None:
            worked[trial.id] = trial.seconds
    return worked


def _undominated(study: Study, trials: Sequence[Trial], taken: dict[int, float]) -> list[Trial]:
    """The trials to which no other is both faster and better, the fastest first."""
    sign, front, best = study.metric.sign, list[Trial](), np.inf
    values = {trial.id: sign * value for trial, value in zip(trials, values_of(study, trials), strict=True)}
    for trial in sorted(trials, key=lambda trial: (taken[trial.id], values[trial.id])):
        if values[trial.id] < best:
            best = values[trial.id]
            front.append(trial)
    return front
