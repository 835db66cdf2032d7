"""The book's `Trainer` and data for NumPy, and its objective."""

from __future__ import annotations

from typing import Any

from hpo import training
from hpo_numpy.backend import BACKEND
from hpo_numpy.models import SoftmaxClassification
from hpo_numpy.module import Module
from hpo_numpy.module_run import ModuleRun


class DataModule(training.DataModule):
    """Training and validation data: see `hpo.training.DataModule`."""

    backend = BACKEND


class FashionMNIST(training.FashionMNIST, DataModule):
    """Fashion-MNIST: see `hpo.training.FashionMNIST`. Images come as (batch, 1, 28, 28)."""


class Trainer(training.Trainer):
    """Trains a `Module`: see `hpo.training.Trainer`."""

    backend = BACKEND

    def prepare_model(self, model: Any) -> None:
        """Check `model` and make the parameters that depend on the data's shape."""
        if not isinstance(model, Module):
            raise TypeError(f"model must be a hpo_numpy.Module; received {type(model).__name__}.")
        super().prepare_model(model)
        # Of the validation data, since iterating over the training data counts an epoch.
        x, *_ = next(iter(self.val_dataloader))
        model.prepare(x.shape[1:])

    def start(self, model: Any) -> ModuleRun:
        """A run of this one model."""
        return ModuleRun(model, self)


class HPOTrainer(training.HPOTrainer, Trainer):
    """A `Trainer` with `validation_error()`: see `hpo.training.HPOTrainer`."""


hpo_objective_softmax_classification = training.softmax_objective(
    Trainer, FashionMNIST, SoftmaxClassification
)
