"""The book's models, and any other that is written in NumPy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from hpo import training
from hpo.context import current_trial
from hpo.port import Array, Softmax, State
from hpo.randomness import check_seed
from hpo_numpy.backend import BACKEND


class SGD:
    """Stochastic gradient descent in place, on a dict of parameters."""

    def __init__(self, lr: float) -> None:
        self.lr = lr

    def step(self, parameters: dict[str, Array], gradients: dict[str, Array]) -> None:
        """Take one step against the gradients."""
        for name, gradient in gradients.items():
            parameters[name] -= np.asarray(self.lr * gradient, parameters[name].dtype)


class Module(training.Module):
    """A model written in NumPy.

    A subclass fills the dict `parameters` and defines `forward`, `loss` and `configure_optimizers`.
    Gradients come from the package autograd, so what `forward` and `loss` do to the parameters is
    spelled with operators and with `autograd.numpy` in place of `numpy`.

    A checkpoint keeps the parameters, and of the model's and its optimizer's other attributes those that are
    arrays, numbers, NumPy's generators, or lists and dicts of them: running means, momenta, the generator
    that dropout draws from.
    """

    backend = BACKEND
    _caught: list[Any] | None = None

    def __init__(self) -> None:
        self.parameters: dict[str, Array] = {}

    def __call__(self, *inputs: Any) -> Any:
        """Compute the outputs of a batch."""
        output = self.forward(*inputs)
        if self._caught is not None:
            self._caught.append(output)
        return output

    @contextmanager
    def caught_outputs(self) -> Iterator[list[Any]]:
        """A list that gets what the model puts out inside the block, for whoever scores its steps."""
        self._caught = []
        try:
            yield self._caught
        finally:
            self._caught = None

    def forward(self, x: Any) -> Any:
        """The outputs of a batch: (examples, outputs)."""
        raise NotImplementedError(f"{type(self).__name__} defines no forward(x).")

    def prepare(self, example_shape: tuple[int, ...]) -> None:
        """Make the parameters that depend on the shape of one example; called before training."""

    def train(self) -> None:
        """For code that sets a mode; there is none here."""

    def eval(self) -> None:
        """For code that sets a mode; there is none here."""


class Classification(training.Classification, Module):
    """A model that scores classes, trained on the mean cross-entropy by SGD with the rate `lr`."""

    lr: float

    def loss(self, y_hat: Any, y: Any) -> Any:
        """The mean cross-entropy of a batch, in nats."""
        import autograd.numpy as anp  # here: training by the fast path needs no autograd

        shifted = y_hat - anp.max(y_hat, axis=1, keepdims=True)
        picked = shifted[np.arange(len(y)), y]
        return anp.mean(anp.log(anp.sum(anp.exp(shifted), axis=1)) - picked)

    def configure_optimizers(self) -> SGD:
        """Plain SGD with the rate `lr`."""
        return SGD(self.lr)


class Regression(training.Regression, Module):
    """A model that predicts numbers, trained on the mean squared error by SGD with the rate `lr`."""

    lr: float

    def loss(self, y_hat: Any, y: Any) -> Any:
        """The mean squared error of a batch."""
        import autograd.numpy as anp

        return anp.mean((y_hat.reshape(y.shape) - y) ** 2)

    def configure_optimizers(self) -> SGD:
        """Plain SGD with the rate `lr`."""
        return SGD(self.lr)


class SoftmaxClassification(Classification):
    """Softmax regression, with initial weights drawn from the seed.

    Args:
        num_outputs: classes.
        lr: learning rate.
        seed: of the initial weights; by default the current trial's.
    """

    def __init__(self, num_outputs: int, lr: float, seed: int | None = None) -> None:
        super().__init__()
        trial = current_trial()
        self.num_outputs, self.lr = num_outputs, lr
        self.seed = trial.seed if seed is None else check_seed(seed)
        self.replicate, self.dtype = trial.replicate, trial.dtype

    def prepare(self, example_shape: tuple[int, ...]) -> None:
        """Draw the initial weights, once."""
        if not self.parameters:
            shape = Softmax(int(np.prod(example_shape)), self.num_outputs)
            state = shape.initial_state(self.seed, self.replicate)
            self.parameters = {name: value.astype(self.dtype) for name, value in state.items()}

    def prepare_for(self, state: State) -> None:
        """Give the layer the shape that it has in a state."""
        if "layers.0.weight" in state:
            self.prepare((len(state["layers.0.weight"]),))

    def forward(self, x: Any) -> Any:
        """The scores of a batch."""
        self.prepare(x.shape[1:])
        flat = x.reshape(len(x), -1)
        return flat @ self.parameters["layers.0.weight"] + self.parameters["layers.0.bias"]


SoftmaxRegression = SoftmaxClassification
"""The published chapter's name for the same model."""

ORIGINALS = {name: getattr(SoftmaxClassification, name) for name in training.TRAINING_METHODS}
