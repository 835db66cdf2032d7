"""Durations, configs and values in words, as progress says them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hpo.storage.events import metrics_from_json
from hpo.study.tables import shown
from hpo.study.trial import Metric, Trial


def spoken(seconds: float) -> str:
    """A duration in words, as exact as a forecast is: `45 s`, `3 min 20 s`, `2 h 05 min`.

    Example:
        >>> spoken(200.4)
        '3 min 20 s'
    """
    whole = round(seconds)
    if whole < 1:
        return "under 1 s"
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def about(seconds: float) -> str:
    """A duration that is an estimate, in words: `about 45 s`, and not `about under 1 s`.

    Example:
        >>> about(45.2), about(0.2)
        ('about 45 s', 'under 1 s')
    """
    text = spoken(seconds)
    return text if text.startswith("under") else f"about {text}"


def config_text(config: Mapping[str, object]) -> str:
    """A config in one line."""
    return ", ".join(f"{name}={shown(value)}" for name, value in config.items())


def metrics_text(document: Mapping[str, float | str], metrics: Sequence[Metric]) -> str:
    """What an event has of the metrics that are optimised."""
    values = metrics_from_json(document)
    return ", ".join(f"{one.name} {shown(values[one.name])}" for one in metrics if one.name in values)


def best_text(metric: Metric, best: Trial) -> str:
    """The best trial with its value and its config."""
    return f"best {metric.name} {shown(best.value)} (trial {best.id}): {config_text(best.config)}"
