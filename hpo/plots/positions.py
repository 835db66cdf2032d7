"""Places the values of a hyperparameter on an axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hpo.plots.canvas import whole_numbers
from hpo.plots.decades import LONGEST_LABELS, log_across
from hpo.plots.reach import Span, axis_label, span_of, within
from hpo.plots.words import NAME, TICK, cut
from hpo.space import Distribution, Domain
from hpo.space.choices import Listed
from hpo.study.tables import shown
from hpo.study.trial import Trial

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOG_DISTRIBUTIONS = ("loguniform", "reciprocal", "lognorm")
GOLDEN_RATIO = (5**0.5 - 1) / 2
JITTER = 0.12
MARGIN = 0.03
"""The share of the range that is added beyond each bound, so that points on it are seen whole."""
MOST_LABELS = 16
"""Of more listed values some are labelled."""


def is_log(domain: Domain) -> bool:
    """Whether the user's prior is a distribution of the logarithm."""
    if isinstance(domain, Distribution):
        return domain.frozen.dist.name in LOG_DISTRIBUTIONS and _bounds(domain)[0] >= 0
    return bool(getattr(domain, "log", False))


def places(name: str, domain: Domain, trials: Sequence[Trial]) -> list[float]:
    """The horizontal place of each trial. Trials of a listed value are spread a little around its place.

    The spread depends on the trial's id alone, so that a figure is the same each time it is drawn.
    """
    if not isinstance(domain, Listed):
        return [float(place) for place in within([trial.config[name] for trial in trials])]
    # The golden ratio's multiples fill the unit interval evenly, however many there are.
    return [
        domain.index(trial.config[name]) + JITTER * (2 * (trial.id * GOLDEN_RATIO % 1) - 1)
        for trial in trials
    ]


def span_across(name: str, domain: Domain, trials: Sequence[Trial]) -> Span:
    """What the horizontal axis shows: the whole range, or what was tried where that has no end."""
    low, high = _bounds(domain)
    if isinstance(domain, Listed) or (math.isfinite(low) and math.isfinite(high)):
        return Span()
    numbers = within([trial.config[name] for trial in trials])
    return span_of(numbers, is_log=is_log(domain) and bool((numbers > 0).all()))


def dress(ax: Axes, name: str, domain: Domain, trials: Sequence[Trial], *, letters: int = NAME) -> None:
    """Give the horizontal axis the hyperparameter's name, scale and range, and those of the trials on it.

    Args:
        ax: where.
        name: of the hyperparameter.
        domain: its domain.
        trials: those that are drawn, all of which have it.
        letters: how many of the name there is room for.
    """
    if isinstance(domain, Listed):
        ax.set_xlabel(cut(name, letters))
        list_values(ax, range(len(domain.listed)), [shown(value) for value in domain.listed])
        ax.set_xlim(-0.5, len(domain.listed) - 0.5)
        return
    span, numbers = span_across(name, domain, trials), [trial.config[name] for trial in trials]
    ax.set_xlabel(axis_label(cut(name, letters), span.drawn(numbers)))
    low, high = (float(bound) for bound in within(_bounds(domain)))
    bounded = low < high and math.isfinite(low) and math.isfinite(high)
    if is_log(domain):
        if bounded and low > 0:
            log_across(ax, low, high)
            factor = (high / low) ** MARGIN
            ax.set_xlim(low / factor, high * factor)
        else:
            log_across(ax, min(span.drawn(numbers)), max(span.drawn(numbers)))
        return
    if domain.is_discrete:
        ax.xaxis.set_major_locator(whole_numbers())
    if bounded:
        margin = max(MARGIN * (high - low), 0.25 if domain.is_discrete else 0)
        ax.set_xlim(low - margin, high + margin)


def list_values(
    ax: Axes, at: Sequence[float], labels: Sequence[str], *, room: int = LONGEST_LABELS, **looks: Any
) -> None:
    """Label the places of listed values, as many as there is room for, and turned where they are long.

    Args:
        ax: where.
        at: the places.
        labels: what to write there.
        room: for how many letters there is room.
        looks: of the text, as Matplotlib takes it.
    """
    step = math.ceil(len(labels) / MOST_LABELS)
    some = [cut(label, TICK) for label in labels[::step]]
    ax.set_xticks(list(at)[::step], some, **looks)
    turned = sum(len(label) + 2 for label in some) > room
    ax.tick_params(axis="x", rotation=90 if turned else 0)


def _bounds(domain: Domain) -> tuple[float, float]:
    """The bounds of a domain of numbers, infinite where it has none."""
    low, high = domain.bounds or (None, None)
    if isinstance(low, (int, float)) and isinstance(high, (int, float)):
        return float(low), float(high)
    return -math.inf, math.inf
