"""The book's models, and any other `torch.nn.Module`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from hpo import training
from hpo.context import current_trial
from hpo.port import Array, Softmax, State
from hpo.randomness import check_seed
from hpo_torch.arrays import from_host
from hpo_torch.backend import BACKEND


class Module(nn.Module, training.Module):
    """A `torch.nn.Module` that knows its loss and its optimizer.

    A subclass sets `net` or defines `forward`, and defines `loss` and `configure_optimizers`.
    """

    backend = BACKEND
    net: nn.Module
    _caught: list[Any] | None = None

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        """Compute the outputs of a batch."""
        output = super().__call__(*inputs, **options)
        if self._caught is not None:
            self._caught.append(output)
        return output

    @contextmanager
    def caught_outputs(self) -> Iterator[list[Any]]:
        """A list that gets what the model puts out inside the block, for whoever scores its steps.

        A forward hook would do, at several times the cost of a small model's call.
        """
        self._caught = []
        try:
            yield self._caught
        finally:
            self._caught = None

    def forward(self, x: Any) -> Any:
        """The outputs of `net`."""
        return self.net(x)


class Classification(training.Classification, Module):
    """A model that scores classes, trained on the mean cross-entropy by SGD with the rate `lr`.

    Args:
        net: a model of torch's own to train; a subclass may set `self.net` itself instead.
        lr: learning rate; a subclass may set `self.lr` itself instead.
    """

    lr: float

    def __init__(self, net: nn.Module | None = None, lr: float | None = None) -> None:
        super().__init__()
        if net is not None:
            self.net = net
        if lr is not None:
            self.lr = lr

    def loss(self, y_hat: Any, y: Any) -> Any:
        """The mean cross-entropy of a batch, in nats."""
        return nn.functional.cross_entropy(y_hat, y)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Plain SGD with the rate `lr`."""
        return torch.optim.SGD(self.parameters(), lr=self.lr)


class Regression(training.Regression, Module):
    """A model that predicts numbers, trained on the mean squared error by SGD with the rate `lr`.

    Args:
        net: a model of torch's own to train, whose outputs are (examples, outputs); a subclass may set
            `self.net` itself instead.
        lr: learning rate; a subclass may set `self.lr` itself instead.
    """

    lr: float

    def __init__(self, net: nn.Module | None = None, lr: float | None = None) -> None:
        super().__init__()
        if net is not None:
            self.net = net
        if lr is not None:
            self.lr = lr

    def loss(self, y_hat: Any, y: Any) -> Any:
        """The mean squared error of a batch."""
        return nn.functional.mse_loss(y_hat.reshape(y.shape), y)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Plain SGD with the rate `lr`."""
        return torch.optim.SGD(self.parameters(), lr=self.lr)


class SoftmaxClassification(Classification):
    """Softmax regression, with initial weights drawn from the seed.

    Args:
        num_outputs: classes.
        lr: learning rate.
        seed: of the initial weights; by default the current trial's.
    """

    def __init__(self, num_outputs: int, lr: float, seed: int | None = None) -> None:
        super().__init__(nn.Sequential(nn.Flatten(), nn.LazyLinear(num_outputs)), lr)
        trial = current_trial()
        self.num_outputs = num_outputs
        self.seed = trial.seed if seed is None else check_seed(seed)
        self.replicate, self.dtype = trial.replicate, trial.dtype

    def forward(self, x: Any) -> Any:
        """The scores of a batch."""
        self.prepare(x[0].numel())
        return self.net(x)

    def prepare(self, num_inputs: int) -> None:
        """Draw the initial weights, once."""
        _, linear = self.net.children()
        if isinstance(linear, nn.LazyLinear) and nn.parameter.is_lazy(linear.weight):
            state = Softmax(num_inputs, self.num_outputs).initial_state(self.seed, self.replicate)
            self.to(getattr(torch, self.dtype))
            # Loading a lazy layer's state gives it its shape, the first call its final class.
            linear.load_state_dict(
                {
                    "weight": from_host(state["layers.0.weight"].T.astype(self.dtype)),
                    "bias": from_host(state["layers.0.bias"].astype(self.dtype)),
                }
            )
            with torch.no_grad():
                linear(linear.weight.new_zeros(1, num_inputs))

    def prepare_for(self, state: State) -> None:
        """Give the layer the shape that it has in a state."""
        if "layers.0.weight" in state:
            self.prepare(len(state["layers.0.weight"]))


SoftmaxRegression = SoftmaxClassification
"""The published chapter's name for the same model."""

ORIGINALS = {name: getattr(SoftmaxClassification, name) for name in training.TRAINING_METHODS}


def softmax_layer(model: nn.Module) -> nn.Linear | None:
    """The dense layer of a model that is still softmax regression as the library made it, else None."""
    if not isinstance(model, SoftmaxClassification) or not training.keeps_originals(model, ORIGINALS):
        return None
    net = model.net
    if type(net) is not nn.Sequential or len(net) != 2 or type(net[0]) is not nn.Flatten:
        return None
    linear = net[1]
    if not isinstance(linear, nn.Linear) or not all(value.requires_grad for value in net.parameters()):
        return None
    hooked = any(
        module._forward_hooks or module._forward_pre_hooks or module._backward_hooks
        for module in model.modules()
    )
    return None if hooked else linear


def canonical_parameters(model: nn.Module) -> Iterator[tuple[str, torch.Tensor, bool]]:
    """Each parameter and buffer with its canonical name and whether the layout is transposed there."""
    layers = (layer for layer in model.modules() if any(True for _ in _own_tensors(layer)))
    for index, layer in enumerate(layers):
        for name, tensor in _own_tensors(layer):
            transposed = isinstance(layer, nn.Linear) and name == "weight"
            yield f"layers.{index}.{name}", tensor, transposed


def canonical_state(model: nn.Module) -> State:
    """Copies of a model's parameters and buffers in the port's layout."""
    return {
        name: _on_host(tensor.detach().t() if transposed else tensor.detach())
        for name, tensor, transposed in canonical_parameters(model)
    }


def load_canonical_state(model: nn.Module, state: State) -> None:
    """Replace a model's parameters and buffers by those of a canonical state."""
    with torch.no_grad():
        for name, tensor, transposed in canonical_parameters(model):
            value = from_host(state[name])
            tensor.copy_(value.t() if transposed else value)


def _on_host(tensor: torch.Tensor) -> Array:
    # NumPy has no bfloat16; float32 has each of its numbers.
    host = tensor.float() if tensor.dtype is torch.bfloat16 else tensor
    return host.cpu().numpy().copy()


def _own_tensors(layer: nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    yield from layer.named_parameters(recurse=False)
    yield from layer.named_buffers(recurse=False)
