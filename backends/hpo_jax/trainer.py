"""The book's `Trainer` and data for JAX, and its objective."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
from flax import linen, nnx
from flax.training.train_state import TrainState

from hpo import training
from hpo_jax.backend import BACKEND
from hpo_jax.linen_nets import LinenNet
from hpo_jax.models import Network, SoftmaxClassification
from hpo_jax.module import Module
from hpo_jax.module_run import ModuleRun, transformation_of


class DataModule(training.DataModule):
    """Training and validation data: pairs of arrays, or anything that gives batches again and again.

    See `hpo.training.DataModule`. JAX has no data sets of its own. A `DataLoader` of torch or Grain, a
    `tf.data.Dataset`: each pass through it is an epoch, in its own order and batches. One
    that shuffles itself draws anew when a trial goes on from a checkpoint: that trial is not resumed exactly.
    Images stand as (batch, height, width, channels), as Flax's convolutions take them.
    """

    backend = BACKEND

    def load_from(self, source: Any, train: bool) -> Any:
        """An iterable of batches.

        Raises:
            TypeError: it gives none, or can be passed through once only.
        """
        if isinstance(source, Iterator):
            raise TypeError(
                f"A {type(source).__name__} can be passed through once, and each epoch is a pass: hand on "
                f"what it was made of, such as the DataLoader and not iter(loader)."
            )
        if not hasattr(source, "__iter__"):
            return super().load_from(source, train)
        self.check_own_batches(source, train, "batches of one size")
        return source


class FashionMNIST(training.FashionMNIST, DataModule):
    """Fashion-MNIST: see `hpo.training.FashionMNIST`. Images come as (batch, 28, 28, 1)."""

    image_shape = (28, 28, 1)


class Trainer(training.Trainer):
    """Trains a `Module`: see `hpo.training.Trainer`.

    What NNX's layers draw (dropout, noise) comes from their streams of keys, which a checkpoint keeps.
    """

    backend = BACKEND

    def prepare_model(self, model: Any) -> None:
        """Check `model`, put it on the device, and make a net that waits for the shapes of the data.

        Raises:
            TypeError: it is no `hpo_jax.Module`.
        """
        if not isinstance(model, Module):
            older = " (of Flax's linen)" if isinstance(model, linen.Module) else ""
            raise TypeError(
                f"model must be a hpo_jax.Module; received {type(model).__name__}{older}. A module of NNX or "
                f"linen is wrapped so: hpo_jax.Classification(net, lr=0.1)."
            )
        super().prepare_model(model)
        if isinstance(model, Network) and self.arrays is not None:
            model.prepare(self.arrays.train_x.shape[1:])
        else:
            # Of the validation data, since iterating over the training data counts an epoch.
            *inputs, _ = next(iter(self.val_dataloader))
            model.prepare_net(*inputs)
        nnx.update(model, jax.device_put(nnx.state(model), self.device))

    def start(self, model: Any) -> ModuleRun:
        """A run of this one model."""
        return ModuleRun(model, self)

    @property
    def state(self) -> TrainState:
        """The parameters of a fitted linen net as the published book has them: `state.params`.

        Raises:
            TypeError: the net is none of linen's.
        """
        net = getattr(self.model, "net", None)
        if not isinstance(net, LinenNet):
            raise TypeError(
                f"state is for nets of flax.linen; this Trainer has fitted a {type(net).__name__}. A module "
                f"of NNX has its parameters itself: nnx.state(model)."
            )
        parameters = nnx.to_pure_dict(nnx.state(net, nnx.Param))
        return TrainState.create(
            apply_fn=net.to_nnx__module.apply, params=parameters, tx=transformation_of(self.model)
        )


class HPOTrainer(training.HPOTrainer, Trainer):
    """A `Trainer` with `validation_error()`: see `hpo.training.HPOTrainer`."""


hpo_objective_softmax_classification = training.softmax_objective(
    Trainer, FashionMNIST, SoftmaxClassification
)
