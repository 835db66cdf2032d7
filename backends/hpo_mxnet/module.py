"""The book's models, and any other Gluon block."""

from __future__ import annotations

from functools import cache
from typing import Any

from hpo import training
from hpo_mxnet.arrays import arrays_like
from hpo_mxnet.backend import BACKEND
from hpo_mxnet.compat import mx


class Module(mx.gluon.Block, training.Module):  # type: ignore[misc]  # MXNet has no types
    """A Gluon block that knows its loss and its optimizer.

    A subclass sets `net` or defines `forward`, and defines `loss` and `configure_optimizers`. It is a
    `Block` and not a `HybridBlock`, which would take neither blocks nor a `forward` written freely;
    `hybridize()` reaches the blocks inside it.
    """

    backend = BACKEND
    net: Any

    def __call__(self, *inputs: Any) -> Any:
        """Compute the outputs of a batch."""
        return self.catch(super().__call__(*inputs))

    def forward(self, *inputs: Any) -> Any:
        """The outputs of `net`."""
        return self.net(*inputs)

    def train(self) -> None:
        """For code that sets a mode: Gluon's layers train inside `autograd.record()`, and only there."""

    def eval(self) -> None:
        """For code that sets a mode: Gluon's layers predict outside of `autograd.record()`."""


class MeanCrossEntropy(mx.gluon.HybridBlock):  # type: ignore[misc]  # MXNet has no types
    """The mean cross-entropy of a batch in nats, from scores (n, classes) and labels (n,)."""

    def hybrid_forward(self, F: Any, scores: Any, labels: Any) -> Any:  # noqa: N803  # Gluon's name
        """One number."""
        operators = F.npx if mx.util.is_np_array() else F
        return -operators.pick(operators.log_softmax(scores, axis=-1), labels, axis=-1).mean()


@cache
def _cross_entropy(numpy_semantics: bool) -> MeanCrossEntropy:
    """The block as one operator: called one by one, its parts would take a fifth of a small step.

    It is made once for each kind of arrays, since a hybridised block keeps to the first that it saw.
    """
    block = MeanCrossEntropy()
    block.hybridize()
    return block


class Fitted(training.Fitted, Module):
    """What models of a net have in common: see `hpo.training.Fitted`."""

    def configure_optimizers(self) -> Any:
        """Plain SGD with the rate `lr`, as a `gluon.Trainer`.

        Its `step(batch_size)` divides the gradients by `batch_size`. The loss is the mean of the batch
        already, so a loop written by hand calls `step(1)`.
        """
        return mx.gluon.Trainer(self.collect_params(), "sgd", {"learning_rate": self.lr})


class Classification(training.Classification, Fitted):
    """A model that scores classes, trained on the mean cross-entropy by SGD with the rate `lr`.

    Args:
        net: a Gluon block to train; a subclass may set `self.net` itself instead.
        lr: learning rate; a subclass may set `self.lr` itself instead.
    """

    def loss(self, y_hat: Any, y: Any) -> Any:
        """The mean cross-entropy of a batch, in nats."""
        with arrays_like(y_hat):
            return _cross_entropy(mx.util.is_np_array())(y_hat, y)


class Regression(training.Regression, Fitted):
    """A model that predicts numbers, trained on the mean squared error by SGD with the rate `lr`.

    Args:
        net: a model of Gluon's own to train, whose outputs are (examples, outputs); a subclass may set
            `self.net` itself instead.
        lr: learning rate; a subclass may set `self.lr` itself instead.
    """

    def loss(self, y_hat: Any, y: Any) -> Any:
        """The mean squared error of a batch."""
        with arrays_like(y_hat):
            return ((y_hat.reshape(y.shape) - y) ** 2).mean()
