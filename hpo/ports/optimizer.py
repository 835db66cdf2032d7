"""The rungs of the optimizer: one step, and the steps of an epoch, each from the original's weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hpo.ports.causes.updates import Steps, cause_of_rules, explain_updates
from hpo.ports.correspondence import Correspondence
from hpo.ports.differences import UPDATE_TOLERANCE, Array, Difference, mostly, rounding_floor
from hpo.ports.findings import Finding, not_finite_in_one

KNOWN = 3000
"""A gradient of this many times its round-off is known well enough for `UPDATE_TOLERANCE`."""
WORST_TIMES = 10
"""A gradient of less than this many times its round-off is not known at all."""


def compare_step(sides: Correspondence) -> Finding | None:
    """What one step of the optimizer changes."""
    weights, gradients = sides.carried("start"), sides.carried("gradients")
    after, own = sides.carried("step"), sides.held("step")
    return _compare_updates(sides, [weights], [gradients], [after], [own], "step", sides.num_rows)


def compare_epoch(sides: Correspondence) -> Finding | None:
    """What each step of an epoch changes, from the original's weights before it."""
    count = int(sides.original.about["steps"])
    weights = [sides.carried(f"epoch/{k}") for k in range(count + 1)]
    gradients = [sides.carried(f"epoch_gradients/{k}") for k in range(count)]
    own = [sides.held(f"epoch_after/{k}") for k in range(count)]
    options = sides.original.about["options"]
    # As the recorder divides the epoch: into quarters unless a batch size was given.
    rows = options.get("batch_size") or max(
        1, len(sides.original.arrays.get("inputs/train_x", sides.original.arrays["inputs/x"])) // 4
    )
    return _compare_updates(sides, weights[:-1], gradients, weights[1:], own, "epoch", int(rows))


State = Sequence[Array | None]


@dataclass(frozen=True)
class _Compared:
    """What is compared of a pair: the places whose gradients are known, and how well their changes are."""

    pair: int
    places: Array
    tolerance: float


def _compare_updates(
    sides: Correspondence,
    weights: Sequence[State],
    gradients: Sequence[State],
    after: Sequence[State],
    own: Sequence[State],
    rung: str,
    rows: int,
) -> Finding | None:
    """Compare where gradients are known well enough: where they vanish, Adam makes steps of round-off."""
    compared = _known(sides, gradients[0])

    def taken(states: Sequence[State]) -> list[list[Array]]:
        return [
            [np.asarray(state[each.pair], np.float64).ravel()[each.places] for each in compared]
            for state in states
        ]

    before, ends, own_ends = taken(weights), taken(after), taken(own)
    matrices = [len(sides.port.parameters[sides.pairs[each.pair].port].shape) > 1 for each in compared]
    tolerances = [each.tolerance for each in compared]
    hyperparameters = [each.about["hyperparameters"] for each in (sides.original, sides.port)]
    for k, (starts, one, two) in enumerate(zip(before, ends, own_ends, strict=True)):
        names = [f"{sides.where(sides.pairs[each.pair])} after step {k + 1}" for each in compared]
        difference = _first_difference(rung, names, tolerances, starts, one, two)
        if isinstance(difference, Finding):
            return difference
        if difference is None:
            continue
        steps = Steps(
            before[: k + 1],
            taken(gradients[: k + 1]),
            (_changes(before[: k + 1], ends), _changes(before[: k + 1], own_ends)),
            matrices,
            tolerances,
        )
        rules = explain_updates(steps, hyperparameters, rows)
        if rules is None:
            return Finding(difference)
        if rules[0] != rules[1]:
            frameworks = (sides.original.framework, sides.port.framework)
            return Finding(difference, cause_of_rules(*rules, frameworks, rows))
        # One rule gives both but for numbers that cancel, of which only round-off is left.
    return None


def _first_difference(
    rung: str,
    names: Sequence[str],
    tolerances: Sequence[float],
    starts: Sequence[Array],
    one: Sequence[Array],
    two: Sequence[Array],
) -> Difference | Finding | None:
    for name, tolerance, start, end, own_end in zip(names, tolerances, starts, one, two, strict=True):
        bad = not_finite_in_one(rung, name, end, own_end)
        if bad is not None:
            return bad
        size = mostly(end - start, own_end - start, floor=rounding_floor(start, tolerance))
        if size > tolerance:
            text = f"the step changes it differently, by {size:.1e} of the largest change"
            return Difference(rung, name, text, size)
    return None


def _changes(starts: Sequence[Sequence[Array]], ends: Sequence[Sequence[Array]]) -> list[list[Array]]:
    return [
        [end - start for end, start in zip(after, before, strict=True)]
        for after, before in zip(ends, starts, strict=False)
    ]


def _known(sides: Correspondence, first: State) -> list[_Compared]:
    """The places whose gradients stand out of round-off, and how far their changes are known."""
    found = []
    own, other, noises = sides.carried("gradients"), sides.held("gradients"), sides.round_off()
    for i, (one, two, gradient, noise) in enumerate(zip(own, other, first, noises, strict=True)):
        if one is None or two is None or gradient is None or not gradient.size:
            continue
        largest = float(np.abs(one).max())
        # What the gradients of the two sides differ by shows in their steps, too.
        noise = max(noise, mostly(one, two) * largest)
        # No more than a tenth of the largest gradient is asked for, or few places would be left.
        times = min(KNOWN, 0.1 * largest / noise) if noise else KNOWN
        if times < WORST_TIMES:
            continue  # round-off and nothing else, as of a bias before a batch norm
        # Negated, so that NaN is compared, too.
        places = np.flatnonzero(~(np.abs(gradient).ravel() < times * noise))
        tolerance = UPDATE_TOLERANCE * KNOWN / times
        if places.size:
            found.append(_Compared(i, places, tolerance))
    return found
