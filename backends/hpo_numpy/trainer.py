"""The book's `Trainer` and data for NumPy, and its objective."""

from __future__ import annotations

from typing import Any

from hpo import training
from hpo_numpy.backend import BACKEND
from hpo_numpy.models import SoftmaxClassification
from hpo_numpy.module import Module
from hpo_numpy.module_run import ModuleRun


class DataModule(training.DataModule):
    """Training and validation data: see `hpo.training.DataModule`.

    Example:
        >>> import numpy as np
        >>> import hpo_numpy as d2l
        >>> x, y = np.zeros((50, 8, 8), np.uint8), np.arange(50) % 10
        >>> data = d2l.DataModule(train=(x[:40], y[:40]), validation=(x[40:], y[40:]), batch_size=16)
        >>> [images.shape for images, labels in data.train_dataloader()]
        [(16, 8, 8), (16, 8, 8), (8, 8, 8)]
    """

    backend = BACKEND


class FashionMNIST(training.FashionMNIST, DataModule):
    """Fashion-MNIST: see `hpo.training.FashionMNIST`. Images come as (batch, 1, 28, 28).

    Example:
        >>> import hpo_numpy as d2l
        >>> data = d2l.FashionMNIST(batch_size=64, folder="sample", validation="holdout")
        >>> len(data.arrays.train_x), len(data.arrays.val_x)
        (5000, 1000)
    """


class Trainer(training.Trainer):
    """Trains a `Module`: see `hpo.training.Trainer`.

    Example:
        >>> import hpo_numpy as d2l
        >>> trainer = d2l.Trainer(max_epochs=1, seed=0)
        >>> trainer.fit(d2l.MLP(10, 16, lr=0.5, seed=0), d2l.FashionMNIST(batch_size=256, folder="sample"))
        >>> list(trainer.history[0])
        ['epoch', 'train_loss', 'train_error', 'val_loss', 'val_error']
    """

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
    """A `Trainer` with `validation_error()`: see `hpo.training.HPOTrainer`.

    Example:
        >>> import hpo
        >>> import hpo_numpy as d2l
        >>> data = d2l.FashionMNIST(batch_size=256, folder="sample")
        >>> def objective(learning_rate):
        ...     trainer = d2l.HPOTrainer(max_epochs=1)
        ...     trainer.fit(d2l.SoftmaxClassification(10, lr=learning_rate), data)
        ...     return trainer.validation_error().numpy()
        >>> searcher = d2l.RandomSearcher({"learning_rate": hpo.Choice([0.001, 0.1])}, seed=2)
        >>> tuner = d2l.HPOTuner(d2l.BasicScheduler(searcher), objective)
        >>> tuner.run(number_of_trials=2)  # doctest: +ELLIPSIS
        trial 0: {'learning_rate': 0.001}
            error 0.8...
        trial 1: {'learning_rate': 0.1}
            error 0.3...
    """


hpo_objective_softmax_classification = training.softmax_objective(
    Trainer, FashionMNIST, SoftmaxClassification
)
