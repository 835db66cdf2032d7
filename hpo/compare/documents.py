"""A comparison as JSON."""

from __future__ import annotations

import math
from typing import Any

from hpo.compare.comparison import Comparison
from hpo.compare.results import BackendResult, ConfigCurve
from hpo.compare.statistics import Paired
from hpo.compare.verdicts import Row


def document_of(comparison: Comparison) -> dict[str, Any]:
    """All that a comparison holds; NaN and infinity, which JSON does not have, are null."""
    return {
        "name": comparison.name,
        "metric": comparison.metric,
        "seed": comparison.seed,
        "reference": comparison.reference,
        "tolerance": comparison.tolerance,
        "agrees": comparison.agrees,
        "verdict": comparison.verdict,
        "findings": comparison.findings,
        "interrupted": comparison.interrupted,
        "configs": [_row(row) for row in comparison.rows],
        "backends": {name: _result(result) for name, result in comparison.results.items()},
        "statistics": {name: _paired(stats) for name, stats in comparison.statistics.items()},
    }


def _row(row: Row) -> dict[str, Any]:
    return {
        "config": row.config,
        "values": {name: _finite(value) for name, value in row.values.items()},
        "difference": _finite(row.difference),
        "twin_spread": _finite(row.spread),
        "explained": _finite(row.allowed),
        "apart": list(row.apart),
        "reasons": row.reasons,
    }


def _result(result: BackendResult) -> dict[str, Any]:
    return {
        "interpreter": result.interpreter,
        "python": result.python,
        "versions": result.versions,
        "seconds_per_epoch": result.seconds_per_epoch,
        "peak_memory": result.peak_memory,
        "failure": result.failure,
        "last_lines": list(result.last_lines),
        "curves": [_curve(curve) for curve in result.curves],
        "twins": [[_curve(curve) for curve in curves] for curves in result.twins],
    }


def _curve(curve: ConfigCurve) -> dict[str, Any]:
    return {
        "value": _finite(curve.value),
        "reason": curve.reason,
        "values": [_finite(value) for value in curve.values],
        "seconds": curve.seconds,
    }


def _paired(stats: Paired | None) -> dict[str, Any] | None:
    if stats is None:
        return None
    return {
        "configs": stats.count,
        "mean_difference": stats.mean_difference,
        "interval": None if stats.low is None else [stats.low, stats.high],
        "wilcoxon_p": stats.p_value,
        "rank_correlation": stats.rank_correlation,
    }


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
