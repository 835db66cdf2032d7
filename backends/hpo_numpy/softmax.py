"""K softmax regressions in NumPy, with the gradient in closed form."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import blas

from hpo.backend import Array, Arrays, DType, Member, Scores, State
from hpo.backend.threads import one_thread
from hpo.training.batches import EXAMPLES_PER_CHUNK
from hpo.training.rows import Rules, check_members, from_rows, mean_scores, to_rows
from hpo_numpy.optimizers import NEGLIGIBLE

LOWEST = -60.0
"""The least exponent that is taken. What is below it moves no parameter, and e**-60 times a small rate is far
from the denormal numbers, over which processors take a hundred times as long."""


class SoftmaxRun:
    """The reference implementation of `hpo.backend.Run`."""

    def __init__(self, members: Sequence[Member], data: Arrays, dtype: DType) -> None:
        check_members(members, data)
        self._members = list(members)
        self._data = data
        self._dtype = dtype
        self.load([member.state for member in members])
        per_chunk = max(1, EXAMPLES_PER_CHUNK // data.batch_size) * data.batch_size
        # Pixels are multiplied as they are, and the products scaled: that is fewer numbers.
        white = 255 if data.train_x.dtype == np.uint8 else 1
        self._scale = 1 / white
        self._raw = np.empty((per_chunk, data.num_inputs), data.train_x.dtype)
        self._inputs = np.full((per_chunk, data.num_inputs + 1), white, dtype)
        # c = beta * c + alpha * a @ b in place: one call where NumPy would need several.
        self._product = blas.sgemm if dtype == "float32" else blas.dgemm

    def load(self, states: Sequence[State]) -> None:
        """Replace the K models' states."""
        self._rows, self._velocities = to_rows(self._members, states, self._dtype)

    def state(self) -> list[State]:
        """Copies of the K models' states."""
        return from_rows(self._members, self._rows, self._velocities)

    def drop(self, index: int) -> None:
        """Take one model out; those behind it move up."""
        states = self.state()
        del self._members[index], states[index]
        self.load(states)

    def epoch(self, order: NDArray[np.intp]) -> Scores:
        """Train every model on the examples `order` (see `hpo.backend.Run.epoch`)."""
        totals = _Totals(len(self._members))
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
        totals = _Totals(len(self._members))
        everything = np.arange(len(self._data.val_x))
        scale = np.asarray(self._scale, self._dtype)
        with one_thread(), np.errstate(all="ignore"):
            for inputs, labels in self._chunks(self._data.val_x, self._data.val_y, everything):
                logits = np.tensordot(self._rows, inputs, axes=([2], [1]))
                logits *= scale
                logits -= logits.max(axis=0)
                totals.add(logits[None], np.exp(logits).sum(axis=0)[None], labels[None])
        return totals.scores()

    def _chunks(self, x: Array, y: Array, order: NDArray[np.intp]) -> Iterator[tuple[Array, Array]]:
        """Inputs (n, num_inputs + 1), not scaled yet and valid until the next chunk, and labels (n,)."""
        flat = x.reshape(len(x), -1)
        for start in range(0, len(order), len(self._raw)):
            chosen = order[start : start + len(self._raw)]
            n = len(chosen)
            # mode="clip", else take() buffers the whole copy to be able to fail half-way.
            np.take(flat, chosen, axis=0, out=self._raw[:n], mode="clip")
            np.copyto(self._inputs[:n, :-1], self._raw[:n], casting="same_kind")
            yield self._inputs[:n], y[chosen]

    def _descend(self, inputs: Array, labels: Array, size: int, totals: _Totals) -> None:
        """One step for each batch of `size` examples.

        With logits z and p = softmax(z), the gradient of the batch's mean cross-entropy with respect
        to z is (p - onehot(y)) / size, and with respect to the rows that times the inputs.
        """
        classes, members, width = self._rows.shape
        labels = labels.reshape(-1, size)
        targets = (labels[:, None, None] == np.arange(classes)[:, None, None]).astype(self._dtype)
        logits = np.empty((len(labels), classes, members, size), self._dtype)
        sums = np.empty((len(labels), members, size), self._dtype)
        # Everything a step touches is a view made once: indexing would cost as much as the arithmetic.
        highest = np.empty((members, size), self._dtype)
        lowest = np.full((members, size), LOWEST, self._dtype)
        gradient = np.empty((classes, members, size), self._dtype)
        parts = few_rows(classes * members, size * width)
        columns = in_parts(self._rows, parts)
        gradients = in_parts(gradient, parts)
        batches = inputs.reshape(-1, size, width).transpose(0, 2, 1)
        products = zip(*in_parts(logits, parts), strict=True)
        product, scale = self._product, self._scale
        factor, move = self._rule(size, parts)
        for batch, z, its_products, total, target in zip(
            batches, logits, products, sums, targets, strict=True
        ):
            for c, rows in zip(its_products, columns, strict=True):
                product(scale, batch, rows, beta=0.0, c=c, trans_a=True, overwrite_c=True)
            np.maximum.reduce(z, axis=0, out=highest)
            np.subtract(z, highest, out=z)
            np.maximum(z, lowest, out=gradient)
            np.exp(gradient, out=gradient)
            np.add.reduce(gradient, axis=0, out=total)
            np.divide(gradient, total, out=gradient)
            np.subtract(gradient, target, out=gradient)
            np.multiply(gradient, factor, out=gradient)
            move(batch, gradients)
        self._flush()
        totals.add(logits, sums, labels)

    def _rule(self, size: int, parts: list[slice]) -> tuple[Array, Callable[[Array, list[Array]], None]]:
        """What the gradient (classes, K, size) is multiplied by, and what moves the rows then.

        The latter takes a batch (num_inputs + 1, size) and the gradient in parts (size, rows).
        """
        classes, members, width = self._rows.shape
        rules = Rules.of(self._members, self._dtype)
        # A view: the products move `self._rows` itself.
        rows = self._rows.reshape(classes * members, width)
        product, scale = self._product, self._scale
        rate, decay, momentum = (
            np.tile(numbers, classes)[:, None] for numbers in (rules.rates, rules.decays, rules.momenta)
        )
        keep = 1 - rate * decay
        moving = in_parts(self._rows if self._velocities is None else self._velocities, parts)
        # The product can multiply by one number on its way.
        shared = float(momentum[0, 0]) if np.ptp(momentum) == 0 else None
        # `or` is for None; 0 does not occur, as there are no velocities where no member has momentum.
        beta = 1.0 if self._velocities is None else shared or 1.0

        def add(batch: Array, gradients: list[Array]) -> None:
            for c, gradient in zip(moving, gradients, strict=True):
                product(scale, batch, gradient, beta=beta, c=c, overwrite_c=True)

        def decayed(batch: Array, gradients: list[Array]) -> None:
            np.multiply(rows, keep, out=rows)
            add(batch, gradients)

        if self._velocities is None:
            factor = np.repeat(-rules.rates[:, None] / size, size, axis=1).astype(self._dtype)
            return factor, decayed if rules.has_decay else add

        velocities, scratch = self._velocities.reshape(rows.shape), np.empty_like(rows)

        def with_momentum(batch: Array, gradients: list[Array]) -> None:
            if shared is None:
                np.multiply(velocities, momentum, out=velocities)
            add(batch, gradients)
            if rules.has_decay:
                np.add(velocities, np.multiply(rows, decay, out=scratch), out=velocities)
            np.subtract(rows, np.multiply(velocities, rate, out=scratch), out=rows)

        return np.array(1 / size, self._dtype), with_momentum

    def _flush(self) -> None:
        """Set to zero what has all but decayed behind pixels that are always dark (see `optimizers`)."""
        if self._velocities is not None:
            self._velocities[np.abs(self._velocities) < NEGLIGIBLE] = 0
        if Rules.of(self._members, self._dtype).has_decay:
            self._rows[np.abs(self._rows) < NEGLIGIBLE] = 0


def few_rows(num_rows: int, products_per_row: int) -> list[slice]:
    """Parts of a matrix's rows, which OpenBLAS multiplies faster one after another than all at once.

    OpenBLAS does without copies where there are at most a million products; with the few columns of a small
    batch a copy costs a quarter of the time. Where parts would have less than 32 rows, the whole is faster.
    """
    most = 1_000_000 // products_per_row // 16 * 16
    if most < 32:
        return [slice(num_rows)]
    return [slice(start, start + most) for start in range(0, num_rows, most)]


def in_parts(stacked: Array, parts: list[slice]) -> list[Array]:
    """Views of arrays (..., classes, K, n) as columns (..., n, rows), part by part."""
    *outer, classes, members, n = stacked.shape
    flat = stacked.reshape(*outer, classes * members, n)
    return [flat[..., part, :].swapaxes(-1, -2) for part in parts]


class _Totals:
    """Running totals of the errors and losses of K models."""

    def __init__(self, num_members: int) -> None:
        self._wrong = np.zeros(num_members)
        self._loss = np.zeros(num_members)
        self._count = 0

    def add(self, logits: Array, sums: Array, labels: Array) -> None:
        """Add batches of n examples.

        The logits (batches, classes, K, n) are shifted so that the largest is 0, the sums (batches, K, n)
        are those of their exponentials, and the labels are (batches, n).
        """
        batches, classes, members, n = logits.shape
        first_member = (np.arange(batches)[:, None] * classes + labels) * members * n + np.arange(n)
        of_label = logits.ravel().take(first_member[:, None] + n * np.arange(members)[:, None], mode="clip")
        wrong = of_label < 0
        # The first of the largest logits says the class. Several are rare, and argmax() takes long.
        largest = logits == 0
        # The count of so many classes must not wrap around.
        wide_enough = np.uint8 if classes < 256 else np.uint32
        many = largest.view(np.uint8).sum(axis=1, dtype=wide_enough) > 1
        if many.any():
            batch, member, example = np.nonzero(many)
            first = largest[batch, :, member, example].argmax(axis=1)
            wrong[batch, member, example] = first != labels[batch, example]
        self._wrong += wrong.sum(axis=0).sum(axis=1)
        self._loss += (np.log(sums) - of_label).sum(axis=0, dtype=np.float64).sum(axis=1)
        self._count += labels.size

    def scores(self) -> Scores:
        return mean_scores(self._wrong, self._loss, self._count)
