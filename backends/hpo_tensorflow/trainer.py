"""The book's `Trainer` and data for TensorFlow, and its objective."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from hpo import training
from hpo.port import Run
from hpo_tensorflow.backend import BACKEND
from hpo_tensorflow.module import Module, SoftmaxClassification
from hpo_tensorflow.module_run import ModuleRun


class DataModule(training.DataModule):
    """Training and validation data: pairs of arrays, or a `tf.data.Dataset` each.

    See `hpo.training.DataModule`. A `Dataset` comes in its own order. One of single examples (labels
    without an axis) is put into batches of `batch_size`.
    """

    backend = BACKEND

    def load_from(self, source: Any, train: bool) -> Any:
        """An iterable of batches from a `tf.data.Dataset` of (inputs, labels)."""
        if not isinstance(source, tf.data.Dataset):
            return super().load_from(source, train)
        labels = tf.nest.flatten(source.element_spec)[-1]
        single = labels.shape.rank == 0
        return source.batch(self.batch_size) if single else source


class FashionMNIST(training.FashionMNIST, DataModule):
    """Fashion-MNIST: see `hpo.training.FashionMNIST`. Images come as (batch, 28, 28, 1)."""

    image_shape = (28, 28, 1)


class Trainer(training.Trainer):
    """Trains a `Module`: see `hpo.training.Trainer`."""

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
            *inputs, _ = next(iter(self.val_dataloader))
            with tf.device(self.device):
                model(*inputs, training=False)

    def start(self, model: Any) -> Run:
        """A run of this one model."""
        return ModuleRun(model, self)


class HPOTrainer(training.HPOTrainer, Trainer):
    """A `Trainer` with `validation_error()`: see `hpo.training.HPOTrainer`."""


hpo_objective_softmax_classification = training.softmax_objective(
    Trainer, FashionMNIST, SoftmaxClassification
)
