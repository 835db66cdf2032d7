"""How much each hyperparameter mattered, as bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hpo.plots.canvas import BLUE, headline, panels, plain_frame
from hpo.plots.words import cut
from hpo.study.numbers import counted
from hpo.study.study import Study
from hpo.study.trial import TrialState
from hpo.surrogates.importance import importance as importance_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def importance(study: Study, *, target: float = 0.1, region: float = 1.0) -> Figure:
    """Draw the importance of each hyperparameter, the largest on top.

    Args:
        study: as for `hpo.importance`.
        target: as there.
        region: as there.

    Raises:
        ObjectiveError: the study has not one metric, or too few trials ended.
        ValueError: not 0 < target < region <= 1, or no hyperparameter varies.

    Example:
        >>> import hpo
        >>> from hpo.plots import importance
        >>> space = {"x": hpo.Float(-1, 1), "y": hpo.Float(-1, 1)}
        >>> study = hpo.search(lambda c: c["x"] ** 2 + 0.1 * c["y"], space, num_trials=20, seed=0)
        >>> [ax] = importance(study).axes
        >>> ax.get_xlabel(), [label.get_text() for label in ax.get_yticklabels()]
        ('share in being among the best 10%', ['y', 'x'])
    """
    shares = importance_of(study, target=target, region=region)
    if not shares:
        raise ValueError("An importance plot needs a hyperparameter that varies; the space has none.")
    figure, [ax] = panels(1)
    figure.set_size_inches(6.0, 1.6 + 0.28 * len(shares))
    plain_frame(ax)
    ax.grid(visible=False, axis="y")
    names = list(shares)[::-1]
    places = range(len(names))
    bars = ax.barh(places, [shares[name] for name in names], color=BLUE, height=0.6)
    # By place and not by name: two long names may be cut to the same letters.
    ax.set_yticks(places, [cut(name) for name in names])
    ax.bar_label(bars, [f"{shares[name]:.0%}" for name in names], padding=4, fontsize="small")
    ax.set_xlim(0, max(1.12 * max(shares.values()), 0.1))
    ax.set_xlabel(f"share in being among the best {target:.0%}")
    waiting = (TrialState.RUNNING, TrialState.PAUSED)
    count = sum(trial.state not in waiting for trial in study.trials)
    headline(figure, study.name, f"importance, from {counted(count, 'trial')}")
    return figure
