"""The port: the only thing of a backend that the core ever calls.

A backend is an object that satisfies `Backend`, registered under the entry-point group
`hpo.backends`. Only NumPy arrays and the small frozen records of this module cross the port, in one
canonical layout:

- a dense weight is (inputs, outputs), its bias (outputs,), named `layers.<i>.weight` and `.bias`;
- examples are uint8 (a pixel p means p / 255) or floating point, with the examples first; images
  are flattened as channels, height, width;
- labels are integers in [0, outputs).

A `Run` holds K >= 1 models of one shape that see the same mini-batches: a single trial is K = 1, a
cohort is K > 1. `hpo.testing.BackendContract` tests everything that is said here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from hpo.randomness import uniforms

Array = NDArray[Any]
State = dict[str, Array]
"""A model's parameters by canonical name, in the canonical layout."""

DType = Literal["float32", "float64"]


@dataclass(frozen=True)
class Softmax:
    """Softmax regression: one dense layer from the flattened example to one score for each class.

    Attributes:
        num_inputs: numbers in one flattened example, at least 1.
        num_outputs: classes, at least 2.
    """

    num_inputs: int
    num_outputs: int

    def initial_state(self, seed: int, replicate: int = 0) -> State:
        """The initial parameters, float64: the same on every framework for the same seed.

        Weights are uniform in [-b, b] with b = 1 / sqrt(num_inputs) (LeCun et al. 1998, "Efficient
        BackProp", section 4.6, as a uniform distribution); biases are zero.
        """
        bound = self.num_inputs**-0.5
        shape = (self.num_inputs, self.num_outputs)
        draws = uniforms(seed, "training", replicate, "layers.0.weight", shape=shape)
        return {"layers.0.weight": (2 * draws - 1) * bound, "layers.0.bias": np.zeros(self.num_outputs)}


@dataclass(frozen=True)
class SGD:
    """Plain mini-batch stochastic gradient descent on the mean loss of the batch.

    Attributes:
        learning_rate: the step size, a finite number above 0.
    """

    learning_rate: float


@dataclass(frozen=True)
class Member:
    """One of the K models of a `Run`: what it is, how it learns, where it starts."""

    model: Softmax
    optimizer: SGD
    state: State


@dataclass(frozen=True)
class Arrays:
    """Training and validation examples of a classification task, checked by whoever made them.

    Attributes:
        train_x: (N, ...) uint8 or floating point.
        train_y: (N,) integer class indices.
        val_x: (M, ...) like `train_x`.
        val_y: (M,) like `train_y`.
        batch_size: examples in a mini-batch, in [1, N]; the last one of an epoch may be smaller.
    """

    train_x: Array
    train_y: Array
    val_x: Array
    val_y: Array
    batch_size: int

    @property
    def num_inputs(self) -> int:
        """Numbers in one flattened example."""
        return int(np.prod(self.train_x.shape[1:]))


class Scores(NamedTuple):
    """What a pass over examples says of each of K models.

    Attributes:
        error: (K,) float64, the share of the examples that were classified wrongly, in [0, 1].
        loss: (K,) float64, the mean cross-entropy of the examples in nats.
    """

    error: NDArray[np.float64]
    loss: NDArray[np.float64]


class Run(Protocol):
    """K models under training on one device."""

    def epoch(self, order: NDArray[np.intp]) -> Scores:
        """Train every model on the examples `order`, in mini-batches, in that order.

        A shorter `order` is a shorter epoch: `order` of one batch is a single step. The scores are
        those of the training examples, each taken just before its batch's update.
        """
        ...

    def validate(self) -> Scores:
        """Score every model on all validation examples, weighted by example."""
        ...

    def state(self) -> list[State]:
        """Copies of the K models' parameters, in the run's dtype."""
        ...

    def load(self, states: Sequence[State]) -> None:
        """Replace the K models' parameters."""
        ...

    def drop(self, index: int) -> None:
        """Take one model out; those behind it move up."""
        ...


class Backend(Protocol):
    """A framework, as the core sees it."""

    @property
    def name(self) -> str:
        """The framework's import name, which is also the entry point's: `torch`."""
        ...

    @property
    def version(self) -> str:
        """The framework's version."""
        ...

    def devices(self) -> list[str]:
        """Devices that are there: `cpu` first, then accelerators such as `cuda:0` or `mps`."""
        ...

    def device(self, name: str) -> Any:
        """The framework's own object for one of `devices()`."""
        ...

    def seed(self, seed: int) -> None:
        """Seed the framework's global generator, for models that initialise themselves."""
        ...

    def to_numpy(self, array: Any) -> Array:
        """A NumPy array on the host with the numbers of one of the framework's arrays."""
        ...

    def from_numpy(self, array: Array, device: Any) -> Any:
        """One of the framework's arrays on `device` (an object from `device()`)."""
        ...

    def prepare(self, members: Sequence[Member], data: Arrays, *, dtype: DType, device: Any) -> Run:
        """Put K models of one shape and their data on a device, ready to train."""
        ...
