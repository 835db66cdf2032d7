"""What a trial's value is: its last report, or its best one.

Everything that compares trials reads their reports here: the study, its schedulers and its searchers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, get_args

from hpo.study.trial import Metric, Trial

ValueOf = Literal["last", "best"]
"""Which of a trial's reports its value is."""


def checked_value_of(value: object, metrics: Sequence[Metric]) -> ValueOf:
    """Which report is a trial's value, as it was given.

    Args:
        value: what was given.
        metrics: what is optimised; empty if the first result names it.

    Raises:
        ValueError: it is none of the two, or the best report of several metrics is asked for.
    """
    if value not in get_args(ValueOf):
        raise ValueError(f"value= is 'last' or 'best', a trial's report that counts; received {value!r}.")
    if value == "best" and len(metrics) > 1:
        names = ", ".join(metric.name for metric in metrics)
        raise ValueError(
            f"value='best' takes the best epoch of one metric, and each of several has another one; received "
            f"{len(metrics)} metrics: {names}. Name one of them, or leave value= out: then the last report "
            f"counts."
        )
    return value  # type: ignore[return-value]  # it was looked at


def logged_value_of(value: object) -> ValueOf:
    """Which report is a trial's value, as a log has it; logs of older versions do not say it."""
    return "best" if value == "best" else "last"


def value_after(reported: float, best_before: float, value_of: ValueOf) -> float:
    """A trial's value after a report. Small is good, whatever the metric's direction.

    A report of NaN or infinity is the value until a finite one follows, as a trial that ends with it fails.

    Args:
        reported: the report.
        best_before: the best finite report before it; infinity if there is none.
        value_of: which report counts.
    """
    if value_of == "best" and math.isfinite(reported):
        return min(reported, best_before)
    return reported


def values_after(reported: Iterable[float], value_of: ValueOf) -> Iterator[float]:
    """A trial's value after each of its reports. Small is good.

    Example:
        >>> list(values_after([3.0, 1.0, 2.0], "best")), list(values_after([3.0, 1.0, 2.0], "last"))
        ([3.0, 1.0, 1.0], [3.0, 1.0, 2.0])
    """
    best = math.inf
    for number in reported:
        yield value_after(number, best, value_of)
        best = min(best, number) if math.isfinite(number) else best


def result_by(trial: Trial, value_of: ValueOf, metrics: Sequence[Metric]) -> dict[str, float]:
    """A completed trial's result by the rule of another study, which may count another of its reports.

    Args:
        trial: the trial.
        value_of: which report counts there.
        metrics: what is optimised there; empty if the first result names it.
    """
    if not trial.reports or trial.value_was_returned:
        return dict(trial.metrics)
    counts = trial.reports[-1]
    if value_of == "best" and metrics:
        having = [
            report for report in trial.reports if math.isfinite(report.metrics.get(metrics[0].name, math.nan))
        ]
        counts = min(having, key=lambda each: metrics[0].sign * each.metrics[metrics[0].name], default=counts)
    return dict(counts.metrics)
