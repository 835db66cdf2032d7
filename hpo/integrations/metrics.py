"""The choice of what a callback reports among a framework's metrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from hpo.objective.function import ResultError

MetricChoice: TypeAlias = "str | Sequence[str] | Callable[[Mapping[str, Any]], Any]"
"""The name of a metric, several names, or a function of all metrics that returns what is to be reported."""


class MetricSelection:
    """Picks from the metrics of an epoch what is reported.

    Args:
        choice: which.
        framework: where the metrics come from, for the error's text.

    Raises:
        TypeError: the choice is none.
        ValueError: it is an empty list.
    """

    def __init__(self, choice: MetricChoice, framework: str) -> None:
        self._framework = framework
        self._function = choice if callable(choice) else None
        self._names = [choice] if isinstance(choice, str) else [] if callable(choice) else _listed(choice)

    def __call__(self, metrics: Mapping[str, Any], epoch: int) -> Any:
        """What is to be reported: a dict of the wanted metrics, or what the function returns.

        Raises:
            ResultError: the framework gave no metric of that name; the text lists those that it gave.
        """
        if self._function is not None:
            return self._function(metrics)
        for name in self._names:
            if name not in metrics:
                raise ResultError(
                    f"Report was to report {name!r}, and {self._framework} gave no such metric after epoch "
                    f"{epoch}, but {', '.join(metrics) or 'none at all'}. Name one of these, have {name!r} "
                    f"computed in every epoch, or give Report a function of the metrics"
                )
        return {name: metrics[name] for name in self._names}


def _listed(choice: object) -> list[str]:
    if not isinstance(choice, Sequence) or not all(isinstance(name, str) for name in choice):
        raise TypeError(
            f"Report takes the name of a metric, such as 'val_loss', a list of names, or a function of the "
            f"metrics; received {choice!r}."
        )
    if not choice:
        raise ValueError("Report takes the name of at least one metric; received an empty list.")
    return list(choice)
