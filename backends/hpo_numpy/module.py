"""The book's models, and any other that is written in NumPy.

autograd is imported where a model trains by its own steps: the fast path does without it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from hpo import training
from hpo.backend import Array
from hpo_numpy.backend import BACKEND
from hpo_numpy.sgd import SGD


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

    def __init__(self) -> None:
        self.parameters: dict[str, Array] = {}

    def __call__(self, *inputs: Any) -> Any:
        """Compute the outputs of a batch."""
        return self.catch(self.forward(*inputs))

    def forward(self, x: Any) -> Any:
        """The outputs of a batch: (examples, outputs)."""
        # As a module of any framework: only one that is called needs it.
        raise NotImplementedError(f"{type(self).__name__} defines no forward(x).")

    def prepare(self, example_shape: tuple[int, ...]) -> None:
        """Make the parameters that depend on the shape of one example; called before training."""

    def train(self) -> None:
        """Does nothing: it is here for code that sets a mode."""

    def eval(self) -> None:
        """Does nothing: it is here for code that sets a mode."""


class Fitted(Module):
    """What models that are trained at one learning rate have in common."""

    lr: float

    def configure_optimizers(self) -> SGD:
        """Plain SGD with the rate `lr`."""
        return SGD(self.lr)


class Classification(training.Classification, Fitted):
    """A model that scores classes, trained on the mean cross-entropy by SGD with the rate `lr`."""

    def loss(self, y_hat: Any, y: Any) -> Any:
        """The mean cross-entropy of a batch, in nats."""
        import autograd.numpy as anp

        # The largest score becomes 0, so that no exponential overflows.
        shifted = y_hat - anp.max(y_hat, axis=1, keepdims=True)
        picked = shifted[np.arange(len(y)), y]
        return anp.mean(anp.log(anp.sum(anp.exp(shifted), axis=1)) - picked)


class Regression(training.Regression, Fitted):
    """A model that predicts numbers, trained on the mean squared error by SGD with the rate `lr`."""

    def loss(self, y_hat: Any, y: Any) -> Any:
        """The mean squared error of a batch."""
        import autograd.numpy as anp

        return anp.mean((y_hat.reshape(y.shape) - y) ** 2)
