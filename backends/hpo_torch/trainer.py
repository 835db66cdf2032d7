"""The book's `Trainer` and data for PyTorch, and its objective."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset, IterableDataset

from hpo import training
from hpo.backend import Array
from hpo_torch.backend import BACKEND
from hpo_torch.models import Network, SoftmaxClassification
from hpo_torch.module import Module
from hpo_torch.module_run import ModuleRun


class DatasetBatches(training.OrderedBatches):
    """Mini-batches of a torch `Dataset`, collated as a `DataLoader` does."""

    def __init__(
        self,
        dataset: Dataset[Any],
        batch_size: int,
        *,
        shuffle: bool,
        last_batch: training.LastBatch = "keep",
    ) -> None:
        num_examples = len(dataset)  # type: ignore[arg-type]  # it has indices
        super().__init__(num_examples, batch_size, shuffle=shuffle, last_batch=last_batch)
        self._dataset = dataset

    def visit(self, order: Array) -> Iterator[Any]:
        """Collated batches of the items `order`."""
        return iter(DataLoader(self._dataset, batch_sampler=self.cut(order)))


class DataModule(training.DataModule):
    """Training and validation data: pairs of arrays, a torch `Dataset` or a `DataLoader` each.

    See `hpo.training.DataModule`. A `Dataset` is visited in the library's order, which is the same on
    every framework; a `DataLoader`, or a data set without indices, in its own, which a `DataLoader` that
    shuffles draws anew when a trial goes on from a checkpoint: that trial is not resumed exactly.
    """

    backend = BACKEND

    def load_from(self, source: Any, train: bool) -> Any:
        """An iterable of batches from a `Dataset` or `DataLoader`."""
        if isinstance(source, (DataLoader, IterableDataset)):
            self.check_own_batches(source, train, "DataLoader(..., drop_last=True)")
            return source if isinstance(source, DataLoader) else DataLoader(source, self.batch_size)
        if isinstance(source, Dataset):
            last_batch = self.last_batch if train else "keep"
            return DatasetBatches(source, self.batch_size, shuffle=train, last_batch=last_batch)
        return super().load_from(source, train)


class FashionMNIST(training.FashionMNIST, DataModule):
    """Fashion-MNIST: see `hpo.training.FashionMNIST`. Images come as (batch, 1, 28, 28)."""


class Trainer(training.Trainer):
    """Trains a `Module`: see `hpo.training.Trainer`."""

    backend = BACKEND

    def prepare_model(self, model: Any) -> None:
        """Check `model`, put it on the device, and give lazy layers their shape."""
        if not isinstance(model, Module):
            raise TypeError(
                f"model must be a hpo_torch.Module; received {type(model).__name__}. A model of torch's own "
                f"is wrapped so: hpo_torch.Classification(net, lr=0.1)."
            )
        super().prepare_model(model)
        if isinstance(model, Network) and self.arrays is not None:
            model.prepare(self.arrays.train_x.shape[1:])
        elif any(torch.nn.parameter.is_lazy(parameter) for parameter in model.parameters()):
            self._materialize(model)
        model.to(self.device)

    def prepare_batch(self, batch: Any) -> Any:
        """Move a batch to this trainer's device."""
        return [part.to(self.device) for part in batch]

    def start(self, model: Any) -> ModuleRun:
        """A run of this one model."""
        return ModuleRun(model, self)

    def _materialize(self, model: Module) -> None:
        """Give lazy layers their shapes by one call, in evaluation mode: no running statistics move."""
        # Of the validation data, since iterating over the training data counts an epoch.
        *inputs, _ = next(iter(self.val_dataloader))
        was_training = model.training
        model.eval()
        with torch.no_grad():
            model(*inputs)
        model.train(was_training)


class HPOTrainer(training.HPOTrainer, Trainer):
    """A `Trainer` with `validation_error()`: see `hpo.training.HPOTrainer`."""


hpo_objective_softmax_classification = training.softmax_objective(
    Trainer, FashionMNIST, SoftmaxClassification
)
