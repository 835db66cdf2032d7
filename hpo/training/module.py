"""The framework-free half of models."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

import numpy as np

from hpo.backend import Array, Backend, State
from hpo.training.hyperparameters import HyperParameters
from hpo.training.scalar import Scalar

TRAINING_METHODS = ("loss", "forward", "training_step", "configure_optimizers")
"""What a fast path stands in for: it may be used only while all of these are the originals."""


class Module(HyperParameters):
    """The base of the book's models: a forward pass, a loss, an optimizer, and steps made of them.

    A subclass defines `forward` or sets `net`, and defines `loss` and `configure_optimizers`.
    """

    backend: ClassVar[Backend]
    _caught: list[Any] | None = None

    def training_step(self, batch: Any) -> Any:
        """The loss of one mini-batch, whose last part is the labels."""
        return _loss_of(self, batch)

    def validation_step(self, batch: Any) -> Any:
        """The loss of one validation batch."""
        return _loss_of(self, batch)

    def loss(self, y_hat: Any, y: Any) -> Any:
        """The mean loss of a batch, as a scalar of the framework."""
        raise NotImplementedError(f"{type(self).__name__} defines no loss(y_hat, y).")

    def configure_optimizers(self) -> Any:
        """The framework's optimizer for this model's parameters."""
        raise NotImplementedError(f"{type(self).__name__} defines no configure_optimizers().")

    def prepare_for(self, state: State) -> None:
        """Make the parameters that wait for the data's shape, in the shapes of a canonical state."""

    @contextmanager
    def caught_outputs(self) -> Iterator[list[Any]]:
        """A list that collects the model's outputs inside the block, for scoring its steps.

        A framework's hook would serve, too, but costs several times as much as the call of a small model.
        """
        # Not by `setattr`: a framework may take a list for a part of the model, and track it.
        caught: list[Any] = []
        object.__setattr__(self, "_caught", caught)
        try:
            yield caught
        finally:
            object.__delattr__(self, "_caught")

    def catch(self, outputs: Any) -> Any:
        """Return the outputs of a call, and keep them for scoring inside `caught_outputs`."""
        if self._caught is not None:
            self._caught.append(outputs)
        return outputs


class Fitted(Module):
    """A model of a net with one learning rate.

    Args:
        net: what is trained; a subclass may set `self.net` itself instead.
        lr: learning rate; a subclass may set `self.lr` itself instead.
    """

    lr: float

    def __init__(self, net: Any = None, lr: float | None = None) -> None:
        super().__init__()
        if net is not None:
            self.net = net
        if lr is not None:
            self.lr = lr


class Classification(Module):
    """A model that scores classes: (examples, classes) numbers for a batch."""

    def accuracy(self, y_hat: Any, y: Any, averaged: bool = True) -> Any:
        """The share of a batch that is classified rightly.

        Args:
            y_hat: (examples, classes) scores.
            y: (examples,) class indices.
            averaged: False returns (examples,) float32 ones and zeros as a NumPy array.

        Returns:
            A number on the host, in [0, 1], that also answers `.numpy()`.
        """
        right = _predictions(self.backend.to_numpy(y_hat)) == self.backend.to_numpy(y).reshape(-1)
        return Scalar(right.mean()) if averaged else right.astype(np.float32)


class Regression(Module):
    """A model that predicts numbers: (examples, outputs) for a batch, or (examples,)."""


def _loss_of(model: Any, batch: Any) -> Any:
    *inputs, labels = batch
    return model.loss(model(*inputs), labels)


def _predictions(scores: Array) -> Array:
    return np.asarray(scores.reshape(len(scores), -1).argmax(axis=1))


class Originals:
    """The methods of the library's models as the library defined them.

    Args:
        kinds: the models.
        more: names of methods that a fast path stands in for, beside `TRAINING_METHODS`.
    """

    def __init__(self, *kinds: type, more: Sequence[str] = ()) -> None:
        names = (*TRAINING_METHODS, *more)
        self._methods = {kind: {name: getattr(kind, name) for name in names} for kind in kinds}

    def kept_by(self, model: Any) -> bool:
        """Whether a model is of these kinds and has none of the methods replaced.

        They may be in a subclass, by `add_to_class` or on the object.
        """
        methods = next((methods for kind, methods in self._methods.items() if isinstance(model, kind)), None)
        return methods is not None and all(
            getattr(type(model), name, None) is original and name not in vars(model)
            for name, original in methods.items()
        )
