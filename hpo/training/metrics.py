"""Metrics of a model's outputs, beside its error and its loss."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np

from hpo.backend import Array

MetricFunction: TypeAlias = Callable[[Array, Array], float]
"""Takes labels or targets (n, ...) and a model's outputs (n, ...), and returns a number."""


def accuracy(labels: Array, outputs: Array) -> float:
    """The share of the examples that are classified rightly."""
    return float((outputs.argmax(axis=1) == labels).mean())


def mae(targets: Array, outputs: Array) -> float:
    """The mean absolute error."""
    return float(np.abs(_deviations(targets, outputs)).mean())


def mse(targets: Array, outputs: Array) -> float:
    """The mean squared error."""
    return float((_deviations(targets, outputs) ** 2).mean())


def rmse(targets: Array, outputs: Array) -> float:
    """The root of the mean squared error."""
    return float(mse(targets, outputs) ** 0.5)


def r2(targets: Array, outputs: Array) -> float:
    """The share of the targets' variance that the outputs explain; NaN where they do not vary."""
    spread = ((targets - targets.mean(axis=0)) ** 2).mean()
    return 1 - mse(targets, outputs) / float(spread) if spread else float("nan")


METRICS: Mapping[str, MetricFunction] = {
    "accuracy": accuracy,
    "mae": mae,
    "mse": mse,
    "rmse": rmse,
    "r2": r2,
}


def _deviations(targets: Array, outputs: Array) -> Array:
    # Outputs (n, 1) minus targets (n,) would be broadcast to (n, n).
    return np.asarray(outputs.reshape(targets.shape) - targets, np.float64)
