"""The backend protocol: the only thing of a backend that the core ever calls.

A backend is an object that satisfies `Backend`, registered under the entry-point group
`hpo.backends`. Only NumPy arrays and the small frozen records of this room cross over, in one
canonical layout:

- a dense weight is (inputs, outputs), its bias (outputs,), named `layers.<i>.weight` and `.bias`; the
  weight of a convolution is (output channels, input channels, height, width);
- what an optimizer keeps for a parameter has the parameter's layout and the name of the slot before the
  parameter's: `momentum.layers.0.weight`, `adam.first.layers.0.weight`, `adam.second.layers.0.weight`;
  `adam.steps` and `dropout.steps` count steps, each a 0-d int64;
- examples are uint8 (a pixel p means p / 255) or floating point, with the examples first; images
  are flattened as channels, height, width;
- labels are integers in [0, outputs).

A `Run` holds K >= 1 models of one shape that see the same mini-batches: a single trial is K = 1, a
cohort is K > 1. `hpo.testing.BackendContract` tests all of this.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hpo.backend.models import Array, Model, State
from hpo.backend.optimizers import Optimizer

Tree: TypeAlias = Any
"""The state of any object: nested dicts (with strings as keys) and lists of NumPy arrays, bool, int, float,
str and None. No type checker can follow it further down."""

CANONICAL = "canonical"
"""Where the state of a model (a dict) has its parameters as a `State`, for a model of any backend."""

PARAMETERS = "parameters"
"""Where the state of a model (a dict) has its parameters by the names of its framework."""

DType = Literal["float32", "float64"]


@dataclass(frozen=True)
class Member:
    """One of the K models of a `Run`: what it is, how it learns, where it starts.

    Attributes:
        model: its shape, the same for all K.
        optimizer: how it learns; of one kind for all K, whose numbers may differ.
        state: the state from which it continues (see `Run.state`).
        seed: with `replicate` and the number of a step, decides what dropout sets to zero in it.
        replicate: which of the repeated draws this is.

    Example:
        >>> from hpo.backend import SGD, Member, Softmax
        >>> model = Softmax(784, 10)
        >>> start = model.initial_state(seed=0)
        >>> cohort = [Member(model, SGD(rate), start) for rate in (0.01, 0.1, 1)]
        >>> [member.optimizer.learning_rate for member in cohort]
        [0.01, 0.1, 1]
    """

    model: Model
    optimizer: Optimizer
    state: State
    seed: int = 0
    replicate: int = 0


@dataclass(frozen=True)
class Arrays:
    """Training and validation examples of a classification task, checked where they were made.

    Attributes:
        train_x: (N, ...) uint8 or floating point.
        train_y: (N,) integer class indices.
        val_x: (M, ...) like `train_x`.
        val_y: (M,) like `train_y`.
        batch_size: examples in a mini-batch, in [1, N]; the last one of an epoch may be smaller.

    Example:
        >>> import numpy as np
        >>> from hpo.backend import Arrays
        >>> images, labels = np.zeros((60, 28, 28), np.uint8), np.arange(60) % 10
        >>> data = Arrays(images[:50], labels[:50], images[50:], labels[50:], batch_size=16)
        >>> data.num_inputs
        784
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
    """The result of a pass over examples, for each of K models.

    Attributes:
        error: (K,) float64, the share of the examples that were classified wrongly, in [0, 1]. For a
            user's own regression, which the protocol does not know, the mean absolute error.
        loss: (K,) float64, the mean cross-entropy of the examples in nats; of a user's own model, its loss.

    Example:
        >>> import numpy as np
        >>> from hpo.backend import Scores
        >>> scores = Scores(error=np.array([0.25, 0.125, 0.9]), loss=np.array([0.7, 0.4, np.inf]))
        >>> best = scores.error.argmin()
        >>> float(scores.error[best]), float(scores.loss[best])
        (0.125, 0.4)
    """

    error: NDArray[np.float64]
    loss: NDArray[np.float64]


class Run(Protocol):
    """K models under training on one device.

    Example:
        >>> import numpy as np
        >>> from hpo.backend import SGD, Arrays, Member, Softmax, registry
        >>> x, y = np.eye(3), np.arange(3)
        >>> model = Softmax(3, 3)
        >>> start = model.initial_state(seed=2)
        >>> cohort = [Member(model, SGD(rate), start) for rate in (0.0, 1.0)]
        >>> data = Arrays(x, y, x, y, batch_size=1)
        >>> run = registry.get("numpy").prepare(cohort, data, dtype="float64", device="cpu")
        >>> for _ in range(5):
        ...     training = run.epoch(np.array([2, 0, 1]))
        >>> run.validate().error.round(2).tolist()  # the first does not learn
        [0.67, 0.0]
        >>> run.drop(0)
        >>> run.validate().error.tolist()
        [0.0]
    """

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
        """All that an exact continuation needs, as copies in the run's dtype.

        For each model its parameters, what its optimizer keeps for each of them, and counts of steps.
        """
        ...

    def load(self, states: Sequence[State]) -> None:
        """Replace the K models' states. One without its optimizer's slots starts the optimizer afresh."""
        ...

    def drop(self, index: int) -> None:
        """Take one model out; later ones move up."""
        ...


class Backend(Protocol):
    """A framework, as the core sees it.

    Example:
        A backend begins with what it is and what devices it has. `hpo.testing.BackendContract` tells what is
        still to be done. The entry point `mine = "hpo_mine:BACKEND"` of the group `hpo.backends` offers it.

        >>> from hpo.backend import Backend, registry
        >>> class MyBackend(Backend):
        ...     name, version, modules = "mine", "1.0", ("mine",)
        ...
        ...     def devices(self):
        ...         return ["cpu", "cuda:0"]
        ...
        ...     def device(self, name):
        ...         return name
        >>> BACKEND = MyBackend()
        >>> registry.resolve_device(BACKEND, "auto")  # what a user may ask for
        'cuda:0'
    """

    @property
    def name(self) -> str:
        """The framework's import name, which is also the entry point's: `torch`."""
        ...

    @property
    def version(self) -> str:
        """The framework's version."""
        ...

    @property
    def modules(self) -> tuple[str, ...]:
        """The top-level modules of the framework: this backend keeps the state of their classes' objects."""
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

    def is_out_of_memory(self, error: BaseException) -> bool:
        """Whether an error of the framework says that the memory of a device is out."""
        return False

    def is_compiling(self, value: Any = None) -> bool:
        """Whether the framework traces the code that is running, to compile it; or has so made a value.

        Such code runs once, with stand-ins for arrays that have no numbers.
        """
        return False

    def to_numpy(self, array: Any) -> Array:
        """A NumPy array on the host with the numbers of one of the framework's arrays."""
        ...

    def from_numpy(self, array: Array, device: Any) -> Any:
        """One of the framework's arrays on `device` (an object from `device()`)."""
        ...

    def prepare(self, members: Sequence[Member], data: Arrays, *, dtype: DType, device: Any) -> Run:
        """Put K models of one shape and their data on a device, ready to train."""
        ...

    def is_immutable(self, thing: Any) -> bool:
        """Whether this backend keeps a thing that cannot be changed in place: `restore` makes a new one.

        It may be an object of no framework, such as a named tuple of JAX's arrays.
        """
        return False

    def capture(self, thing: Any) -> Tree:
        """The state of a model, an optimizer, an array or a generator of the framework, as a copy.

        A model's is a dict with its arrays under `PARAMETERS`.

        Raises:
            CheckpointError: the thing, or something in its state, cannot be kept.
        """
        ...

    def restore(self, thing: Any, tree: Tree) -> Any:
        """Put a state into a thing of the same kind, in place, on the device where it is.

        A model also takes a dict with a `State` under `CANONICAL`, and before it has its shapes too.

        Returns:
            The same thing; a new one like it, if it cannot be changed in place.

        Raises:
            CheckpointError: it is of another kind or other shapes; the text lists what differs.
        """
        ...
