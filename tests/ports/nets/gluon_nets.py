"""LeNet and a small batch-norm net in Gluon, right and with one mistake each."""

from __future__ import annotations

from typing import Any

import mxnet as mx
from lenet_weights import lenet_weights
from mxnet.gluon import nn


class Scaled(nn.HybridBlock):  # type: ignore[misc]  # MXNet has no types
    def hybrid_forward(self, F: Any, x: Any) -> Any:  # noqa: N803 - Gluon's own name
        return x / 255


class Last(nn.HybridBlock):  # type: ignore[misc]  # MXNet has no types
    def hybrid_forward(self, F: Any, x: Any) -> Any:  # noqa: N803  # MXNet's name
        return F.transpose(x, axes=(0, 2, 3, 1))


class Padded(nn.HybridBlock):  # type: ignore[misc]  # MXNet has no types
    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.width = (0, 0, 0, 0, before, after, before, after)

    def hybrid_forward(self, F: Any, x: Any) -> Any:  # noqa: N803  # MXNet's name
        return F.pad(x, mode="constant", pad_width=self.width, constant_value=0)


class Softmax(nn.HybridBlock):  # type: ignore[misc]  # MXNet has no types
    def hybrid_forward(self, F: Any, x: Any) -> Any:  # noqa: N803  # MXNet's name
        return F.softmax(x)


def make_lenet(
    *,
    conv1: Any = None,
    bias: bool = True,
    pool: Any = None,
    activation: str = "sigmoid",
    scaled: bool = False,
    flatten: str = "CHW",
    softmax: bool = False,
    dropout: float | None = None,
    second: int = 5,
) -> Any:
    net = nn.HybridSequential()
    if scaled:
        net.add(Scaled())
    net.add(
        *(conv1 or [nn.Conv2D(6, 5, padding=2, use_bias=bias)]),
        nn.Activation(activation),
        pool or nn.AvgPool2D(2),
        nn.Conv2D(16, second, activation=activation, use_bias=bias),
        nn.AvgPool2D(2),
    )
    if flatten == "HWC":
        net.add(Last())
    net.add(nn.Dense(120, activation=activation))
    if dropout is not None:
        net.add(nn.Dropout(dropout))
    net.add(nn.Dense(84, activation=activation), nn.Dense(10))
    if softmax:
        net.add(Softmax())
    net.initialize(mx.init.Xavier())
    return net


def make_norm_net(**norm: Any) -> Any:
    net = nn.HybridSequential()
    net.add(
        nn.Conv2D(4, 3, strides=3),
        nn.BatchNorm(**norm),
        nn.Activation("relu"),
        nn.Dense(16),
        nn.BatchNorm(**norm),
        nn.Activation("relu"),
        nn.Dense(10),
    )
    net.initialize(mx.init.Xavier())
    return net


def lenet() -> Any:
    return make_lenet()


def without_bias() -> Any:
    return make_lenet(bias=False)


def flattened_last() -> Any:
    return make_lenet(flatten="HWC")


def unpadded() -> Any:
    return make_lenet(conv1=[nn.Conv2D(6, 5)])


def even_kernel_padded() -> Any:
    return make_lenet(conv1=[Padded(2, 1), nn.Conv2D(6, 4)])


def strided() -> Any:
    """Padded as SAME pads."""
    return make_lenet(conv1=[Padded(1, 2), nn.Conv2D(6, 5, strides=2)], second=2)


def pooled_within_the_edge() -> Any:
    return make_lenet(conv1=[nn.Conv2D(6, 2)], pool=nn.AvgPool2D(3, 2, padding=1, count_include_pad=False))


def pooled_by_maximum() -> Any:
    return make_lenet(pool=nn.MaxPool2D(2))


def with_relu() -> Any:
    return make_lenet(activation="relu")


def scaled() -> Any:
    return make_lenet(scaled=True)


def with_softmax() -> Any:
    return make_lenet(softmax=True)


def keeping_a_fifth() -> Any:
    return make_lenet(dropout=0.8)


def with_own_weights() -> Any:
    return _given_weights(lambda kernel: kernel)


def with_reshaped_kernels() -> Any:
    """Kernels that came as HWIO, as Keras keeps them, and were reshaped instead of transposed."""
    return _given_weights(lambda kernel: kernel.transpose(2, 3, 1, 0).reshape(kernel.shape))


def _given_weights(convert: Any) -> Any:
    net = make_lenet()
    net(mx.nd.zeros((1, 1, 28, 28)))
    with_weights = [layer for layer in net if hasattr(layer, "weight")]
    for layer, (weight, bias) in zip(with_weights, lenet_weights().values(), strict=True):
        layer.weight.set_data(mx.nd.array(convert(weight) if weight.ndim == 4 else weight))
        layer.bias.set_data(mx.nd.array(bias))
    return net


def frozen() -> Any:
    net = make_lenet()
    net[3].weight.grad_req = "null"
    return net


def norm_net() -> Any:
    return make_norm_net()


def norm_net_with_large_epsilon() -> Any:
    return make_norm_net(epsilon=1e-3)


def norm_net_of_mostly_new() -> Any:
    return make_norm_net(momentum=0.1)


def summed_loss(predictions: Any, labels: Any) -> Any:
    return mx.gluon.loss.SoftmaxCrossEntropyLoss()(predictions, labels).sum()


def mean_loss(predictions: Any, labels: Any) -> Any:
    """A mean, which `step(batch_size)` divides once more."""
    return mx.gluon.loss.SoftmaxCrossEntropyLoss()(predictions, labels).mean()


def loss_of_one_hot_rows(predictions: Any, labels: Any) -> Any:
    return mx.gluon.loss.SoftmaxCrossEntropyLoss(sparse_label=False)(predictions, labels)


def small() -> Any:
    """For images of 9 by 9, so that its trace is small, too."""
    net = nn.HybridSequential()
    net.add(nn.Conv2D(3, 3, strides=3), nn.BatchNorm(momentum=0.9), nn.Activation("relu"), nn.MaxPool2D(2, 1))
    net.add(nn.Dropout(0.2), nn.Dense(10))
    net.initialize(mx.init.Xavier())
    return net
