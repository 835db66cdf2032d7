"""The book's `Trainer` and data for MXNet, and its objective."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from hpo import training
from hpo.backend import Array
from hpo_mxnet.arrays import arrays_of, from_host, in_force, is_initialized
from hpo_mxnet.backend import BACKEND
from hpo_mxnet.compat import mx
from hpo_mxnet.models import Network, SoftmaxClassification
from hpo_mxnet.module import Module
from hpo_mxnet.module_run import ModuleRun


class DatasetBatches(training.OrderedBatches):
    """Mini-batches of a Gluon `Dataset`, put together as a `DataLoader` does."""

    def __init__(
        self,
        dataset: Any,
        batch_size: int,
        *,
        shuffle: bool,
        last_batch: training.LastBatch = "keep",
    ) -> None:
        num_examples = len(dataset)
        super().__init__(num_examples, batch_size, shuffle=shuffle, last_batch=last_batch)
        self._dataset = dataset

    def visit(self, order: Array) -> Iterator[Any]:
        """Batches of the items `order`."""
        return iter(mx.gluon.data.DataLoader(self._dataset, batch_sampler=self.cut(order)))


class DataModule(training.DataModule):
    """Training and validation data: pairs of arrays, a Gluon `Dataset` or a `DataLoader` each.

    See `hpo.training.DataModule`. A `Dataset` is visited in the library's order, which is the same on
    every framework; a `DataLoader` in its own, which one that shuffles draws anew when a trial goes on from
    a checkpoint: that trial is not resumed exactly.
    """

    backend = BACKEND

    def load_from(self, source: Any, train: bool) -> Any:
        """An iterable of batches from a `Dataset` or `DataLoader`."""
        if isinstance(source, mx.gluon.data.DataLoader):
            self.check_own_batches(source, train, "DataLoader(..., last_batch='discard')")
            return source
        if isinstance(source, mx.gluon.data.Dataset):
            last_batch = self.last_batch if train else "keep"
            return DatasetBatches(source, self.batch_size, shuffle=train, last_batch=last_batch)
        return super().load_from(source, train)


class FashionMNIST(training.FashionMNIST, DataModule):
    """Fashion-MNIST: see `hpo.training.FashionMNIST`. Images come as (batch, 1, 28, 28)."""


class Trainer(training.Trainer):
    """Trains a `Module`: see `hpo.training.Trainer`.

    A model gets batches of the kind that its parameters are: `mx.np` arrays if they were initialised
    with NumPy semantics on (`npx.set_np()`, or a scope), else `mx.nd` arrays, and is called with the
    same semantics on or off, whatever is in force around the trainer. A model that has no parameters yet
    gets them here, by Gluon's default, with the semantics in force. So for a block that computes with
    `mx.np`, call `npx.set_np()` first, as everywhere in MXNet; a classic `hybrid_forward` block needs
    nothing.

    Batches that are taken from `train_dataloader` or `val_dataloader` by hand are of the kind in force.
    """

    backend = BACKEND

    def prepare_model(self, model: Any) -> None:
        """Check `model`, put it on the device, and give it the parameters that it lacks."""
        if not isinstance(model, Module):
            raise TypeError(
                f"model must be a hpo_mxnet.Module; received {type(model).__name__}. A Gluon block is "
                f"wrapped so: hpo_mxnet.Classification(net, lr=0.1)."
            )
        super().prepare_model(model)
        with arrays_of(model):
            if isinstance(model, Network) and self.arrays is not None:
                model.prepare(self.arrays.train_x.shape[1:], self.device)
            for parameter in model.collect_params().values():
                # A deferred parameter was initialised by the user and waits for its shape: `_finish` gives it
                # one.
                if not is_initialized(parameter) and not parameter._deferred_init:
                    parameter.initialize(ctx=self.device)
                elif parameter.list_ctx() != [self.device]:
                    parameter.reset_ctx(self.device)
            if not all(map(is_initialized, model.collect_params().values())):
                self._finish(model)

    def prepare_batch(self, batch: Any) -> Any:
        """Move a batch to this trainer's device, as the kind of arrays that is in force."""
        return [self._place(part) for part in batch]

    def predict(self, model: Any) -> tuple[Array, Array]:
        """The labels of all validation examples and the model's outputs: see `hpo.training.Trainer`."""
        with arrays_of(model), mx.autograd.pause():
            return super().predict(model)

    def start(self, model: Any) -> ModuleRun:
        """A run of this one model."""
        return ModuleRun(model, self)

    def _place(self, part: Any) -> Any:
        if isinstance(part, np.ndarray):
            return from_host(part, self.device)
        return in_force(part.as_nd_ndarray().as_in_context(self.device))

    def _finish(self, model: Module) -> None:
        """Give layers their shapes by one call, in prediction mode: no running statistics move."""
        # Of the validation data, since iterating over the training data counts an epoch.
        *inputs, _ = self.prepare_batch(next(iter(self.val_dataloader)))
        with mx.autograd.pause():
            model(*inputs)


class HPOTrainer(training.HPOTrainer, Trainer):
    """A `Trainer` with `validation_error()`: see `hpo.training.HPOTrainer`."""


hpo_objective_softmax_classification = training.softmax_objective(
    Trainer, FashionMNIST, SoftmaxClassification
)
