"""The value of each trial against a hyperparameter."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from hpo.plots.canvas import BLACK, BLUE, VERMILION, panels, plain_frame
from hpo.plots.positions import dress, places
from hpo.plots.reach import axis_label
from hpo.plots.values import cross_out, needs_log, values_of
from hpo.space.values import did_you_mean
from hpo.study.study import Study
from hpo.study.tables import shown
from hpo.study.trial import Trial, TrialState

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

EARLY_GREY = "#A6A6A6"


def scatter(study: Study, parameter: str | None = None, *, ax: Axes | None = None) -> Figure:
    """Draw the value of each trial against its hyperparameters, a panel for each.

    The axis of a hyperparameter is logarithmic where its prior is, and shows its whole range. The best
    trial is marked; failed ones stand at the border of the bad values and are counted. Those that a
    scheduler ended early are small and grey, at their last values. Trials in which a conditional
    hyperparameter does not exist are not in its panel.

    Args:
        study: of one metric.
        parameter: draw only this one; by default all that can take more than one value.
        ax: draw `parameter`, or the only one there is, into these axes of yours.

    Raises:
        ValueError: there is no such hyperparameter, none that varies, or several for one `ax`.
        ObjectiveError: the study has not exactly one metric, or no trial completed.
    """
    names = _chosen(study, parameter)
    if ax is not None and len(names) > 1:
        raise ValueError(f"One ax shows one hyperparameter: name it with parameter=, one of {names}.")
    best = study.best
    if ax is None:
        figure, axes = panels(len(names))
    else:
        figure, axes = _figure_of(ax), [ax]
    for name, panel in zip(names, axes, strict=True):
        _draw(panel, study, name, best, alone=len(names) == 1)
        spec = panel.get_subplotspec()
        if spec is None or spec.is_first_col() or ax is not None:
            panel.set_ylabel(axis_label(study.metric.name, values_of(study, _completed(study.trials))))
    # The panel of a conditional hyperparameter may lack trials, so the fullest panel has the legend.
    fullest = max(names, key=lambda name: sum(name in trial.config for trial in study.trials))
    axes[names.index(fullest)].legend(fontsize="small", framealpha=0.9)
    title = f"{study.name}: {len(study.trials)} trials, best {study.metric.name} {shown(best.value)}"
    if ax is None and len(names) > 1:
        figure.suptitle(title, fontsize="medium")
    else:
        axes[0].set_title(title, fontsize="medium")
    return figure


def _chosen(study: Study, parameter: str | None) -> list[str]:
    varying = [name for name, domain in study.space.items() if domain.size > 1]
    if parameter is None and varying:
        return varying
    if parameter in varying:
        return [parameter]
    received = "none" if parameter is None else f"{parameter!r}.{did_you_mean(parameter, varying)}"
    raise ValueError(
        f"A scatter plot needs a hyperparameter that varies; the space has {', '.join(varying) or 'none'}; "
        f"received {received}"
    )


def _draw(ax: Axes, study: Study, name: str, best: Trial, *, alone: bool) -> None:
    domain, metric = study.space[name], study.metric
    having = [trial for trial in study.trials if name in trial.config]
    completed = _completed(having)
    failed = [trial for trial in having if trial.state is TrialState.FAILED]
    plain_frame(ax)
    values = values_of(study, completed)
    _draw_early(ax, name, study, [trial for trial in having if _was_cut_off(trial, metric.name)])
    ax.scatter(
        places(name, domain, completed),
        values,
        s=36,
        color=BLUE,
        alpha=0.75,
        edgecolors="white",
        linewidths=0.5,
        label="trial",
        zorder=2,
    )
    if name in best.config:
        ax.scatter(
            places(name, domain, [best]),
            values_of(study, [best]),
            s=190,
            marker="*",
            color=VERMILION,
            edgecolors=BLACK,
            linewidths=0.7,
            label=f"best: {name} = {shown(best.config[name])}" if alone else f"best: trial {best.id}",
            zorder=3,
        )
    dress(ax, name, domain, completed + failed)
    if needs_log(values):
        ax.set_yscale("log")
    cross_out(ax, places(name, domain, failed), metric.direction)


def _completed(trials: Iterable[Trial]) -> list[Trial]:
    return [trial for trial in trials if trial.state is TrialState.COMPLETED]


def _was_cut_off(trial: Trial, metric: str) -> bool:
    """Whether a scheduler ended or paused it with a value, which is not one of a full training."""
    early = trial.state in (TrialState.STOPPED, TrialState.PAUSED)
    return early and math.isfinite(trial.metrics.get(metric, math.nan))


def _draw_early(ax: Axes, name: str, study: Study, trials: list[Trial]) -> None:
    """Draw trials that were not trained in full small and grey, as their values do not compare."""
    if trials:
        ax.scatter(
            places(name, study.space[name], trials),
            values_of(study, trials),
            s=12,
            color=EARLY_GREY,
            label=f"ended early ({len(trials)})",
            zorder=1.5,
        )


def _figure_of(ax: Axes) -> Figure:
    from matplotlib.figure import Figure

    figure = ax.figure
    # It may be a part of another one, a SubFigure.
    while not isinstance(figure, Figure):
        figure = figure.figure
    return figure
