"""The framework-free half of the book's networks, each with the backend's record of it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from hpo.backend import models
from hpo.backend.models import Activation, Array, Layer, Model, State
from hpo.objective.context import current_trial
from hpo.randomness import check_seed, uniforms

ANY_IMAGE = (1, 28, 28)


class Network:
    """A model of the book that the backend knows, with initial weights drawn from the seed.

    A backend's own `Network` makes the framework's layers in `assemble`, and says in `fast_path` whether they
    are still what the library made.

    Attributes:
        seed: of the initial weights and, where the backend trains it, of dropout.
        replicate: which of the repeated draws this is.
        precision: what it computes in, `float32` or `float64`.
    """

    def start_from(self, seed: int | None) -> None:
        """Take the seed, by default the current trial's, and make the layers."""
        trial = current_trial()
        self.seed = trial.seed if seed is None else check_seed(seed)
        self.replicate, self.precision = trial.replicate, trial.dtype
        self.assemble()

    def assemble(self) -> None:
        """Make the planned layers, so that a wrong argument is an error now and not with the first batch."""
        self.plan()

    def design(self, image_shape: Sequence[int]) -> Model:
        """The backend's record of this model.

        Args:
            image_shape: of one example: channels, height and width, or fewer axes.
        """
        raise NotImplementedError(f"{type(self).__name__} defines no design(image_shape).")

    def plan(self) -> tuple[Layer, ...]:
        """The layers; their numbers of inputs mean nothing before the data are known."""
        return self.design(ANY_IMAGE).layers

    def initial_state(self, image_shape: Sequence[int]) -> State:
        """The initial parameters, in the precision of the model."""
        state = self.design(image_shape).initial_state(self.seed, self.replicate)
        return {name: value.astype(self.precision) for name, value in state.items()}


class SoftmaxClassification(Network):
    """The framework-free half of softmax regression."""

    def __init__(self, num_outputs: int, lr: float, seed: int | None = None) -> None:
        """Make the model; it gets its weights with the first batch.

        Args:
            num_outputs: classes.
            lr: learning rate.
            seed: of the initial weights; by default the current trial's.
        """
        super().__init__()
        self.num_outputs, self.lr = num_outputs, lr
        self.start_from(seed)

    def design(self, image_shape: Sequence[int]) -> models.Softmax:
        """The backend's record of this model."""
        return models.Softmax(math.prod(image_shape), self.num_outputs)


class BookMLP(Network):
    """The framework-free half of a multilayer perceptron."""

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
        """Make the model; it gets its weights with the first batch.

        Args:
            num_outputs: classes.
            num_hiddens: units of the hidden layer, or of each of several from the input on.
            lr: learning rate.
            activation: of the hidden layers, `relu`, `tanh` or `sigmoid`.
            dropout: the share of hidden units that a training step sets to zero, one for all layers or one
                for each.
            seed: of the initial weights and, where the backend trains it, of dropout; by default the current
                trial's.
        """
        super().__init__()
        self.num_outputs, self.num_hiddens, self.lr = num_outputs, num_hiddens, lr
        self.activation, self.dropout = activation, dropout
        self.start_from(seed)

    def design(self, image_shape: Sequence[int]) -> models.MLP:
        """The backend's record of this model."""
        hidden = self.num_hiddens
        hidden = tuple(hidden) if isinstance(hidden, Sequence) else (hidden,)
        return models.MLP(math.prod(image_shape), self.num_outputs, hidden, self.activation, self.dropout)


class BookLeNet(Network):
    """The framework-free half of LeNet."""

    def __init__(
        self,
        lr: float = 0.1,
        num_classes: int = 10,
        *,
        activation: Activation = "sigmoid",
        seed: int | None = None,
    ) -> None:
        """Make the model; it gets its weights with the first batch.

        Args:
            lr: learning rate.
            num_classes: classes.
            activation: behind every layer but the last, `sigmoid`, `tanh` or `relu`.
            seed: of the initial weights, which are those of `init_cnn`; by default the current trial's.
        """
        super().__init__()
        self.lr, self.num_classes, self.activation = lr, num_classes, activation
        self.start_from(seed)

    def design(self, image_shape: Sequence[int]) -> models.LeNet:
        """The backend's record of this model."""
        shape = tuple(image_shape)
        channels, height, width = (1, *shape) if len(shape) == 2 else shape
        return models.LeNet((channels, height, width), self.num_classes, self.activation)


def image_shape_of(state: State) -> tuple[int, ...]:
    """The shape of an example that a network with these parameters takes.

    LeNet's parameters do not determine the size of the image. The result is the smallest square image with so
    many inputs to the first dense layer, or else the lowest one.
    """
    first = state["layers.0.weight"]
    if first.ndim == 2:
        return (len(first),)
    # LeNet's 16 maps; each side is halved, cut by 4 and halved again.
    places = len(state["layers.2.weight"]) // 16
    height = math.isqrt(places)
    height = height if height**2 == places else 1
    return (first.shape[1], 4 * height + 8, 4 * (places // height) + 8)


def xavier_state(state: State, seed: int | None) -> State:
    """A state whose dense and convolutional weights are drawn anew and whose biases are zero.

    Weights are uniform in [-b, b] with b = sqrt(6 / (inputs + outputs)) of one unit (Glorot and Bengio 2010,
    equation 16). What else is there, such as running statistics, stays.

    Args:
        state: a canonical state.
        seed: by default the current trial's.

    Example:
        >>> import numpy as np
        >>> from hpo.training import xavier_state
        >>> ones = {"layers.0.weight": np.ones((2, 4)), "layers.0.bias": np.ones(4), "norm.mean": np.ones(2)}
        >>> for name, value in xavier_state(ones, seed=0).items():
        ...     print(name, value.round(2).tolist())
        layers.0.weight [[0.92, -0.31, 0.84, 0.28], [-0.44, -0.38, 0.18, -0.68]]
        layers.0.bias [0.0, 0.0, 0.0, 0.0]
        norm.mean [1.0, 1.0]
    """
    trial = current_trial()
    seed = trial.seed if seed is None else check_seed(seed)
    drawn = dict(state)
    for name, value in state.items():
        layer, _, part = name.rpartition(".")
        if part == "weight" and value.ndim in (2, 4):
            draws = uniforms(seed, "training", trial.replicate, name, shape=value.shape)
            drawn[name] = ((2 * draws - 1) * _bound(value)).astype(value.dtype)
            if f"{layer}.bias" in state:
                drawn[f"{layer}.bias"] = np.zeros_like(state[f"{layer}.bias"])
    return drawn


def _bound(weight: Array) -> float:
    # Of a convolution (out, in, height, width) each unit has in * area inputs; dense weights have no area.
    area = math.prod(weight.shape[2:])
    return float((6 / (area * (weight.shape[0] + weight.shape[1]))) ** 0.5)
