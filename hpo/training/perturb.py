"""Moves weights by round-off, to see how far training diverges by itself."""

from __future__ import annotations

import numpy as np

from hpo.backend.models import Array, State
from hpo.objective.context import current_trial
from hpo.training.fit import HasRunState


def perturb(run: HasRunState) -> None:
    """Move the initial weights of a run's models, if the current trial asks for it.

    Descent at a high rate is chaotic, so two summation orders of the same arithmetic diverge. How far they
    may, a twin shows whose initial weights are off by one unit in the last place.
    """
    perturbation = current_trial().perturbation
    if perturbation is not None:
        run.load([moved(state, perturbation.ulps) for state in run.state()])
        perturbation.used = True


def moved(state: State, ulps: int) -> State:
    """A state whose parameters are off by so many units in the last place; zeros and the rest stay."""
    return {
        name: _moved(value, ulps) if name.startswith("layers.") and value.dtype.kind == "f" else value
        for name, value in state.items()
    }


def _moved(value: Array, ulps: int) -> Array:
    towards = np.asarray(np.copysign(np.inf, ulps), value.dtype)
    away = value
    for _ in range(abs(ulps)):
        away = np.nextafter(away, towards)
    # Beside zero there are denormal numbers only, for which some frameworks put zero.
    return np.where(value == 0, value, away)
