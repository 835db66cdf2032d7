"""The layers of `hpo.backend.models` as parts of a symbolic graph, in MXNet."""

from __future__ import annotations

from typing import Any

from hpo.backend import Activation, Convolution, DType, Model
from hpo_mxnet.compat import mx


def mask_of(index: int) -> str:
    """The name of a layer's dropout mask in the graph."""
    return f"mask.{index}"


def scores_of(model: Model, *, learn: bool) -> Any:
    """The scores (n, num_outputs) of examples `x` (n, num_inputs), from parameters by their names.

    Dense weights stand as (outputs, inputs) here: a product with the canonical layout takes three times as
    long. Where `learn`, layers with dropout take their masks too, which hold 1 / (1 - dropout) or zero.
    """
    x = mx.sym.Variable("x")
    if model.image_shape is not None:
        x = x.reshape((-1, *model.image_shape))
    flat = model.image_shape is None
    for index, layer in enumerate(model.layers):
        weight, bias = (mx.sym.Variable(f"layers.{index}.{part}") for part in ("weight", "bias"))
        if isinstance(layer, Convolution):
            x = _convolved(layer, x, weight, bias)
            continue
        x = x if flat else x.reshape((-1, layer.num_inputs))
        flat = True
        z = mx.sym.FullyConnected(x, weight, bias, num_hidden=layer.num_outputs)
        x = activated(z, layer.activation)
        if learn and layer.dropout:
            x = x * mx.sym.Variable(mask_of(index))
    return x


def gradient_of_loss(classes: int, size: int, dtype: DType) -> Any:
    """The gradient of a batch's mean cross-entropy with respect to its scores `z`, for labels `y`.

    With p = softmax(z) it is (p - onehot(y)) / size. By way of a logarithm, as MXNet's own gradient goes, it
    would be several times as far from the exact one.
    """
    z, y = mx.sym.Variable("z"), mx.sym.Variable("y")
    return (mx.sym.softmax(z, axis=1) - mx.sym.one_hot(y, depth=classes, dtype=dtype)) / size


def summing(dtype: DType) -> Any:
    """The number of wrong examples and the sum of their losses, of scores `z` and labels `y`."""
    z, y = mx.sym.Variable("z"), mx.sym.Variable("y")
    # argmax returns its indices as floats of the scores' dtype.
    wrong = mx.sym.sum(mx.sym.argmax(z, axis=1) != mx.sym.Cast(y, dtype=dtype))
    loss = -mx.sym.sum(mx.sym.pick(mx.sym.log_softmax(z, axis=1), y, axis=1))
    return mx.sym.Group([wrong, loss])


def activated(z: Any, kind: Activation | None) -> Any:
    """The activation of `z`."""
    return z if kind is None else mx.sym.Activation(z, act_type=kind)


def _convolved(layer: Convolution, x: Any, weight: Any, bias: Any) -> Any:
    size, pad, pool = (2 * (each,) for each in (layer.kernel_size, layer.padding, layer.pool_size))
    z = mx.sym.Convolution(x, weight, bias, kernel=size, pad=pad, num_filter=layer.out_channels)
    x = activated(z, layer.activation)
    return x if layer.pool_size == 1 else mx.sym.Pooling(x, kernel=pool, stride=pool, pool_type="avg")
