"""K softmax regressions in TensorFlow, with the gradient in closed form and each epoch in one graph."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from hpo.port import Array, Arrays, DType, Member, Scores, State
from hpo.training.data import EXAMPLES_PER_CHUNK
from hpo.training.rows import Rules, check_members, from_rows, mean_scores, to_rows

MOST_UNROLLED = 16
"""Steps that stand one behind the other in a graph."""

ANY_K = tf.TensorShape([None])
"""The shape of sums for K members: a loop may know K before its first turn and not after it."""


class SoftmaxRun:
    """TensorFlow's implementation of `hpo.port.Run`.

    Rows stand member-major here, (K, num_outputs, num_inputs + 1): TensorFlow's softmax is one operation
    along the last axis only.
    """

    def __init__(self, members: Sequence[Member], data: Arrays, dtype: DType, device: Any) -> None:
        check_members(members, data)
        self._members = list(members)
        self._dtype: DType = dtype
        self._device = device
        self._batch_size = data.batch_size
        self._classes = members[0].model.num_outputs
        with tf.device(device):
            self._train = _place(data.train_x, data.train_y)
            self._val = _place(data.val_x, data.val_y)
            self._scale = tf.constant(1 / 255 if data.train_x.dtype == np.uint8 else 1, dtype)
        self.load([member.state for member in members])

    def load(self, states: Sequence[State]) -> None:
        """Replace the K models' states."""
        rows, velocities = to_rows(self._members, states, self._dtype)
        rules = Rules.of(self._members, self._dtype)
        with tf.device(self._device):
            self._rows = tf.constant(rows.transpose(1, 0, 2))
            # What nobody needs is nothing, which costs the graph nothing.
            moving = np.zeros((0, 0, 0), self._dtype) if velocities is None else velocities
            self._velocities = tf.constant(moving.transpose(1, 0, 2))
            numbers = tf.constant(np.stack([rules.rates, rules.decays, rules.momenta]))
        self._rules = numbers, rules.has_decay, rules.has_momentum

    def state(self) -> list[State]:
        """Copies of the K models' states."""
        velocities = self._velocities.numpy().transpose(1, 0, 2)
        moving = velocities if velocities.size else None
        return from_rows(self._members, self._rows.numpy().transpose(1, 0, 2), moving)

    def drop(self, index: int) -> None:
        """Take one model out; those behind it move up."""
        states = self.state()
        del self._members[index], states[index]
        self.load(states)

    def epoch(self, order: NDArray[np.intp]) -> Scores:
        """Train every model on the examples `order` (see `hpo.port.Run.epoch`)."""
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


def _place(x: Array, y: Array) -> tuple[tf.Tensor, tf.Tensor]:
    # The images stay uint8, a quarter of the memory, and are converted chunk by chunk.
    return tf.constant(x.reshape(len(x), -1)), tf.constant(y.astype(np.int32))


def _inputs(x: tf.Tensor, indices: tf.Tensor, scale: tf.Tensor) -> tf.Tensor:
    """Examples as numbers (n, num_inputs + 1), the last of which is the one that meets the bias."""
    chosen = tf.cast(tf.gather(x, indices), scale.dtype) * scale
    return tf.concat([chosen, tf.ones([tf.shape(indices)[0], 1], scale.dtype)], axis=1)


def _scores(logits: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Sums over n examples, each (K,) float64, of what logits (n, K, num_outputs) get wrong and lose."""
    # Reductions are fast along the first axis; argmax and the cross-entropy take as long as half a step.
    z = tf.transpose(logits, [2, 1, 0])
    classes, zero = tf.range(tf.shape(z)[0])[:, None], tf.zeros([], z.dtype)
    of_label = tf.reduce_sum(tf.where((classes == labels)[:, None], z, zero), axis=0)
    highest = tf.reduce_max(z, axis=0)
    # The first of the largest logits says the class.
    before = z + tf.where(classes < labels, zero, -np.inf)[:, None]
    wrong = (of_label < highest) | (tf.reduce_max(before, axis=0) >= of_label)
    loss = tf.math.log(tf.reduce_sum(tf.exp(z - highest), axis=0)) + highest - of_label
    return (
        tf.reduce_sum(tf.cast(wrong, tf.float64), axis=1),
        tf.reduce_sum(tf.cast(loss, tf.float64), axis=1),
    )


@tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]  # TensorFlow's
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
    width = tf.shape(rows)[2]
    flat, moving = tf.reshape(rows, [-1, width]), tf.reshape(velocities, [-1, tf.shape(velocities)[2]])
    rate, decay, momentum = (tf.repeat(rules[row], classes)[:, None] for row in range(3))
    factor = tf.cast(1 / size, rules.dtype) if has_momentum else (-rules[0] / size)[:, None]
    wrong = loss = tf.zeros_like(rules[0], tf.float64)
    for indices in chunks:
        tf.autograph.experimental.set_loop_options(shape_invariants=[(wrong, ANY_K), (loss, ANY_K)])
        labels = tf.gather(y, indices)
        targets = tf.split(tf.one_hot(labels, classes, dtype=rules.dtype)[:, None], count)
        logits = []
        for batch, target in zip(tf.split(_inputs(x, indices, scale), count), targets, strict=True):
            z = tf.reshape(tf.matmul(batch, flat, transpose_b=True), [size, -1, classes])
            gradient = tf.reshape((tf.nn.softmax(z) - target) * factor, [size, -1])
            change = tf.matmul(gradient, batch, transpose_a=True)
            if has_momentum:
                moving = moving * momentum + (change + flat * decay if has_decay else change)
                change = -rate * moving
            elif has_decay:
                flat *= 1 - rate * decay
            flat += change
            logits.append(z)
        chunk_wrong, chunk_loss = _scores(tf.concat(logits, 0), labels)
        wrong += chunk_wrong
        loss += chunk_loss
    return tf.reshape(flat, tf.shape(rows)), tf.reshape(moving, tf.shape(velocities)), wrong, loss


@tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]  # TensorFlow's
def _validate(rows: Any, x: Any, y: Any, scale: Any, classes: int) -> tuple[tf.Tensor, tf.Tensor]:
    members, flat = tf.shape(rows)[0], tf.reshape(rows, [-1, tf.shape(rows)[2]])
    wrong = loss = tf.zeros([members], tf.float64)
    for start in tf.range(0, tf.shape(y)[0], EXAMPLES_PER_CHUNK):
        tf.autograph.experimental.set_loop_options(shape_invariants=[(wrong, ANY_K), (loss, ANY_K)])
        labels = y[start : start + EXAMPLES_PER_CHUNK]
        indices = tf.range(start, start + tf.shape(labels)[0])
        z = tf.matmul(_inputs(x, indices, scale), flat, transpose_b=True)
        chunk_wrong, chunk_loss = _scores(tf.reshape(z, [-1, members, classes]), labels)
        wrong += chunk_wrong
        loss += chunk_loss
    return wrong, loss


def _parts(order: NDArray[np.intp], size: int) -> Iterator[tuple[NDArray[np.intp], int, int]]:
    """An order as parts that one graph each can train: chunks of batches, single batches, the last one."""
    unrolled = max(1, min(MOST_UNROLLED, EXAMPLES_PER_CHUNK // size))
    chunked = len(order) // (unrolled * size) * unrolled * size
    full = len(order) // size * size
    for part, part_size, part_unrolled in (
        (order[:chunked], size, unrolled),
        (order[chunked:full], size, 1),
        (order[full:], len(order) - full, 1),
    ):
        if len(part):
            yield part, part_size, part_unrolled
