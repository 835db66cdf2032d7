"""Why batch norm returns another output, or keeps other running statistics."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hpo.ports.causes.cause import Cause
from hpo.ports.differences import FORWARD_TOLERANCE, Array, relative

EPSILON_MEND = "Keras' default is 1e-3, that of torch, Gluon and Flax 1e-5: set it where the layer is made."
BATCH_STATISTICS = "statistics of the batch"


def cause_of_evaluation(x: Array, state: dict[str, Array], outputs: tuple[Array, Array]) -> Cause | None:
    """Compare the epsilon that each side must have used, y = gamma (x - mean) / sqrt(var + epsilon) + beta.

    Args:
        x: what both were given, channels second.
        state: gamma, beta, running_mean, running_var; the same for both; gamma and beta may be missing.
        outputs: of the original and of the port.
    """
    found = [explain_evaluation(x, state, output) for output in outputs]
    original, port = found
    if original is None or port is None:
        return None
    if BATCH_STATISTICS in (original, port) and original != port:
        side = "original" if original == BATCH_STATISTICS else "port"
        return Cause(
            "batch-norm mode",
            f"the {side} normalises by the {BATCH_STATISTICS} in evaluation mode, the other by running ones.",
            "Put it into evaluation mode where predictions are made, and into training mode only there.",
        )
    if (
        isinstance(original, float)
        and isinstance(port, float)
        and abs(original - port) > 0.1 * max(original, port)
    ):
        return Cause(
            "batch-norm epsilon",
            f"the original computes with {original:.1e}, the port with {port:.1e}.",
            EPSILON_MEND,
        )
    return None


def explain_evaluation(x: Array, state: dict[str, Array], output: Array) -> float | str | None:
    """The epsilon that explains this output; `BATCH_STATISTICS` if the batch's own do; None if neither."""
    axes = (0, *range(2, x.ndim))
    broadcast = (1, -1) + (1,) * (x.ndim - 2)
    ones = np.ones(x.shape[1])
    gamma, beta = (
        state.get(role, fill).reshape(broadcast) for role, fill in (("gamma", ones), ("beta", 0 * ones))
    )
    of_batch = {"running_mean": x.mean(axes), "running_var": x.var(axes)}
    for statistics, meant in ((state, None), (of_batch, BATCH_STATISTICS)):
        mean, variance = (
            np.asarray(statistics[role], np.float64).reshape(broadcast)
            for role in ("running_mean", "running_var")
        )
        scaled, moved = gamma * (x - mean), np.asarray(output, np.float64) - beta
        # Least squares for 1 / sqrt(var + epsilon), channel by channel.
        weight = (scaled**2).sum(axes)
        if not np.all(weight > 0):
            continue
        inverse = (scaled * moved).sum(axes) / weight
        if np.all(inverse > 0) and relative(scaled * inverse.reshape(broadcast), moved) <= FORWARD_TOLERANCE:
            epsilon = np.median(1 / inverse**2 - variance.ravel())
            # Round-off can make a tiny epsilon negative.
            return meant or max(float(epsilon), 1e-12)
    return None


@dataclass(frozen=True)
class Averaging:
    """How running statistics follow: the share of the new batch, and whether its variance is unbiased."""

    share: float
    unbiased: bool | None


def cause_of_statistics(
    x: Array, before: dict[str, Array], after: tuple[dict[str, Array], dict[str, Array]]
) -> Cause | None:
    """Compare how each side must have updated its running statistics.

    Args:
        x: what the layer was given in training mode, channels second.
        before: running_mean and running_var, the same for both.
        after: those of the original and of the port after one step in training mode.
    """
    original, port = (explain_statistics(x, before, each) for each in after)
    if original is None or port is None:
        return None
    if abs(original.share - port.share) > 1e-3:
        kept = f"the original takes {original.share:.3g} of each new batch, the port {port.share:.3g}."
        convention = abs(original.share + port.share - 1) < 1e-3
        return Cause(
            "batch-norm momentum convention" if convention else "batch-norm momentum",
            kept,
            "torch's momentum is the share of the new batch (0.1), that of Keras, Flax and Gluon the "
            "share of the old average (0.99, 0.99, 0.9): one is 1 minus the other.",
        )
    if original.unbiased is not None and port.unbiased is not None and original.unbiased != port.unbiased:
        rows = x.size // x.shape[1]
        sides = ("unbiased", "biased") if original.unbiased else ("biased", "unbiased")
        return Cause(
            "biased running variance",
            f"biased against unbiased: the original averages the {sides[0]} variance of a batch, the port "
            f"the {sides[1]} one; with {rows} values a channel the unbiased one is larger by "
            f"{100 / max(1, rows - 1):.2g} %.",
            "torch keeps the unbiased one, Keras, Flax and Gluon the biased one, and none can be told "
            "otherwise; larger batches make it vanish. accept=['biased running variance'] goes on.",
        )
    return None


def explain_statistics(x: Array, before: dict[str, Array], after: dict[str, Array]) -> Averaging | None:
    """The moving average that leads from one to the other, m new + (1 - m) old."""
    axes = (0, *range(2, x.ndim))
    count = x.size // x.shape[1]
    x = np.asarray(x, np.float64)
    towards, moved = x.mean(axes) - before["running_mean"], after["running_mean"] - before["running_mean"]
    if not np.any(towards) or not np.any(moved):
        return None
    share = float((moved * towards).sum() / (towards**2).sum())
    if relative(share * towards, moved) > 1e-3 or share < 1e-9:
        return None
    found = {}
    for unbiased in (False, True):
        variance = x.var(axes) * (count / (count - 1) if unbiased and count > 1 else 1)
        predicted = before["running_var"] + share * (variance - before["running_var"])
        found[unbiased] = relative(predicted, after["running_var"])
    better = min(found, key=lambda each: found[each])
    # With many values in a channel the two variances are too close to tell which one it was.
    clear = found[better] < 0.2 * found[not better]
    return Averaging(share, better if clear else None)
