"""Why a convolution or a dense layer returns another output for the same input and weights."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from hpo.ports.arithmetic import ACTIVATIONS, convolve
from hpo.ports.causes.cause import Cause
from hpo.ports.differences import FORWARD_TOLERANCE, Array, alike

ROWS = 2
"""Rows of the batch that are recomputed."""
KERNELS: dict[str, Callable[[Array], Array]] = {
    "OIHW": lambda kernel: kernel,
    "OIWH, its rows and columns swapped": lambda kernel: kernel.swapaxes(2, 3),
    "flipped (a true convolution)": lambda kernel: kernel[:, :, ::-1, ::-1],
    "IOHW, its inputs and outputs swapped": lambda kernel: kernel.swapaxes(0, 1),
    "HWIO numbers, reshaped to OIHW instead of transposed": lambda kernel: kernel.transpose(
        2, 3, 1, 0
    ).reshape(kernel.shape),
    "OIHW numbers, reshaped to HWIO instead of transposed": lambda kernel: kernel.reshape(
        *kernel.shape[2:], kernel.shape[1], kernel.shape[0]
    ).transpose(3, 2, 0, 1),
}
"""What a convolution may have done with a kernel that was meant as OIHW."""


@dataclass(frozen=True)
class ConvolutionSettings:
    """What makes an output: the kernel's layout, stride, padding, whether the bias is added, activation."""

    kernel: str
    stride: int
    before: tuple[int, int]
    after: tuple[int, int]
    bias: bool
    activation: str

    @property
    def padding(self) -> str:
        """The padding in words."""
        (top, left), (bottom, right) = self.before, self.after
        if top == left and bottom == right:
            return f"by {top} on every side" if top == bottom else f"by {top} before and {bottom} after"
        return f"by {top} above, {bottom} below, {left} on the left and {right} on the right"


def cause_of_convolution(
    x: Array, kernel: Array, bias: Array | None, outputs: tuple[Array, Array]
) -> Cause | None:
    """Compare what each side must have computed.

    Args:
        x: what both were given, (rows, channels, height, width).
        kernel: OIHW, the same for both.
        bias: (outputs,) or None.
        outputs: of the original and of the port.
    """
    original, port = (explain(x[:ROWS], kernel, bias, output[:ROWS]) for output in outputs)
    if original is None or port is None or original == port:
        return None
    if original.kernel != port.kernel:
        return Cause(
            "kernel layout",
            f"OIHW against HWIO: the original uses the kernel as {original.kernel}, the port as "
            f"{port.kernel}.",
            "Transpose (3, 2, 0, 1) turns HWIO into OIHW; a reshape does not.",
        )
    if original.bias != port.bias:
        side = "port" if original.bias else "original"
        return Cause("missing bias", f"the {side} does not add the bias here.", "Let both add it.")
    if original.stride != port.stride:
        return Cause(
            "stride", f"{original.stride} in the original, {port.stride} in the port.", "Use one of them."
        )
    if (original.before, original.after) != (port.before, port.after):
        uneven = original.before != original.after or port.before != port.after
        what = "asymmetric SAME" + (" with strides" if original.stride > 1 else "") if uneven else "SAME"
        return Cause(
            "padding",
            f"{what} against explicit padding: the original pads {original.padding}, the port "
            f"{port.padding}.",
            "SAME puts what is odd behind: pad explicitly, for example torch.nn.ZeroPad2d((left, right, "
            "top, bottom)), and convolve without padding.",
        )
    return Cause(
        "activation",
        f"{original.activation} in the original, {port.activation} in the port.",
        "Use one of them.",
    )


def common_maps(original: Array, port: Array) -> Array | None:
    """Maps of which both are a zero-padded form, the largest there are; None where they are not."""
    if original.ndim != 4 or port.ndim != 4 or original.shape[:2] != port.shape[:2]:
        return None
    cuts: list[list[slice]] = [[], []]
    for axis in (2, 3):
        edges = []
        for side in (original, port):
            there = np.flatnonzero(side.any(axis=tuple({0, 1, 2, 3} - {axis})))
            if not there.size:
                return None
            edges.append((there[0], side.shape[axis] - 1 - there[-1]))
        # Zeros at the edges of both may be data: only those are cut that one side has more of.
        kept = [min(edges[0][end], edges[1][end]) for end in (0, 1)]
        for cut, (first, last), side in zip(cuts, edges, (original, port), strict=True):
            cut.append(slice(int(first - kept[0]), side.shape[axis] - int(last - kept[1])))
    one, other = (
        side[(slice(None), slice(None), *cut)] for side, cut in zip((original, port), cuts, strict=True)
    )
    return one if alike(one, other, FORWARD_TOLERANCE) else None


def explain(x: Array, kernel: Array, bias: Array | None, output: Array) -> ConvolutionSettings | None:
    """The settings of the first convolution whose output this is."""
    variants = {name: make(kernel) for name, make in KERNELS.items()}
    for (name, variant), (stride, before, after) in itertools.product(
        variants.items(), _geometries(x.shape[2:], kernel.shape[2:], output.shape[2:])
    ):
        if variant.shape != kernel.shape:
            continue
        plain = convolve(x, variant, stride, before, (output.shape[2], output.shape[3]))
        for with_bias in (True, False):
            if bias is None and with_bias:
                continue
            added = plain + bias[:, None, None] if with_bias and bias is not None else plain
            for activation, function in ACTIVATIONS.items():
                if alike(function(added), output, FORWARD_TOLERANCE):
                    return ConvolutionSettings(name, stride, before, after, with_bias, activation)
    return None


def _geometries(
    given: tuple[int, ...], kernel: tuple[int, ...], made: tuple[int, ...]
) -> Iterator[tuple[int, tuple[int, int], tuple[int, int]]]:
    """The strides and paddings that make maps of this size; where both axes are alike, alike along both."""
    square = given[0] == given[1] and kernel[0] == kernel[1] and made[0] == made[1]
    for stride in range(1, 5):
        ranges = [
            [
                (before, after)
                for before in range(kernel[axis])
                if 0
                <= (after := max(0, (made[axis] - 1) * stride + kernel[axis] - given[axis] - before))
                < kernel[axis] + stride
                and (given[axis] + before + after - kernel[axis]) // stride + 1 >= made[axis]
                and (given[axis] - kernel[axis]) // stride + 1 <= made[axis]
            ]
            for axis in (0, 1)
        ]
        for (top, bottom), (left, right) in itertools.product(*ranges):
            if not square or (top, bottom) == (left, right):
                yield stride, (top, left), (bottom, right)


def cause_of_dense(x: Array, weight: Array, bias: Array | None, outputs: tuple[Array, Array]) -> Cause | None:
    """Compare what each side must have computed of x (rows, in) with weight (in, out)."""
    original, port = (_explain_dense(x, weight, bias, output) for output in outputs)
    if original is None or port is None or original == port:
        return None
    if original[0] != port[0]:
        return Cause(
            "weight layout",
            f"the original uses the dense weights {original[0]}, the port {port[0]}.",
            "torch and Gluon keep them (out, in), Keras and Flax (in, out): transpose where they are "
            "carried.",
        )
    if original[1] != port[1]:
        side = "port" if original[1] else "original"
        return Cause("missing bias", f"the {side} does not add the bias here.", "Let both add it.")
    return Cause("activation", f"{original[2]} in the original, {port[2]} in the port.", "Use one of them.")


def _explain_dense(
    x: Array, weight: Array, bias: Array | None, output: Array
) -> tuple[str, bool, str] | None:
    variants = {"as (in, out)": weight, "reshaped instead of transposed": weight.T.reshape(weight.shape)}
    # Only a square weight can be transposed by mistake and still fit.
    if weight.shape[0] == weight.shape[1]:
        variants["transposed"] = weight.T
    for (name, variant), with_bias in itertools.product(variants.items(), (True, False)):
        if bias is None and with_bias:
            continue
        added = np.asarray(x, np.float64) @ variant + (bias if with_bias and bias is not None else 0)
        for activation, function in ACTIVATIONS.items():
            if alike(function(added), output, FORWARD_TOLERANCE):
                return name, with_bias, activation
    return None
