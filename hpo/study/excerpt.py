"""Which trials and metrics of a study a table shows, and what it says of the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from hpo.study import ranks
from hpo.study.history import History
from hpo.study.trial import Trial, TrialState

MOST_ROWS = 20
"""Trials that a table shows unless it is told otherwise."""


class Excerpt(NamedTuple):
    """Some of a study's trials, or all of them.

    Attributes:
        trials: those to show, in their order.
        which: which ones these are and how many of each state are left out; None where all are shown.
    """

    trials: Sequence[Trial]
    which: str | None


def excerpt(history: History, most: int | None = MOST_ROWS) -> Excerpt:
    """All trials by id where there are not too many, else the best ones.

    A study in which no trial completed, or that has several metrics, has no order: it shows the best trial,
    if there is one, and the first ones.

    Args:
        history: of the study.
        most: how many to show at most; None for all.
    """
    total = history.num_trials
    if most is None or total <= most:
        return Excerpt([history.trial(number) for number in range(total)], None)
    if len(history.metrics) == 1 and history.num_completed:
        trials: list[Trial] = list(ranks.top(history, history.metrics[0], most))
        which = f"the best{_several(len(trials))} of {total} trials"
    else:
        trials, which = _first(history, most, total)
    left = Counter(states_of(history))
    left.subtract(trial.state.value for trial in trials)
    others = ", ".join(f"{count} {state}" for state, count in left.items() if count)
    return Excerpt(trials, f"{which}; not shown: {others}")


def states_of(history: History) -> dict[str, int]:
    """How many trials are in each state, in a fixed order, zeros included."""
    return {
        TrialState.COMPLETED.value: history.num_completed,
        TrialState.FAILED.value: history.num_failed,
        TrialState.STOPPED.value: history.num_stopped,
        TrialState.PAUSED.value: len(history.paused),
        TrialState.RUNNING.value: len(history.running),
    }


def other_metrics(
    history: History, wanted: Literal["all"] | Iterable[str], trials: Iterable[Trial]
) -> list[str]:
    """The metrics to show beside those that the study optimises.

    Args:
        history: of the study.
        wanted: their names, or "all" for those that the trials reported.
        trials: the trials that are shown.

    Raises:
        ValueError: no trial of the study reported a metric of such a name.
    """
    goals = {metric.name for metric in history.metrics}
    if wanted == "all":
        return [name for name in _metric_names(trials) if name not in goals]
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    there = _metric_names(map(history.trial, range(history.num_trials))) if names else []
    for name in names:
        if name not in there:
            raise ValueError(
                f"No trial of the study {history.created['name']!r} reported a metric {name!r}; there are: "
                f"{', '.join(there) or 'none yet'}."
            )
    return [name for name in dict.fromkeys(names) if name not in goals]


def _metric_names(trials: Iterable[Trial]) -> list[str]:
    return list(dict.fromkeys(name for trial in trials for name in trial.metrics))


def _first(history: History, most: int, total: int) -> tuple[list[Trial], str]:
    best = ranks.best(history)
    if best is None or best < most:
        return [
            history.trial(number) for number in range(most)
        ], f"the first{_several(most)} of {total} trials"
    if most == 1:
        return [history.trial(best)], f"the best of {total} trials"
    first = [history.trial(number) for number in (best, *range(most - 1))]
    return first, f"the best and the first{_several(most - 1)} of {total} trials"


def _several(count: int) -> str:
    return f" {count}" if count > 1 else ""
