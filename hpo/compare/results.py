"""What one backend made of the configurations."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class ConfigCurve:
    """What came of one config.

    Attributes:
        values: the metric after each epoch.
        seconds: how long each epoch took, validation included.
        value: the metric at the end; NaN where the config failed, None while it has not ended.
        reason: why it failed, if it did.
    """

    values: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    value: float | None = None
    reason: str | None = None


@dataclass
class BackendResult:
    """What one backend made of the configurations.

    Attributes:
        backend: its name.
        interpreter: the Python that ran it.
        python: the version of that Python.
        versions: of this library, NumPy and the framework.
        curves: for each config, in order; fewer if the process died.
        twins: for each twin, curves of the configs from slightly other weights; only of the reference.
        takes_twins: whether the objective trains where its weights can be moved.
        peak_memory: the most bytes that its process held, twins excluded; None where unknown.
        failure: how its process died, if it did.
        last_lines: what it printed last, if it died.
    """

    backend: str
    interpreter: str
    python: str | None = None
    versions: dict[str, str] = field(default_factory=dict)
    curves: list[ConfigCurve] = field(default_factory=list)
    twins: list[list[ConfigCurve]] = field(default_factory=list)
    takes_twins: bool = True
    peak_memory: int | None = None
    failure: str | None = None
    last_lines: tuple[str, ...] = ()

    def value(self, config: int) -> float | None:
        """The metric at the end of a config; None if the process died before."""
        return self.curves[config].value if config < len(self.curves) else None

    @property
    def seconds_per_epoch(self) -> float | None:
        """The median over all epochs but the first of each config, in which frameworks compile.

        Where no config trained more than one epoch, the median of the first ones.
        """
        later = [second for curve in self.curves for second in curve.seconds[1:]]
        seconds = later or [second for curve in self.curves for second in curve.seconds]
        return statistics.median(seconds) if seconds else None

    def take(self, message: Mapping[str, Any]) -> None:
        """Keep what a message of the worker says."""
        kind = message["kind"]
        if kind in ("epoch", "end"):
            curve = self._curve(message["config"], message["twin"])
            if kind == "epoch":
                curve.values.append(message["value"])
                curve.seconds.append(message["seconds"])
            else:
                curve.value, curve.reason = message["value"], message["reason"]
        elif kind == "no twins":
            self.takes_twins = False
        elif kind == "done":
            self.peak_memory = message["peak_memory"]

    def _curve(self, config: int, twin: int | None) -> ConfigCurve:
        """The curve of a config, begun if it is the next one."""
        if twin is not None and twin == len(self.twins):
            self.twins.append([])
        curves = self.curves if twin is None else self.twins[twin]
        if config == len(curves):
            curves.append(ConfigCurve())
        return curves[config]


def counted(num_configs: int) -> str:
    """How many configs there are, in words.

    Example:
        >>> counted(1), counted(3)
        ('1 config', '3 configs')
    """
    return f"{num_configs} config{'' if num_configs == 1 else 's'}"
