"""The book's networks in PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from hpo import training
from hpo.backend import Convolution, DType, Layer, State
from hpo.training import FastPath
from hpo_torch.module import Classification
from hpo_torch.states import canonical_state, load_canonical_state

DTYPES: dict[torch.dtype, DType] = {torch.float32: "float32", torch.float64: "float64"}
ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}


class Network(training.Network, Classification):
    """A network of `hpo.backend.models` as a module, which gets its weights with the first batch."""

    is_prepared = False

    def assemble(self) -> None:
        """Make the layers, which get their weights with the first batch."""
        self.net = nn.Sequential(*_layers(self.plan()))

    def forward(self, x: Any) -> Any:
        """The scores of a batch."""
        if not self.is_prepared:
            self.prepare(x.shape[1:])
        return self.net(x)

    def prepare(self, image_shape: Sequence[int]) -> None:
        """Draw the initial weights, once."""
        if any(map(nn.parameter.is_lazy, self.net.parameters())):
            was_training = self.training
            # In evaluation mode dropout draws nothing.
            self.eval().to(getattr(torch, self.precision))
            device = next(self.net.parameters()).device
            # By a call, since a lazy layer keeps its hook until its first one, and with a hook there is no
            # fast path.
            with torch.no_grad():
                self.net(torch.zeros(1, *image_shape, dtype=getattr(torch, self.precision), device=device))
            self.train(was_training)
            load_canonical_state(self, self.initial_state(image_shape))
        self.is_prepared = True

    def prepare_for(self, state: State) -> None:
        """Give the layers the shapes that they have in a state."""
        if "layers.0.weight" in state:
            self.prepare(training.image_shape_of(state))

    def fast_path(self, image_shape: Sequence[int], device: Any) -> FastPath | None:
        """What the backend needs to train it; None where its layers are not those that the library made."""
        net = self.net
        if type(net) is not nn.Sequential or _described(net) != _described(_layers(self.plan())):
            return None
        parameters = list(net.parameters())
        # The fast path calls no layer, and so no hook.
        hooked = any(
            module._forward_hooks or module._forward_pre_hooks or module._backward_hooks
            for module in self.modules()
        )
        if hooked or any(nn.parameter.is_lazy(p) or not p.requires_grad for p in parameters):
            return None
        dtype = DTYPES.get(parameters[0].dtype)
        return None if dtype is None else FastPath(self.design(image_shape), dtype, parameters[0].device)


class SoftmaxClassification(training.SoftmaxClassification, Network):
    """Softmax regression: one dense layer, with initial weights drawn from the seed."""


SoftmaxRegression = SoftmaxClassification
"""The published chapter's name for the same model."""


class MLP(training.BookMLP, Network):
    """A multilayer perceptron, with initial weights drawn from the seed.

    Dropout is drawn from the seed, too, the same on every framework. Where something in the model was
    replaced, it trains by its own steps and draws dropout from torch.
    """


class LeNet(training.BookLeNet, Network):
    """LeNet-5 as the book has it, with initial weights drawn from the seed."""


def init_cnn(module: nn.Module, seed: int | None = None) -> None:
    """Give the dense and convolutional layers of a model the book's Xavier initialisation.

    The draws come from NumPy, the same on every framework: see `hpo.training.xavier_state`. With
    `model.apply(init_cnn)`, as in the book, the last call is that for the whole model.

    Args:
        module: a model whose layers have their shapes; a lazy one was called once.
        seed: by default the current trial's.

    Raises:
        ValueError: a lazy layer has no shape yet.
    """
    if any(map(nn.parameter.is_lazy, module.parameters())):
        raise ValueError(
            f"{type(module).__name__} has lazy layers without a shape: call it with a batch before init_cnn."
        )
    load_canonical_state(module, training.xavier_state(canonical_state(module), seed))


ORIGINALS = training.Originals(SoftmaxClassification, MLP, LeNet)


def _layers(plan: Sequence[Layer]) -> list[nn.Module]:
    """Torch's layers, without their numbers of inputs."""
    layers: list[nn.Module] = []
    flat = False
    for layer in plan:
        after = [] if layer.activation is None else [ACTIVATIONS[layer.activation]()]
        if isinstance(layer, Convolution):
            convolution = nn.LazyConv2d(layer.out_channels, layer.kernel_size, padding=layer.padding)
            layers += [convolution, *after, nn.AvgPool2d(layer.pool_size)]
            continue
        layers += [] if flat else [nn.Flatten()]
        flat = True
        layers += [nn.LazyLinear(layer.num_outputs), *after]
        layers += [nn.Dropout(layer.dropout)] if layer.dropout else []
    return layers


def _described(layers: Any) -> list[tuple[Any, ...]]:
    """What tells layers apart, lazy or not, except their numbers of inputs."""
    told = ("out_features", "out_channels", "kernel_size", "stride", "padding", "p")
    return [
        (
            type(layer).__name__.replace("Lazy", ""),
            getattr(layer, "bias", None) is not None,
            *(getattr(layer, name, None) for name in told),
        )
        for layer in layers
    ]
