"""One network of `hpo.backend.models` under training, in TensorFlow, with each epoch in one graph."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from hpo import training
from hpo.backend import Array, Convolution, Dense, Model, Optimizer, Scores, State
from hpo.randomness import dropout_mask
from hpo.training.rows import mean_scores
from hpo.training.states import DROPOUT_STEPS, complete_state, has_dropout
from hpo_tensorflow.examples import Examples
from hpo_tensorflow.graphs import traced
from hpo_tensorflow.layers import scores_of
from hpo_tensorflow.optimizers import numbers_of, updated

UNROLLED = 4
"""Steps that stand one behind the other in a graph: a turn of its loop costs some of a small step's time."""

STEPS_PER_CALL = 256
"""Steps in one call of a graph where dropout's masks come along, which take memory."""

EXAMPLES_PER_SCORE = 256
"""Examples that are scored at a time: the outputs of a convolution are many times as large as an image."""

GRAPHS = 32
"""Graphs that are kept: a search over the units of layers needs one for each shape."""


class NetworkRun(training.NetworkRun[Examples]):
    """TensorFlow's implementation of `hpo.backend.Run` for one network of any kind."""

    def set_up(self) -> None:
        """Put the optimizer's numbers in place, which a graph takes as arguments."""
        with tf.device(self._device):
            self._numbers = numbers_of(self._member.optimizer)

    def load(self, states: Sequence[State]) -> None:
        """Replace the state."""
        [state] = states
        complete = complete_state(self._member, state, self._dtype)
        # Masks are drawn on the host: their count stays there.
        self._dropout_steps = int(complete.pop(DROPOUT_STEPS, 0))
        with tf.device(self._device):
            self._values = {name: tf.constant(value) for name, value in complete.items()}

    def state(self) -> list[State]:
        """A copy of the state."""
        state = {name: np.array(value.numpy()) for name, value in self._values.items()}
        if has_dropout(self._member.model):
            state[DROPOUT_STEPS] = np.array(self._dropout_steps, np.int64)
        return [state]

    def epoch(self, order: NDArray[np.intp]) -> Scores:
        """Train on the examples `order` (see `hpo.backend.Run.epoch`)."""
        member, sums = self._member, np.zeros(2)
        for part, size, unrolled in _parts(order, self._batch_size, masked=has_dropout(member.model)):
            kind = type(member.optimizer)
            graph = _descent(member.model, kind, size, unrolled)  # type: ignore[arg-type]  # it has a hash
            with tf.device(self._device):
                indices = tf.constant(part.reshape(-1, unrolled * size).astype(np.int32))
                masks = {index: tf.constant(mask) for index, mask in self._masks(len(part), size).items()}
                self._values, part_sums = graph(self._values, self._numbers, self._train, indices, masks)
            sums += part_sums.numpy()
        return mean_scores(sums[:1], sums[1:], len(order))

    def validate(self) -> Scores:
        """Score the model on all validation examples."""
        with tf.device(self._device):
            sums = _scoring(self._member.model)(self._values, self._validation).numpy()
        return mean_scores(sums[:1], sums[1:], len(self._validation.y))

    def _masks(self, num_examples: int, size: int) -> dict[int, Array]:
        """What the next steps keep of each layer with dropout, (num_examples, num_outputs) bool."""
        member, first = self._member, self._dropout_steps
        if not has_dropout(member.model):
            return {}
        self._dropout_steps += num_examples // size
        return {
            index: np.concatenate(
                [
                    dropout_mask(
                        member.seed, member.replicate, step, index, layer.dropout, (size, layer.num_outputs)
                    )
                    for step in range(first, self._dropout_steps)
                ]
            )
            for index, layer in enumerate(member.model.layers)
            if isinstance(layer, Dense) and layer.dropout
        }


@lru_cache(maxsize=GRAPHS)
def _descent(model: Model, kind: type[Optimizer], size: int, count: int) -> Any:
    """The graph of steps on mini-batches of `size` examples, `count` of them in each turn of its loop.

    Nothing in it depends on the optimizer's numbers or on how many turns and examples there are, so that
    trials share a trace.
    """

    def step(values: Any, numbers: Any, inputs: Any, labels: Any, masks: Any) -> tuple[Any, Any]:
        # `values` has the optimizer's slots and counts as well.
        parameters = {name: value for name, value in values.items() if name.startswith("layers.")}
        with tf.GradientTape() as tape:
            tape.watch(parameters)
            scores = scores_of(model, parameters, inputs, masks)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, scores)
            loss = tf.reduce_sum(losses) * tf.constant(1 / size, losses.dtype)
        return updated(kind, numbers, values, tape.gradient(loss, parameters)), _sums(scores, labels, losses)

    def descend(values: Any, numbers: Any, data: Examples, indices: Any, masks: Any) -> tuple[Any, Any]:
        def train(turn: Any, values: Any, sums: Any) -> tuple[Any, Any, Any]:
            inputs, labels = data.take(indices[turn])
            for first in range(0, count * size, size):
                start = turn * (count * size) + first
                kept = {index: mask[start : start + size] for index, mask in masks.items()}
                batch = slice(first, first + size)
                values, step_sums = step(values, numbers, inputs[batch], labels[batch], kept)
                sums += step_sums
            return turn + 1, values, sums

        nothing = tf.zeros([2], tf.float64)
        _, values, sums = tf.while_loop(
            lambda turn, *_: turn < tf.shape(indices)[0], train, (0, values, nothing)
        )
        return values, sums

    return traced(descend, autograph=False)


@lru_cache(maxsize=GRAPHS)
def _scoring(model: Model) -> Any:
    """The graph that scores a model on all examples."""
    # Only convolutions make outputs that are many times as large as an example.
    chunk = EXAMPLES_PER_SCORE * (1 if isinstance(model.layers[0], Convolution) else 4)

    def score(values: Any, data: Examples) -> Any:
        total = tf.shape(data.y)[0]

        def add(start: Any, sums: Any) -> tuple[Any, Any]:
            inputs, labels = data.take(tf.range(start, tf.minimum(start + chunk, total)))
            scores = scores_of(model, values, inputs, {})
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, scores)
            return start + chunk, sums + _sums(scores, labels, losses)

        _, sums = tf.while_loop(lambda start, _: start < total, add, (0, tf.zeros([2], tf.float64)))
        return sums

    return traced(score, autograph=False)


def _sums(scores: Any, labels: Any, losses: Any) -> Any:
    """The number of wrong examples and the sum of the losses, (2,) float64."""
    wrong = tf.math.count_nonzero(tf.argmax(scores, 1, tf.int32) != labels, dtype=tf.float64)
    return tf.stack([wrong, tf.reduce_sum(tf.cast(losses, tf.float64))])


def _parts(
    order: NDArray[np.intp], size: int, *, masked: bool
) -> Iterator[tuple[NDArray[np.intp], int, int]]:
    """An order as parts that one call of a graph each can train, with their size of batch and unrolling."""
    full = len(order) // size * size
    unrolled = full // (UNROLLED * size) * UNROLLED * size
    # range() takes no step of 0, which `unrolled` is where the order is short.
    most = STEPS_PER_CALL * size if masked else max(unrolled, 1)
    for start in range(0, unrolled, most):
        yield order[start : min(start + most, unrolled)], size, UNROLLED
    if unrolled < full:
        yield order[unrolled:full], size, 1
    if full < len(order):
        yield order[full:], len(order) - full, 1
