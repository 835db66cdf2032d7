"""The book's `Trainer` and data for TensorFlow, and its objective."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import tensorflow as tf

from hpo import training
from hpo_tensorflow.backend import BACKEND
from hpo_tensorflow.models import SoftmaxClassification
from hpo_tensorflow.module import Module
from hpo_tensorflow.module_run import ModuleRun


class PyDatasetBatches:
    """One pass through a Keras `PyDataset` at a time, which hears where its epochs begin and end."""

    def __init__(self, source: Any) -> None:
        self._source = source

    def __iter__(self) -> Iterator[Any]:
        self._source.on_epoch_begin()
        yield from (self._source[i] for i in range(self._source.num_batches))
        self._source.on_epoch_end()


class DataModule(training.DataModule):
    """Training and validation data: pairs of arrays, a `tf.data.Dataset` or a Keras `PyDataset` each.

    See `hpo.training.DataModule`. Both kinds of data sets come in their own order and, a `PyDataset`
    always, in their own batches; a `Dataset` of single examples (labels without an axis) is put into
    batches of `batch_size`. One that shuffles itself draws anew when a trial goes on from a checkpoint:
    that trial is not resumed exactly.
    """

    backend = BACKEND

    def load_from(self, source: Any, train: bool) -> Any:
        """An iterable of batches from a data set of TensorFlow or Keras."""
        if isinstance(source, (keras.utils.PyDataset, tf.data.Dataset)):
            self.check_own_batches(source, train, "dataset.batch(..., drop_remainder=True)")
        if isinstance(source, keras.utils.PyDataset):
            if source.num_batches is None:
                raise ValueError(
                    f"{type(source).__name__} never ends, and an epoch is one pass through it: let its "
                    f"num_batches be a number."
                )
            return PyDatasetBatches(source)
        if not isinstance(source, tf.data.Dataset):
            return super().load_from(source, train)
        labels = tf.nest.flatten(source.element_spec)[-1]
        single = labels.shape.rank == 0
        return source.batch(self.batch_size) if single else source


class FashionMNIST(training.FashionMNIST, DataModule):
    """Fashion-MNIST: see `hpo.training.FashionMNIST`. Images come as (batch, 28, 28, 1)."""

    image_shape = (28, 28, 1)


class Trainer(training.Trainer):
    """Trains a `Module`: see `hpo.training.Trainer`.

    What Keras' layers draw (dropout, noise) comes from their seed generators, which a checkpoint keeps.
    What a model draws by `tf.random.normal` and its like does not, since a graph fixes their seeds when it
    is traced: a trial that uses them goes on from a checkpoint with other draws. `tf.random.Generator`, kept
    by `trial.checkpoint(generator=...)`, has none of this.
    """

    backend = BACKEND

    def prepare_model(self, model: Any) -> None:
        """Check `model`, and make the variables that depend on the data's shape, on the device."""
        if not isinstance(model, Module):
            raise TypeError(
                f"model must be a hpo_tensorflow.Module; received {type(model).__name__}. A model or layer "
                f"of Keras' own is wrapped so: hpo_tensorflow.Classification(net, lr=0.1)."
            )
        model.__dict__["trainer"] = self  # past Keras' own attributes, which would track its parts
        if not model.built:
            # Of the validation data, since iterating over the training data counts an epoch.
            *inputs, _ = next(iter(self.val_dataloader))
            with tf.device(self.device):
                model(*inputs, training=False)

    def start(self, model: Any) -> ModuleRun:
        """A run of this one model."""
        return ModuleRun(model, self)


class HPOTrainer(training.HPOTrainer, Trainer):
    """A `Trainer` with `validation_error()`: see `hpo.training.HPOTrainer`."""


hpo_objective_softmax_classification = training.softmax_objective(
    Trainer, FashionMNIST, SoftmaxClassification
)
