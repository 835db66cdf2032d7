"""The value of each trial against a hyperparameter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hpo.plots.canvas import BLUE, MANY, headline, key, panels, plain_frame, size
from hpo.plots.marks import cross_out, early_looks, edges, points, star
from hpo.plots.positions import dress, places, span_across
from hpo.plots.reach import Span, axis_label, span_of
from hpo.plots.values import Shown, tried, values_of
from hpo.plots.words import cut
from hpo.space.values import did_you_mean
from hpo.study.numbers import counted
from hpo.study.study import Study
from hpo.study.tables import shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def scatter(study: Study, parameter: str | None = None, *, ax: Axes | None = None) -> Figure:
    """Draw the value of each trial against its hyperparameters, a panel for each.

    The axis of a hyperparameter is logarithmic where its prior is, and shows its whole range. The best
    trial is marked; failed ones stand at the border of the bad values and are counted. Those that a
    scheduler stopped or let wait are small and grey, at the last epoch that they reached. Extreme values are
    drawn at the edge, and counted. Trials in which a conditional hyperparameter does not exist are not in its
    panel.

    Args:
        study: of one metric.
        parameter: draw only this one; by default all that can take more than one value.
        ax: draw `parameter`, or the only one there is, into these axes of yours.

    Raises:
        ValueError: there is no such hyperparameter, none that varies, or several for one `ax`.
        ObjectiveError: the study has not exactly one metric, or no trial has a value.

    Example:
        >>> import hpo
        >>> from hpo.plots import scatter
        >>> space = {"x": hpo.Float(-1, 1), "y": hpo.Float(-1, 1)}
        >>> study = hpo.search(lambda c: c["x"] ** 2 + 0.1 * c["y"], space, num_trials=20, seed=0)
        >>> [ax] = scatter(study, "x").axes
        >>> ax.get_xlabel(), ax.get_ylabel()
        ('x', 'value')
    """
    names = _chosen(study, parameter)
    if ax is not None and len(names) > 1:
        raise ValueError(f"One ax shows one hyperparameter: name it with parameter=, one of {names}.")
    best, found = study.best, tried(study)  # the first says what is missing
    if ax is None:
        figure, axes = panels(len(names))
    else:
        figure, axes = _figure_of(ax), [ax]
    span = span_of(values_of(study, found.valued))
    for name, panel in zip(names, axes, strict=True):
        _draw(panel, study, name, found, span, alone=len(names) == 1)
        spec = panel.get_subplotspec()
        if spec is None or spec.is_first_col() or ax is not None:
            panel.set_ylabel(axis_label(study.metric.name, span.drawn(values_of(study, found.valued))))
    title = f"{counted(len(study.trials), 'trial')}, best {cut(study.metric.name)} {shown(best.value)}"
    if ax is not None:
        ax.legend(fontsize="small", framealpha=0.9)
        ax.set_title(f"{cut(study.name)}: {title}", fontsize="medium")
        return figure
    # The panel of a conditional hyperparameter may lack trials, so the fullest panel is explained.
    fullest = max(names, key=lambda name: sum(name in trial.config for trial in study.trials))
    key(axes[0], of=axes[names.index(fullest)])
    headline(figure, study.name, title)
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


def _draw(ax: Axes, study: Study, name: str, found: Shown, span: Span, *, alone: bool) -> None:
    domain, best = study.space[name], study.best
    completed, early, failed = (
        [trial for trial in trials if name in trial.config]
        for trials in (found.completed, found.early, found.failed)
    )
    plain_frame(ax)
    # Of thousands of points one would see nothing but edges.
    edge = {"edgecolors": "white"} if len(completed) < MANY else {}
    valued = completed + early
    spans = span_across(name, domain, valued), span
    looks: dict[str, Any]
    for trials, looks in (
        (early, early_looks(early) | {"zorder": 1.5}),
        (completed, {"s": size(36, len(completed)), "color": BLUE, "alpha": 0.75, "label": "trial"} | edge),
    ):
        if trials:
            where = places(name, domain, trials)
            points(ax, where, values_of(study, trials), spans, **{"linewidths": 0.5, "zorder": 2} | looks)
    if valued:
        edges(ax, places(name, domain, valued), values_of(study, valued), spans)
    if name in best.config:
        said = f"{cut(name)} = {shown(best.config[name])}" if alone else f"trial {best.id}"
        [across], [up] = places(name, domain, [best]), values_of(study, [best])
        star(ax, across, up, spans, s=190, label=f"best: {said}")
    if valued or failed:
        dress(ax, name, domain, valued + failed)
    else:
        ax.set_xlabel(cut(name))
    if span.is_log:
        ax.set_yscale("log")
    cross_out(ax, places(name, domain, failed), study.metric.direction)


def _figure_of(ax: Axes) -> Figure:
    from matplotlib.figure import Figure

    figure = ax.figure
    # It may be a part of another one, a SubFigure.
    while not isinstance(figure, Figure):
        figure = figure.figure
    return figure
