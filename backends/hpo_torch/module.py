"""The book's models, and any other `torch.nn.Module`."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from hpo import training
from hpo_torch.backend import BACKEND


class Module(nn.Module, training.Module):
    """A `torch.nn.Module` that knows its loss and its optimizer.

    A subclass sets `net` or defines `forward`, and defines `loss` and `configure_optimizers`.
    """

    backend = BACKEND
    net: nn.Module

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        """Compute the outputs of a batch."""
        return self.catch(super().__call__(*inputs, **options))

    def forward(self, x: Any) -> Any:
        """The outputs of `net`."""
        return self.net(x)


class Fitted(training.Fitted, Module):
    """What models of a net have in common: see `hpo.training.Fitted`."""

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Plain SGD with the rate `lr`."""
        return torch.optim.SGD(self.parameters(), lr=self.lr)


class Classification(training.Classification, Fitted):
    """A model that scores classes, trained on the mean cross-entropy by SGD with the rate `lr`.

    Args:
        net: a model of torch's own to train; a subclass may set `self.net` itself instead.
        lr: learning rate; a subclass may set `self.lr` itself instead.
    """

    def loss(self, y_hat: Any, y: Any) -> Any:
        """The mean cross-entropy of a batch, in nats."""
        return nn.functional.cross_entropy(y_hat, y)


class Regression(training.Regression, Fitted):
    """A model that predicts numbers, trained on the mean squared error by SGD with the rate `lr`.

    Args:
        net: a model of torch's own to train, whose outputs are (examples, outputs); a subclass may set
            `self.net` itself instead.
        lr: learning rate; a subclass may set `self.lr` itself instead.
    """

    def loss(self, y_hat: Any, y: Any) -> Any:
        """The mean squared error of a batch."""
        return nn.functional.mse_loss(y_hat.reshape(y.shape), y)
