"""Why the inputs of a layer differ although the outputs of the layer before it agree.

Between two layers with parameters stand activations, pooling, flatten, scaling: as layers, or as calls that
were not recorded. So each side is explained from what went in and what came out.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from hpo.ports.arithmetic import ACTIVATIONS, pool
from hpo.ports.causes.cause import Cause
from hpo.ports.differences import FORWARD_TOLERANCE, Array, alike

# Rows of the batch to explain: each costs a pooling for every hypothesis.
ROWS = 2
FLATTENINGS = {"CHW": (0, 1, 2, 3), "HWC": (0, 2, 3, 1), "CWH": (0, 1, 3, 2), "WHC": (0, 3, 2, 1)}
"""The axes of (rows, channels, height, width) in the order in which they are flattened."""
POOLINGS = ("average", "average with padding", "max")
LARGEST_WINDOW = 7
PREFERRED = ("no activation", "sigmoid", "relu", "tanh")
"""Tried with every pooling before the others."""


def cause_between(
    before: Array, given: tuple[Array, Array], first: bool, maps: tuple[int, ...] | None
) -> Cause | None:
    """Compare what each side must have done.

    Args:
        before: what both had, the output of the layer before or the batch.
        given: the inputs of the next layer, of the original and of the port.
        first: whether `before` is the batch.
        maps: channels, height and width of what is flattened, if that is known.
    """
    original, port = given
    if original.shape == port.shape:
        direct = _of_order(original, port, maps or before.shape[1:]) or _of_scale(original, port, first)
        if direct is not None:
            return direct
    return _of_operations(before[:ROWS], original[:ROWS], port[:ROWS]) or _of_values(original, port)


def flattened_rows(original: Array, port: Array, maps: Sequence[int]) -> tuple[str, str, list[int]] | None:
    """The orders in which both flatten maps, and for each feature of the port the original's, if any fit."""
    if (
        original.ndim != 2
        or original.shape != port.shape
        or len(maps) != 3
        or np.prod(maps) != original.shape[1]
    ):
        return None
    indices = np.arange(original.shape[1]).reshape(1, *maps)
    for one, other in itertools.permutations(FLATTENINGS, 2):
        if "CHW" not in (one, other):
            continue
        first, second = (indices.transpose(FLATTENINGS[each]).ravel() for each in (one, other))
        # Feature i of the original holds the map's value `first[i]`.
        place = np.empty_like(first)
        place[first] = np.arange(len(first))
        rows = place[second]
        if alike(original[:, rows], port, FORWARD_TOLERANCE) and not alike(original, port, FORWARD_TOLERANCE):
            return one, other, [int(row) for row in rows]
    return None


def _of_order(original: Array, port: Array, maps: Sequence[int]) -> Cause | None:
    found = flattened_rows(original, port, maps)
    if found is not None:
        one, other, _ = found
        return Cause(
            "flatten order",
            f"the original flattens maps of {tuple(maps)} as {one}, the port as {other}, which permutes the "
            f"inputs of the dense layer after it ({one} against {other}).",
            "Trained from the start both learn alike; weights that are carried over need their rows "
            "reordered, or the port a transpose before its flatten (in Keras Permute((3, 1, 2)), "
            "in JAX transpose(0, 3, 1, 2)). "
            "accept=['flatten order'] carries them reordered and goes on.",
        )
    if original.ndim == 4 and original.shape[1] > 1 and alike(original[:, ::-1], port, FORWARD_TOLERANCE):
        return Cause(
            "channel order", "the port sees the channels in reverse (RGB against BGR).", "Reverse them once."
        )
    if original.ndim == 4 and alike(original.swapaxes(2, 3), port, FORWARD_TOLERANCE):
        return Cause("image axes", "the port sees height and width swapped.", "Transpose the images once.")
    return None


def _of_scale(original: Array, port: Array, first: bool) -> Cause | None:
    """Whether the port's values are a straight line of the original's."""
    x, y = np.asarray(original, np.float64).ravel(), np.asarray(port, np.float64).ravel()
    # Two points always lie on a line.
    if x.size < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return None
    slope, offset = np.polyfit(x, y, 1)
    if not alike(slope * x + offset, y, FORWARD_TOLERANCE):
        return None
    line = f"the port's values are {slope:.6g} times the original's"
    line += (
        f" {'plus' if offset > 0 else 'minus'} {abs(offset):.4g}"
        if abs(offset) > 1e-6 * np.abs(y).max()
        else ""
    )
    # The usual slip: pixels that only one side divides by 255.
    ratio = " (1/255)" if abs(slope * 255 - 1) < 1e-3 else ""
    if first:
        return Cause(
            "input scaling",
            f"{line}{ratio} when they reach the first layer.",
            "Scale the inputs once, and alike.",
        )
    return Cause("scaling", f"{line}{ratio}.", "Scale both alike.")


@dataclass(frozen=True)
class Operations:
    """What stands between two layers: an activation, pooling, and the order in which maps are flattened."""

    activation: str
    pooling: str
    size: int
    stride: int
    padding: int
    flatten: str


def _of_operations(before: Array, original: Array, port: Array) -> Cause | None:
    one, other = explain(before, original), explain(before, port)
    if one is None or other is None or one == other:
        return None
    if one.pooling != other.pooling:
        kinds = {one.pooling, other.pooling}
        if kinds == {"average", "average with padding"}:
            counting = "original" if one.pooling == "average with padding" else "port"
            return Cause(
                "average pooling counts the padding",
                f"the {counting} divides by the whole window where it reaches over the edge, the other by "
                "what is there.",
                "count_include_pad=False in torch, Gluon and Flax does what Keras does.",
            )
        return Cause(
            "pooling", f"{_pooling(one)} in the original, {_pooling(other)} in the port.", "Use one of them."
        )
    if one.activation != other.activation:
        return Cause(
            "activation",
            f"{one.activation} in the original, {other.activation} in the port.",
            "Use one of them.",
        )
    if one.flatten != other.flatten:
        return Cause(
            "flatten order",
            f"the original flattens as {one.flatten}, the port as {other.flatten}.",
            "Transpose before the flatten.",
        )
    return Cause(
        "pooling window",
        f"{_pooling(one)} in the original, {_pooling(other)} in the port.",
        "Give both the same size, stride and padding.",
    )


def _pooling(found: Operations) -> str:
    if not found.pooling:
        return "no pooling"
    return f"{found.pooling} pooling of {found.size} with stride {found.stride} and padding {found.padding}"


def explain(before: Array, given: Array) -> Operations | None:
    """The first operations that lead from `before` to `given`."""
    names = [*PREFERRED, *(name for name in ACTIVATIONS if name not in PREFERRED)]
    # Some activations are closer to each other than frameworks in deep nets.
    for tolerance, name in itertools.product((FORWARD_TOLERANCE / 10, FORWARD_TOLERANCE), names):
        activated = ACTIVATIONS[name](np.asarray(before, np.float64))
        for pooling, size, stride, padding, made in _pooled(activated, given):
            for flatten, flat in _flattened(made, given):
                if alike(flat, given, tolerance):
                    return Operations(name, pooling, size, stride, padding, flatten)
    return None


def _pooled(x: Array, given: Array) -> Iterator[tuple[str, int, int, int, Array]]:
    yield "", 1, 1, 0, x
    if x.ndim != 4:
        return
    area = given.shape[1] // x.shape[1] if given.ndim == 2 else 0
    side = round(area**0.5)
    out = (given.shape[2], given.shape[3]) if given.ndim == 4 else (side, side)
    if given.ndim == 2 and (side * side != area or given.shape[1] % x.shape[1]):
        return
    height = x.shape[2]
    for size in range(2, min(LARGEST_WINDOW, height) + 1):
        for stride, padding in itertools.product(range(1, size + 1), range(size // 2 + 1)):
            after = (out[0] - 1) * stride + size - height - padding
            # At most -stride: one more window would fit. More than size - 1: the last one would hold padding
            # only.
            if not -stride < after <= size - 1:
                continue
            # Without padding in reach the two averages are one.
            kinds = POOLINGS if padding or after > 0 else ("average", "max")
            for kind in kinds:
                yield kind, size, stride, padding, pool(x, kind, size, stride, (padding, padding), out)


def _flattened(x: Array, given: Array) -> Iterator[tuple[str, Array]]:
    if given.ndim == x.ndim:
        yield "", x
    elif x.ndim == 4 and given.ndim == 2:
        for name, axes in FLATTENINGS.items():
            yield name, x.transpose(axes).reshape(len(x), -1)


def _of_values(original: Array, port: Array) -> Cause | None:
    """Whether one is an activation of the other, or some of it is dropped."""
    if original.shape != port.shape:
        return None
    for name, function in ACTIVATIONS.items():
        for one, other, side in ((original, port, "port"), (port, original, "original")):
            if name != "no activation" and alike(
                function(np.asarray(one, np.float64)), other, FORWARD_TOLERANCE
            ):
                return Cause(
                    "activation", f"only the {side} applies {name} here.", "Apply it in both, or in none."
                )
    for one, other, side in ((original, port, "port"), (port, original, "original")):
        dropped = (other == 0) & (one != 0)
        kept = other[~dropped & (one != 0)] / one[~dropped & (one != 0)]
        if 0 < dropped.mean() < 1 and kept.size and np.ptp(kept) <= FORWARD_TOLERANCE * abs(kept.mean()):
            return Cause(
                "dropout in evaluation mode",
                f"the {side} drops {dropped.mean():.0%} of the values although it predicts.",
                "Drop in training mode only: pass self.training on in torch, training in Keras; call "
                "eval() in Flax.",
            )
    return None
