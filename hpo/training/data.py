"""The framework-free half of data: arrays in mini-batches, and Fashion-MNIST."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar, Literal

import numpy as np

from hpo.backend import Array, Arrays, Backend
from hpo.datasets import check_batch_size, check_examples, check_images, check_targets, fashion_mnist
from hpo.objective.context import current_trial
from hpo.randomness import batch_order, check_seed, uniforms
from hpo.training.hyperparameters import HyperParameters

EXAMPLES_PER_CHUNK = 1024
"""The number of examples gathered and converted at a time: few enough to stay in a core's cache."""


def check_arrays(train: Any, validation: Any, batch_size: int, *, regression: bool = False) -> Arrays:
    """Make `Arrays` of two pairs of examples and labels, after checking them.

    Args:
        train: a pair (x, y): (N, ...) uint8 or floating-point examples, (N,) integer labels.
        validation: a pair likewise, with examples of the same shape and dtype.
        batch_size: examples in a mini-batch, in [1, N].
        regression: in place of labels there are targets, numbers (N,) or (N, outputs).

    Raises:
        TypeError: not pairs, not numbers, labels that are not integers, a batch size that is none.
        ValueError: shapes that do not fit, NaN or infinity, negative labels, too large a batch.
    """
    train_x, train_y = _check_pair(train, "training", regression)
    val_x, val_y = _check_pair(validation, "validation", regression)
    if train_x.shape[1:] != val_x.shape[1:] or train_x.dtype != val_x.dtype:
        raise ValueError(
            f"Training and validation examples must have the same shape and dtype; received "
            f"{train_x.shape[1:]} {train_x.dtype} and {val_x.shape[1:]} {val_x.dtype}."
        )
    check_batch_size(batch_size, len(train_x))
    return Arrays(train_x, train_y, val_x, val_y, int(batch_size))


def _check_pair(pair: Any, what: str, regression: bool) -> tuple[Array, Array]:
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise TypeError(
            f"The {what} data must be a pair (examples, labels) of arrays; received {type(pair).__name__}."
        )
    x, y = np.asarray(pair[0]), np.asarray(pair[1])
    if regression:
        check_images(x, what=what)
        check_targets(y, len(x), what=what)
    else:
        check_examples(x, y, what=what)
    if x.dtype != np.uint8 and x.dtype.kind != "f":
        raise TypeError(
            f"The {what} examples must be uint8 (a pixel p means p / 255) or floating point; received "
            f"{x.dtype}. Convert them with .astype('float32')."
        )
    return x, y


class OrderedBatches(ABC):
    """Mini-batches of examples that can be visited in any order.

    Iterating goes through all examples once: in their order, or, when shuffled, in the next epoch's
    order of the current trial.

    Args:
        num_examples: how many examples there are.
        batch_size: examples in a batch; the last one may be smaller.
        shuffle: whether iterating shuffles.
    """

    def __init__(self, num_examples: int, batch_size: int, *, shuffle: bool) -> None:
        self.num_examples = num_examples
        self.batch_size = batch_size
        self._shuffle = shuffle
        self._epochs = 0

    def __len__(self) -> int:
        """The number of batches in one pass."""
        # Rounded up, since the last batch may be smaller.
        return -(-self.num_examples // self.batch_size)

    def __iter__(self) -> Iterator[Any]:
        if not self._shuffle:
            return self.visit(np.arange(self.num_examples))
        self._epochs += 1
        trial = current_trial()
        # The order in which a `Trainer` visits them: a loop of the user's own trains the same.
        return self.visit(batch_order(trial.seed, trial.replicate, self._epochs, self.num_examples))

    @abstractmethod
    def visit(self, order: Array) -> Iterator[Any]:
        """Batches (inputs, labels) of the examples `order`."""


class ArrayBatches(OrderedBatches):
    """Mini-batches of a pair of arrays, as the framework's own arrays on the host."""

    def __init__(
        self, pair: tuple[Array, Array], batch_size: int, backend: Backend, *, shuffle: bool
    ) -> None:
        self.x, self.y = pair
        super().__init__(len(self.x), batch_size, shuffle=shuffle)
        self._backend = backend

    def visit(self, order: Array) -> Iterator[tuple[Any, Any]]:
        """Batches (x, y) of the examples `order`: x floating point, in [0, 1] if it was uint8."""
        # Converted a chunk at a time and cut afterwards: batches of a few examples are too small for that.
        for x, y in self.chunks(order):
            for first in range(0, len(y), self.batch_size):
                last = first + self.batch_size
                yield x[first:last], y[first:last]

    def chunks(self, order: Array) -> Iterator[tuple[Any, Any]]:
        """The same examples, many whole batches at a time; the last chunk ends with the smaller batch."""
        device = self._backend.device("cpu")
        dtype = current_trial().dtype
        per_chunk = max(1, EXAMPLES_PER_CHUNK // self.batch_size) * self.batch_size
        for start in range(0, len(order), per_chunk):
            rows = order[start : start + per_chunk]
            x = self.x[rows].astype(dtype)
            # Images stay uint8 until here: less memory, and faster than rows of float32.
            if self.x.dtype == np.uint8:
                x *= np.asarray(1 / 255, dtype)
            labels = self.y[rows].astype(dtype if self.y.dtype.kind == "f" else np.int64)
            yield self._backend.from_numpy(x, device), self._backend.from_numpy(labels, device)


class DataModule(HyperParameters):
    """Training and validation data for a `Trainer`.

    Args:
        train: a pair (examples, labels) of arrays, or whatever else the backend's framework loads from.
        validation: the same, for validation.
        batch_size: examples in a mini-batch.
        regression: the pairs hold targets, numbers, in place of labels.

    A subclass may instead define `get_dataloader(train)`, or `train_dataloader` and `val_dataloader`,
    each returning an iterable of batches (inputs, labels) of the framework's arrays. Such an iterable
    brings its own order, so a study over it resumes approximately, not exactly.
    """

    backend: ClassVar[Backend]

    def __init__(
        self, train: Any = None, validation: Any = None, *, batch_size: int = 16, regression: bool = False
    ) -> None:
        self.batch_size = batch_size
        self.arrays: Arrays | None = None
        self.train, self.validation = train, validation
        if isinstance(train, (tuple, list)) or isinstance(validation, (tuple, list)):
            self.arrays = check_arrays(train, validation, batch_size, regression=regression)

    @classmethod
    def from_arrays(
        cls, x: Any, y: Any, *, validation: Any = 0.2, batch_size: int = 16, seed: int = 0
    ) -> DataModule:
        """Data for classification where `y` holds integers, for regression where it holds floats.

        Args:
            x: (N, ...) uint8 or floating-point examples.
            y: (N,) integer class indices; or targets, floating point, (N,) or (N, outputs).
            validation: a pair (x, y) of their own; or which share of the examples to take away for
                validation, in (0, 1), drawn at random.
            batch_size: examples in a mini-batch.
            seed: of that draw, which is the same in all trials.

        Raises:
            TypeError, ValueError: as `hpo.training.check_arrays`, or a share out of its range.
        """
        x, y = np.asarray(x), np.asarray(y)
        train, held_out = (x, y), validation
        if not isinstance(validation, (tuple, list)):
            train, held_out = _drawn_apart(x, y, validation, seed)
        return cls(train, held_out, batch_size=batch_size, regression=y.dtype.kind == "f")

    def get_dataloader(self, train: bool) -> Any:
        """An iterable of training or validation batches."""
        if self.arrays is not None:
            data = self.arrays
            pair = (data.train_x, data.train_y) if train else (data.val_x, data.val_y)
            return ArrayBatches(pair, data.batch_size, self.backend, shuffle=train)
        source = self.train if train else self.validation
        if source is None:
            part = "train" if train else "validation"
            raise ValueError(
                f"{type(self).__name__} has no {part} data. Pass {part}=, or define get_dataloader(train)."
            )
        return self.load_from(source, train)

    def load_from(self, source: Any, train: bool) -> Any:
        """An iterable of batches from what the framework loads data from."""
        raise TypeError(
            f"The data must be a pair (examples, labels) of arrays or a data set of the framework "
            f"{self.backend.name}; received {type(source).__name__}."
        )

    def train_dataloader(self) -> Any:
        """An iterable of training batches."""
        return self.get_dataloader(train=True)

    def val_dataloader(self) -> Any:
        """An iterable of validation batches."""
        return self.get_dataloader(train=False)


def _drawn_apart(
    x: Array, y: Array, share: Any, seed: int
) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """Training and validation pairs: a share of the examples goes to the latter."""
    if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 < share < 1:
        raise ValueError(
            f"validation is a pair (x, y), or the share of the examples to hold out, in (0, 1); received "
            f"{share!r}."
        )
    # By its own seed, not the trial's: all trials are validated on the same examples.
    order = np.argsort(uniforms(check_seed(seed), "validation", shape=(len(x),)), kind="stable")
    held_out, kept = np.split(order, [max(1, round(share * len(x)))])
    # A short y is reported where shapes are checked.
    pairs = [(x[rows], y[rows[rows < len(y)]]) for rows in (np.sort(kept), np.sort(held_out))]
    return pairs[0], pairs[1]


class FashionMNIST(DataModule):
    """The 28 by 28 grey images of clothes in ten classes of Xiao et al. (2017).

    Args:
        batch_size: images in a mini-batch.
        validation: what to validate on. `test` is the official test set, as the book does. `holdout`
            takes the last sixth of the training set away for validation and keeps the test set
            sealed until `hpo.final_test(study)` opens it.
        folder: where the four files are; by default wherever `hpo.datasets.fashion_mnist` finds them.
    """

    image_shape: ClassVar[tuple[int, int, int]] = (1, 28, 28)

    def __init__(
        self,
        batch_size: int = 64,
        *,
        validation: Literal["test", "holdout"] = "test",
        folder: Any = None,
    ) -> None:
        files = fashion_mnist(folder)
        train = (files.train_images.reshape(-1, *self.image_shape), files.train_labels)
        test = (files.test_images.reshape(-1, *self.image_shape), files.test_labels)
        super().__init__(*split(train, test, validation), batch_size=batch_size)


def split(
    train: tuple[Array, Array], test: tuple[Array, Array], validation: str
) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """The training and validation pairs for a way of validating, `test` or `holdout`.

    While the sealed test set is opened (`hpo.final_test`), it takes the place of the held-out part;
    the training part stays what it was, so that it is the model of the search that is tested.

    Raises:
        ValueError: another way of validating.
    """
    if validation == "test":
        return train, test
    if validation != "holdout":
        raise ValueError(f"validation must be 'test' or 'holdout'; received {validation!r}.")
    x, y = train
    kept = len(x) - len(x) // 6
    opening = current_trial().opening
    if opening is None:
        return (x[:kept], y[:kept]), (x[kept:], y[kept:])
    # `hpo.final_test` refuses a score of an objective that never asked for the sealed set.
    opening.used = True
    return (x[:kept], y[:kept]), test
