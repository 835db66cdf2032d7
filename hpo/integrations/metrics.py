"""The choice of what a callback reports among a framework's metrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

MetricChoice: TypeAlias = "str | Sequence[str] | Callable[[Mapping[str, Any]], Any]"
"""The name of a metric, several names, or a function of all metrics that returns what is to be reported."""


class MissingMetric(KeyError):  # noqa: N818  # it may be no error
    """A metric that was asked for is not among those of an epoch.

    Attributes:
        name: what it is called.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class _Metrics(dict[str, Any]):
    """The metrics of an epoch."""

    def __missing__(self, name: str) -> Any:
        raise MissingMetric(name)


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

    def __call__(self, metrics: Mapping[str, Any]) -> Any:
        """What is to be reported: a dict of the wanted metrics, or what the function returns.

        Raises:
            MissingMetric: a wanted metric, or one that the function looked up, is not among them.
        """
        given = _Metrics(metrics)
        if self._function is not None:
            return self._function(given)
        return {name: given[name] for name in self._names}

    def lack(self, name: str, metrics: Mapping[str, Any], when: str) -> str:
        """Say that the framework did not give a metric, and which ones it gave.

        Args:
            name: the metric.
            metrics: those that it gave.
            when: for how long, or after which epoch.
        """
        return (
            f"Report was to report {name!r}, and {self._framework} gave no such metric {when}, but "
            f"{', '.join(metrics) or 'none at all'}. Name one of these, have {name!r} computed in every "
            f"epoch, or give Report a function of the metrics"
        )


def _listed(choice: object) -> list[str]:
    if not isinstance(choice, Sequence) or not all(isinstance(name, str) for name in choice):
        raise TypeError(
            f"Report takes the name of a metric, such as 'val_loss', a list of names, or a function of the "
            f"metrics; received {choice!r}."
        )
    if not choice:
        raise ValueError("Report takes the name of at least one metric; received an empty list.")
    return list(choice)
