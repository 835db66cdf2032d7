"""The book's models, and any other that is made of Flax's NNX, or of its older linen."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import optax
from flax import linen, nnx

from hpo import training
from hpo.backend import State
from hpo.errors import CheckpointError
from hpo_jax.backend import BACKEND
from hpo_jax.linen_nets import LinenNet, as_nnx, fields_of, is_written_in_linen, net_of_class


class _Aside:
    """What the library keeps in a model, in slots, where NNX does not look: a `Trainer` is no part of it."""

    __slots__ = ("_caught", "hparams", "trainer")


class Module(nnx.Module, _Aside, training.Module):  # type: ignore[misc]  # JAX's types are not at hand
    """A `flax.nnx.Module` that knows its loss and its optimizer.

    A subclass sets `net` or defines `forward` (or `__call__`, as NNX has it), and defines `loss` and
    `configure_optimizers`, which returns an Optax transformation. One that is written as a linen module, with
    fields and a compact `__call__` or `setup`, gets a linen net.

    A `Trainer` traces the methods once and compiles them. What they do beside computing, such as printing,
    they do while they are traced.
    """

    backend = BACKEND
    net: Any

    def __init_subclass__(cls, **options: Any) -> None:
        if is_written_in_linen(cls):
            net = net_of_class(cls)

            def begin(self: Any, *arguments: Any, **named: Any) -> None:
                super(cls, self).__init__()
                self.net = net(*arguments, **named)
                for name in fields_of(net):
                    setattr(self, name, getattr(self.net, name))

            cls.__init__ = begin  # type: ignore[method-assign]  # fields make the constructor
        elif "__call__" in vars(cls):
            cls.__call__ = _catching(vars(cls)["__call__"])  # type: ignore[method-assign]  # of a subclass
        super().__init_subclass__(**options)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _Aside.__slots__:
            object.__setattr__(self, name, value)
        else:
            super().__setattr__(name, value)

    def __getattr__(self, name: str) -> Any:
        if name == "_caught":  # a slot that is empty
            return None
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        """Compute the outputs of a batch."""
        return self.catch(self.forward(*inputs, **options))

    def forward(self, x: Any) -> Any:
        """The outputs of `net`."""
        if isinstance(self.net, linen.Module):
            self.prepare_net(x)
        return self.net(x)

    def train(self, **attributes: Any) -> None:
        """Set the mode for training, which is also the initial one: dropout is on, statistics move."""
        super().train(**attributes)
        self._tell(learns=True)

    def eval(self, **attributes: Any) -> None:
        """Set the mode for everything else."""
        super().eval(**attributes)
        self._tell(learns=False)

    def _tell(self, *, learns: bool) -> None:
        net = vars(self).get("net")
        if isinstance(net, LinenNet):
            net.to_nnx__learns = learns

    def prepare_for(self, state: State) -> None:
        """Refuse a linen net that has met no batch: its parameters would have no shapes.

        Raises:
            CheckpointError: it is one.
        """
        if isinstance(vars(self).get("net"), linen.Module):
            raise CheckpointError(
                f"The net of this {type(self).__name__} is of flax.linen and has met no batch yet: it has no "
                f"parameters to restore. Call the model with a batch first, model(x)."
            )

    def prepare_net(self, *inputs: Any) -> None:
        """Make a linen net, which knows no shapes yet, a net with parameters by a batch of inputs."""
        if isinstance(vars(self).get("net"), linen.Module):
            # NNX took it for a value, and is told that it has parameters now.
            self.net = nnx.data(as_nnx(self.net, *inputs))

    def apply(self, variables: Any, *inputs: Any, **options: Any) -> Any:
        """The outputs of a linen net for its variables, as the published book calls it.

        Raises:
            TypeError: the net is none of linen's.
        """
        module = getattr(self.net, "to_nnx__module", self.net)
        if not isinstance(module, linen.Module):
            raise TypeError(
                f"apply() is for nets of flax.linen, and the net of this {type(self).__name__} is a "
                f"{type(module).__name__}. It has its parameters itself: call it, as model(x)."
            )
        return module.apply(variables, *inputs, **options)


def _catching(call: Callable[..., Any]) -> Callable[..., Any]:
    """The `__call__` of a subclass, whose outputs are kept for scoring; those of calls inside it are not."""

    @functools.wraps(call)
    def catching(self: Module, *inputs: Any, **options: Any) -> Any:
        caught, self._caught = self._caught, None
        try:
            outputs = call(self, *inputs, **options)
        finally:
            self._caught = caught
        return self.catch(outputs)

    return catching


class Fitted(training.Fitted, Module):
    """What models of a net have in common: see `hpo.training.Fitted`."""

    def configure_optimizers(self) -> optax.GradientTransformation:
        """Plain SGD with the rate `lr`."""
        return optax.sgd(self.lr)


class Classification(training.Classification, Fitted):
    """A model that scores classes, trained on the mean cross-entropy by SGD with the rate `lr`.

    Args:
        net: a module of NNX or linen to train, whose outputs are scores (logits); a subclass may set
            `self.net` itself instead.
        lr: learning rate; a subclass may set `self.lr` itself instead.
    """

    def loss(self, y_hat: Any, y: Any) -> Any:
        """The mean cross-entropy of a batch, in nats."""
        return optax.softmax_cross_entropy_with_integer_labels(y_hat, y).mean()


class Regression(training.Regression, Fitted):
    """A model that predicts numbers, trained on the mean squared error by SGD with the rate `lr`.

    Args:
        net: a module of NNX or linen to train, whose outputs are (examples, outputs); a subclass may set
            `self.net` itself instead.
        lr: learning rate; a subclass may set `self.lr` itself instead.
    """

    def loss(self, y_hat: Any, y: Any) -> Any:
        """The mean squared error of a batch."""
        return jnp.square(y_hat.reshape(y.shape) - y).mean()
