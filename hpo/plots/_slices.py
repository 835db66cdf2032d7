"""The value of each trial against a hyperparameter, coloured by when it was tried."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hpo.plots.canvas import MANY, headline, key, panels, plain_frame, size, whole_numbers
from hpo.plots.marks import cross_out, early_label, edges, points
from hpo.plots.positions import dress, places, span_across
from hpo.plots.reach import Span, axis_label, span_of
from hpo.plots.values import Shown, tried, values_of, varying
from hpo.plots.words import cut
from hpo.study.numbers import counted
from hpo.study.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Normalize
    from matplotlib.figure import Figure

_COLOURS = "Blues"


def slices(study: Study, names: Sequence[str] | None = None) -> Figure:
    """Draw a panel for each hyperparameter, in which later trials are darker.

    So one sees where a search went. Trials that were stopped or paused are diamonds, at the last epoch that
    they reached. Failed ones are crosses at the border of the bad values. Extreme values are drawn at the
    edge, and counted.

    Args:
        study: of one metric.
        names: which hyperparameters; by default all that vary.

    Raises:
        ObjectiveError: the study has not exactly one metric, or no trial has a value.
        ValueError: there is no such hyperparameter, or none that varies.

    Example:
        >>> import hpo
        >>> from hpo.plots import slices
        >>> space = {"x": hpo.Float(-1, 1), "y": hpo.Float(-1, 1)}
        >>> study = hpo.search(lambda c: c["x"] ** 2 + 0.1 * c["y"], space, num_trials=20, seed=0)
        >>> *panels, colours = slices(study).axes
        >>> [ax.get_xlabel() for ax in panels], panels[0].get_ylabel(), colours.get_ylabel()
        (['x', 'y'], 'value', 'trial')
    """
    chosen = varying(study, names, 1, "A slice plot")
    found = tried(study)
    figure, axes = panels(len(chosen))
    span = span_of(values_of(study, found.valued))
    for name, ax in zip(chosen, axes, strict=True):
        _draw(ax, study, name, found, span)
        spec = ax.get_subplotspec()
        if spec is not None and spec.is_first_col():
            ax.set_ylabel(axis_label(study.metric.name, span.drawn(values_of(study, found.valued))))
    if span.is_log:
        axes[0].set_yscale("log")  # the panels share it
    _bar_of_numbers(figure, axes, len(study.trials))
    # The panel of a conditional hyperparameter may lack trials, so the fullest panel is explained.
    fullest = max(chosen, key=lambda name: sum(name in trial.config for trial in study.trials))
    key(axes[0], of=axes[chosen.index(fullest)])
    headline(figure, study.name, counted(len(study.trials), "trial"))
    return figure


def _draw(ax: Axes, study: Study, name: str, found: Shown, span: Span) -> None:
    """A panel: the trials that have the hyperparameter."""
    plain_frame(ax)
    domain = study.space[name]
    shown = [trial for trial in found.valued if name in trial.config]
    spans = span_across(name, domain, shown), span
    for trials, looks in (
        (found.early, {"marker": "D", "s": size(18, len(found.early)), "linewidths": 0.4}),
        (
            found.completed,
            {"marker": "o", "s": size(36, len(found.completed)), "linewidths": 0.5, "zorder": 2},
        ),
    ):
        having = [trial for trial in trials if name in trial.config]
        if having:
            early = trials is found.early
            points(
                ax,
                places(name, domain, having),
                values_of(study, having),
                spans,
                c=[trial.id for trial in having],
                cmap=_COLOURS,
                norm=_numbers(len(study.trials)),
                # Of thousands of points one would see nothing but edges.
                edgecolors="grey" if len(having) < MANY else "none",
                label=early_label(having) if early else "trained in full" if found.early else "trial",
                **looks,
            )
    if shown:
        edges(ax, places(name, domain, shown), values_of(study, shown), spans)
        dress(ax, name, domain, shown)
    else:
        ax.set_xlabel(cut(name))
    crossed = [trial for trial in found.failed if name in trial.config]
    cross_out(ax, places(name, domain, crossed), study.metric.direction)


def _numbers(count: int) -> Normalize:
    from matplotlib.colors import Normalize

    last = max(count - 1, 1)
    # The first ones would be white on white.
    return Normalize(-0.3 * last, last)


def _bar_of_numbers(figure: Figure, axes: list[Axes], count: int) -> None:
    """The bar that says which colour which trial has."""
    from matplotlib.cm import ScalarMappable

    mapped = ScalarMappable(_numbers(count), _COLOURS)
    bar = figure.colorbar(mapped, ax=axes, label="trial", ticks=whole_numbers())
    bar.ax.set_ylim(0, max(count - 1, 1))
