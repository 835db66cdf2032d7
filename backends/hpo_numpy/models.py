"""The book's networks in NumPy.

autograd is imported where a model trains by its own steps: the fast path does without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hpo import training
from hpo.backend import Activation, Convolution, State
from hpo.randomness import dropout_mask
from hpo.training import FastPath
from hpo.training.states import has_dropout, parameter_shapes
from hpo_numpy.module import Classification, Module


class Network(training.Network, Classification):
    """A network of `hpo.backend.models`, which gets its weights with the first batch."""

    training = False
    dropout_steps = 0

    def train(self) -> None:
        """Set the mode for training: dropout is on."""
        self.training = True

    def eval(self) -> None:
        """Set the mode for everything else, which is also the initial one."""
        self.training = False

    def prepare(self, example_shape: tuple[int, ...]) -> None:
        """Draw the initial weights, once."""
        if not self.parameters:
            self.parameters = self.initial_state(example_shape)

    def prepare_for(self, state: State) -> None:
        """Give the layers the shapes that they have in a state."""
        if "layers.0.weight" in state:
            self.prepare(training.image_shape_of(state))

    def forward(self, x: Any) -> Any:
        """The scores of a batch."""
        self.prepare(x.shape[1:])
        model = self.design(x.shape[1:])
        x = x if model.image_shape is None else x.reshape(-1, *model.image_shape)
        for index, layer in enumerate(model.layers):
            weight, bias = (self.parameters[f"layers.{index}.{part}"] for part in ("weight", "bias"))
            if isinstance(layer, Convolution):
                x = _convolved(layer, x, weight, bias)
                continue
            x = _activated(x.reshape(len(x), -1) @ weight + bias, layer.activation)
            if self.training and layer.dropout:
                x = x * self._mask(index, layer.dropout, x.shape)
        # Counted as the fast path counts: masks depend on the step, and not on the path that takes it.
        if self.training and has_dropout(model):
            self.dropout_steps += 1
        return x

    def fast_path(self, image_shape: Sequence[int], device: Any) -> FastPath | None:
        """What the backend needs to train it; None where its layers are not those that the library made."""
        design = self.design(image_shape)
        shapes = {name: value.shape for name, value in self.parameters.items()}
        return FastPath(design, self.precision, device) if shapes == parameter_shapes(design) else None

    def _mask(self, index: int, rate: float, shape: tuple[int, int]) -> Any:
        keep = dropout_mask(self.seed, self.replicate, self.dropout_steps, index, rate, shape)
        return (keep / (1 - rate)).astype(self.precision)


class SoftmaxClassification(training.SoftmaxClassification, Network):
    """Softmax regression: one dense layer, with initial weights drawn from the seed.

    Example:
        >>> import hpo_numpy as d2l
        >>> model = d2l.SoftmaxClassification(num_outputs=10, lr=0.1, seed=0)
        >>> data = d2l.FashionMNIST(batch_size=256, folder="sample")
        >>> images, labels = next(iter(data.val_dataloader()))
        >>> round(float(model.loss(model(images), labels)), 1)  # before it is trained: about log(10)
        2.3
    """


SoftmaxRegression = SoftmaxClassification
"""The published chapter's name for the same model."""


class MLP(training.BookMLP, Network):
    """A multilayer perceptron, with initial weights drawn from the seed.

    Example:
        >>> import hpo_numpy as d2l
        >>> model = d2l.MLP(10, [64, 32], lr=0.1, activation="tanh", dropout=0.2, seed=0)
        >>> trainer = d2l.Trainer(max_epochs=1)
        >>> trainer.fit(model, d2l.FashionMNIST(batch_size=256, folder="sample"))
        >>> {name: value.shape for name, value in model.parameters.items() if name.endswith("weight")}
        {'layers.0.weight': (784, 64), 'layers.1.weight': (64, 32), 'layers.2.weight': (32, 10)}
    """


class LeNet(training.BookLeNet, Network):
    """LeNet-5 as the book has it, with initial weights drawn from the seed.

    Example:
        >>> import hpo_numpy as d2l
        >>> model = d2l.LeNet(lr=0.1, num_classes=10, activation="relu")
        >>> data = d2l.FashionMNIST(batch_size=8, folder="sample")
        >>> images, labels = next(iter(data.val_dataloader()))
        >>> model(images).shape
        (8, 10)
        >>> [value.shape for name, value in model.parameters.items() if name.endswith("weight")]
        [(6, 1, 5, 5), (16, 6, 5, 5), (400, 120), (120, 84), (84, 10)]
    """


def init_cnn(model: Module, seed: int | None = None) -> None:
    """Give the dense and convolutional layers of a model the book's Xavier initialisation.

    The draws come from NumPy, the same on every framework: see `hpo.training.xavier_state`.

    Args:
        model: a model that has its parameters, named canonically (`layers.0.weight`).
        seed: by default the current trial's.

    Raises:
        ValueError: it has no parameters yet.

    Example:
        >>> import numpy as np
        >>> import hpo_numpy as d2l
        >>> model = d2l.MLP(10, [64], lr=0.1)
        >>> scores = model(np.zeros((1, 784), "float32"))  # with the first batch it gets its parameters
        >>> d2l.init_cnn(model, seed=1)
        >>> weight = model.parameters["layers.0.weight"]
        >>> round(float(abs(weight).max()), 3), round((6 / (784 + 64)) ** 0.5, 3)  # the bound of the draws
        (0.084, 0.084)
    """
    if not model.parameters:
        raise ValueError(
            f"{type(model).__name__} has no parameters yet: call it with a batch before init_cnn."
        )
    model.parameters = training.xavier_state(model.parameters, seed)


ORIGINALS = training.Originals(SoftmaxClassification, MLP, LeNet)


def _activated(z: Any, kind: Activation | None) -> Any:
    import autograd.numpy as anp

    if kind is None:
        return z
    if kind == "relu":
        return anp.maximum(z, 0)
    return anp.tanh(z) if kind == "tanh" else 1 / (1 + anp.exp(-z))


def _convolved(layer: Convolution, x: Any, weight: Any, bias: Any) -> Any:
    """The layer as a product with the patches of its input, which autograd can follow."""
    import autograd.numpy as anp

    size, pad = layer.kernel_size, layer.padding
    if pad:
        x = anp.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), mode="constant")
    height, width = x.shape[2] - size + 1, x.shape[3] - size + 1
    places = [(i, j) for i in range(size) for j in range(size)]
    patches = anp.stack([x[:, :, i : i + height, j : j + width] for i, j in places], axis=2)
    patches = patches.reshape(len(x), -1, height, width)
    z = anp.tensordot(patches, weight.reshape(layer.out_channels, -1), axes=([1], [1])) + bias
    return _pooled(_activated(anp.transpose(z, (0, 3, 1, 2)), layer.activation), layer.pool_size)


def _pooled(a: Any, size: int) -> Any:
    import autograd.numpy as anp

    n, channels, height, width = a.shape
    height, width = height // size, width // size
    blocks = a[:, :, : height * size, : width * size].reshape(n, channels, height, size, width, size)
    return anp.mean(blocks, axis=(3, 5))
