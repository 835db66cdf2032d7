"""The book's networks in MXNet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hpo import training
from hpo.backend import Convolution, Dense, DType, Layer, State
from hpo.training import FastPath
from hpo_mxnet.arrays import is_initialized
from hpo_mxnet.compat import mx
from hpo_mxnet.module import Classification
from hpo_mxnet.states import blocks, canonical_state, load_canonical_state

nn = mx.gluon.nn

DTYPES: dict[Any, DType] = {np.float32: "float32", np.float64: "float64"}


class Network(training.Network, Classification):
    """A network of `hpo.backend.models` as Gluon layers, which get their weights with the first batch."""

    def assemble(self) -> None:
        """Make the layers, which get their weights with the first batch."""
        self.net = nn.HybridSequential()
        self.net.add(*layers_of(self.plan()))

    def forward(self, x: Any) -> Any:
        """The scores of a batch."""
        self.prepare(x.shape[1:], x.ctx)
        return self.net(x)

    def prepare(self, image_shape: Sequence[int], device: Any) -> None:
        """Draw the initial weights, once."""
        layers = [layer for layer in self.net if isinstance(layer, (nn.Dense, nn.Conv2D))]
        if all(is_initialized(layer.weight) for layer in layers) or not self._is_whole():
            return
        design = self.design(image_shape)
        for layer, planned in zip(layers, design.layers, strict=True):
            layer.cast(self.precision)
            turned = isinstance(planned, Dense)  # Gluon keeps dense weights as (out, in)
            layer.weight.shape = planned.shape[::-1] if turned else planned.shape
            # Only an initialised parameter can be set; zeros leave MXNet's generator where it was. The bias,
            # whose shape was known from the start, may have its numbers already.
            layer.initialize(mx.init.Zero(), ctx=device, force_reinit=True)
        load_canonical_state(self, self.initial_state(image_shape))

    def prepare_for(self, state: State) -> None:
        """Give the layers the shapes that they have in a state."""
        if "layers.0.weight" in state:
            self.prepare(training.image_shape_of(state), mx.cpu())

    def fast_path(self, image_shape: Sequence[int], device: Any) -> FastPath | None:
        """What the backend needs to train it; None where its layers are not those that the library made."""
        if not self._is_whole():
            return None
        parameters = list(self.collect_params().values())
        # The fast path trains every parameter at the one rate, and calls no hooks.
        learns = all(is_initialized(p) and p.grad_req == "write" and p.lr_mult == 1 for p in parameters)
        if not learns or any(block._forward_hooks or block._forward_pre_hooks for block in blocks(self)):
            return None
        dtype = DTYPES.get(np.dtype(parameters[0].dtype).type)
        [device] = parameters[0].list_ctx()
        return None if dtype is None else FastPath(self.design(image_shape), dtype, device)

    def _is_whole(self) -> bool:
        """Whether the layers are those that the library made."""
        net = self.net
        return type(net) is nn.HybridSequential and _described(net) == _described(layers_of(self.plan()))


class SoftmaxClassification(training.SoftmaxClassification, Network):
    """Softmax regression: one dense layer, with initial weights drawn from the seed."""


SoftmaxRegression = SoftmaxClassification
"""The published chapter's name for the same model."""


class MLP(training.BookMLP, Network):
    """A multilayer perceptron, with initial weights drawn from the seed.

    Dropout is drawn from the seed, too, the same on every framework. Where something in the model was
    replaced, it trains by its own steps and draws dropout from MXNet.
    """


class LeNet(training.BookLeNet, Network):
    """LeNet-5 as the book has it, with initial weights drawn from the seed."""


def init_cnn(model: Any, seed: int | None = None) -> None:
    """Give the dense and convolutional layers of a model the book's Xavier initialisation.

    The draws come from NumPy, the same on every framework: see `hpo.training.xavier_state`.

    Args:
        model: a block that was called once, so that its parameters have their shapes.
        seed: by default the current trial's.

    Raises:
        ValueError: a parameter has no numbers yet.
    """
    if not all(map(is_initialized, model.collect_params().values())):
        raise ValueError(
            f"{type(model).__name__} has parameters without a shape: call it with a batch before init_cnn."
        )
    load_canonical_state(model, training.xavier_state(canonical_state(model), seed))


ORIGINALS = training.Originals(SoftmaxClassification, MLP, LeNet)


def layers_of(plan: Sequence[Layer]) -> list[Any]:
    """Gluon's layers, without their numbers of inputs."""
    layers: list[Any] = []
    flat = False
    for layer in plan:
        if isinstance(layer, Convolution):
            size, pad = layer.kernel_size, layer.padding
            kernel = nn.Conv2D(layer.out_channels, size, padding=pad, activation=layer.activation)
            layers += [kernel, nn.AvgPool2D(layer.pool_size)]
            continue
        layers += [] if flat else [nn.Flatten()]
        flat = True
        layers += [nn.Dense(layer.num_outputs, activation=layer.activation)]
        layers += [nn.Dropout(layer.dropout)] if layer.dropout else []
    return layers


def _described(layers: Any) -> list[tuple[Any, ...]]:
    """What tells layers apart, except their numbers of inputs; Gluon has no public names for it."""
    return [
        (
            type(layer),
            getattr(layer, "_units", None),
            getattr(layer, "_rate", None),
            getattr(layer, "_kwargs", None),
            getattr(getattr(layer, "act", None), "_act_type", None),
            getattr(layer, "bias", None) is not None,
        )
        for layer in layers
    ]
