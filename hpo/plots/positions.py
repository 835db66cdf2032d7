"""Places the values of a hyperparameter on an axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hpo.plots.reach import axis_label, within
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
FEW_DECADES = 2000
"""Up to this ratio of its bounds a logarithmic axis has labels within the decades, too."""
LONGEST_LABELS = 40
"""Characters of all labels of an axis together; beyond, values are turned, and of numbers there are fewer."""


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


def dress(ax: Axes, name: str, domain: Domain, trials: Sequence[Trial]) -> None:
    """Give the horizontal axis the hyperparameter's name, scale and range, and those of the trials on it."""
    if isinstance(domain, Listed):
        ax.set_xlabel(name)
        labels = [shown(value) for value in domain.listed]
        turned = sum(len(label) + 2 for label in labels) > LONGEST_LABELS
        ax.set_xticks(range(len(labels)), labels)
        ax.tick_params(axis="x", rotation=30 if turned else 0)
        ax.set_xlim(-0.5, len(labels) - 0.5)
        return
    ax.set_xlabel(axis_label(name, [trial.config[name] for trial in trials]))
    low, high = (float(bound) for bound in within(_bounds(domain)))
    bounded = low < high and math.isfinite(low) and math.isfinite(high)
    if is_log(domain):
        ax.set_xscale("log")
        if bounded and low > 0:
            factor = (high / low) ** MARGIN
            ax.set_xlim(low / factor, high * factor)
            if high / low < FEW_DECADES:
                _label_few_decades(ax, low, high)
        return
    if domain.is_discrete:
        ax.locator_params(axis="x", integer=True)
    if bounded:
        margin = max(MARGIN * (high - low), 0.25 if domain.is_discrete else 0)
        ax.set_xlim(low - margin, high + margin)


def _label_few_decades(ax: Axes, low: float, high: float) -> None:
    """Label as many round numbers of each decade as fit; matplotlib would label all or too little."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for digits in ((1.0, 2.0, 5.0), (1.0, 3.0), (1.0,)):
        numbers = (float(f"{digit:g}e{power}") for power in powers for digit in digits)
        if sum(len(f"{each:g}") + 2 for each in numbers if low <= each <= high) <= LONGEST_LABELS:
            break
    ax.xaxis.set_major_locator(LogLocator(subs=digits))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.xaxis.set_minor_formatter(NullFormatter())


def _bounds(domain: Domain) -> tuple[float, float]:
    """The bounds of a domain of numbers, infinite where it has none."""
    low, high = domain.bounds or (None, None)
    if isinstance(low, (int, float)) and isinstance(high, (int, float)):
        return float(low), float(high)
    return -math.inf, math.inf
