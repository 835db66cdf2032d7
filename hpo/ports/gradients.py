"""The rungs of training: loss, gradients, and the error after an epoch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from hpo.ports.causes import Cause
from hpo.ports.causes.losses import cause_of_loss
from hpo.ports.correspondence import Correspondence
from hpo.ports.differences import (
    GRADIENT_TOLERANCE,
    LOSS_TOLERANCE,
    Array,
    Difference,
    mostly,
    relative,
)
from hpo.ports.findings import Finding, not_finite_in_one

GRADIENT_FLOOR = 1e-3
"""A gradient is compared in shares of its layer's largest, or of this share of the largest of all if that is
more: that of a bias before a batch norm is round-off and nothing else."""
SWITCHED = 0.1
"""What a unit that rounding switches on or off may change of a gradient, of the largest."""
ROUND_OFF_FACTOR = 10
"""How many times as far gradients and errors may differ as those of the original and its one-ulp twin."""
ERROR_TOLERANCE = 0.001


def compare_loss(sides: Correspondence) -> Finding | None:
    """The losses of the same predictions."""
    traces = (sides.original, sides.port)
    losses = [dict(each.about["loss"]) for each in traces]
    own, other = losses[0]["given"], losses[1]["given"]
    labels = sides.original.arrays["inputs/y"]
    predictions = sides.original.arrays["training/predictions"]
    if own is None or other is None:
        side = "original" if own is None else "port"
        text = f"the loss of the {side} failed: {traces[own is not None].failures.get('loss')}"
        return Finding(
            Difference("loss", "the loss", text), cause_of_loss(predictions, labels, (losses[0], losses[1]))
        )
    bad = not_finite_in_one("loss", "the loss", np.array([own]), np.array([other]))
    if bad is not None:
        return bad
    size = relative(np.array([own]), np.array([other]))
    if size <= LOSS_TOLERANCE:
        return None
    difference = Difference("loss", "the loss", f"{own:.8g} in the original, {other:.8g} in the port", size)
    return Finding(difference, cause_of_loss(predictions, labels, (losses[0], losses[1])))


def compare_gradients(sides: Correspondence) -> Finding | None:
    """The gradients of all parameters."""
    own, other = sides.carried("gradients"), sides.held("gradients")
    both = [(one, two) for one, two in zip(own, other, strict=True) if one is not None and two is not None]
    largest = max((float(np.abs(np.nan_to_num(one)).max()) for one, _ in both if one.size), default=0.0)
    in_layer: dict[int, float] = defaultdict(lambda: GRADIENT_FLOOR * largest)
    layers = [sides.original.parameters[pair.original].layer for pair in sides.pairs]
    for layer, one in zip(layers, own, strict=True):
        if one is not None and one.size:
            in_layer[layer] = max(in_layer[layer], float(np.abs(np.nan_to_num(one)).max()))
    noises = sides.round_off()
    for pair, layer, one, two, noise in zip(sides.pairs, layers, own, other, noises, strict=True):
        where = f"the gradient of {sides.where(pair)}"
        if (one is None) != (two is None):
            side, trained = ("port", "original") if two is None else ("original", "port")
            cause = Cause(
                "frozen parameter",
                f"{sides.where(pair)} is trained in the {trained} and not in the {side}.",
                "Look for requires_grad, trainable, grad_req, or a variable of Flax that is no nnx.Param.",
            )
            return Finding(Difference("gradients", where, f"the {side} does not train it"), cause)
        if one is None or two is None:
            continue
        bad = not_finite_in_one("gradients", where, one, two)
        if bad is not None:
            return bad
        floor = in_layer[layer]
        size = relative(one, two, floor=floor)
        allowed = max(GRADIENT_TOLERANCE, ROUND_OFF_FACTOR * noise / floor if floor else 0.0)
        if mostly(one, two, floor=floor) > allowed or size > max(SWITCHED, allowed):
            difference = Difference(
                "gradients", where, f"they differ by {size:.1e} of the largest value", size
            )
            return Finding(
                difference,
                _cause_of_gradients(both, pair_name=sides.where(pair), pair=(one, two), rows=sides.num_rows),
            )
    return None


def _cause_of_gradients(
    both: Sequence[tuple[Array, Array]], pair_name: str, pair: tuple[Array, Array], rows: int
) -> Cause | None:
    one, two = (np.concatenate([np.ravel(each[side]) for each in both]).astype(np.float64) for side in (0, 1))
    if not pair[1].any() and pair[0].any():
        return Cause(
            "no gradient",
            f"the gradient of {pair_name} is 0 in the port and not in the original.",
            "Look for a detach, stop_gradient or no_grad on the way back from the loss.",
        )
    ratio = float(one @ two / (one @ one)) if one.any() else 0.0
    if abs(ratio - 1) > 1e-3 and relative(ratio * one, two) <= 1e-3:
        for factor, name in ((rows, "loss mean against sum"), (1 / rows, "loss mean against sum")):
            if np.isclose(ratio, factor, rtol=1e-3):
                text = (
                    f"the port's gradients are {ratio:.4g} times the original's, and a batch has {rows} rows."
                )
                return Cause(name, text, "Back-propagate the mean in both.")
        return Cause("gradient scale", f"the port's are {ratio:.6g} times the original's.", "Use one scale.")
    return None


def compare_error(sides: Correspondence) -> Finding | None:
    """The validation errors after an epoch, beside that of the original from weights that are one ulp off."""
    own, twin, other = (float(each) for each in errors(sides))
    rows = len(sides.original.arrays.get("inputs/val_x", sides.original.arrays["inputs/x"]))
    # One example more or less that is classified wrongly is no difference.
    allowed = max(ROUND_OFF_FACTOR * abs(own - twin), ERROR_TOLERANCE, 1 / rows)
    size = abs(own - other)
    if size <= allowed:
        return None
    text = (
        f"{own:.4f} in the original, {other:.4f} in the port, {twin:.4f} in the original's one-ulp twin: "
        "more than round-off explains"
    )
    return Finding(Difference("error", "the validation error after an epoch", text, size))


def errors(sides: Correspondence) -> tuple[float, float, float]:
    """The errors of the original, of its twin and of the port."""
    about = sides.original.about
    return about["error"], about["twin_error"], sides.port.about["error"]
