"""The book's networks in JAX, made of NNX."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

from hpo import training
from hpo.backend import Convolution, DType, Model, State
from hpo.training import FastPath
from hpo_jax.layers import activated
from hpo_jax.module import Classification
from hpo_jax.programs import knowing_float64
from hpo_jax.states import canonical_state, load_canonical_state

ACTIVATIONS = {kind: partial(activated, kind=kind) for kind in ("relu", "tanh", "sigmoid")}


class Network(training.Network, Classification):
    """A network of `hpo.backend.models` as a module of NNX, which gets its layers with the first batch."""

    net: Any = None

    def forward(self, x: Any) -> Any:
        """The scores of a batch."""
        self.prepare_net(x)
        # A float64 model computes so, whatever the program knows.
        with knowing_float64(self.precision == "float64"):
            return self.net(x)

    def prepare_net(self, *inputs: Any) -> None:
        """Make the layers for a batch of inputs, once."""
        self.prepare(inputs[0].shape[1:])

    def prepare(self, image_shape: Sequence[int]) -> None:
        """Make the layers and draw their initial weights, once.

        Args:
            image_shape: of an example: height, width and channels, or any other axes.
        """
        if self.net is None:
            *places, channels = image_shape
            self._make((channels, *places))

    def prepare_for(self, state: State) -> None:
        """Give the layers the shapes that they have in a state."""
        if self.net is None and "layers.0.weight" in state:
            self._make(training.image_shape_of(state))

    def fast_path(self, image_shape: Sequence[int], device: Any) -> FastPath | None:
        """What the backend needs to train it; None where its layers are not those that the library made."""
        if type(self.net) is not nnx.Sequential:
            return None
        design = self.design(image_shape)
        same = _described(self.net.layers) == _described(layers_of(design, self.precision, self.seed))
        return FastPath(design, self.precision, device) if same else None

    def _make(self, shape: Sequence[int]) -> None:
        self.net = nnx.Sequential(*layers_of(self.design(shape), self.precision, self.seed))
        load_canonical_state(self, self.initial_state(shape))


class SoftmaxClassification(training.SoftmaxClassification, Network):
    """Softmax regression: one dense layer, with initial weights drawn from the seed."""


SoftmaxRegression = SoftmaxClassification
"""The published chapter's name for the same model."""


class MLP(training.BookMLP, Network):
    """A multilayer perceptron, with initial weights drawn from the seed.

    Dropout is drawn from the seed, too, the same on every framework. Where something in the model was
    replaced, it trains by its own steps and draws dropout by JAX.
    """


class LeNet(training.BookLeNet, Network):
    """LeNet-5 as the book has it, with initial weights drawn from the seed."""


def init_cnn(model: nnx.Module, seed: int | None = None) -> None:
    """Give the dense and convolutional layers of a model the book's Xavier initialisation.

    The draws come from NumPy, the same on every framework: see `hpo.training.xavier_state`.

    Args:
        model: a module of NNX that has its parameters.
        seed: by default the current trial's.

    Raises:
        ValueError: it has no parameters yet.
    """
    state = canonical_state(model)
    if not state:
        raise ValueError(
            f"{type(model).__name__} has no parameters yet: call it with a batch before init_cnn."
        )
    load_canonical_state(model, training.xavier_state(state, seed))


ORIGINALS = training.Originals(SoftmaxClassification, MLP, LeNet, more=["__call__"])


def layers_of(design: Model, dtype: DType, seed: int) -> list[Any]:
    """NNX's layers, whose parameters have shapes and no values yet, and the functions between them."""
    layers: list[Any] = []
    flat: Any = flattened_examples
    for layer in design.layers:
        after = [] if layer.activation is None else [ACTIVATIONS[layer.activation]]
        if isinstance(layer, Convolution):
            size, pool = (layer.kernel_size,) * 2, (layer.pool_size,) * 2
            channels = (layer.in_channels, layer.out_channels)
            convolution = _without_values(dtype, nnx.Conv, *channels, size, padding=layer.padding)
            layers += [convolution, *after, partial(nnx.avg_pool, window_shape=pool, strides=pool)]
            flat = flattened_maps
            continue
        layers += [] if flat is None else [flat]
        flat = None
        layers += [_without_values(dtype, nnx.Linear, layer.num_inputs, layer.num_outputs), *after]
        layers += [nnx.Dropout(layer.dropout, rngs=nnx.Rngs(seed % 2**32))] if layer.dropout else []
    return layers


def _without_values(dtype: DType, kind: Any, *arguments: Any, **options: Any) -> Any:
    """A layer without the numbers that NNX would draw: ours come from NumPy."""
    with jax.enable_x64(True):
        types = {"dtype": jnp.dtype(dtype), "param_dtype": jnp.dtype(dtype)}
        return nnx.eval_shape(lambda: kind(*arguments, **options, **types, rngs=nnx.Rngs(0)))


def flattened_examples(x: Any) -> Any:
    """Examples (n, ...) as (n, numbers), in the order of the data."""
    return x.reshape(len(x), -1)


def flattened_maps(x: Any) -> Any:
    """Maps (n, height, width, channels) as (n, numbers), channels first as in the canonical layout."""
    return x.transpose(0, 3, 1, 2).reshape(len(x), -1)


def _described(layers: Iterable[Any]) -> list[Any]:
    """What tells layers apart, except their numbers and their mode."""
    return [_told(layer) for layer in layers]


def _told(layer: Any) -> Any:
    if isinstance(layer, partial):
        return (layer.func, layer.args, layer.keywords)
    if not isinstance(layer, nnx.Module):
        return layer
    left_out = ("deterministic", "rngs", "_pytree__state", "_pytree__nodes")
    own = {name: value for name, value in vars(layer).items() if name not in left_out}
    return type(layer), {
        name: (type(value), value.shape, value.dtype) if isinstance(value, nnx.Variable) else value
        for name, value in own.items()
    }
