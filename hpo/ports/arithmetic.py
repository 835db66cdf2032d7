"""The outputs of layers, recomputed in NumPy: small and slow, for testing hypotheses on a few rows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import erf, expit, log_softmax, softmax

from hpo.ports.differences import Array

# The first one that fits is named. Slopes of the leaky relu are defaults: 0.01 of torch, 0.2 of tf.nn, 0.3 of
# Keras' layer. Hard sigmoids: x / 6 in torch and Keras 3, 0.2 x in MXNet and Keras 2.
ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "no activation": lambda x: x,
    "relu": lambda x: np.maximum(x, 0),
    "sigmoid": expit,
    "tanh": np.tanh,
    "softmax": lambda x: softmax(x, axis=1),
    "log-softmax": lambda x: log_softmax(x, axis=1),
    "leaky relu (0.01)": lambda x: np.where(x > 0, x, 0.01 * x),
    "leaky relu (0.2)": lambda x: np.where(x > 0, x, 0.2 * x),
    "leaky relu (0.3)": lambda x: np.where(x > 0, x, 0.3 * x),
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "softplus": lambda x: np.logaddexp(x, 0),
    "silu": lambda x: x * expit(x),
    "gelu": lambda x: x * (1 + erf(x / np.sqrt(2))) / 2,
    "gelu (tanh)": lambda x: x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))) / 2,
    "relu6": lambda x: np.clip(x, 0, 6),
    "hard sigmoid (x / 6)": lambda x: np.clip(x / 6 + 0.5, 0, 1),
    "hard sigmoid (0.2 x)": lambda x: np.clip(0.2 * x + 0.5, 0, 1),
}


def windows(
    x: Array, kernel: tuple[int, int], stride: int, before: tuple[int, int], out: tuple[int, int], fill: float
) -> Array:
    """The windows of a convolution or pooling.

    Args:
        x: (rows, channels, height, width).
        kernel: height and width of a window.
        stride: of both axes.
        before: padding at the top and on the left; what is needed at the bottom and on the right follows from
            `out`.
        out: how many windows there are along each axis.
        fill: what the padding holds.

    Returns:
        (rows, channels, *out, *kernel).
    """
    pads = [(0, 0), (0, 0)]
    for axis in (0, 1):
        after = (out[axis] - 1) * stride + kernel[axis] - x.shape[2 + axis] - before[axis]
        pads.append((before[axis], max(0, after)))
    padded = np.pad(x, pads, constant_values=fill)
    views = np.lib.stride_tricks.sliding_window_view(padded, kernel, axis=(2, 3))
    found: Array = views[:, :, ::stride, ::stride][:, :, : out[0], : out[1]]
    return found


def convolve(x: Array, kernel: Array, stride: int, before: tuple[int, int], out: tuple[int, int]) -> Array:
    """A convolution without bias, (rows, outputs, *out); in groups where the kernel has fewer channels."""
    groups = x.shape[1] // kernel.shape[1]
    views = windows(x, (kernel.shape[2], kernel.shape[3]), stride, before, out, 0.0)
    parts = [
        np.asarray(np.einsum("nchwij,ocij->nohw", part, weights, optimize=True))
        for part, weights in zip(np.split(views, groups, axis=1), np.split(kernel, groups), strict=True)
    ]
    return np.concatenate(parts, axis=1)


def pool(x: Array, kind: str, size: int, stride: int, before: tuple[int, int], out: tuple[int, int]) -> Array:
    """Pooling: `max`, `average` of what is there, or `average with padding`."""
    if kind == "max":
        return np.asarray(windows(x, (size, size), stride, before, out, -np.inf).max(axis=(-1, -2)))
    # NaN marks the padding, which nanmean() then leaves out of sum and count.
    views = windows(x, (size, size), stride, before, out, 0.0 if kind == "average with padding" else np.nan)
    return np.asarray(np.nanmean(views, axis=(-1, -2)))
