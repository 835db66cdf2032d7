"""The library's own models, as records: their layers and their initial weights.

A model is a row of layers with parameters. What follows such a layer and has no parameters (the activation,
the pooling, the dropout) is part of its record. So `layers.<i>` of a state is entry i of `Model.layers`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hpo.checks import checked_count
from hpo.randomness import uniforms

Array = NDArray[Any]
State = dict[str, Array]
"""A model's parameters by canonical name, in the canonical layout, and what else a run continues from."""

Activation = Literal["relu", "tanh", "sigmoid"]
ACTIVATIONS: tuple[Activation, ...] = ("relu", "tanh", "sigmoid")


@dataclass(frozen=True)
class Dense:
    """A dense layer, with what follows it.

    Attributes:
        num_inputs: numbers in one flattened example.
        num_outputs: numbers in its output.
        activation: applied to each output; None for none.
        dropout: the share of outputs that a training step sets to zero, in [0, 1); the others grow by
            1 / (1 - dropout) (Srivastava et al. 2014, in the "inverted" form).

    Example:
        >>> from hpo.backend import Dense
        >>> layer = Dense(784, 256, activation="relu", dropout=0.5)
        >>> layer.shape
        (784, 256)
        >>> round((6 / sum(layer.fans)) ** 0.5, 3)  # the bound of its initial weights
        0.076
    """

    num_inputs: int
    num_outputs: int
    activation: Activation | None = None
    dropout: float = 0.0

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the weight."""
        return (self.num_inputs, self.num_outputs)

    @property
    def fans(self) -> tuple[int, int]:
        """How many numbers each output depends on, and how many outputs each input reaches."""
        return (self.num_inputs, self.num_outputs)


@dataclass(frozen=True)
class Convolution:
    """A convolution with stride 1, its activation, and the average pooling after it.

    Attributes:
        in_channels: channels of its input.
        out_channels: channels of its output.
        kernel_size: height and width of its kernel.
        padding: rows and columns of zeros on each side of the input.
        activation: applied to each number; None for none.
        pool_size: height, width and stride of the average pooling; 1 for none. Rows and columns that
            fill no window are left out.

    Example:
        >>> from hpo.backend import Convolution
        >>> layer = Convolution(1, 6, kernel_size=5, padding=2, activation="sigmoid", pool_size=2)
        >>> layer.shape
        (6, 1, 5, 5)
        >>> layer.output_size(28)  # of 28 by 28 pixels it makes six maps of 14 by 14
        14
    """

    in_channels: int
    out_channels: int
    kernel_size: int
    padding: int = 0
    activation: Activation | None = None
    pool_size: int = 1

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the weight."""
        return (self.out_channels, self.in_channels, self.kernel_size, self.kernel_size)

    @property
    def fans(self) -> tuple[int, int]:
        """How many numbers each output depends on, and how many outputs each input reaches."""
        area = self.kernel_size**2
        return (self.in_channels * area, self.out_channels * area)

    def output_size(self, size: int) -> int:
        """The height or width of the output, from that of the input."""
        return (size + 2 * self.padding - self.kernel_size + 1) // self.pool_size


Layer: TypeAlias = Dense | Convolution


class Model(Protocol):
    """What a run must know about a model.

    Example:
        >>> from dataclasses import dataclass
        >>> from hpo.backend import MLP, Dense
        >>> @dataclass(frozen=True)
        ... class Bottleneck:
        ...     num_inputs: int
        ...     num_outputs: int
        ...     units: int
        ...     image_shape = None
        ...
        ...     @property
        ...     def layers(self):
        ...         return (Dense(self.num_inputs, self.units), Dense(self.units, self.num_outputs))
        ...
        ...     def initial_state(self, seed, replicate=0):
        ...         perceptron = MLP(self.num_inputs, self.num_outputs, (self.units,))
        ...         return perceptron.initial_state(seed, replicate)

        A task whose `model` returns it trains it on every framework:

        >>> import hpo
        >>> from hpo.datasets import sample
        >>> from hpo.tasks import SoftmaxTask
        >>> class BottleneckTask(SoftmaxTask):
        ...     def model(self, config, arrays):
        ...         return Bottleneck(arrays.num_inputs, self.num_classes, units=4)
        >>> task = BottleneckTask(max_epochs=1, batch_size=256, data=sample())
        >>> study = hpo.search(task, task.space, minimize="val_error", num_trials=2, seed=0)
        >>> study.best.value < 0.9
        True
    """

    @property
    def num_inputs(self) -> int:
        """Numbers in one flattened example."""
        ...

    @property
    def num_outputs(self) -> int:
        """Classes."""
        ...

    @property
    def image_shape(self) -> tuple[int, int, int] | None:
        """Channels, height and width of an example; None where it is only a row of numbers."""
        ...

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers in order; convolutions, if any, come first, and the last is dense."""
        ...

    def initial_state(self, seed: int, replicate: int = 0) -> State:
        """The initial parameters, float64: the same on every framework for the same seed."""
        ...

    def __hash__(self) -> int:
        """Equal models have equal hashes: a backend keeps what it compiled for one."""
        ...


@dataclass(frozen=True)
class Softmax:
    """Softmax regression: one dense layer from the flattened example to one score for each class.

    Attributes:
        num_inputs: numbers in one flattened example, at least 1.
        num_outputs: classes, at least 2.

    Example:
        >>> from hpo.backend import Softmax
        >>> state = Softmax(num_inputs=784, num_outputs=10).initial_state(seed=0)
        >>> {name: value.shape for name, value in state.items()}
        {'layers.0.weight': (784, 10), 'layers.0.bias': (10,)}
    """

    num_inputs: int
    num_outputs: int

    @property
    def image_shape(self) -> None:
        """An example is a row of numbers."""

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The one layer."""
        return (Dense(self.num_inputs, self.num_outputs),)

    def initial_state(self, seed: int, replicate: int = 0) -> State:
        """The initial parameters, float64: the same on every framework for the same seed.

        Weights are uniform in [-b, b] with b = 1 / sqrt(num_inputs) (LeCun et al. 1998, "Efficient
        BackProp", section 4.6, as a uniform distribution); biases are zero.
        """
        return _draw(self.layers, [self.num_inputs**-0.5], seed, replicate)


@dataclass(frozen=True)
class MLP:
    """A multilayer perceptron: dense layers with an activation, and a dense layer of scores on top.

    Attributes:
        num_inputs: numbers in one flattened example, at least 1.
        num_outputs: classes, at least 2.
        hidden: the units of each hidden layer, from the input on; any number of layers.
        activation: of the hidden layers, `relu`, `tanh` or `sigmoid`.
        dropout: the share of units that a training step sets to zero, in [0, 1): one number for all
            hidden layers, or one for each.

    Raises:
        TypeError: units that are no integers.
        ValueError: a number or a name out of its range.

    Example:
        >>> from hpo.backend import MLP
        >>> for layer in MLP(784, 10, hidden=(256, 64), dropout=(0.5, 0.2)).layers:
        ...     print(layer)
        Dense(num_inputs=784, num_outputs=256, activation='relu', dropout=0.5)
        Dense(num_inputs=256, num_outputs=64, activation='relu', dropout=0.2)
        Dense(num_inputs=64, num_outputs=10, activation=None, dropout=0.0)
    """

    num_inputs: int
    num_outputs: int
    hidden: tuple[int, ...] = (256,)
    activation: Activation = "relu"
    dropout: float | tuple[float, ...] = 0.0

    def __post_init__(self) -> None:
        hidden = tuple(checked_count("each of hidden", units) for units in _listed(self.hidden))
        # A frozen record can only be set so. A tuple, so that a list that was given can be hashed.
        object.__setattr__(self, "hidden", hidden)
        check_activation(self.activation)
        given = self.dropout
        rates = tuple(given) if isinstance(given, Sequence) else (given,) * len(hidden)
        if len(rates) != len(hidden) or not all(0 <= rate < 1 for rate in rates):
            raise ValueError(
                f"dropout is a share in [0, 1), or one for each of the {len(hidden)} hidden layers; "
                f"received {given!r}."
            )
        object.__setattr__(self, "dropout", tuple(map(float, rates)))

    @property
    def image_shape(self) -> None:
        """An example is a row of numbers."""

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The hidden layers, and the one of scores."""
        widths = (self.num_inputs, *self.hidden)
        rates = self.dropout if isinstance(self.dropout, tuple) else ()
        hidden = [
            Dense(before, units, self.activation, rate)
            for before, units, rate in zip(widths, self.hidden, rates, strict=False)
        ]
        return (*hidden, Dense(widths[-1], self.num_outputs))

    def initial_state(self, seed: int, replicate: int = 0) -> State:
        """The initial parameters, float64: the same on every framework for the same seed.

        Weights are uniform in [-b, b] with b = sqrt(6 / (inputs + outputs)) (Glorot and Bengio 2010,
        "Understanding the difficulty of training deep feedforward neural networks", equation 16);
        biases are zero.
        """
        return _draw(self.layers, [_glorot(layer) for layer in self.layers], seed, replicate)


@dataclass(frozen=True)
class LeNet:
    """LeNet-5 as *Dive into Deep Learning* has it (section 7.6), after LeCun et al. (1998).

    Two convolutions with average pooling, then dense layers of 120 and 84 units and one of scores.

    Attributes:
        image_shape: channels, height and width of an example; height and width are at least 12.
        num_outputs: classes, at least 2.
        activation: after every layer but the last, `sigmoid`, `tanh` or `relu`.

    Raises:
        TypeError: sizes that are no integers.
        ValueError: a size or a name out of its range.

    Example:
        >>> from hpo.backend import LeNet
        >>> [layer.shape for layer in LeNet((3, 32, 32), activation="relu").layers]
        [(6, 3, 5, 5), (16, 6, 5, 5), (576, 120), (120, 84), (84, 10)]
        >>> LeNet((28, 28))  # doctest: +ELLIPSIS
        Traceback (most recent call last):
            ...
        ValueError: LeNet takes images of (channels, height, width), at least 12 high and wide; ...
    """

    image_shape: tuple[int, int, int] = (1, 28, 28)
    num_outputs: int = 10
    activation: Activation = "sigmoid"

    def __post_init__(self) -> None:
        shape = tuple(checked_count("each of image_shape", size) for size in _listed(self.image_shape))
        # From 12 on, the second pooling has a window to average.
        if len(shape) != 3 or min(shape[1:]) < 12:
            raise ValueError(
                f"LeNet takes images of (channels, height, width), at least 12 high and wide; received "
                f"image_shape={self.image_shape!r}."
            )
        object.__setattr__(self, "image_shape", shape)
        check_activation(self.activation)

    @property
    def num_inputs(self) -> int:
        """Numbers in one flattened example."""
        return math.prod(self.image_shape)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The two convolutions and the three dense layers."""
        # Padding 2 of the first convolution makes of 28 pixels the 32 of the original (section 7.6).
        channels, *size = self.image_shape
        first = Convolution(channels, 6, 5, padding=2, activation=self.activation, pool_size=2)
        second = Convolution(6, 16, 5, activation=self.activation, pool_size=2)
        height, width = (second.output_size(first.output_size(length)) for length in size)
        return (
            first,
            second,
            Dense(16 * height * width, 120, self.activation),
            Dense(120, 84, self.activation),
            Dense(84, self.num_outputs),
        )

    def initial_state(self, seed: int, replicate: int = 0) -> State:
        """The initial parameters, float64, drawn as those of `MLP` (the book's Xavier initialisation)."""
        return _draw(self.layers, [_glorot(layer) for layer in self.layers], seed, replicate)


def check_activation(name: str) -> None:
    """Raise `ValueError` where there is no activation of that name."""
    if name not in ACTIVATIONS:
        raise ValueError(f"activation must be one of {', '.join(ACTIVATIONS)}; received {name!r}.")


def _listed(values: object) -> Sequence[Any]:
    return values if isinstance(values, (tuple, list)) else (values,)


def _glorot(layer: Layer) -> float:
    return float((6 / sum(layer.fans)) ** 0.5)


def _draw(layers: Sequence[Layer], bounds: Sequence[float], seed: int, replicate: int) -> State:
    """Weights uniform within the bounds, each from a stream of its own, and biases of zero."""
    state: State = {}
    for index, (layer, bound) in enumerate(zip(layers, bounds, strict=True)):
        name = f"layers.{index}.weight"
        # From a stream of its own, so that no layer's weights depend on the sizes of those before it.
        draws = uniforms(seed, "training", replicate, name, shape=layer.shape)
        num_outputs = layer.num_outputs if isinstance(layer, Dense) else layer.out_channels
        state[name] = (2 * draws - 1) * bound
        state[f"layers.{index}.bias"] = np.zeros(num_outputs)
    return state
