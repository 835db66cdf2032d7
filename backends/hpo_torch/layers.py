"""The forward and backward passes of the layers of `hpo.backend.models`, in PyTorch.

Their gradients stand here in closed form: recording a graph and walking it back costs a small step more
than its arithmetic.
"""

from __future__ import annotations

import torch
from torch.nn import functional

from hpo.backend import Activation, Convolution, Dense
from hpo_torch.gradients import Gradient, Product, Written

# Its backward operators are those that autograd calls, without the recording.
aten = torch.ops.aten


def activate(z: torch.Tensor, kind: Activation | None) -> torch.Tensor:
    """The activation of `z`, in its place."""
    if kind == "relu":
        return z.relu_()
    if kind == "tanh":
        return z.tanh_()
    return z.sigmoid_() if kind == "sigmoid" else z


def through(g: torch.Tensor, a: torch.Tensor, kind: Activation | None) -> torch.Tensor:
    """The gradient `g` taken back through an activation whose value is `a`."""
    back: torch.Tensor = g
    if kind == "relu":
        back = aten.threshold_backward(g, a, 0)
    elif kind == "tanh":
        back = aten.tanh_backward(g, a)
    elif kind == "sigmoid":
        back = aten.sigmoid_backward(g, a)
    return back


class DensePass:
    """One dense layer in one step, with what its forward pass keeps for the backward pass."""

    def __init__(self, layer: Dense, weight: torch.Tensor, bias: torch.Tensor) -> None:
        self._layer, self._weight, self._bias = layer, weight, bias
        # Stand-ins until `forward` has run: so the types need no None.
        self._inputs = self._active = weight
        self._kept: torch.Tensor | None = None

    def forward(self, x: torch.Tensor, keep: torch.Tensor | None = None) -> torch.Tensor:
        """Outputs (n, num_outputs) of inputs (n, num_inputs); `keep` is the mask of dropout."""
        self._inputs = x
        z = torch.addmm(self._bias, x, self._weight)
        self._active = activate(z, self._layer.activation)
        if keep is None:
            return self._active
        self._kept = keep.to(z.dtype).mul_(1 / (1 - self._layer.dropout))
        return self._active * self._kept

    def backward(self, g: torch.Tensor, *, lowest: bool) -> tuple[dict[str, Gradient], torch.Tensor]:
        """The parameters' gradients, and that of the inputs (nothing of use in the lowest layer)."""
        if self._kept is not None:
            g = g * self._kept
        g = through(g, self._active, self._layer.activation)
        gradients: dict[str, Gradient] = {"weight": Product(self._inputs, g), "bias": Written(g.sum(0))}
        return gradients, g if lowest else g @ self._weight.t()


class ConvolutionPass:
    """One convolution in one step, with what its forward pass keeps for the backward pass.

    Attributes:
        output_shape: channels, height and width of an output.
    """

    output_shape: tuple[int, ...] = ()

    def __init__(self, layer: Convolution, weight: torch.Tensor, bias: torch.Tensor) -> None:
        self._layer, self._weight, self._bias = layer, weight, bias
        self._inputs = self._active = weight

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Outputs (n, out_channels, height, width) of inputs (n, in_channels, height, width)."""
        self._inputs = x
        z = functional.conv2d(x, self._weight, self._bias, padding=self._layer.padding)
        self._active = activate(z, self._layer.activation)
        outputs = _pooled(self._active, self._layer.pool_size)
        self.output_shape = tuple(outputs.shape[1:])
        return outputs

    def backward(self, g: torch.Tensor, *, lowest: bool) -> tuple[dict[str, Gradient], torch.Tensor]:
        """The parameters' gradients, and that of the inputs (nothing of use in the lowest layer)."""
        layer = self._layer
        g = _unpooled(g, self._active.shape, layer.pool_size)
        g = through(g, self._active, layer.activation)
        pad, wanted = [layer.padding] * 2, [not lowest, True, True]
        below, weight, bias = aten.convolution_backward(
            g, self._inputs, self._weight, [layer.out_channels], [1, 1], pad, [1, 1], False, [0, 0], 1, wanted
        )
        gradients: dict[str, Gradient] = {"weight": Written(weight), "bias": Written(bias)}
        return gradients, g if lowest else below


def _pooled(a: torch.Tensor, size: int) -> torch.Tensor:
    """Means over windows of `size` by `size`.

    First over rows, which lie in one piece, then over columns: a quarter of the time of the library's own
    pooling on a processor.
    """
    if size == 1:
        return a
    n, channels, height, width = a.shape[0], a.shape[1], a.shape[2] // size, a.shape[3] // size
    rows = a[:, :, : height * size, : width * size].reshape(-1, size, width * size)
    columns = _sum_of(rows).view(-1, width, size).transpose(1, 2)
    return _sum_of(columns).mul_(1 / size**2).view(n, channels, height, width)


def _sum_of(parts: torch.Tensor) -> torch.Tensor:
    """The sum along axis 1, which is short."""
    total = parts[:, 0] + parts[:, 1]
    for part in range(2, parts.shape[1]):
        total += parts[:, part]
    return total


def _unpooled(g: torch.Tensor, shape: torch.Size, size: int) -> torch.Tensor:
    """The gradient of what was pooled: each window's, shared out evenly."""
    if size == 1:
        return g
    n, channels, height, width = g.shape
    share = g.reshape(-1, width) * (1 / size**2)
    wide = share.new_empty(len(share), width, size)
    for column in range(size):
        wide[:, :, column] = share
    rows = wide.view(-1, width * size)
    spread = torch.stack([rows] * size, 1).view(n, channels, height * size, width * size)
    below, right = shape[2] - height * size, shape[3] - width * size
    return functional.pad(spread, (0, right, 0, below)) if below or right else spread
