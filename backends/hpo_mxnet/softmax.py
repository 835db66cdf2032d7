"""K softmax regressions in MXNet, with the gradient in closed form and many steps in one graph."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpo.backend import Array, Arrays, DType, Member, Scores, State
from hpo.training.batches import EXAMPLES_PER_CHUNK
from hpo.training.rows import Rules, check_members, from_rows, mean_scores, to_rows
from hpo_mxnet.arrays import classic_arrays
from hpo_mxnet.compat import mx
from hpo_mxnet.graphs import Graph

STEPS_PER_CALL = 16
"""Steps in one graph: more of them save no more time."""


class SoftmaxRun:
    """MXNet's implementation of `hpo.backend.Run`.

    Rows stand member-major here, (K * num_outputs, num_inputs + 1): MXNet's softmax is fast along the last
    axis only.
    """

    def __init__(self, members: Sequence[Member], data: Arrays, dtype: DType, device: Any) -> None:
        check_members(members, data)
        self._members = list(members)
        self._data = data
        self._dtype: DType = dtype
        self._device = device
        self._classes = members[0].model.num_outputs
        self._chunk = max(1, EXAMPLES_PER_CHUNK // data.batch_size) * data.batch_size
        self._gather = Graph(_inputs(dtype, is_uint8=data.train_x.dtype == np.uint8))
        self.load([member.state for member in members])
        self._compile()

    def load(self, states: Sequence[State]) -> None:
        """Replace the K models' states."""
        rows, velocities = to_rows(self._members, states, self._dtype)
        self._rows = self._place(rows)
        self._velocities = None if velocities is None else self._place(velocities)

    def state(self) -> list[State]:
        """Copies of the K models' states."""
        velocities = None if self._velocities is None else self._on_host(self._velocities)
        return from_rows(self._members, self._on_host(self._rows), velocities)

    def drop(self, index: int) -> None:
        """Take one model out; those behind it move up."""
        states = self.state()
        del self._members[index], states[index]
        self.load(states)
        self._compile()

    def epoch(self, order: NDArray[np.intp]) -> Scores:
        """Train every model on the examples `order` (see `hpo.backend.Run.epoch`)."""
        totals = _Totals(len(self._members))
        with classic_arrays(), mx.autograd.pause():
            for inputs, labels in self._chunks(self._train, order):
                parts = self._parts(len(labels))
                logits = [self._descend(inputs[part], labels[part], size) for part, size in parts]
                totals.add(self._score(z=mx.nd.concat(*logits, dim=0), y=labels), len(labels))
        return totals.scores()

    def validate(self) -> Scores:
        """Score every model on all validation examples."""
        totals = _Totals(len(self._members))
        with classic_arrays(), mx.autograd.pause():
            for inputs, labels in self._chunks(self._val, np.arange(len(self._data.val_y))):
                logits = mx.nd.dot(inputs, self._rows, transpose_b=True)
                logits = logits.reshape((len(labels), -1, self._classes))
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

    def _place(self, rows: Array) -> Any:
        return self._to_device(np.ascontiguousarray(rows.transpose(1, 0, 2)).reshape(-1, rows.shape[-1]))

    def _on_host(self, rows: Any) -> Array:
        array: Array = rows.asnumpy()
        return array.reshape(len(self._members), self._classes, -1).transpose(1, 0, 2)

    def _compile(self) -> None:
        """Make what depends on K and on the members' numbers."""
        self._score = Graph(_scores(len(self._members), self._dtype))
        self._rules = Rules.of(self._members, self._dtype)
        self._columns = {
            name: self._to_device(np.repeat(numbers, self._classes)[:, None])
            for name, numbers in vars(self._rules).items()
        }
        self._steps: dict[tuple[int, int], tuple[Graph, Any]] = {}

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
        """One step for each batch of `size` examples; the logits (n, K, classes) before it."""
        count = len(labels) // size
        if (count, size) not in self._steps:
            outputs = _descent(count, size, self._classes, len(self._members), self._rules, self._dtype)
            self._steps[count, size] = Graph(outputs, static=True), self._factor(size)
        graph, factor = self._steps[count, size]
        arrays = {"x": inputs, "y": labels, "rows": self._rows, "factor": factor, **self._columns}
        if self._velocities is None:
            self._rows, logits = graph(**arrays)
        else:
            self._rows, self._velocities, logits = graph(**arrays, velocities=self._velocities)
        return logits

    def _factor(self, size: int) -> Any:
        """What the gradient (size, K, classes) is multiplied by."""
        rates = np.ones_like(self._rules.rates) if self._rules.has_momentum else -self._rules.rates
        return self._to_device((rates / size).astype(self._dtype).reshape(1, -1, 1))


def _inputs(dtype: DType, *, is_uint8: bool) -> Any:
    """The examples `order` of `x` in the run's dtype, pixels between 0 and 1."""
    chosen = mx.sym.take(mx.sym.Variable("x"), mx.sym.Variable("order"))
    converted = mx.sym.Cast(chosen, dtype=dtype)
    return converted / 255 if is_uint8 else converted


def _descent(count: int, size: int, classes: int, members: int, rules: Rules, dtype: DType) -> Any:
    """The rows after `count` steps on `x` and `y`, the velocities if there are any, the logits before each.

    With logits z and p = softmax(z), the gradient of the batch's mean cross-entropy with respect to z
    is (p - onehot(y)) / size, and with respect to the rows that times the inputs.
    """
    sym = mx.sym
    x, y, rows, factor, velocities = map(sym.Variable, ("x", "y", "rows", "factor", "velocities"))
    rate, decay, momentum = map(sym.Variable, ("rates", "decays", "momenta"))
    targets = sym.one_hot(y, depth=classes, dtype=dtype).reshape((-1, 1, classes))
    # The product can multiply by one number on its way.
    shared = float(rules.momenta[0]) if np.ptp(rules.momenta) == 0 else None
    logits = []
    for batch, target in zip(_split(x, count), _split(targets, count), strict=True):
        # The bias is the last column of the rows, and the inputs have a column of ones for it.
        z = sym.FullyConnected(batch, rows, no_bias=True, num_hidden=members * classes, flatten=False)
        z = z.reshape((size, members, classes))
        gradient = sym.broadcast_mul(sym.broadcast_sub(sym.softmax(z), target), factor)
        gradient = gradient.reshape((size, members * classes))
        if not rules.has_momentum:
            kept = sym.broadcast_mul(rows, 1 - rate * decay) if rules.has_decay else rows
            # gemm adds the product to `kept`: the whole update is one operator.
            rows = sym.linalg_gemm(gradient, batch, kept, transpose_a=True)
        else:
            kept = velocities if shared is not None else sym.broadcast_mul(velocities, momentum)
            velocities = sym.linalg_gemm(gradient, batch, kept, transpose_a=True, beta=shared or 1.0)
            if rules.has_decay:
                velocities = velocities + sym.broadcast_mul(rows, decay)
            rows = rows - sym.broadcast_mul(velocities, rate)
        logits.append(z)
    moving = [velocities] if rules.has_momentum else []
    return sym.Group([rows, *moving, sym.concat(*logits, dim=0)])


def _split(array: Any, count: int) -> Any:
    """`count` equal parts along the first axis."""
    return [array] if count == 1 else mx.sym.split(array, num_outputs=count, axis=0)


def _scores(members: int, dtype: DType) -> Any:
    """(K,) numbers of wrong examples and (K,) sums of their losses, of logits `z` and labels `y`."""
    z, y = mx.sym.Variable("z"), mx.sym.expand_dims(mx.sym.Variable("y"), axis=1)
    wrong = mx.sym.broadcast_not_equal(mx.sym.argmax(z, axis=2), mx.sym.Cast(y, dtype=dtype))
    # pick() does not broadcast its indices.
    labels = mx.sym.broadcast_axis(y, axis=1, size=members)
    loss = -mx.sym.pick(mx.sym.log_softmax(z), labels)
    return mx.sym.Group([mx.sym.sum(wrong, axis=0), mx.sym.sum(loss, axis=0)])


class _Totals:
    """Running totals of the errors and losses of K models."""

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
