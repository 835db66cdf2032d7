"""K softmax regressions in TensorFlow, with the gradient in closed form and each epoch in one graph."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from hpo.backend import Array, Arrays, DType, Member, Scores, State
from hpo.training.batches import EXAMPLES_PER_CHUNK
from hpo.training.rows import Rules, check_members, from_rows, mean_scores, to_rows

MOST_UNROLLED = 8
"""Steps that stand one behind the other in a graph."""

NUMBER, ANY_K, ANY_ROWS = (tf.TensorShape([None] * dimensions) for dimensions in range(3))
"""Shapes in a loop, which may know K before its first turn and not after it."""


class SoftmaxRun:
    """TensorFlow's implementation of `hpo.backend.Run`."""

    def __init__(self, members: Sequence[Member], data: Arrays, dtype: DType, device: Any) -> None:
        check_members(members, data)
        self._members = list(members)
        self._dtype: DType = dtype
        self._device = device
        self._batch_size = data.batch_size
        self._classes = members[0].model.num_outputs
        with tf.device(device):
            white = 255 if data.train_x.dtype == np.uint8 else 1
            self._train = _place(data.train_x, data.train_y, white)
            self._val = _place(data.val_x, data.val_y, white)
            self._scale = tf.constant(1 / white, dtype)
        self.load([member.state for member in members])

    def load(self, states: Sequence[State]) -> None:
        """Replace the K models' states."""
        rows, velocities = to_rows(self._members, states, self._dtype)
        rules = Rules.of(self._members, self._dtype)
        with tf.device(self._device):
            self._rows = tf.constant(rows)
            # A slot that no member needs is empty, which costs the graph nothing.
            moving = np.zeros((0, 0, 0), self._dtype) if velocities is None else velocities
            self._velocities = tf.constant(moving)
            numbers = tf.constant(np.stack([rules.rates, rules.decays, rules.momenta]))
        self._rules = numbers, rules.has_decay, rules.has_momentum

    def state(self) -> list[State]:
        """Copies of the K models' states."""
        velocities = self._velocities.numpy()
        return from_rows(self._members, self._rows.numpy(), velocities if velocities.size else None)

    def drop(self, index: int) -> None:
        """Take one model out; those behind it move up."""
        states = self.state()
        del self._members[index], states[index]
        self.load(states)

    def epoch(self, order: NDArray[np.intp]) -> Scores:
        """Train every model on the examples `order` (see `hpo.backend.Run.epoch`)."""
        wrong: Any = 0.0
        loss: Any = 0.0
        with tf.device(self._device):
            for part, size, unrolled in _parts(order, self._batch_size):
                indices = tf.constant(part.reshape(-1, unrolled * size).astype(np.int32))
                self._rows, self._velocities, part_wrong, part_loss = _epoch(
                    self._rows,
                    self._velocities,
                    *self._train,
                    indices,
                    *self._rules,
                    self._scale,
                    self._classes,
                    size,
                    unrolled,
                )
                wrong, loss = wrong + part_wrong.numpy(), loss + part_loss.numpy()
        return mean_scores(wrong, loss, len(order))

    def validate(self) -> Scores:
        """Score every model on all validation examples."""
        with tf.device(self._device):
            wrong, loss = _validate(self._rows, *self._val, self._scale, self._classes)
        return mean_scores(wrong.numpy(), loss.numpy(), len(self._val[1]))


def _place(x: Array, y: Array, white: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Examples with the column that meets the bias, and their labels."""
    # The images stay uint8, a quarter of the memory, and are converted chunk by chunk.
    flat = x.reshape(len(x), -1)
    ones = np.full((len(x), 1), white, x.dtype)
    return tf.constant(np.concatenate([flat, ones], axis=1)), tf.constant(y.astype(np.int32))


def _inputs(x: tf.Tensor, indices: tf.Tensor, scale: tf.Tensor) -> tf.Tensor:
    """Examples as numbers (n, num_inputs + 1)."""
    return tf.cast(tf.gather(x, indices), scale.dtype) * scale


def _scores(logits: tf.Tensor, labels: tf.Tensor, classes: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Sums over n examples, each (K,) float64, of what logits (classes * K, n) get wrong and lose."""
    # Reductions are fast along the first axis; argmax and the cross-entropy take as long as half a step.
    z = tf.reshape(logits, [classes, -1, tf.shape(labels)[0]])
    each, zero = tf.range(classes)[:, None], tf.zeros([], z.dtype)
    of_label = tf.reduce_sum(tf.where((each == labels)[:, None], z, zero), axis=0)
    highest = tf.reduce_max(z, axis=0)
    # The first of the largest logits says the class.
    before = z + tf.where(each < labels, zero, -np.inf)[:, None]
    wrong = (of_label < highest) | (tf.reduce_max(before, axis=0) >= of_label)
    loss = tf.math.log(tf.reduce_sum(tf.exp(z - highest), axis=0)) + highest - of_label
    return (
        tf.reduce_sum(tf.cast(wrong, tf.float64), axis=1),
        tf.reduce_sum(tf.cast(loss, tf.float64), axis=1),
    )


@tf.function(reduce_retracing=True, autograph=False)  # type: ignore[untyped-decorator]  # TensorFlow's
def _epoch(
    rows: Any,
    velocities: Any,
    x: Any,
    y: Any,
    chunks: Any,
    rules: Any,
    has_decay: bool,
    has_momentum: bool,
    scale: Any,
    classes: int,
    size: int,
    count: int,
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
    """One step for each batch of `size` examples; `chunks` is (chunks, count * size).

    With logits z and p = softmax(z), the gradient of the batch's mean cross-entropy with respect to z is
    (p - onehot(y)) / size, and with respect to the rows that times the inputs. The steps of a chunk stand
    one behind the other in the graph: a loop over them would cost more than their arithmetic. Nothing in
    the graph depends on the rates, K, or how many chunks and examples there are, so that trials share a
    trace, and those that a member left go on with theirs.
    """
    rate, decay, momentum = (tf.tile(rules[row], [classes])[:, None] for row in range(3))
    factor = tf.cast(1 / size, rules.dtype) if has_momentum else (-rules[0] / size)[:, None]

    def train(number: Any, flat: Any, moving: Any, wrong: Any, loss: Any) -> tuple[Any, ...]:
        labels = tf.gather(y, chunks[number])
        inputs = tf.split(_inputs(x, chunks[number], scale), count)
        targets = tf.split(tf.one_hot(labels, classes, axis=0, dtype=rules.dtype)[:, None], count, axis=2)
        logits = []
        for batch, target in zip(inputs, targets, strict=True):
            z = tf.matmul(flat, batch, transpose_b=True)
            # Each of these is faster along the first axis than a softmax, which wants the last one.
            likely = tf.reshape(z, [classes, -1])
            likely = tf.exp(likely - tf.reduce_max(likely, axis=0))
            likely /= tf.reduce_sum(likely, axis=0)
            gradient = (tf.reshape(likely, [classes, -1, size]) - target) * factor
            change = tf.matmul(tf.reshape(gradient, [-1, size]), batch)
            if has_momentum:
                moving = moving * momentum + (change + flat * decay if has_decay else change)
                change = -rate * moving
            elif has_decay:
                flat *= 1 - rate * decay
            flat += change
            logits.append(z)
        chunk_wrong, chunk_loss = _scores(tf.concat(logits, 1), labels, classes)
        return number + 1, flat, moving, wrong + chunk_wrong, loss + chunk_loss

    nothing = tf.zeros_like(rules[0], tf.float64)
    _, flat, moving, wrong, loss = tf.while_loop(
        lambda number, *_: number < tf.shape(chunks)[0],
        train,
        (0, _flat(rows), _flat(velocities), nothing, nothing),
        shape_invariants=(NUMBER, ANY_ROWS, ANY_ROWS, ANY_K, ANY_K),
    )
    return tf.reshape(flat, tf.shape(rows)), tf.reshape(moving, tf.shape(velocities)), wrong, loss


@tf.function(reduce_retracing=True, autograph=False)  # type: ignore[untyped-decorator]  # TensorFlow's
def _validate(rows: Any, x: Any, y: Any, scale: Any, classes: int) -> tuple[tf.Tensor, tf.Tensor]:
    flat = _flat(rows)

    def score(start: Any, wrong: Any, loss: Any) -> tuple[Any, ...]:
        labels = y[start : start + EXAMPLES_PER_CHUNK]
        indices = tf.range(start, start + tf.shape(labels)[0])
        z = tf.matmul(flat, _inputs(x, indices, scale), transpose_b=True)
        chunk_wrong, chunk_loss = _scores(z, labels, classes)
        return start + EXAMPLES_PER_CHUNK, wrong + chunk_wrong, loss + chunk_loss

    nothing = tf.zeros([tf.shape(rows)[1]], tf.float64)
    _, wrong, loss = tf.while_loop(
        lambda start, *_: start < tf.shape(y)[0],
        score,
        (0, nothing, nothing),
        shape_invariants=(NUMBER, ANY_K, ANY_K),
    )
    return wrong, loss


def _flat(rows: Any) -> Any:
    """Rows (classes, K, num_inputs + 1) as one matrix."""
    return tf.reshape(rows, [-1, tf.shape(rows)[2]])


def _parts(order: NDArray[np.intp], size: int) -> Iterator[tuple[NDArray[np.intp], int, int]]:
    """An order as parts that one graph each can train: chunks of batches, single batches, the last one."""
    most = max(1, min(MOST_UNROLLED, EXAMPLES_PER_CHUNK // size))
    # Chunks that leave no single batches over spare a graph.
    unrolled = next((n for n in range(most, most // 2, -1) if len(order) // size % n == 0), most)
    chunked = len(order) // (unrolled * size) * unrolled * size
    full = len(order) // size * size
    for part, part_size, part_unrolled in (
        (order[:chunked], size, unrolled),
        (order[chunked:full], size, 1),
        (order[full:], len(order) - full, 1),
    ):
        if len(part):
            yield part, part_size, part_unrolled
