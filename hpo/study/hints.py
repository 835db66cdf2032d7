"""Hints: what a user could do next, judged by the results alone.

Each hint names the hyperparameter, the values and the remedy. A hint that cries wolf is worse than none.
So the thresholds are set such that, under random search, an objective that depends on nothing leads to a
hint in about one study of twenty, whatever the number of hyperparameters and of trials.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hpo.space import Domain, Space
from hpo.study.directions import contradiction
from hpo.study.tables import shown
from hpo.study.trial import Direction, Metric, Trial, TrialState

FEWEST_TRIALS = 8
"""With fewer finished trials there are no hints on the space."""

FEWEST_ENDS = 5
"""With fewer trials that ended there is no hint on what none of them read."""

FALSE_ALARMS = 0.05
"""How often each kind of hint on the space may come where the results depend on nothing."""


class Hint(NamedTuple):
    """A remark that a user can act on.

    Attributes:
        kind: `bound`, `narrow`, `training_metric`, `direction` or `unread`.
        text: the remark, one or two sentences.
    """

    kind: str
    text: str


def find_hints(space: Space | None, metric: Metric, trials: Sequence[Trial]) -> tuple[Hint, ...]:
    """What the results say about the space and the metric.

    Args:
        space: what was searched; None where it is not known, and nothing is said about it.
        metric: what was optimised.
        trials: the study's trials, running ones included.
    """
    found = [*direction_hints(metric), *training_metric_hints(metric)]
    if space is not None:
        found += [*unread_hints(space, trials), *space_hints(space, metric, trials)]
    return tuple(found)


def space_hints(space: Space, metric: Metric, trials: Sequence[Trial]) -> Iterator[Hint]:
    """Whether the best values press against an end of their range, or lie in a small part of it."""
    completed = [trial for trial in trials if trial.state is TrialState.COMPLETED]
    failed = [trial for trial in trials if trial.state is TrialState.FAILED]
    if not completed or len(completed) + len(failed) < FEWEST_TRIALS:
        return
    # Best first; what failed ranks last.
    ranked = sorted(completed, key=lambda trial: metric.sign * _value(trial, metric)) + failed
    ordered = [name for name, domain in space.items() if domain.is_ordered and domain.size > 1]
    # Bonferroni: the rate of false alarms is that of the study, however many hyperparameters there are.
    alpha = FALSE_ALARMS / max(1, len(ordered))
    for name in ordered:
        with_it = [trial for trial in ranked if name in trial.config]
        num_completed = sum(trial.state is TrialState.COMPLETED for trial in with_it)
        if len(with_it) >= FEWEST_TRIALS and num_completed:
            positions = space[name].encode([trial.config[name] for trial in with_it])
            yield from bound_hints(name, space[name], with_it, positions[:num_completed], alpha=alpha)
            # Two halves are looked at, so half of the rate for each.
            yield from narrow_hints(name, space[name], positions, alpha=alpha / 2)


def direction_hints(metric: Metric) -> Iterator[Hint]:
    """Whether the metric's name says that it is optimised the wrong way round."""
    text = contradiction(metric)
    if text is not None:
        yield Hint("direction", text)


def training_metric_hints(metric: Metric) -> Iterator[Hint]:
    """Whether the metric's name says that it was measured on the training examples."""
    if re.search(r"(?<![a-z])train", metric.name.lower()):
        good = "falls" if metric.direction is Direction.MINIMIZE else "rises"
        yield Hint(
            "training_metric",
            f"{metric.name!r} looks like a metric of the training examples, which also {good} when a model "
            f"only memorises them. {metric.direction.value.capitalize()} one of the validation examples.",
        )


def unread_hints(space: Space, trials: Sequence[Trial]) -> Iterator[Hint]:
    """Whether a hyperparameter was never looked at: its name is misspelt, or it is not used.

    If half of the configs make the objective look, chance is right after `FEWEST_ENDS` in one study of 30.
    """
    ended = [trial for trial in trials if trial.state in (TrialState.COMPLETED, TrialState.STOPPED)]
    unread: dict[int, list[str]] = {}
    for name, domain in space.items():
        # What has one value may be there for the record.
        if domain.size == 1:
            continue
        with_it = [trial for trial in ended if name in trial.config]
        if len(with_it) >= FEWEST_ENDS and all(name in trial.unread for trial in with_it):
            unread.setdefault(len(with_it), []).append(name)
    for count, names in unread.items():
        *first, last = map(repr, names)
        several = f"{', '.join(first)} and {last}" if first else last
        yield Hint(
            "unread",
            f"None of the {count} trials that came to an end read {several} from its config: mend "
            f"{'the names' if first else 'its name'} in the objective or in the space, or leave "
            f"{'them' if first else 'it'} out of the space.",
        )


def bound_hints(
    name: str, domain: Domain, ranked: Sequence[Trial], positions: NDArray[np.float64], *, alpha: float
) -> Iterator[Hint]:
    """Whether the best values press against an end of the range.

    They do if the best value is in the outermost twentieth (with few trials: nearer than the spacing of
    the trials; of a discrete range: the last step), and the next best are in the same third. If the results
    did not depend on the hyperparameter, the chance of this for the k best trials would be
    2 * margin / 3^(k - 1). So many of them are looked at that this chance is below `alpha`.

    Args:
        name: the hyperparameter.
        domain: its domain, ordered.
        ranked: the trials, best first.
        positions: the places of the completed trials in the unit interval, in the same order.
        alpha: how small that chance must be.
    """
    # In a range of up to four values one of them is at each end, or next to it, anyway.
    if domain.bounds is None or domain.size < 5:
        return
    margin = max(0.05, 1 / len(ranked), 1 / domain.size)
    num_near = max(3, 1 + math.ceil(math.log(2 * margin / alpha, 3)))
    if len(positions) < num_near:
        return
    ends = ((positions, domain.bounds[0], "lower"), (1 - positions, domain.bounds[1], "upper"))
    for distances, bound, which in ends:
        unbounded = isinstance(bound, float) and math.isinf(bound)
        if not unbounded and distances[0] <= margin and distances[:num_near].max() <= 1 / 3:
            yield Hint(
                "bound",
                f"The best {name} ({shown(ranked[0].config[name])}) is at the {which} bound of its range "
                f"({shown(bound)}), and the next best are near it: widen the range beyond {shown(bound)}, "
                "if it can be.",
            )


def narrow_hints(
    name: str, domain: Domain, positions: NDArray[np.float64], *, alpha: float
) -> Iterator[Hint]:
    """Whether a half of the range holds none of the best results.

    The best third of the trials is compared with the halves: if the results did not depend on the
    hyperparameter, the chance that none of them falls into a half that holds m of n trials is
    C(n - m, k) / C(n, k).

    Args:
        name: the hyperparameter.
        domain: its domain, ordered.
        positions: the trials' places in the unit interval, best first and failed ones last.
        alpha: how small that chance must be.
    """
    num_trials = len(positions)
    num_good = math.ceil(num_trials / 3)
    for half, inside in (("lower", positions < 0.5), ("upper", positions > 0.5)):
        num_inside = int(inside.sum())
        if inside[:num_good].any() or not num_inside:
            continue
        # Logarithms, as the numbers of a long study are too large for a float.
        ways = math.comb(num_trials - num_inside, num_good)
        if ways == 0 or math.log(ways) < math.log(alpha) + math.log(math.comb(num_trials, num_good)):
            low, middle, high = domain.decode([0.0, 0.5, 1.0])
            bounds = domain.bounds or (low, high)
            start, end = (bounds[0], middle) if half == "lower" else (middle, bounds[1])
            keep = "above" if half == "lower" else "below"
            yield Hint(
                "narrow",
                f"None of the {num_inside} trials with {name} in the {half} half of its range "
                f"({shown(start)} to {shown(end)}) is among the best {num_good}: narrow the range to {keep} "
                f"{shown(middle)}.",
            )


def _value(trial: Trial, metric: Metric) -> float:
    return trial.metrics[metric.name]
