"""K softmax regressions in MXNet, with the gradient in closed form and many steps in one graph."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpo.port import Array, Arrays, DType, Member, Scores, State
from hpo.training.data import EXAMPLES_PER_CHUNK
from hpo.training.rows import check_members, learning_rates, mean_scores, stack, unstack
from hpo_mxnet.arrays import classic_arrays
from hpo_mxnet.compat import mx
from hpo_mxnet.graphs import Graph

STEPS_PER_CALL = 16
"""Steps in one graph: more of them save no more time."""


class SoftmaxRun:
    """MXNet's implementation of `hpo.port.Run`."""

    def __init__(self, members: Sequence[Member], data: Arrays, dtype: DType, device: Any) -> None:
        check_members(members, data)
        self._data = data
        self._dtype = dtype
        self._device = device
        self._rates = learning_rates(members, dtype)
        self._chunk = max(1, EXAMPLES_PER_CHUNK // data.batch_size) * data.batch_size
        self._gather = Graph(_inputs(dtype, is_uint8=data.train_x.dtype == np.uint8))
        self._score = Graph(_scores(len(members), dtype))
        self._steps: dict[tuple[int, int], tuple[Graph, Any]] = {}
        self.load([member.state for member in members])

    def load(self, states: Sequence[State]) -> None:
        """Replace the K models' parameters."""
        self._place(stack(states, self._dtype))

    def state(self) -> list[State]:
        """Copies of the K models' parameters."""
        return unstack(self._rows_on_host())

    def drop(self, index: int) -> None:
        """Take one model out; those behind it move up."""
        kept = np.delete(self._rows_on_host(), index, axis=1)
        self._rates = np.delete(self._rates, index)
        self._score = Graph(_scores(len(self._rates), self._dtype))
        self._steps = {}
        self._place(np.ascontiguousarray(kept))

    def epoch(self, order: NDArray[np.intp]) -> Scores:
        """Train every model on the examples `order` (see `hpo.port.Run.epoch`)."""
        totals = _Totals(len(self._rates))
        with classic_arrays(), mx.autograd.pause():
            for inputs, labels in self._chunks(self._train, order):
                parts = self._parts(len(labels))
                logits = [self._descend(inputs[part], labels[part], size) for part, size in parts]
                totals.add(self._score(z=mx.nd.concat(*logits, dim=0), y=labels), len(labels))
        return totals.scores()

    def validate(self) -> Scores:
        """Score every model on all validation examples."""
        totals = _Totals(len(self._rates))
        with classic_arrays(), mx.autograd.pause():
            for inputs, labels in self._chunks(self._val, np.arange(len(self._data.val_y))):
                logits = mx.nd.dot(inputs, self._rows, transpose_b=True)
                logits = logits.reshape((len(labels), -1, len(self._rates)))
                totals.add(self._score(z=logits, y=labels), len(labels))
        return totals.scores()

    @cached_property
    def _train(self) -> tuple[Any, Any]:
        return self._examples(self._data.train_x, self._data.train_y)

    @cached_property
    def _val(self) -> tuple[Any, Any]:
        return self._examples(self._data.val_x, self._data.val_y)

    def _examples(self, x: Array, y: Array) -> tuple[Any, Any]:
        """Inputs (N, num_inputs + 1) and labels (N,) on the device.

        The images stay uint8, a quarter of the memory, and are converted chunk by chunk. The last
        column, which meets the bias, is a white pixel, so that it becomes one as the others convert.
        """
        table = np.empty((len(x), self._data.num_inputs + 1), x.dtype)
        table[:, :-1] = x.reshape(len(x), -1)
        table[:, -1] = 255 if x.dtype == np.uint8 else 1
        return self._to_device(table), self._to_device(y.astype(np.int32))

    def _to_device(self, array: Array) -> Any:
        return mx.nd.array(array, ctx=self._device, dtype=array.dtype)

    def _place(self, rows: Array) -> None:
        self._classes = len(rows)
        self._rows = self._to_device(rows.reshape(-1, rows.shape[-1]))

    def _rows_on_host(self) -> Array:
        rows: Array = self._rows.asnumpy()
        return rows.reshape(self._classes, len(self._rates), -1)

    def _chunks(self, examples: tuple[Any, Any], order: NDArray[np.intp]) -> Iterator[tuple[Any, Any]]:
        """Inputs (n, num_inputs + 1) and labels (n,)."""
        x, y = examples
        places = self._to_device(order.astype(np.int32))
        for start in range(0, len(order), self._chunk):
            chosen = places[start : start + self._chunk]
            yield self._gather(x=x, order=chosen), mx.nd.take(y, chosen)

    def _parts(self, num_examples: int) -> Iterator[tuple[slice, int]]:
        """Consecutive parts of a chunk, each a whole number of batches, and the size of these."""
        start, size = 0, self._data.batch_size
        for length in (STEPS_PER_CALL * size, size, num_examples % size):
            while length and start + length <= num_examples:
                yield slice(start, start + length), min(size, length)
                start += length

    def _descend(self, inputs: Any, labels: Any, size: int) -> Any:
        """One step for each batch of `size` examples; the logits (n, classes, K) before it."""
        count = len(labels) // size
        if (count, size) not in self._steps:
            graph = Graph(_descent(count, size, self._classes, len(self._rates), self._dtype), static=True)
            self._steps[count, size] = graph, self._to_device((self._rates / size).reshape(1, 1, -1))
        graph, step = self._steps[count, size]
        self._rows, logits = graph(x=inputs, y=labels, rows=self._rows, step=step)
        return logits


def _inputs(dtype: DType, *, is_uint8: bool) -> Any:
    """The examples `order` of `x` in the run's dtype, pixels between 0 and 1."""
    chosen = mx.sym.take(mx.sym.Variable("x"), mx.sym.Variable("order"))
    converted = mx.sym.Cast(chosen, dtype=dtype)
    return converted / 255 if is_uint8 else converted


def _descent(count: int, size: int, classes: int, members: int, dtype: DType) -> Any:
    """The rows after `count` steps on `x` and `y`, and the logits before each step.

    With logits z and p = softmax(z), the gradient of the batch's mean cross-entropy with respect to z
    is (p - onehot(y)) / size, and with respect to the rows that times the inputs.
    """
    x, y, rows, step = map(mx.sym.Variable, ("x", "y", "rows", "step"))
    targets = mx.sym.one_hot(y, depth=classes, dtype=dtype).reshape((-1, classes, 1))
    logits = []
    for first in range(0, count * size, size):
        batch = mx.sym.slice_axis(x, axis=0, begin=first, end=first + size)
        target = mx.sym.slice_axis(targets, axis=0, begin=first, end=first + size)
        z = mx.sym.dot(batch, rows, transpose_b=True).reshape((size, classes, members))
        gradient = mx.sym.broadcast_mul(mx.sym.broadcast_sub(mx.sym.softmax(z, axis=1), target), step)
        gradient = gradient.reshape((size, classes * members))
        rows = mx.sym.linalg_gemm(gradient, batch, rows, transpose_a=True, alpha=-1.0)
        logits.append(z)
    return mx.sym.Group([rows, mx.sym.concat(*logits, dim=0)])


def _scores(members: int, dtype: DType) -> Any:
    """(K,) numbers of wrong examples and (K,) sums of their losses, of logits `z` and labels `y`."""
    z, y = mx.sym.Variable("z"), mx.sym.expand_dims(mx.sym.Variable("y"), axis=1)
    wrong = mx.sym.broadcast_not_equal(mx.sym.argmax(z, axis=1), mx.sym.Cast(y, dtype=dtype))
    labels = mx.sym.broadcast_axis(y, axis=1, size=members)
    loss = -mx.sym.pick(mx.sym.log_softmax(z, axis=1), labels, axis=1)
    return mx.sym.Group([mx.sym.sum(wrong, axis=0), mx.sym.sum(loss, axis=0)])


class _Totals:
    """Sums over examples of what K models got wrong and lost."""

    def __init__(self, num_members: int) -> None:
        self._sums = np.zeros((2, num_members))
        self._count = 0

    def add(self, sums: Sequence[Any], num_examples: int) -> None:
        """Add a chunk's sums (see `_scores`), in float64 on the host.

        Reading them makes Python wait for the chunk, or it would queue up the whole epoch's inputs.
        """
        self._sums += [part.asnumpy() for part in sums]
        self._count += num_examples

    def scores(self) -> Scores:
        num_wrong, total_loss = self._sums
        return mean_scores(num_wrong, total_loss, self._count)
