"""K softmax regressions in NumPy, with the gradient in closed form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import blas

from hpo.port import Array, Arrays, DType, Member, Scores, State
from hpo.training.data import EXAMPLES_PER_CHUNK
from hpo.training.rows import check_members, learning_rates, mean_scores, stack, unstack
from hpo_numpy.threads import one_thread


class SoftmaxRun:
    """The reference implementation of `hpo.port.Run`."""

    def __init__(self, members: Sequence[Member], data: Arrays, dtype: DType) -> None:
        check_members(members, data)
        self._data = data
        self._dtype = dtype
        self._rates = learning_rates(members, dtype)
        self.load([member.state for member in members])
        per_chunk = max(1, EXAMPLES_PER_CHUNK // data.batch_size) * data.batch_size
        self._raw = np.empty((per_chunk, data.num_inputs), data.train_x.dtype)
        self._inputs = np.ones((per_chunk, data.num_inputs + 1), dtype)
        # c += alpha * a @ b in place: one call where NumPy would need a product and an addition.
        self._add_product = blas.sgemm if dtype == "float32" else blas.dgemm

    def load(self, states: Sequence[State]) -> None:
        """Replace the K models' parameters."""
        self._rows = stack(states, self._dtype)

    def state(self) -> list[State]:
        """Copies of the K models' parameters."""
        return unstack(self._rows)

    def drop(self, index: int) -> None:
        """Take one model out; those behind it move up."""
        self._rows = np.ascontiguousarray(np.delete(self._rows, index, axis=1))
        self._rates = np.delete(self._rates, index)

    def epoch(self, order: NDArray[np.intp]) -> Scores:
        """Train every model on the examples `order` (see `hpo.port.Run.epoch`)."""
        totals = _Totals(len(self._rates))
        size = self._data.batch_size
        with one_thread(), np.errstate(all="ignore"):
            for inputs, labels in self._chunks(self._data.train_x, self._data.train_y, order):
                full = len(inputs) // size * size
                if full:
                    self._descend(inputs[:full], labels[:full], size, totals)
                if full < len(inputs):
                    self._descend(inputs[full:], labels[full:], len(inputs) - full, totals)
        return totals.scores()

    def validate(self) -> Scores:
        """Score every model on all validation examples."""
        totals = _Totals(len(self._rates))
        everything = np.arange(len(self._data.val_x))
        with one_thread(), np.errstate(all="ignore"):
            for inputs, labels in self._chunks(self._data.val_x, self._data.val_y, everything):
                logits = np.tensordot(self._rows, inputs, axes=([2], [1]))
                logits -= logits.max(axis=0)
                totals.add(logits, np.exp(logits).sum(axis=0), labels)
        return totals.scores()

    def _chunks(self, x: Array, y: Array, order: NDArray[np.intp]) -> Iterator[tuple[Array, Array]]:
        """Inputs (n, num_inputs + 1), valid until the next chunk, and labels (n,)."""
        flat = x.reshape(len(x), -1)
        scale = np.asarray(1 / 255 if x.dtype == np.uint8 else 1, self._dtype)
        for start in range(0, len(order), len(self._raw)):
            chosen = order[start : start + len(self._raw)]
            n = len(chosen)
            # mode="clip", else take() buffers the whole copy to be able to fail half-way.
            np.take(flat, chosen, axis=0, out=self._raw[:n], mode="clip")
            np.multiply(self._raw[:n], scale, out=self._inputs[:n, :-1], casting="same_kind")
            yield self._inputs[:n], y[chosen]

    def _descend(self, inputs: Array, labels: Array, size: int, totals: _Totals) -> None:
        """One step for each batch of `size` examples.

        With logits z and p = softmax(z), the gradient of the batch's mean cross-entropy with respect
        to z is (p - onehot(y)) / size, and with respect to the rows that times the inputs.
        """
        classes, members, width = self._rows.shape
        flat = (classes * members, size)
        rows = self._rows.reshape(classes * members, width)
        labels = labels.reshape(-1, size)
        targets = (labels[:, None, None] == np.arange(classes)[:, None, None]).astype(self._dtype)
        logits = np.empty((len(labels), classes, members, size), self._dtype)
        sums = np.empty((len(labels), members, size), self._dtype)
        step = (-self._rates / size)[:, None].astype(self._dtype)
        # Everything a step touches is a view made once: indexing would cost as much as the arithmetic.
        highest = np.empty((members, size), self._dtype)
        gradient = np.empty((classes, members, size), self._dtype)
        gradient_columns = gradient.reshape(flat).T
        batches = inputs.reshape(-1, size, width).transpose(0, 2, 1)
        for batch, z, z_flat, total, target in zip(
            batches, logits, logits.reshape(-1, *flat), sums, targets, strict=True
        ):
            np.dot(rows, batch, out=z_flat)
            np.maximum.reduce(z, axis=0, out=highest)
            np.subtract(z, highest, out=z)
            np.exp(z, out=gradient)
            np.add.reduce(gradient, axis=0, out=total)
            np.divide(gradient, total, out=gradient)
            np.subtract(gradient, target, out=gradient)
            np.multiply(gradient, step, out=gradient)
            self._add_product(1.0, batch, gradient_columns, beta=1.0, c=rows.T, overwrite_c=True)
        totals.add(
            logits.transpose(1, 2, 0, 3).reshape(classes, members, -1),
            sums.transpose(1, 0, 2).reshape(members, -1),
            labels.ravel(),
        )


class _Totals:
    """Sums over examples of what K models got wrong and lost."""

    def __init__(self, num_members: int) -> None:
        self._wrong = np.zeros(num_members)
        self._loss = np.zeros(num_members)
        self._count = 0

    def add(self, logits: Array, sums: Array, labels: Array) -> None:
        """Add n examples: shifted logits (classes, K, n), the sums of their exponentials, labels (n,)."""
        n = len(labels)
        self._wrong += (logits.argmax(axis=0) != labels).sum(axis=1)
        self._loss += (np.log(sums) - logits[labels, :, np.arange(n)].T).sum(axis=1, dtype=np.float64)
        self._count += n

    def scores(self) -> Scores:
        return mean_scores(self._wrong, self._loss, self._count)
