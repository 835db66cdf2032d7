"""The book's networks in PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from hpo import training
from hpo.port import Activation, Convolution, Layer, Model, State
from hpo_torch.module import Classification, canonical_state, load_canonical_state

ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}


class Network(training.Network, Classification):
    """A network of the port as a module, which gets its weights with the first batch."""

    def forward(self, x: Any) -> Any:
        """The scores of a batch."""
        self.prepare(x.shape[1:])
        return self.net(x)

    def prepare(self, image_shape: Sequence[int]) -> None:
        """Draw the initial weights, once."""
        if not any(map(nn.parameter.is_lazy, self.net.parameters())):
            return
        was_training = self.training
        self.eval().to(getattr(torch, self.precision))
        device = next(self.net.parameters()).device
        with torch.no_grad():
            self.net(torch.zeros(1, *image_shape, dtype=getattr(torch, self.precision), device=device))
        self.train(was_training)
        load_canonical_state(self, self.initial_state(image_shape))

    def prepare_for(self, state: State) -> None:
        """Give the layers the shapes that they have in a state."""
        if "layers.0.weight" in state:
            self.prepare(training.image_shape_of(state))


class MLP(training.MLPDesign, Network):
    """A multilayer perceptron.

    Trained by its own steps, because something in it was replaced, it draws dropout from torch; else from
    the seed, the same on every framework.

    Args:
        num_outputs: classes.
        num_hiddens: units of the hidden layer, or of each of several from the input on.
        lr: learning rate.
        activation: of the hidden layers, `relu`, `tanh` or `sigmoid`.
        dropout: the share of hidden units that a training step sets to zero, one for all layers or one for
            each.
        seed: of the initial weights; by default the current trial's.
    """

    def __init__(
        self,
        num_outputs: int,
        num_hiddens: int | Sequence[int],
        lr: float,
        *,
        activation: Activation = "relu",
        dropout: float | tuple[float, ...] = 0.0,
        seed: int | None = None,
    ) -> None:
        super().__init__(lr=lr)
        self.num_outputs, self.num_hiddens = num_outputs, num_hiddens
        self.activation, self.dropout = activation, dropout
        self.draw_from(seed)
        self.net = nn.Sequential(*_layers(self.plan()))


class LeNet(training.LeNetDesign, Network):
    """LeNet-5 as the book has it.

    Args:
        lr: learning rate.
        num_classes: classes.
        activation: behind every layer but the last, `sigmoid`, `tanh` or `relu`.
        seed: of the initial weights, which are those of `init_cnn`; by default the current trial's.
    """

    def __init__(
        self,
        lr: float = 0.1,
        num_classes: int = 10,
        *,
        activation: Activation = "sigmoid",
        seed: int | None = None,
    ) -> None:
        super().__init__(lr=lr)
        self.num_classes, self.activation = num_classes, activation
        self.draw_from(seed)
        self.net = nn.Sequential(*_layers(self.plan()))


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


ORIGINALS = {kind: {name: getattr(kind, name) for name in training.TRAINING_METHODS} for kind in (MLP, LeNet)}


def network_of(model: Any, image_shape: Sequence[int]) -> Model | None:
    """The port's record of a model that is still a network as the library made it, else None.

    Args:
        model: the model.
        image_shape: of one example: channels, height and width, or fewer axes.
    """
    kind = next((kind for kind in ORIGINALS if isinstance(model, kind)), None)
    if kind is None or not training.keeps_originals(model, ORIGINALS[kind]):
        return None
    net = model.net
    if type(net) is not nn.Sequential or _described(net) != _described(_layers(model.plan())):
        return None
    parameters = list(net.parameters())
    hooked = any(
        module._forward_hooks or module._forward_pre_hooks or module._backward_hooks
        for module in model.modules()
    )
    if hooked or any(nn.parameter.is_lazy(p) or not p.requires_grad for p in parameters):
        return None
    design: Model = model.design(image_shape)
    return design


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
    """What tells layers apart, whether lazy or not, but for their numbers of inputs."""
    told = ("out_features", "out_channels", "kernel_size", "stride", "padding", "p")
    return [
        (type(layer).__name__.replace("Lazy", ""), *(getattr(layer, name, None) for name in told))
        for layer in layers
    ]
