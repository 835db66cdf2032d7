"""The variables of Keras' layers in the canonical layout, out of them and into them, on any engine."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from hpo.backend import Array, State
from hpo.backend.keras_engine import KERAS


def variable_array(variable: Any) -> Array:
    """A copy of the numbers of a variable, or of a tensor, as a NumPy array."""
    keras = sys.modules[KERAS]
    # NumPy warns of the classes of Keras' variables, and of torch's tensors where Keras converts them itself.
    with keras.device("cpu"):
        return np.array(np.asarray(keras.ops.stop_gradient(keras.ops.copy(variable))))


def canonical_state(model: Any) -> State:
    """Copies of a model's variables in the canonical layout.

    Keras keeps dense kernels as (in, out), which is canonical, and those of convolutions as HWIO. It flattens
    what a convolution made as height, width, channels: the rows of the dense layer behind are put in the
    canonical order. Where nothing but the data are flattened, the rows are in the order of the data.
    """
    images, state = _flattened_images(model), {}
    for name, variable in _named(model):
        value = variable_array(variable)
        if id(variable) in images:
            height, width, channels = images[id(variable)]
            value = value.reshape(height, width, channels, -1).transpose(2, 0, 1, 3).reshape(len(value), -1)
        state[name] = np.array(value.transpose(3, 2, 0, 1) if value.ndim == 4 else value, order="C")
    return state


def load_canonical_state(model: Any, state: State) -> None:
    """Replace a model's variables by those of a canonical state."""
    images = _flattened_images(model)
    for name, variable in _named(model):
        value = state[name]
        if id(variable) in images:
            height, width, channels = images[id(variable)]
            value = value.reshape(channels, height, width, -1).transpose(1, 2, 0, 3).reshape(len(value), -1)
        variable.assign(value.transpose(2, 3, 1, 0) if value.ndim == 4 else value)


def _flattened_images(model: Any) -> dict[int, tuple[int, int, int]]:
    """For kernels of dense layers behind flattened outputs of a convolution, their height, width, channels.

    The order of the layers in the model tells which comes behind which. That is the order of computing in
    `Sequential` and functional models, and that of making in others.
    """
    layers = sys.modules[KERAS].layers
    convolutions = (
        layers.Conv2D,
        layers.Conv2DTranspose,
        layers.DepthwiseConv2D,
        layers.SeparableConv2D,
    )
    found: dict[int, tuple[int, int, int]] = {}
    image: tuple[int, int, int] | None = None
    convolved = False
    for layer in _inner_layers(model):
        convolved = convolved or isinstance(layer, convolutions)
        if isinstance(layer, layers.Flatten) and convolved:
            shape = (layer.get_build_config() or {}).get("input_shape", ())
            image = tuple(shape[1:]) if len(shape) == 4 and layer.data_format == "channels_last" else None
        elif isinstance(layer, layers.Dense) and image is not None and layer.built:
            if layer.kernel.shape[0] == image[0] * image[1] * image[2]:
                found[id(layer.kernel)] = image
            image = None
    return found


def _inner_layers(layer: Any) -> Iterator[Any]:
    """The layers inside a layer, in order, each behind the one that holds it.

    Keras' own walk goes backwards through layers of layers.
    """
    for inner in layer._layers:
        yield inner
        yield from _inner_layers(inner)


def _named(model: Any) -> list[tuple[str, Any]]:
    """The variables of each layer that has any, by canonical name; random states are none."""
    named: dict[str, Any] = {}
    index, last = -1, None
    for variable in model.weights:  # layer by layer
        layer, _, name = variable.path.rpartition("/")
        name = "weight" if name == "kernel" else name
        # Keras lets layers share a name, and with it the path.
        if layer != last or f"layers.{index}.{name}" in named:
            index, last = index + 1, layer
        named[f"layers.{index}.{name}"] = variable
    return list(named.items())
