"""The forward and backward passes of the layers of `hpo.backend.models`, in NumPy."""

from __future__ import annotations

import numpy as np

from hpo.backend import Activation, Array, Convolution, Dense
from hpo_numpy.gradients import Gradient, Product, Written


def activate(z: Array, kind: Activation | None) -> Array:
    """The activation of `z`, in its place."""
    if kind == "relu":
        np.maximum(z, 0, out=z)
    elif kind == "tanh":
        np.tanh(z, out=z)
    elif kind == "sigmoid":
        # 1 / (1 + exp(-z)) operation by operation, so that no array is made.
        np.negative(z, out=z)
        np.exp(z, out=z)
        z += 1
        np.reciprocal(z, out=z)
    return z


def slope(a: Array, kind: Activation) -> Array:
    """The derivative of an activation where its value is `a`."""
    if kind == "relu":
        return a > 0
    return 1 - a * a if kind == "tanh" else a * (1 - a)


class DensePass:
    """One dense layer in one step, with what its forward pass keeps for the backward pass."""

    def __init__(self, layer: Dense, weight: Array, bias: Array) -> None:
        self._layer, self._weight, self._bias = layer, weight, bias
        # Stand-ins until `forward` has run: so the types need no None.
        self._inputs = self._active = weight
        self._kept: Array | None = None

    def forward(self, x: Array, keep: Array | None = None) -> Array:
        """Outputs (n, num_outputs) of inputs (n, num_inputs); `keep` is the mask of dropout."""
        self._inputs = x
        z = x @ self._weight
        z += self._bias
        self._active = activate(z, self._layer.activation)
        if keep is None:
            return self._active
        # The mask is boolean: times a Python float it would be float64.
        self._kept = keep * z.dtype.type(1 / (1 - self._layer.dropout))
        return np.asarray(self._active * self._kept)

    def backward(self, g: Array, *, lowest: bool) -> tuple[dict[str, Gradient], Array]:
        """The parameters' gradients, and that of the inputs (nothing of use in the lowest layer)."""
        if self._kept is not None:
            g = g * self._kept
        if self._layer.activation is not None:
            g = g * slope(self._active, self._layer.activation)
        gradients: dict[str, Gradient] = {"weight": Product(self._inputs, g), "bias": Written(g.sum(axis=0))}
        return gradients, g if lowest else g @ self._weight.T


class ConvolutionPass:
    """One convolution in one step, as a product with the patches of its input ("im2col").

    Images stand channels first here, (channels, n, height, width), so that neither the product nor the
    pooling has to turn them around.

    Attributes:
        output_shape: channels, height and width of an output.
    """

    output_shape: tuple[int, ...] = ()

    def __init__(self, layer: Convolution, weight: Array, bias: Array) -> None:
        self._layer, self._bias = layer, bias
        self._weight = weight.reshape(layer.out_channels, -1)
        self._patches = self._active = self._weight
        self._input_shape: tuple[int, ...] = ()

    def forward(self, x: Array) -> Array:
        """Outputs (out_channels, n, height, width) of inputs (in_channels, n, height, width)."""
        layer, size, pad = self._layer, self._layer.kernel_size, self._layer.padding
        channels, n, height, width = self._input_shape = x.shape
        if pad:
            padded = np.zeros((channels, n, height + 2 * pad, width + 2 * pad), x.dtype)
            padded[:, :, pad:-pad, pad:-pad] = x
            x = padded
        height, width = x.shape[2] - size + 1, x.shape[3] - size + 1
        # One copy for each place in the kernel, each of whole maps.
        patches = np.empty((channels, size, size, n, height, width), x.dtype)
        for i in range(size):
            for j in range(size):
                patches[:, i, j] = x[:, :, i : i + height, j : j + width]
        self._patches = patches.reshape(channels * size * size, -1)
        z = self._weight @ self._patches
        z += self._bias[:, None]
        z = z.reshape(layer.out_channels, n, height, width)
        self._active = activate(z, layer.activation)
        outputs = _pooled(self._active, layer.pool_size)
        self.output_shape = (layer.out_channels, *outputs.shape[2:])
        return outputs

    def backward(self, g: Array, *, lowest: bool) -> tuple[dict[str, Gradient], Array]:
        """The parameters' gradients, and that of the inputs (nothing of use in the lowest layer)."""
        layer = self._layer
        g = _unpooled(g, self._active.shape, layer.pool_size)
        if layer.activation is not None:
            g *= slope(self._active, layer.activation)
        flat = g.reshape(layer.out_channels, -1)
        gradients: dict[str, Gradient] = {
            "weight": Written((flat @ self._patches.T).reshape(layer.shape)),
            "bias": Written(flat.sum(axis=1)),
        }
        return gradients, g if lowest else self._to_inputs(flat, g.shape[2], g.shape[3])

    def _to_inputs(self, flat: Array, height: int, width: int) -> Array:
        """Each pixel of the input gathers the gradients of the patches that it was in."""
        size, pad = self._layer.kernel_size, self._layer.padding
        channels, n, full_height, full_width = self._input_shape
        patches = (self._weight.T @ flat).reshape(channels, size, size, n, height, width)
        padded = np.zeros((channels, n, full_height + 2 * pad, full_width + 2 * pad), flat.dtype)
        for i in range(size):
            for j in range(size):
                padded[:, :, i : i + height, j : j + width] += patches[:, i, j]
        return padded[:, :, pad : pad + full_height, pad : pad + full_width]


def _pooled(a: Array, size: int) -> Array:
    """Means over windows of `size` by `size`."""
    if size == 1:
        return a
    height, width = a.shape[2] // size * size, a.shape[3] // size * size
    total = a[:, :, 0:height:size, 0:width:size].copy()
    for i in range(size):
        for j in range(size):
            if i or j:
                total += a[:, :, i:height:size, j:width:size]
    total *= a.dtype.type(1 / size**2)
    return np.asarray(total)


def _unpooled(g: Array, shape: tuple[int, ...], size: int) -> Array:
    """The gradient of what was pooled: each window's, shared out evenly."""
    if size == 1:
        # A copy, since `backward` multiplies it in place.
        return g.copy()
    height, width = g.shape[2] * size, g.shape[3] * size
    spread = np.zeros(shape, g.dtype)
    share = g * g.dtype.type(1 / size**2)
    for i in range(size):
        for j in range(size):
            spread[:, :, i:height:size, j:width:size] = share
    return spread
