"""Records what a model of one framework does, so that a port of it can be held against it elsewhere.

This file works alone. Copy it into an environment where nothing can be installed any more (an old MXNet,
TensorFlow 1.15 or 2.x, torch 1.x), or that cannot be shared with another framework (JAX beside MXNet): it
needs NumPy, the framework, and Python 3.6 or later. There::

    python recorder.py mxnet:old.nets:lenet --batch batch.npz --loss softmax_cross_entropy \
        --optimizer sgd --set lr=0.1 --out lenet.npz

leaves a trace, `lenet.npz`, and where `polyhpo` is installed `hpo check-port lenet.npz torch:new.nets:lenet`
holds a port against it. `batch.npz` holds `x` and `y` and, for the epoch, perhaps `train_x`, `train_y`,
`val_x` and `val_y`.

A trace holds, as arrays without pickles: the parameters; the inputs and outputs of every layer in evaluation
and in training mode; the gradients; one optimizer step; the steps of one epoch, each with the weights before
and after it; and as JSON what the model is made of, the losses and the errors. Everything is in one layout:
dense weights are (in, out), convolutions OIHW, feature maps NCHW. Dropout is off wherever gradients are.

Started with `serve`, it takes one JSON request a line on standard input; that is how `hpo.check_port` uses
it.
"""

import argparse
import builtins
import functools
import hashlib
import importlib
import importlib.util
import inspect
import itertools
import json
import os
import platform
import sys
import traceback
import weakref
from collections import OrderedDict
from typing import Any, Callable, Dict, Iterable, List, Optional, Sequence, Tuple

import numpy as np

FORMAT = 1
"""The version of the trace's format."""
TWINS, TWIN_DISTANCE = 3, 2e-6
"""So many twins with weights so far off, of themselves, show what round-off makes of gradients."""
ERROR_ROWS = 256
"""Predictions for the validation error are made for so many rows at a time."""
WRAPPERS = (
    "chain",
    "with_extra_args_support",
    "identity",
    "init_empty_state",
    "scale",
    "masked",
    "partition",
)
"""Functions of Optax that say nothing of the kind of an optimizer."""

KINDS = {
    "Linear": "dense",
    "Dense": "dense",
    "EinsumDense": "other",
    "_ConvNd": "convolution",
    "_Conv": "convolution",
    "Conv": "convolution",
    "BaseConv": "convolution",
    "_ConvTransposeNd": "convolution",
    "ConvTranspose": "convolution",
    "DepthwiseConv2D": "depthwise",
    "BaseDepthwiseConv": "depthwise",
    "SeparableConv": "other",
    "BaseSeparableConv": "other",
    "_BatchNorm": "batch_norm",
    "BatchNorm": "batch_norm",
    "BatchNormalization": "batch_norm",
    "BatchNormalizationBase": "batch_norm",
    "LayerNorm": "norm",
    "GroupNorm": "norm",
    "InstanceNorm": "norm",
    "LayerNormalization": "norm",
    "RMSNorm": "norm",
    "RMSNormalization": "norm",
    "Embed": "embedding",
    "Embedding": "embedding",
    "_DropoutNd": "dropout",
    "Dropout": "dropout",
    "BaseDropout": "dropout",
    "SpatialDropout1D": "dropout",
    "SpatialDropout2D": "dropout",
    "Flatten": "flatten",
}
"""What a class is, or one that it derives from, by its name."""
ROLES = {
    "batch_norm": {
        "weight": "gamma",
        "scale": "gamma",
        "bias": "beta",
        "moving_mean": "running_mean",
        "mean": "running_mean",
        "moving_variance": "running_var",
        "var": "running_var",
    },
    "norm": {"weight": "gamma", "scale": "gamma", "bias": "beta"},
    "embedding": {"embeddings": "weight", "embedding": "weight"},
    "dense": {"kernel": "weight"},
    "convolution": {"kernel": "weight"},
    "depthwise": {"kernel": "weight", "depthwise_kernel": "weight"},
}
"""One name for the parameters that frameworks call differently, by the kind of their layer."""


class RecordingError(Exception):
    """What the user can mend; `kind` says which of the arguments it is about."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


class Parameter:
    """One parameter or running statistic of a layer, with the framework's own handle of it."""

    def __init__(self, name: str, role: str, handle: Any, trainable: bool) -> None:
        self.name = name
        self.role = role
        self.handle = handle
        self.trainable = trainable


class Layer:
    """A layer that computes: one without layers inside, or with parameters of its own."""

    def __init__(self, name: str, module: Any, parameters: Sequence[Parameter]) -> None:
        self.name = name
        self.module = module
        self.parameters = list(parameters)
        names = [each.__name__ for each in type(module).__mro__]
        self.kind = next((KINDS[each] for each in names if each in KINDS), "other")
        for parameter in self.parameters:
            parameter.role = ROLES.get(self.kind, {}).get(parameter.role, parameter.role)


class Framework:
    """What the recorder asks of a framework; one subclass for each.

    A subclass defines what raises NotImplementedError here: `abc` would add nothing in a file that is run
    by itself.
    """

    name = ""
    forward_method = "forward"
    natural_layout = "NCHW"

    def __init__(self) -> None:
        self.model = None  # type: Any
        self.layers = []  # type: List[Layer]

    def version(self) -> str:
        """The framework's version."""
        raise NotImplementedError

    def seed(self, seed: int) -> None:
        """Seed the framework's own generator."""
        raise NotImplementedError

    def of(self, model: Any) -> "Framework":
        """The subclass that reads this model, where a framework is the engine of another one."""
        return self

    def adopt(self, model: Any) -> None:
        """Take the user's model, or say that it is none."""
        raise NotImplementedError

    def find_layers(self) -> List[Layer]:
        """The layers of the model, in the order of their definition."""
        raise NotImplementedError

    def watch(self, layer: Layer, watched: Callable[[Layer, Callable[..., Any]], Callable[..., Any]]) -> None:
        """Have every call of a layer go through what `watched` makes of it."""
        original = getattr(layer.module, self.forward_method)
        setattr(layer.module, self.forward_method, watched(layer, original))

    def tensor(self, array: Any) -> Any:
        """A tensor of floats."""
        raise NotImplementedError

    def labels(self, array: Any) -> Any:
        """Labels as the framework's losses take them; floats stay floats."""
        raise NotImplementedError

    def array(self, tensor: Any) -> Any:
        """A tensor as a NumPy array of its own."""
        raise NotImplementedError

    def is_tensor(self, value: Any) -> bool:
        """Whether `value` is one tensor."""
        raise NotImplementedError

    def get(self, parameter: Parameter) -> Any:
        """The values of a parameter, in the framework's layout."""
        raise NotImplementedError

    def set(self, parameter: Parameter, array: Any) -> None:
        """Give a parameter values, in the framework's layout."""
        raise NotImplementedError

    def predict(self, x: Any, training: bool) -> Any:
        """The model's output, as a tensor."""
        raise NotImplementedError

    def named_loss(self, name: str) -> Any:
        """The framework's own loss of that name; None if there is none."""
        raise NotImplementedError

    def loss(self, loss: Any, predictions: Any, labels: Any) -> Any:
        """Call a loss the way the framework does."""
        return loss(predictions, labels)

    def backward(self, loss: Any, x: Any, labels: Any) -> Tuple[Any, Dict[str, Any]]:
        """The loss in training mode, and the gradient of each trainable parameter by name."""
        raise NotImplementedError

    def optimizer(self, name: str, options: Dict[str, Any]) -> Any:
        """The framework's own optimizer of that name; None if there is none."""
        raise NotImplementedError

    def adopt_optimizer(self, optimizer: Any) -> Any:
        """What the user's function made, as `step` takes it."""
        return optimizer

    def step(self, loss: Any, optimizer: Any, x: Any, labels: Any) -> None:
        """One step as the framework's tutorials write it."""
        raise NotImplementedError

    def hyperparameters(self, optimizer: Any) -> Dict[str, Any]:
        """The numbers that the optimizer holds."""
        raise NotImplementedError

    def channels_last(self, layer: Layer, num_axes: int) -> bool:
        """Whether the feature maps of a layer have their channels last."""
        return False

    def seen(self, layer: Layer, array: Any) -> Any:
        """An input as the layer itself uses it."""
        return array

    def to_canonical(self, layer: Layer, parameter: Parameter, array: Any) -> Any:
        """Dense (in, out), convolution OIHW."""
        if layer.kind == "dense" and parameter.role == "weight" and array.ndim == 2:
            return array.T
        return array

    def from_canonical(self, layer: Layer, parameter: Parameter, array: Any) -> Any:
        """The other way round."""
        return self.to_canonical(layer, parameter, array)


class Torch(Framework):
    """PyTorch: the model is an `nn.Module`."""

    name = "torch"

    def __init__(self) -> None:
        super().__init__()
        self.torch = importlib.import_module("torch")  # type: Any

    def version(self) -> str:
        return str(self.torch.__version__)

    def seed(self, seed: int) -> None:
        self.torch.manual_seed(seed)

    def of(self, model: Any) -> Framework:
        return KerasOnTorch() if _is_of_keras(model) else self

    def adopt(self, model: Any) -> None:
        _check_model(model, self.torch.nn.Module, "a torch.nn.Module")
        self.model = model.cpu()

    def find_layers(self) -> List[Layer]:
        found = []
        for name, module in self.model.named_modules():
            own = list(module._parameters.items()) + list(module._buffers.items())
            if not own and list(module.children()):
                continue
            parameters = [
                Parameter(name + "." + role if name else role, role, value, bool(value.requires_grad))
                for role, value in own
                if value is not None and value.is_floating_point()
            ]
            found.append(Layer(name or "model", module, parameters))
        return found

    def tensor(self, array: Any) -> Any:
        return self.torch.tensor(np.asarray(array, np.float32))

    def labels(self, array: Any) -> Any:
        if np.issubdtype(array.dtype, np.integer):
            return self.torch.tensor(np.asarray(array, np.int64))
        return self.tensor(array)

    def array(self, tensor: Any) -> Any:
        return tensor.detach().cpu().numpy().copy()

    def is_tensor(self, value: Any) -> bool:
        return isinstance(value, self.torch.Tensor)

    def get(self, parameter: Parameter) -> Any:
        return self.array(parameter.handle)

    def set(self, parameter: Parameter, array: Any) -> None:
        with self.torch.no_grad():
            parameter.handle.copy_(self.tensor(array))

    def predict(self, x: Any, training: bool) -> Any:
        self.model.train(training)
        with self.torch.no_grad():
            return self.model(x)

    def named_loss(self, name: str) -> Any:
        nn = self.torch.nn
        losses = {
            "softmax_cross_entropy": nn.CrossEntropyLoss,
            "sigmoid_cross_entropy": nn.BCEWithLogitsLoss,
            "mean_squared_error": nn.MSELoss,
        }
        return losses[name]() if name in losses else None

    def backward(self, loss: Any, x: Any, labels: Any) -> Tuple[Any, Dict[str, Any]]:
        self.model.train(True)
        self.model.zero_grad()
        value = self.loss(loss, self.model(x), labels)
        value.mean().backward()
        gradients = {}
        for layer in self.layers:
            for each in layer.parameters:
                if each.trainable:
                    gradient = each.handle.grad
                    gradients[each.name] = (
                        np.zeros(each.handle.shape) if gradient is None else self.array(gradient)
                    )
        return value, gradients

    def optimizer(self, name: str, options: Dict[str, Any]) -> Any:
        renamed = _renamed(options, {"learning_rate": "lr", "epsilon": "eps", "wd": "weight_decay"})
        if "beta1" in renamed or "beta2" in renamed:
            renamed["betas"] = (renamed.pop("beta1", 0.9), renamed.pop("beta2", 0.999))
        classes = {"sgd": "SGD", "adam": "Adam", "adamw": "AdamW"}
        if name not in classes:
            return None
        return getattr(self.torch.optim, classes[name])(self.model.parameters(), **renamed)

    def step(self, loss: Any, optimizer: Any, x: Any, labels: Any) -> None:
        self.model.train(True)
        optimizer.zero_grad()
        self.loss(loss, self.model(x), labels).mean().backward()
        optimizer.step()

    def hyperparameters(self, optimizer: Any) -> Dict[str, Any]:
        group = {key: value for key, value in optimizer.param_groups[0].items() if key != "params"}
        return _hyperparameters(optimizer, group)


class Keras(Framework):
    """What Keras is on every engine, which `name` names: the model is a `keras.Model`.

    A subclass computes with the engine, and gives the model's gradients.
    """

    forward_method = "call"

    def __init__(self) -> None:
        super().__init__()
        self.engine = importlib.import_module(self.name)  # type: Any
        self.keras = self._import_keras()
        self.natural_layout = "NCHW" if self._data_format() == "channels_first" else "NHWC"

    def _import_keras(self) -> Any:
        return importlib.import_module("keras")

    def _data_format(self) -> str:
        return str(self.keras.backend.image_data_format())

    def version(self) -> str:
        keras = getattr(self.keras, "__version__", None)
        return str(self.engine.__version__) + (" with Keras " + str(keras) if keras else "")

    def seed(self, seed: int) -> None:
        self.keras.utils.set_random_seed(seed)

    def adopt(self, model: Any) -> None:
        _check_model(model, self.keras.Model, "a keras.Model")
        self.model = model

    def find_layers(self) -> List[Layer]:
        found, seen = [], set()

        def visit(layer: Any, path: str) -> None:
            inner = getattr(layer, "layers", None)
            if inner is None:
                inner = getattr(layer, "_layers", [])
            inner = [each for each in inner if isinstance(each, self.keras.layers.Layer)]
            for each in inner:
                if id(each) not in seen:
                    seen.add(id(each))
                    visit(each, path + "/" + each.name if path else each.name)
            if not inner and type(layer).__name__ != "InputLayer":
                trainable = {id(each) for each in layer.trainable_weights}
                parameters = []
                for variable in layer.weights:
                    role = variable.name.split(":")[0].split("/")[-1]
                    if not str(variable.dtype).replace("<dtype: '", "").startswith("float"):
                        continue  # the state of a random generator
                    is_statistic = role.startswith("moving_")
                    parameters.append(
                        Parameter(
                            path + "/" + role, role, variable, id(variable) in trainable and not is_statistic
                        )
                    )
                found.append(Layer(path, layer, parameters))

        visit(self.model, "")
        known = {id(each.handle) for layer in found for each in layer.parameters}
        rest = [each for each in self.model.weights if id(each) not in known and "seed" not in each.name]
        if rest:
            trainable = {id(each) for each in self.model.trainable_weights}
            parameters = [
                Parameter(each.name, each.name.split(":")[0], each, id(each) in trainable) for each in rest
            ]
            found.append(Layer("model", self.model, parameters))
        return found

    def get(self, parameter: Parameter) -> Any:
        return np.array(parameter.handle.numpy(), np.float32)

    def set(self, parameter: Parameter, array: Any) -> None:
        parameter.handle.assign(np.asarray(array, np.float32))

    def predict(self, x: Any, training: bool) -> Any:
        if "training" in inspect.signature(self.model.call).parameters:
            return self.model(x, training=training)
        return self.model(x)

    def named_loss(self, name: str) -> Any:
        losses = self.keras.losses
        if name == "softmax_cross_entropy":
            return losses.SparseCategoricalCrossentropy(from_logits=True)
        if name == "sigmoid_cross_entropy":
            return losses.BinaryCrossentropy(from_logits=True)
        return losses.MeanSquaredError() if name == "mean_squared_error" else None

    def loss(self, loss: Any, predictions: Any, labels: Any) -> Any:
        return loss(labels, predictions)

    def backward(self, loss: Any, x: Any, labels: Any) -> Tuple[Any, Dict[str, Any]]:
        value, gradients, parameters = self._gradients(loss, x, labels)
        found = {}
        for parameter, gradient in zip(parameters, gradients):
            zeros = np.zeros(tuple(parameter.handle.shape))
            found[parameter.name] = zeros if gradient is None else self.array(gradient)
        return value, found

    def _trainable(self) -> List[Parameter]:
        return [each for layer in self.layers for each in layer.parameters if each.trainable]

    def _gradients(self, loss: Any, x: Any, labels: Any) -> Tuple[Any, List[Any], List[Parameter]]:
        """The loss in training mode, and gradients of the trainable parameters; None where there is none."""
        raise NotImplementedError

    def optimizer(self, name: str, options: Dict[str, Any]) -> Any:
        renames = {
            "lr": "learning_rate",
            "eps": "epsilon",
            "wd": "weight_decay",
            "beta1": "beta_1",
            "beta2": "beta_2",
        }
        renamed = _renamed(options, renames)
        if "betas" in renamed:
            renamed["beta_1"], renamed["beta_2"] = renamed.pop("betas")
        classes = {"sgd": "SGD", "adam": "Adam", "adamw": "AdamW"}
        if name not in classes:
            return None
        return getattr(self.keras.optimizers, classes[name])(**renamed)

    def step(self, loss: Any, optimizer: Any, x: Any, labels: Any) -> None:
        _, gradients, parameters = self._gradients(loss, x, labels)
        pairs = [
            (gradient, each.handle) for gradient, each in zip(gradients, parameters) if gradient is not None
        ]
        optimizer.apply_gradients(pairs)

    def hyperparameters(self, optimizer: Any) -> Dict[str, Any]:
        return _hyperparameters(optimizer, optimizer.get_config())

    def channels_last(self, layer: Layer, num_axes: int) -> bool:
        own = getattr(layer.module, "data_format", None)
        if num_axes < 4 and (num_axes < 3 or own is None):
            return False
        return str(own or self._data_format()) != "channels_first"

    def to_canonical(self, layer: Layer, parameter: Parameter, array: Any) -> Any:
        if layer.kind == "depthwise" and parameter.role == "weight":
            return array.transpose(2, 3, 0, 1).reshape((-1, 1) + array.shape[:2])
        if layer.kind == "convolution" and parameter.role == "weight":
            return np.moveaxis(array, (-1, -2), (0, 1))
        return array

    def from_canonical(self, layer: Layer, parameter: Parameter, array: Any) -> Any:
        if layer.kind == "depthwise" and parameter.role == "weight":
            rows, columns, channels, multiplier = (int(each) for each in parameter.handle.shape)
            return array.reshape(channels, multiplier, rows, columns).transpose(2, 3, 0, 1)
        if layer.kind == "convolution" and parameter.role == "weight":
            return np.moveaxis(array, (0, 1), (-1, -2))
        return array


class KerasOnTensorFlow(Keras):
    """Keras 3 on TensorFlow, and tf.keras of TensorFlow 2.x and 1.15."""

    name = "tensorflow"

    def _import_keras(self) -> Any:
        if not self.engine.executing_eagerly():  # TensorFlow 1
            self.engine.compat.v1.enable_eager_execution()
        return self.engine.keras

    def seed(self, seed: int) -> None:
        self.engine.compat.v1.set_random_seed(seed)
        if hasattr(self.engine.random, "set_seed"):
            self.engine.random.set_seed(seed)
        if hasattr(self.keras.utils, "set_random_seed"):
            self.keras.utils.set_random_seed(seed)

    def tensor(self, array: Any) -> Any:
        return self.engine.convert_to_tensor(np.asarray(array, np.float32))

    def labels(self, array: Any) -> Any:
        if np.issubdtype(array.dtype, np.integer):
            return self.engine.convert_to_tensor(np.asarray(array, np.int64))
        return self.tensor(array)

    def array(self, tensor: Any) -> Any:
        return np.array(tensor)

    def is_tensor(self, value: Any) -> bool:
        return isinstance(value, (self.engine.Tensor, self.engine.Variable))

    def _gradients(self, loss: Any, x: Any, labels: Any) -> Tuple[Any, List[Any], List[Parameter]]:
        parameters = self._trainable()
        handles = [each.handle for each in parameters]
        raw = [getattr(each, "value", each) for each in handles]
        raw = [
            each if self.engine.is_tensor(each) or isinstance(each, self.engine.Variable) else own
            for each, own in zip(raw, handles)
        ]
        with self.engine.GradientTape() as tape:
            value = self.loss(loss, self.predict(x, True), labels)
            mean = self.engine.reduce_mean(value)
        gradients = tape.gradient(mean, raw)
        dense = [None if each is None else self.engine.convert_to_tensor(each) for each in gradients]
        return value, dense, parameters


class KerasOnTorch(Keras):
    """Keras 3 on PyTorch."""

    name = "torch"

    def _import_keras(self) -> Any:
        os.environ["KERAS_TORCH_DEVICE"] = "cpu"
        return importlib.import_module("keras")

    def tensor(self, array: Any) -> Any:
        return self.engine.tensor(np.asarray(array, np.float32))

    def labels(self, array: Any) -> Any:
        if np.issubdtype(array.dtype, np.integer):
            return self.engine.tensor(np.asarray(array, np.int64))
        return self.tensor(array)

    def array(self, tensor: Any) -> Any:
        return tensor.detach().cpu().numpy().copy()

    def is_tensor(self, value: Any) -> bool:
        return isinstance(value, self.engine.Tensor)

    def predict(self, x: Any, training: bool) -> Any:
        with self.engine.no_grad():
            return super().predict(x, training)

    def _gradients(self, loss: Any, x: Any, labels: Any) -> Tuple[Any, List[Any], List[Parameter]]:
        parameters = self._trainable()
        self.model.zero_grad()
        value = self.loss(loss, super().predict(x, True), labels)
        value.mean().backward()
        return value, [each.handle.value.grad for each in parameters], parameters

    def step(self, loss: Any, optimizer: Any, x: Any, labels: Any) -> None:
        _, gradients, parameters = self._gradients(loss, x, labels)
        with self.engine.no_grad():
            optimizer.apply(gradients, [each.handle for each in parameters])


class KerasOnJax(Keras):
    """Keras 3 on JAX."""

    name = "jax"

    def _import_keras(self) -> Any:
        _compute_eagerly(self.engine)
        return importlib.import_module("keras")

    def tensor(self, array: Any) -> Any:
        return self.engine.numpy.asarray(np.asarray(array, np.float32))

    def labels(self, array: Any) -> Any:
        return _jax_labels(self.engine, array)

    def array(self, tensor: Any) -> Any:
        return _array_of_jax(tensor)

    def is_tensor(self, value: Any) -> bool:
        return _is_known_to_jax(self.engine, value)

    def _gradients(self, loss: Any, x: Any, labels: Any) -> Tuple[Any, List[Any], List[Parameter]]:
        trained, rest = self.model.trainable_variables, self.model.non_trainable_variables

        def objective(values: Any) -> Any:
            fixed = [each.value for each in rest]
            predictions, moved = self.model.stateless_call(values, fixed, x, training=True)
            value = self.loss(loss, predictions, labels)
            return value.mean(), (value, moved)

        values = [each.value for each in trained]
        (_, (value, moved)), gradients = self.engine.value_and_grad(objective, has_aux=True)(values)
        for variable, after in zip(rest, moved):
            variable.assign(after)
        found = {id(variable): gradient for variable, gradient in zip(trained, gradients)}
        parameters = self._trainable()
        return value, [found.get(id(each.handle)) for each in parameters], parameters


class Gluon(Framework):
    """MXNet: the model is a `gluon.Block`, of `mx.nd` or of `mx.np`."""

    name = "mxnet"

    def __init__(self) -> None:
        super().__init__()
        # NumPy 1.24 dropped names that MXNet 1.x, all releases of it, looks up while it is imported.
        for alias in ("bool", "int", "float", "object", "complex", "str"):
            if alias not in vars(np):
                setattr(np, alias, getattr(builtins, alias))
        self.mx = importlib.import_module("mxnet")  # type: Any

    def version(self) -> str:
        return str(self.mx.__version__)

    def seed(self, seed: int) -> None:
        self.mx.random.seed(seed)

    def adopt(self, model: Any) -> None:
        _check_model(model, self.mx.gluon.Block, "a gluon.Block")
        self.model = model
        if hasattr(model, "hybridize"):
            model.hybridize(False)  # the layers of a hybridised block are not called one by one
        waiting = [
            each for each in model.collect_params().values() if each._data is None and not each._deferred_init
        ]
        if waiting:
            model.initialize()

    def find_layers(self) -> List[Layer]:
        found, seen = [], set()

        def visit(block: Any, path: str) -> None:
            if id(block) in seen:
                return
            seen.add(id(block))
            own = getattr(block, "_reg_params", {})
            children = block._children
            inner = list(children.items()) if hasattr(children, "items") else list(enumerate(children))
            inner = [(name, child() if isinstance(child, weakref.ref) else child) for name, child in inner]
            if own or not inner:
                parameters = [
                    Parameter(path + "." + role if path else role, role, value, value.grad_req != "null")
                    for role, value in own.items()
                ]
                found.append(Layer(path or "model", block, parameters))
            for name, child in inner:
                visit(child, "{}.{}".format(path, name) if path else str(name))

        visit(self.model, "")
        return found

    def _numpy_arrays(self) -> bool:
        is_np_array = getattr(self.mx.util, "is_np_array", None) if hasattr(self.mx, "util") else None
        return bool(is_np_array and is_np_array())

    def tensor(self, array: Any) -> Any:
        array = np.asarray(array, np.float32)
        return self.mx.np.array(array, dtype="float32") if self._numpy_arrays() else self.mx.nd.array(array)

    def labels(self, array: Any) -> Any:
        return self.tensor(array)

    def array(self, tensor: Any) -> Any:
        return tensor.asnumpy().copy()

    def is_tensor(self, value: Any) -> bool:
        return hasattr(value, "asnumpy")

    def get(self, parameter: Parameter) -> Any:
        return self.array(parameter.handle.data())

    def set(self, parameter: Parameter, array: Any) -> None:
        parameter.handle.set_data(self.tensor(array))

    def predict(self, x: Any, training: bool) -> Any:
        if not training:
            return self.model(x)
        with self.mx.autograd.train_mode():
            return self.model(x)

    def named_loss(self, name: str) -> Any:
        losses = self.mx.gluon.loss
        if name == "mean_squared_error":  # Gluon's L2Loss is half of it
            return lambda predictions, labels: 2 * losses.L2Loss()(predictions, labels)
        classes = {
            "softmax_cross_entropy": "SoftmaxCrossEntropyLoss",
            "sigmoid_cross_entropy": "SigmoidBCELoss",
        }
        return getattr(losses, classes[name])() if name in classes else None

    def backward(self, loss: Any, x: Any, labels: Any) -> Tuple[Any, Dict[str, Any]]:
        with self.mx.autograd.record(train_mode=True):
            value = self.loss(loss, self.model(x), labels)
        value.backward()
        # A loss with a value for each row has the gradient of their sum; the trainer's step divides it.
        rows = len(x) if value.size == len(x) else 1
        found = {}
        for layer in self.layers:
            for each in layer.parameters:
                if each.trainable:
                    found[each.name] = self.array(each.handle.grad()) / rows
                    if each.handle.grad_req == "add":
                        each.handle.zero_grad()
        return value, found

    def optimizer(self, name: str, options: Dict[str, Any]) -> Any:
        renamed = _renamed(options, {"lr": "learning_rate", "eps": "epsilon", "weight_decay": "wd"})
        if "betas" in renamed:
            renamed["beta1"], renamed["beta2"] = renamed.pop("betas")
        if name not in ("sgd", "adam", "adamw"):
            return None
        return self.mx.gluon.Trainer(self.model.collect_params(), name, renamed)

    def step(self, loss: Any, optimizer: Any, x: Any, labels: Any) -> None:
        with self.mx.autograd.record(train_mode=True):
            value = self.loss(loss, self.model(x), labels)
        value.backward()
        optimizer.step(len(x))

    def hyperparameters(self, optimizer: Any) -> Dict[str, Any]:
        own = getattr(optimizer, "optimizer", None) or getattr(optimizer, "_optimizer", optimizer)
        return _hyperparameters(own, dict(vars(own), learning_rate=own.learning_rate))

    def seen(self, layer: Layer, array: Any) -> Any:
        flattens = layer.kind == "dense" and getattr(layer.module, "_flatten", False)
        return array.reshape(len(array), -1) if flattens else array


class Jax(Framework):
    """JAX: the model is a Flax `nnx.Module`, its optimizer an `nnx.Optimizer` of an Optax transformation."""

    name = "jax"
    forward_method = "__call__"
    natural_layout = "NHWC"

    def __init__(self) -> None:
        super().__init__()
        self.jax = importlib.import_module("jax")  # type: Any
        _compute_eagerly(self.jax)
        self.flax = importlib.import_module("flax")  # type: Any
        self.nnx = importlib.import_module("flax.nnx")  # type: Any
        if not hasattr(self.nnx, "Pytree"):
            text = "Flax 0.12 or later was expected; this is {}."
            raise RecordingError("framework", text.format(self.flax.__version__))
        self.optax = importlib.import_module("optax")  # type: Any
        self.asked = {}  # type: Dict[str, Any]

    def version(self) -> str:
        return "{} with Flax {} and Optax {}".format(
            self.jax.__version__, self.flax.__version__, self.optax.__version__
        )

    def seed(self, seed: int) -> None:
        self.draws = itertools.count(seed)

    def of(self, model: Any) -> Framework:
        return KerasOnJax() if _is_of_keras(model) else self

    def adopt(self, model: Any) -> None:
        if any(each.__module__.startswith("flax.linen") for each in type(model).__mro__):
            text = (
                "a flax.nnx.Module was expected from the factory; it returned a Linen module of type {}. "
                "Return flax.nnx.bridge.ToNNX(module, rngs=nnx.Rngs(0)).lazy_init(x), with x a batch."
            )
            raise RecordingError("factory", text.format(type(model).__name__))
        _check_model(model, self.nnx.Module, "a flax.nnx.Module or a keras.Model")
        self.model = model

    def find_layers(self) -> List[Layer]:
        found, seen = [], {id(self.model)}

        def visit(module: Any, path: Tuple[str, ...]) -> None:
            own, inner = [], []  # type: List[Tuple[str, Any]], List[Tuple[str, Any]]

            def sort(value: Any, name: Tuple[str, ...]) -> None:
                """A variable, a module or a container of them, as what it is for its module."""
                if isinstance(value, (self.nnx.Variable, self.nnx.Module)):
                    kept = inner if isinstance(value, self.nnx.Module) else own
                    kept.append((".".join(name), value))
                elif isinstance(value, (list, tuple, self.nnx.List)):
                    for i, each in enumerate(value):
                        sort(each, name + (str(i),))
                elif isinstance(value, (dict, self.nnx.Dict, self.nnx.State)):
                    for key, each in value.items():
                        sort(each, name + (str(key),))
                elif isinstance(value, self.nnx.Pytree):
                    sort_all(value, name)

            def sort_all(owner: Any, name: Tuple[str, ...]) -> None:
                for key, each in vars(owner).items():
                    if not key.startswith("_pytree__"):
                        sort(each, name + (key,))

            sort_all(module, ())
            for below, layer, variables in self._computing(module, own):
                parameters = [
                    Parameter(
                        ".".join(path + below + (role,)), role, value, isinstance(value, self.nnx.Param)
                    )
                    for role, value in variables
                    if self._is_parameter(value) and id(value) not in seen
                ]
                seen.update(id(value) for _, value in variables)
                if parameters or (layer is module and not inner):
                    found.append(Layer(".".join(path + below) or "model", layer, parameters))
            for role, each in inner:
                if id(each) not in seen:
                    seen.add(id(each))
                    visit(each, path + (role,))

        visit(self.model, ())
        return found

    def _computing(
        self, module: Any, own: List[Tuple[str, Any]]
    ) -> List[Tuple[Tuple[str, ...], Any, List[Tuple[str, Any]]]]:
        """The layers that a module is, with their names in it: itself, or those of the Linen module in it."""
        if not isinstance(module, self.nnx.bridge.ToNNX):
            return [((), module, own)]
        layers = OrderedDict()  # type: OrderedDict[str, List[Tuple[str, Any]]]
        for name, variable in own:
            layer, _, role = name.rpartition(".")
            layers.setdefault(layer, []).append((role, variable))
        return [
            ((name,) if name else (), _layer_of_linen(variables), variables)
            for name, variables in layers.items()
        ]

    def _is_parameter(self, variable: Any) -> bool:
        """Whether it is a parameter or a running statistic: no stream of chance, no cache, nothing whole."""
        no_parameters = (self.nnx.RngState, self.nnx.Cache, self.nnx.Intermediate)
        value = variable.get_value()
        return not isinstance(variable, no_parameters) and (
            hasattr(value, "dtype") and self.jax.numpy.issubdtype(value.dtype, self.jax.numpy.floating)
        )

    def watch(self, layer: Layer, watched: Callable[[Layer, Callable[..., Any]], Callable[..., Any]]) -> None:
        # Python looks for __call__ in the class. Copies that nnx.jit and nnx.grad make keep theirs.
        own = type(layer.module)  # type: Any
        if not callable(layer.module):
            return

        @functools.wraps(own.__call__)
        def call(module: Any, *arguments: Any, **named: Any) -> Any:
            return watched(layer, functools.partial(own.__call__, module))(*arguments, **named)

        watching = type(own)(own.__name__, (own,), {"__call__": call, "__module__": own.__module__})
        object.__setattr__(layer.module, "__class__", watching)

    def tensor(self, array: Any) -> Any:
        return self.jax.numpy.asarray(np.asarray(array, np.float32))

    def labels(self, array: Any) -> Any:
        return _jax_labels(self.jax, array)

    def array(self, tensor: Any) -> Any:
        return _array_of_jax(tensor)

    def is_tensor(self, value: Any) -> bool:
        return _is_known_to_jax(self.jax, value)

    def get(self, parameter: Parameter) -> Any:
        return self.array(parameter.handle.get_value())

    def set(self, parameter: Parameter, array: Any) -> None:
        dtype = parameter.handle.get_value().dtype
        parameter.handle.set_value(self.jax.numpy.asarray(np.asarray(array, np.float32), dtype))

    def _switch(self, training: bool) -> None:
        (self.model.train if training else self.model.eval)()

    def _told(self, training: bool) -> Dict[str, Any]:
        """What the model's `__call__` has to be told of its mode; a stream is made where it is drawn from."""
        told = {"train": training, "training": training, "deterministic": not training}
        known = inspect.signature(self.model.__call__).parameters
        if "rngs" in known:
            told["rngs"] = self.nnx.Rngs(next(self.draws))
        return {name: value for name, value in told.items() if name in known}

    def predict(self, x: Any, training: bool) -> Any:
        self._switch(training)
        return self.model(x, **self._told(training))

    def named_loss(self, name: str) -> Any:
        losses = {
            "softmax_cross_entropy": "softmax_cross_entropy_with_integer_labels",
            "sigmoid_cross_entropy": "sigmoid_binary_cross_entropy",
            "mean_squared_error": "squared_error",
        }
        return getattr(self.optax, losses[name]) if name in losses else None

    def _gradients(self, loss: Any, x: Any, labels: Any, wrt: Any) -> Tuple[Any, Any]:
        self._switch(True)

        def objective(model: Any) -> Any:
            value = self.loss(loss, model(x, **self._told(True)), labels)
            return value.mean(), value

        both = self.nnx.value_and_grad(objective, argnums=self.nnx.DiffState(0, wrt), has_aux=True)
        (_, value), gradients = both(self.model)
        return value, gradients

    def backward(self, loss: Any, x: Any, labels: Any) -> Tuple[Any, Dict[str, Any]]:
        value, gradients = self._gradients(loss, x, labels, self.nnx.Param)
        by_path = dict(self.nnx.to_flat_state(gradients))
        paths = {
            id(node): path
            for path, node in self.nnx.iter_graph(self.model)
            if isinstance(node, self.nnx.Param)
        }
        return value, {
            each.name: self.array(by_path[paths[id(each.handle)]].get_value())
            for layer in self.layers
            for each in layer.parameters
            if each.trainable
        }

    def optimizer(self, name: str, options: Dict[str, Any]) -> Any:
        renames = {
            "lr": "learning_rate",
            "epsilon": "eps",
            "wd": "weight_decay",
            "beta1": "b1",
            "beta2": "b2",
        }
        renamed = _renamed(options, renames)
        if "betas" in renamed:
            renamed["b1"], renamed["b2"] = renamed.pop("betas")
        if name not in ("sgd", "adam", "adamw"):
            return None
        self.asked = dict(renamed, type=name)
        # Optax' sgd and adam have no weight decay of their own: it is chained before them.
        decay = renamed.pop("weight_decay", 0.0) if name != "adamw" else 0.0
        made = getattr(self.optax, name)(**renamed)
        return self.adopt_optimizer(
            self.optax.chain(self.optax.add_decayed_weights(decay), made) if decay else made
        )

    def adopt_optimizer(self, optimizer: Any) -> Any:
        if isinstance(optimizer, self.optax.GradientTransformation):
            return self.nnx.Optimizer(self.model, optimizer, wrt=self.nnx.Param)
        if isinstance(optimizer, self.nnx.Optimizer):
            return optimizer
        text = (
            "an optax.GradientTransformation or an nnx.Optimizer was expected of the optimizer's function; "
            "received {!r} of type {}."
        )
        raise RecordingError("optimizer", text.format(optimizer, type(optimizer).__name__))

    def step(self, loss: Any, optimizer: Any, x: Any, labels: Any) -> None:
        _, gradients = self._gradients(loss, x, labels, optimizer.wrt)
        optimizer.update(self.model, gradients)

    def hyperparameters(self, optimizer: Any) -> Dict[str, Any]:
        raw = _numbers_of_optax(optimizer.tx.update)
        raw.update(_injected_numbers(optimizer.opt_state))
        raw.update(self.asked)
        # One name more than in the others: `eps_root` stands inside of the root.
        raw["eps"] = raw.get("eps") or raw.get("eps_root") or raw.get("eps")
        return dict(_hyperparameters(optimizer, raw), type=raw["type"])

    def channels_last(self, layer: Layer, num_axes: int) -> bool:
        return num_axes >= 4 or (num_axes == 3 and layer.kind == "convolution")

    def to_canonical(self, layer: Layer, parameter: Parameter, array: Any) -> Any:
        if layer.kind == "convolution" and parameter.role == "weight":
            return np.moveaxis(self._turned(layer, array), (-1, -2), (0, 1))
        return array

    def from_canonical(self, layer: Layer, parameter: Parameter, array: Any) -> Any:
        if layer.kind == "convolution" and parameter.role == "weight":
            return self._turned(layer, np.moveaxis(array, (0, 1), (-1, -2)))
        return array

    def _turned(self, layer: Layer, array: Any) -> Any:
        """The kernel of a transposed convolution as the others have it: turned round, its outputs first."""
        if getattr(layer.module, "transpose_kernel", True):
            return array
        return np.swapaxes(np.flip(array, tuple(range(array.ndim - 2))), -1, -2)


def keras_on_its_engine() -> Framework:
    """Keras on the engine that KERAS_BACKEND or its file of settings names; else that of TensorFlow."""
    if importlib.util.find_spec("keras") is None:
        return KerasOnTensorFlow()
    engine = str(importlib.import_module("keras").backend.backend())
    if engine not in ENGINES:
        text = "Keras on {} was expected, and it runs on {!r}. Set KERAS_BACKEND to one of them."
        raise RecordingError("framework", text.format(_either(ENGINES), engine))
    return ENGINES[engine]()


ENGINES = {
    "torch": KerasOnTorch,
    "tensorflow": KerasOnTensorFlow,
    "jax": KerasOnJax,
}  # type: Dict[str, Callable[[], Framework]]
FRAMEWORKS = {
    "torch": Torch,
    "tensorflow": KerasOnTensorFlow,
    "mxnet": Gluon,
    "jax": Jax,
    "keras": keras_on_its_engine,
}  # type: Dict[str, Callable[[], Framework]]
ALIASES = {"pytorch": "torch", "tf": "tensorflow", "gluon": "mxnet", "flax": "jax", "nnx": "jax"}


class Recorder:
    """A model with its loss and optimizer, and what is recorded of them.

    Args:
        options: `framework`, `factory` and, as far as wanted, `loss`, `optimizer`, `step`, `prepare`,
            `layout`, `batch_layout`, `seed`, `batch_size`: see `hpo.check_port`.
        inputs: `x` and `y` and perhaps `train_x`, `train_y`, `val_x`, `val_y`.
    """

    def __init__(self, options: Dict[str, Any], inputs: Dict[str, Any]) -> None:
        self.options = options
        self.framework = _framework(options["framework"])
        prepare = options.get("prepare")
        self.prepare = (lambda x: x) if prepare is None else find(prepare, "prepare")
        self.inputs = inputs
        self.quiet = False
        self.tape = None  # type: Optional[List[Dict[str, Any]]]
        self._build()

    def _build(self) -> None:
        framework, seed = self.framework, int(self.options.get("seed", 0))
        factory = find(self.options["factory"], "factory")
        np.random.seed(seed)
        framework.seed(seed)
        try:
            model = factory()
            framework = self.framework = framework.of(model)
            framework.adopt(model)
        except RecordingError as error:
            raise RecordingError("factory", "{}: {}".format(self.options["factory"], error)) from error
        self.to_layout = self._fitting_layout()
        framework.layers = framework.find_layers()
        self._watch()
        self.tape = []
        self._forward(self.inputs["x"], False)
        called = [each["layer"] for each in self.tape]
        never = [layer for layer in framework.layers if layer not in called]
        framework.layers = list(OrderedDict.fromkeys(called + never))
        self.shapes = [
            [[_shape(each["input"]), _shape(each["output"])] for each in self.tape if each["layer"] is layer]
            for layer in framework.layers
        ]
        makers = {each["layer"]: each["made_by"] for each in reversed(self.tape)}
        self.makers = [
            framework.layers.index(makers[layer]) if makers.get(layer) is not None else None
            for layer in framework.layers
        ]
        self.tape = None

    def _fitting_layout(self) -> Callable[[Any], Any]:
        """How the batch becomes what the model takes: as it is, or with its channels moved."""
        x, given = self.inputs["x"], self.options.get("batch_layout")
        wanted = self.options.get("layout")
        natural = self.framework.natural_layout
        candidates = [wanted] if wanted else [natural, "NHWC" if natural == "NCHW" else "NCHW"]
        if np.ndim(x) != 4 or given is None:
            candidates = [given]
        failures = []
        for candidate in candidates:
            move = _moved(given, candidate)
            try:
                self.framework.predict(self._as_input(self.prepare(move(x))), False)
            except Exception as error:
                failures.append("as {}: {}".format(np.shape(move(x)), _one_line(error)))
            else:
                return move
        raise RecordingError(
            "layout",
            "The model of {} takes the batch neither way. {}".format(
                self.options["factory"], "; ".join(failures)
            ),
        )

    def _watch(self) -> None:
        for layer in self.framework.layers:
            self.framework.watch(layer, self._watched)

    def _watched(self, layer: Layer, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def call(*arguments: Any, **named: Any) -> Any:
            if self.quiet and layer.kind == "dropout":
                return arguments[0]
            output = original(*arguments, **named)
            if self.tape is not None:
                given = next(iter(arguments), None)
                made_by = next((each["layer"] for each in self.tape if each["made"] is given), None)
                self.tape.append(
                    {
                        "layer": layer,
                        "made": output,
                        "made_by": made_by,
                        "input": self._feature_map(layer, given, self.framework.seen),
                        "output": self._feature_map(layer, output),
                    }
                )
            return output

        return call

    def _feature_map(
        self, layer: Layer, tensor: Any, seen: Optional[Callable[[Layer, Any], Any]] = None
    ) -> Any:
        if not self.framework.is_tensor(tensor):
            return None
        array = self.framework.array(tensor)
        if seen is not None:
            array = seen(layer, array)
        return np.moveaxis(array, -1, 1) if self.framework.channels_last(layer, array.ndim) else array

    def parameters(self) -> List[Tuple[Layer, Parameter]]:
        """All parameters and running statistics, in the order in which their layers are called."""
        return [(layer, each) for layer in self.framework.layers for each in layer.parameters]

    def state(self) -> List[Any]:
        """The values of all parameters, in the canonical layout."""
        return [
            self.framework.to_canonical(layer, each, np.asarray(self.framework.get(each)))
            for layer, each in self.parameters()
        ]

    def load(self, state: Sequence[Any]) -> None:
        """Give the parameters values; None leaves one as it is."""
        for (layer, each), array in zip(self.parameters(), state):
            if array is not None:
                self.framework.set(each, self.framework.from_canonical(layer, each, np.asarray(array)))

    def _tensor(self, x: Any) -> Any:
        return self._as_input(self.prepare(self.to_layout(np.asarray(x))))

    def _as_input(self, x: Any) -> Any:
        """Images and features become floats; indices, as for an embedding, stay what they are."""
        is_index = np.issubdtype(np.asarray(x).dtype, np.integer) and np.asarray(x).dtype != np.uint8
        return self.framework.labels(x) if is_index else self.framework.tensor(x)

    def _forward(self, x: Any, training: bool) -> Any:
        output = self.framework.predict(self._tensor(x), training)
        if not self.framework.is_tensor(output):
            raise RecordingError(
                "factory",
                "A model that returns one tensor was expected; that of {} returns a {}.".format(
                    self.options["factory"], type(output).__name__
                ),
            )
        return self.framework.array(output)

    def describe(self) -> Dict[str, Any]:
        """What the model is made of, as JSON."""
        shapes = iter([list(array.shape) for array in self.state()])
        layers = []
        for layer, calls, maker in zip(self.framework.layers, self.shapes, self.makers):
            parameters = [
                {"name": each.name, "role": each.role, "shape": next(shapes), "trainable": each.trainable}
                for each in layer.parameters
            ]
            type_name = type(layer.module).__name__
            layers.append(
                {
                    "name": layer.name,
                    "type": type_name,
                    "kind": layer.kind,
                    "parameters": parameters,
                    "shapes": calls,
                    "made_by": maker,
                }
            )
        versions = {"python": platform.python_version(), "numpy": np.__version__}
        versions[self.framework.name] = self.framework.version()
        return {"format": FORMAT, "options": self.options, "versions": versions, "layers": layers}

    def record(self, request: Optional[Dict[str, Any]] = None) -> Tuple[Dict[str, Any], Dict[str, Any]]:
        """Everything there is to compare.

        Args:
            request: for a port, `initial/<j>` and `epoch/<k>/<j>`: the values that parameter j gets at first
                and before step k. Without, the model starts from its own and goes its own way.

        Returns:
            What can be said in JSON, and arrays by name.
        """
        about, arrays = self.describe(), {}  # type: Dict[str, Any], Dict[str, Any]
        about["failures"] = {}
        _store(arrays, "parameters", self.state())
        if request is not None:
            self.load(self._requested(request, "initial"))
        self.start = self.state()
        _store(arrays, "start", self.start)
        stages = [  # type: List[Tuple[str, Callable[[Dict[str, Any], Dict[str, Any]], None]]]
            ("forward", self._record_forward),
            ("loss", self._record_loss),
            ("gradients", self._record_gradients),
            ("step", self._record_step),
            ("epoch", functools.partial(self._record_epoch, request)),
            ("error", functools.partial(self._record_errors, request is None)),
        ]
        for stage, function in stages:
            if stage != "forward" and self.options.get("loss") is None:
                break
            if stage in ("step", "epoch", "error") and self.options.get("optimizer") is None:
                break
            try:
                function(about, arrays)
            except RecordingError:
                raise
            except Exception as error:
                traceback.print_exc()
                about["failures"][stage] = "{}: {}".format(type(error).__name__, error)
                break
            finally:
                self.load(self.start)
        return about, arrays

    def _record_forward(self, about: Dict[str, Any], arrays: Dict[str, Any]) -> None:
        x = self.inputs["x"]
        about["evaluation"] = self._taped("evaluation", x, False, arrays)
        about["dropout"] = self._taped("dropout", x, True, arrays, only="dropout")
        self.load(self.start)
        self.quiet = True
        about["training"] = self._taped("training", x, True, arrays)
        self.load(self.start)
        again = self._forward(x, True)
        first = arrays["training/predictions"]
        about["repeatable"] = bool(np.allclose(again, first, rtol=1e-4, atol=1e-5, equal_nan=True))

    def _taped(self, name: str, x: Any, training: bool, arrays: Dict[str, Any], only: str = "") -> List[int]:
        self.tape = []
        arrays[name + "/predictions"] = self._forward(x, training)
        tape, self.tape = self.tape, None
        calls = [each for each in tape if not only or each["layer"].kind == only]
        for i, each in enumerate(calls):
            for side in ("input", "output"):
                if each[side] is not None:
                    arrays["{}/{}/{}".format(name, i, side)] = each[side]
        return [self.framework.layers.index(each["layer"]) for each in calls]

    def _loss(self) -> Any:
        given = self.options["loss"]
        found = find(given, "loss") if ":" in given else self.framework.named_loss(given)
        if found is None:
            raise RecordingError(
                "loss",
                "softmax_cross_entropy, sigmoid_cross_entropy, mean_squared_error or module:name was "
                "expected "
                "as loss; received {!r}.".format(given),
            )
        return found() if inspect.isclass(found) else found

    def _optimizer(self) -> Any:
        given = self.options["optimizer"]
        if isinstance(given, str):
            return self.framework.adopt_optimizer(find(given, "optimizer")(self.framework.model))
        name, options = given
        found = self.framework.optimizer(name.lower(), dict(options))
        if found is None:
            raise RecordingError(
                "optimizer",
                "sgd, adam, adamw or module:name was expected as optimizer; received {!r}.".format(name),
            )
        return found

    def _labels(self, y: Any) -> Any:
        """Labels for the loss; a named one takes classes by their index."""
        y = np.asarray(y)
        if self.options["loss"] == "softmax_cross_entropy" and y.ndim == 2:
            y = y.argmax(1)
        return self.framework.labels(y)

    def _record_loss(self, about: Dict[str, Any], arrays: Dict[str, Any]) -> None:
        loss, y = self._loss(), np.asarray(self.inputs["y"])
        other = _other_labels(y, arrays["training/predictions"])
        found = {}  # type: Dict[str, Optional[float]]
        forms = {"given": self._labels(y)}
        if other is not None:
            forms["other"] = self.framework.labels(other)
        for name, labels in forms.items():
            self.load(self.start)
            predictions = self.framework.predict(self._tensor(self.inputs["x"]), True)
            try:
                value = self.framework.array(self.framework.loss(loss, predictions, labels))
                found[name] = float(np.mean(value))
            except Exception as error:
                found[name] = None
                if name == "given":
                    about["failures"]["loss"] = _one_line(error)
        about["loss"] = found

    def _record_gradients(self, about: Dict[str, Any], arrays: Dict[str, Any]) -> None:
        if about["loss"]["given"] is None:
            return
        x, labels = self._tensor(self.inputs["x"]), self._labels(self.inputs["y"])
        _store(arrays, "gradients", self._gradients(self._loss(), x, labels))
        _store(arrays, "after_forward", self.state())
        gradients = [arrays.get("gradients/{}".format(j)) for j in range(len(self.start))]
        about["round_off"] = self._round_off(gradients, x, labels)

    def _round_off(self, gradients: Sequence[Any], x: Any, labels: Any) -> List[float]:
        """What round-off changes of each gradient: the most of it, in the nine tenths that it changes least.

        A unit that rounding switches on or off changes gradients by more than rounding, and not each time.
        """
        found = [0.0 for _ in gradients]
        for twin in range(TWINS):
            draws = np.random.RandomState(twin)
            self.load([each * (1 + TWIN_DISTANCE * draws.uniform(-1, 1, each.shape)) for each in self.start])
            for j, (one, two) in enumerate(zip(gradients, self._gradients(self._loss(), x, labels))):
                if one is not None and two is not None and one.size:
                    difference = np.nan_to_num(np.abs(np.asarray(one, np.float64) - two))
                    found[j] = max(found[j], float(np.percentile(difference, 90)))
        return found

    def _gradients(self, loss: Any, x: Any, labels: Any) -> List[Any]:
        """The gradient of each parameter in the canonical layout; None for what is not trained."""
        _, gradients = self.framework.backward(loss, x, labels)
        return [
            self.framework.to_canonical(layer, each, gradients[each.name]) if each.name in gradients else None
            for layer, each in self.parameters()
        ]

    def _step(self, loss: Any, optimizer: Any, x: Any, y: Any) -> None:
        given = self.options.get("step")
        x, labels = self._tensor(x), self._labels(y)
        if given is None:
            self.framework.step(loss, optimizer, x, labels)
        else:
            find(given, "step")(self.framework.model, loss, optimizer, x, labels)

    def _record_step(self, about: Dict[str, Any], arrays: Dict[str, Any]) -> None:
        if about["loss"]["given"] is None:
            return
        optimizer = self._optimizer()
        about["hyperparameters"] = self.framework.hyperparameters(optimizer)
        self._step(self._loss(), optimizer, self.inputs["x"], self.inputs["y"])
        _store(arrays, "step", self.state())

    def _batches(self) -> List[Tuple[Any, Any]]:
        x, y = self.inputs.get("train_x", self.inputs["x"]), self.inputs.get("train_y", self.inputs["y"])
        size = int(self.options.get("batch_size") or max(1, len(x) // 4))
        return [(x[i : i + size], y[i : i + size]) for i in range(0, len(x) - size + 1, size)]

    def _record_epoch(
        self, request: Optional[Dict[str, Any]], about: Dict[str, Any], arrays: Dict[str, Any]
    ) -> None:
        """The original goes its own way; a port is put back on it before each step."""
        if about["loss"]["given"] is None:
            return
        loss, optimizer = self._loss(), self._optimizer()
        batches = self._batches()
        about["steps"] = len(batches)
        for k, (x, y) in enumerate(batches):
            if request is not None:
                self.load(self._requested(request, "epoch/{}".format(k)))
            else:
                before = self.state()
                _store(arrays, "epoch/{}".format(k), before)
                gradients = self._gradients(loss, self._tensor(x), self._labels(y))
                _store(arrays, "epoch_gradients/{}".format(k), gradients)
                self.load(before)
            self._step(loss, optimizer, x, y)
            if request is not None:
                _store(arrays, "epoch_after/{}".format(k), self.state())
        if request is None:
            _store(arrays, "epoch/{}".format(len(batches)), self.state())

    def _record_errors(self, with_twin: bool, about: Dict[str, Any], arrays: Dict[str, Any]) -> None:
        if about["loss"]["given"] is None:
            return
        about["error"] = self._error_after_epoch(self.start)
        if with_twin:
            about["twin_error"] = self._error_after_epoch([_one_ulp_up(each) for each in self.start])

    def _error_after_epoch(self, start: Sequence[Any]) -> float:
        self.load(start)
        loss, optimizer = self._loss(), self._optimizer()
        for x, y in self._batches():
            self._step(loss, optimizer, x, y)
        x, y = (
            self.inputs.get("val_x", self.inputs["x"]),
            np.asarray(self.inputs.get("val_y", self.inputs["y"])),
        )
        parts = [self._forward(x[i : i + ERROR_ROWS], False) for i in range(0, len(x), ERROR_ROWS)]
        predictions = np.concatenate(parts)
        if np.issubdtype(y.dtype, np.integer) and predictions.ndim == 2 and predictions.shape[1] > 1:
            classes = y.argmax(1) if y.ndim == 2 else y.reshape(-1)
            return float(np.mean(predictions.argmax(1) != classes))
        value = self.framework.loss(loss, self.framework.tensor(predictions), self._labels(y))
        return float(np.mean(self.framework.array(value)))

    def _requested(self, request: Dict[str, Any], prefix: str) -> List[Any]:
        return [request.get("{}/{}".format(prefix, j)) for j in range(len(self.parameters()))]


def find(target: str, argument: str) -> Any:
    """What `module:name` or `folder/file.py:name` names, looked for in the current folder first.

    Raises:
        RecordingError: there is none; the text says what was looked for and where.
    """
    module_name, colon, path = target.rpartition(":")
    if not colon or not module_name or not path:
        text = "module:function was expected as {}, for example nets:lenet; received {!r}."
        raise RecordingError(argument, text.format(argument, target))
    folder = os.getcwd()
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        if module_name.endswith(".py"):
            name = os.path.splitext(os.path.basename(module_name))[0]
            specification = importlib.util.spec_from_file_location(name, module_name)  # type: Any
            module = importlib.util.module_from_spec(specification)
            specification.loader.exec_module(module)
        else:
            module = importlib.import_module(module_name)
    except Exception as error:
        traceback.print_exc()
        text = "Importing {} for {} failed in {} with Python {}: {}. Call it from the folder of the module."
        raise RecordingError(
            argument, text.format(module_name, target, folder, platform.python_version(), _one_line(error))
        ) from error
    found = module
    for part in path.split("."):
        if not hasattr(found, part):
            names = [
                name for name, value in vars(module).items() if callable(value) and not name.startswith("_")
            ]
            text = "{} has no {!r}; what can be called there: {}."
            raise RecordingError(argument, text.format(module_name, path, ", ".join(names[:20]) or "nothing"))
        found = getattr(found, part)
    return found


def read_arrays(path: str) -> Dict[str, Any]:
    """The arrays of an `.npz` file."""
    with np.load(path, allow_pickle=False) as file:
        return {key: file[key] for key in file.files}


def write_trace(
    path: str, about: Dict[str, Any], arrays: Dict[str, Any], inputs: Dict[str, Any], small: bool = True
) -> None:
    """Write a trace, the data that it was made with included; compressed where it is to be kept."""
    everything = dict(arrays)
    everything.update(("inputs/" + name, np.asarray(value)) for name, value in inputs.items())
    # What one layer gives is mostly what the next one gets, and often the same in both modes.
    names, aliases = {}, {}  # type: Dict[Any, str], Dict[str, str]
    for name, array in list(everything.items()):
        content = array.shape, array.dtype.str, hashlib.sha256(array.tobytes()).digest()
        if names.setdefault(content, name) != name:
            aliases[name] = names[content]
            del everything[name]
    everything["about"] = np.array(json.dumps(dict(about, aliases=aliases)))
    with open(path, "wb") as file:
        (np.savez_compressed if small else np.savez)(file, **everything)


def _framework(name: str) -> Framework:
    name = ALIASES.get(name, name)
    if name not in FRAMEWORKS:
        text = "{} was expected as framework; received {!r}."
        raise RecordingError("framework", text.format(_either(FRAMEWORKS), name))
    if name in ENGINES:
        os.environ["KERAS_BACKEND"] = name  # a model of Keras is one of this framework
    try:
        return FRAMEWORKS[name]()
    except ImportError as error:
        text = "{} cannot be imported with Python {} at {}: {}."
        raise RecordingError(
            "framework", text.format(name, platform.python_version(), sys.executable, error)
        ) from error


def _check_model(model: Any, expected: Any, called: str) -> None:
    if not isinstance(model, expected):
        text = "{} was expected from the factory; it returned {!r} of type {}."
        raise RecordingError("factory", text.format(called, model, type(model).__name__))


def _is_of_keras(model: Any) -> bool:
    return any(each.__module__.partition(".")[0] == "keras" for each in type(model).__mro__)


def _compute_eagerly(jax: Any) -> None:
    """One operation after another, on the processor: a compiled call would hide its layers."""
    jax.config.update("jax_disable_jit", True)
    jax.config.update("jax_platforms", "cpu")


def _is_known_to_jax(jax: Any, value: Any) -> bool:
    """Whether it is an array with values, which a traced one has not."""
    return isinstance(value, jax.Array) and not isinstance(value, jax.core.Tracer)


def _array_of_jax(tensor: Any) -> Any:
    array = np.array(tensor)
    # NumPy itself knows no bfloat16.
    return array.astype(np.float32) if array.dtype.kind == "V" else array


def _jax_labels(jax: Any, array: Any) -> Any:
    is_index = np.issubdtype(array.dtype, np.integer)
    return jax.numpy.asarray(np.asarray(array, np.int32 if is_index else np.float32))


def _layer_of_linen(variables: Sequence[Tuple[str, Any]]) -> Any:
    """What stands for a layer that Linen makes while it is called, told by its variables."""
    axes = {role: variable.get_value().ndim for role, variable in variables}
    if "mean" in axes:
        name = "BatchNorm"
    elif "scale" in axes:
        name = "LayerNorm"
    elif "embedding" in axes:
        name = "Embed"
    elif "kernel" in axes:
        name = "Dense" if axes["kernel"] == 2 else "Conv"
    else:
        name = "LinenModule"
    return type(name, (), {})()


def _numbers_of_optax(update: Any) -> Dict[str, Any]:
    """The numbers that a transformation of Optax was made with, which its functions alone hold."""
    numbers, kinds, seen = {}, [], []  # type: Dict[str, Any], List[str], List[int]
    rate = 1.0

    def visit(value: Any) -> None:
        nonlocal rate
        if id(value) in seen:
            return
        seen.append(id(value))
        if isinstance(value, (list, tuple)):
            for each in value:
                visit(each)
        elif isinstance(value, dict):
            for each in value.values():
                visit(each)
        elif hasattr(value, "__closure__"):
            kind = value.__qualname__.partition(".")[0]
            kinds.append(kind)
            for name, held in inspect.getclosurevars(value).nonlocals.items():
                if name == "step_size":
                    rate *= -float(held)
                elif name == "step_size_fn":
                    rate *= -float(held(0))
                elif name == "decay" and kind == "trace":
                    numbers["momentum"] = held
                elif isinstance(held, (int, float)):
                    numbers.setdefault(name, held)
                else:
                    visit(held)

    visit(update)
    told = [each for each in OrderedDict.fromkeys(kinds) if each not in WRAPPERS]
    return dict(numbers, learning_rate=abs(rate), type=", ".join(told) or "sgd")


def _injected_numbers(state: Any) -> Dict[str, Any]:
    """The numbers that `optax.inject_hyperparams` keeps in an optimizer's state."""
    found = {}  # type: Dict[str, Any]
    if hasattr(state, "hyperparams"):
        found.update((name, float(np.asarray(value))) for name, value in state.hyperparams.items())
    if isinstance(state, (list, tuple)):
        for each in state:
            found.update(_injected_numbers(each))
    return found


def _renamed(options: Dict[str, Any], names: Dict[str, str]) -> Dict[str, Any]:
    return {names.get(key, key): value for key, value in options.items()}


def _hyperparameters(optimizer: Any, raw: Dict[str, Any]) -> Dict[str, Any]:
    names = {
        "learning_rate": ("learning_rate", "lr"),
        "momentum": ("momentum",),
        "weight_decay": ("weight_decay", "wd"),
        "beta1": ("beta1", "beta_1", "b1"),
        "beta2": ("beta2", "beta_2", "b2"),
        "epsilon": ("epsilon", "eps"),
    }
    found = {"type": type(optimizer).__name__}  # type: Dict[str, Any]
    for name, candidates in names.items():
        for candidate in candidates:
            if isinstance(raw.get(candidate), (int, float)):
                found[name] = float(raw[candidate])
    if "betas" in raw:
        found["beta1"], found["beta2"] = (float(each) for each in raw["betas"])
    return found


def _moved(given: Optional[str], wanted: Optional[str]) -> Callable[[Any], Any]:
    if given == wanted or given is None or wanted is None:
        return lambda x: x
    source, target = (-1, 1) if wanted == "NCHW" else (1, -1)
    return lambda x: np.ascontiguousarray(np.moveaxis(x, source, target))


def _other_labels(y: Any, predictions: Any) -> Any:
    """Classes by index as one-hot rows, and the other way round; None for what are no classes."""
    if predictions.ndim != 2 or not y.size:
        return None
    is_index = y.ndim == 1 and np.issubdtype(y.dtype, np.integer)
    if is_index and y.max() < predictions.shape[1]:
        return np.eye(predictions.shape[1], dtype=np.float32)[y]
    is_one_hot = y.shape == predictions.shape and np.array_equal(np.sum(y != 0, axis=1), np.ones(len(y)))
    return y.argmax(1) if is_one_hot else None


def _one_ulp_up(array: Any) -> Any:
    array = np.asarray(array, np.float32)
    return np.nextafter(array, np.float32(np.inf))


def _store(arrays: Dict[str, Any], prefix: str, state: Sequence[Any]) -> None:
    for j, array in enumerate(state):
        if array is not None:
            arrays["{}/{}".format(prefix, j)] = np.asarray(array)


def _shape(array: Any) -> Optional[List[int]]:
    return None if array is None else list(array.shape)


def _either(names: Iterable[str]) -> str:
    *rest, last = names
    return "{} or {}".format(", ".join(rest), last)


def _one_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines() or [""]
    return "{}: {}".format(type(error).__name__, lines[0])


def serve() -> None:
    """Take requests on standard input, one JSON document a line, and answer each with one on standard output.

    `{"do": "open", "options": {...}, "inputs": FILE}` builds a model and describes it;
    `{"do": "record", "request": FILE or null, "out": FILE}` writes its trace.
    """
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the user's code prints is none of the answers
    recorder = None  # type: Optional[Recorder]
    inputs = {}  # type: Dict[str, Any]
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            if asked["do"] == "open":
                inputs = read_arrays(asked["inputs"])
                recorder = Recorder(asked["options"], inputs)
                answer = {"described": recorder.describe()}  # type: Dict[str, Any]
            else:
                assert recorder is not None
                about, arrays = recorder.record(read_arrays(asked["request"]) if asked["request"] else None)
                write_trace(asked["out"], about, arrays, inputs, small=False)
                answer = {"written": asked["out"]}
        except RecordingError as error:
            answer = {"error": str(error), "kind": error.kind}
        except Exception as error:
            traceback.print_exc()
            answer = {"error": "{}: {}".format(type(error).__name__, error), "kind": "failure"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Record one model from the shell; 0 if the trace is whole, 1 if something failed."""
    parser = argparse.ArgumentParser(description="Record what a model does, to hold a port of it against it.")
    parser.add_argument("target", help="framework:module:function, whose function returns the model")
    parser.add_argument(
        "--batch", required=True, help=".npz with x and y; perhaps train_x, train_y, val_x, val_y"
    )
    parser.add_argument(
        "--loss", help="softmax_cross_entropy, sigmoid_cross_entropy, mean_squared_error or module:name"
    )
    parser.add_argument("--optimizer", help="sgd, adam, adamw or module:function, which is given the model")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=NUMBER", help="an option of the optimizer"
    )
    parser.add_argument("--step", help="module:function(model, loss, optimizer, x, y) that takes one step")
    parser.add_argument("--prepare", help="module:function(x) that the batch goes through first")
    parser.add_argument("--layout", choices=["NCHW", "NHWC"], help="what the model takes")
    parser.add_argument("--batch-layout", choices=["NCHW", "NHWC"], help="what the file holds")
    parser.add_argument(
        "--batch-size", type=int, help="rows a step of the epoch; a quarter of them unless given"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", required=True, help="the trace to write, .npz")
    given = parser.parse_args(arguments)
    framework, _, factory = given.target.partition(":")
    optimizer = given.optimizer  # type: Any
    if optimizer is not None and ":" not in optimizer:
        pairs = (each.partition("=") for each in given.set)
        optimizer = [optimizer, {name: json.loads(value) for name, _, value in pairs}]
    options = {
        key: getattr(given, key)
        for key in ("loss", "step", "prepare", "layout", "batch_layout", "batch_size", "seed")
        if getattr(given, key) is not None
    }
    options.update(framework=framework, factory=factory, optimizer=optimizer)
    try:
        inputs = read_arrays(given.batch)
        about, arrays = Recorder(options, inputs).record()
    except RecordingError as error:
        sys.stderr.write("Error: {}\n".format(error))
        return 1
    write_trace(given.out, about, arrays, inputs)
    for stage, text in about["failures"].items():
        sys.stderr.write("{} failed: {}\n".format(stage, text))
    print(
        "{}: {} layers, {} parameters".format(
            given.out, len(about["layers"]), len(arrays_named(arrays, "parameters"))
        )
    )
    return 1 if about["failures"] else 0


def arrays_named(arrays: Dict[str, Any], prefix: str) -> Dict[str, Any]:
    """The arrays below a name."""
    return {key: value for key, value in arrays.items() if key.startswith(prefix + "/")}


if __name__ == "__main__":
    # This file's folder is no place to look for the user's modules; the current one is.
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [
        each for each in sys.path if os.path.abspath(each or os.getcwd()) != here or here == os.getcwd()
    ]
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if sys.argv[1:] == ["serve"]:
        serve()
    else:
        sys.exit(main())
