"""Mini-batches of examples, and what becomes of those that are left at the end of an epoch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, Literal, TypeAlias, cast

import numpy as np

from hpo.backend import Array, Backend
from hpo.objective.context import current_trial
from hpo.randomness import batch_order

LastBatch: TypeAlias = Literal["keep", "drop", "merge"]
"""What becomes of the examples that are left when an epoch's are put into batches."""

EXAMPLES_PER_CHUNK = 1024
"""The number of examples gathered and converted at a time: few enough to stay in a core's cache."""


def check_last_batch(last_batch: Any) -> LastBatch:
    """Return `last_batch` after checking it.

    Raises:
        ValueError: it is none of the three.
    """
    if not isinstance(last_batch, str) or last_batch not in ("keep", "drop", "merge"):
        raise ValueError(
            f"last_batch must be 'keep' (an epoch's last examples make a smaller batch), 'drop' (they are "
            f"left out) or 'merge' (they are added to the batch before); received {last_batch!r}."
        )
    return cast(LastBatch, last_batch)


def batch_sizes(num_examples: int, batch_size: int, last_batch: LastBatch) -> list[int]:
    """The sizes of the batches that so many examples are put into, in order.

    Examples that do not fill a single batch are one with `keep` and `merge`.
    """
    full, left = divmod(num_examples, batch_size)
    sizes = [batch_size] * full
    if left and last_batch == "merge" and full:
        sizes[-1] += left
    elif left and last_batch != "drop":
        sizes.append(left)
    return sizes


class OrderedBatches(ABC):
    """Mini-batches of examples that can be visited in any order.

    Iterating goes through all examples once: in their order, or, when shuffled, in the next epoch's
    order of the current trial.

    Args:
        num_examples: how many examples there are.
        batch_size: examples in a batch; the last one may have another size.
        shuffle: whether iterating shuffles.
        last_batch: what becomes of the examples that are left.

    Raises:
        ValueError: all examples would be left out.
    """

    def __init__(
        self, num_examples: int, batch_size: int, *, shuffle: bool, last_batch: LastBatch = "keep"
    ) -> None:
        if last_batch == "drop" and num_examples < batch_size:
            raise ValueError(
                f"last_batch='drop' leaves nothing to train on, as {num_examples} examples make no batch of "
                f"batch_size={batch_size}. Choose a smaller batch_size, or last_batch='keep'."
            )
        self.num_examples = num_examples
        self.batch_size = batch_size
        self.last_batch = last_batch
        self._shuffle = shuffle
        self._epochs = 0

    def __len__(self) -> int:
        """The number of batches in one pass."""
        return len(self.sizes(self.num_examples))

    def __iter__(self) -> Iterator[Any]:
        if not self._shuffle:
            return self.visit(np.arange(self.num_examples))
        self._epochs += 1
        trial = current_trial()
        # The order in which a `Trainer` visits them: a loop of the user's own trains the same.
        return self.visit(batch_order(trial.seed, trial.replicate, self._epochs, self.num_examples))

    @property
    def has_large_batch(self) -> bool:
        """Whether the last batch is larger than the others."""
        return self.sizes(self.num_examples)[-1] > self.batch_size

    def sizes(self, num_examples: int) -> list[int]:
        """The sizes of the batches of so many examples."""
        return batch_sizes(num_examples, self.batch_size, self.last_batch)

    def trained(self, order: Array) -> Array:
        """The examples `order` without those that are left out."""
        return order[: sum(self.sizes(len(order)))]

    def cut(self, order: Array) -> list[list[int]]:
        """The examples `order`, batch by batch."""
        ends = np.cumsum(self.sizes(len(order)))
        return [part.tolist() for part in np.split(self.trained(order), ends[:-1])]

    @abstractmethod
    def visit(self, order: Array) -> Iterator[Any]:
        """Batches (inputs, labels) of the examples `order`."""


class ArrayBatches(OrderedBatches):
    """Mini-batches of a pair of arrays, as the framework's own arrays on the host."""

    def __init__(
        self,
        pair: tuple[Array, Array],
        batch_size: int,
        backend: Backend,
        *,
        shuffle: bool,
        last_batch: LastBatch = "keep",
    ) -> None:
        self.x, self.y = pair
        super().__init__(len(self.x), batch_size, shuffle=shuffle, last_batch=last_batch)
        self._backend = backend

    def visit(self, order: Array) -> Iterator[tuple[Any, Any]]:
        """Batches (x, y) of the examples `order`: x floating point, in [0, 1] if it was uint8."""
        # Converted a chunk at a time and cut afterwards: batches of a few examples are too small for that.
        for x, y in self.chunks(order):
            first = 0
            for size in self.sizes(len(y)):
                yield x[first : first + size], y[first : first + size]
                first += size

    def chunks(self, order: Array) -> Iterator[tuple[Any, Any]]:
        """The same examples, many whole batches at a time, of the sizes `sizes(len(y))`."""
        device = self._backend.device("cpu")
        dtype = current_trial().dtype
        sizes = self.sizes(len(order))
        per_chunk = max(1, EXAMPLES_PER_CHUNK // self.batch_size)
        start = 0
        for batch in range(0, len(sizes), per_chunk):
            rows = order[start : start + sum(sizes[batch : batch + per_chunk])]
            start += len(rows)
            x = self.x[rows].astype(dtype)
            # Images stay uint8 until here: less memory, and faster than rows of float32.
            if self.x.dtype == np.uint8:
                x *= np.asarray(1 / 255, dtype)
            labels = self.y[rows].astype(dtype if self.y.dtype.kind == "f" else np.int64)
            yield self._backend.from_numpy(x, device), self._backend.from_numpy(labels, device)
