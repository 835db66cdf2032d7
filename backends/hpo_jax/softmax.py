"""K softmax regressions in JAX, with the gradient in closed form and each epoch in one program."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax
from numpy.typing import NDArray

from hpo.backend import Arrays, DType, Member, Scores, State
from hpo.training.batches import EXAMPLES_PER_CHUNK
from hpo.training.rows import Rules, check_members, from_rows, mean_scores, to_rows
from hpo_jax.examples import Examples, Order, place, put_order
from hpo_jax.programs import Program, fetched, put

PROGRAMS = 32
"""Programs that are kept: a search over batch sizes needs one for each."""

HIGHEST_PRICE = 0.05
"""The most that products of inputs with inputs may add to the arithmetic of the steps; see `_blocks`."""


class SoftmaxRun:
    """JAX's implementation of `hpo.backend.Run`."""

    def __init__(self, members: Sequence[Member], data: Arrays, dtype: DType, device: Any) -> None:
        check_members(members, data)
        self._members, self._dtype, self._device = list(members), dtype, device
        self._batch_size = data.batch_size
        self._classes = members[0].model.num_outputs
        self._train = place(data.train_x, data.train_y, dtype, device, with_ones=True)
        self._val = place(data.val_x, data.val_y, dtype, device, with_ones=True)
        self.load([member.state for member in members])

    def load(self, states: Sequence[State]) -> None:
        """Replace the K models' states."""
        rows, velocities = to_rows(self._members, states, self._dtype)
        self._rows = put(rows.reshape(-1, rows.shape[-1]), self._device)
        self._velocities = None
        if velocities is not None:
            self._velocities = put(velocities.reshape(self._rows.shape), self._device)
        rules = Rules.of(self._members, self._dtype)
        self._has_decay = rules.has_decay
        self._rules = put(np.stack([rules.rates, rules.decays, rules.momenta]), self._device)

    def state(self) -> list[State]:
        """Copies of the K models' states."""
        shape = (self._classes, len(self._members), -1)
        velocities = None if self._velocities is None else np.array(self._velocities).reshape(shape)
        return from_rows(self._members, np.array(self._rows).reshape(shape), velocities)

    def drop(self, index: int) -> None:
        """Take one model out; those behind it move up."""
        states = self.state()
        del self._members[index], states[index]
        self.load(states)

    def epoch(self, order: NDArray[np.intp]) -> Scores:
        """Train every model on the examples `order` (see `hpo.backend.Run.epoch`)."""
        plain = self._velocities is None and not self._has_decay
        block = _batches_at_once(self._batch_size, len(self._rows)) if plain else 1
        size = self._batch_size
        there = put_order(order, self._train.count, size, size * block, self._device)
        descend = _descent(self._classes, size, block, self._has_decay)
        self._rows, self._velocities, wrong, loss = descend(
            self._rows, self._velocities, self._rules, self._train, there
        )
        return _scores(wrong, loss, len(order))

    def validate(self) -> Scores:
        """Score every model on all validation examples."""
        wrong, loss = _scoring(self._classes)(self._rows, self._val)
        return _scores(wrong, loss, self._val.count)


def _scores(wrong: Any, loss: Any, num_examples: int) -> Scores:
    """Means of sums (chunks, K), which are added up on the host in float64."""
    return mean_scores(_total(wrong), _total(loss), num_examples)


def _total(sums: Any) -> NDArray[np.float64]:
    return np.asarray(fetched(sums).astype(np.float64).sum(axis=0))


def _batches_at_once(batch_size: int, num_rows: int) -> int:
    """How many batches one product serves.

    A step of SGD without decay and momentum adds to the rows its gradient times its inputs. So the product
    of the rows with a later batch is the product made before, plus that gradient times the inner products of
    the two batches' inputs. The rows are read and moved once for several batches, which pays where there are
    many rows: for m batches of n examples and r rows the inner products are n * n * m * (m - 1) / 2 beside
    2 * r * n * m.
    """
    affordable = 1 + int(4 * HIGHEST_PRICE * num_rows / batch_size)
    return max(1, min(affordable, 64 // batch_size))


@lru_cache(maxsize=PROGRAMS)
def _descent(classes: int, size: int, block: int, has_decay: bool) -> Program:
    """The program of steps on mini-batches of `size` examples, `block` of them at a time.

    With logits z and p = softmax(z), the gradient of the batch's mean cross-entropy with respect to z is
    (p - onehot(y)) / n, and with respect to the rows that times the inputs. Nothing in it depends on the
    rates, or on how many examples the order has: an example behind its end has no weight.
    """

    def descend(rows: Any, velocities: Any, rules: Any, data: Examples, order: Order) -> Any:
        rate, decay, momentum = (jnp.tile(each, classes)[:, None] for each in rules)
        members = rules.shape[1]

        def gradient(z: Any, target: Any, weight: Any) -> Any:
            likely = z.reshape(classes, members, -1)
            likely = jnp.exp(likely - likely.max(0))
            likely = (likely / likely.sum(0) - target[:, None]) * weight
            return likely.reshape(z.shape)

        def step(rows: Any, velocities: Any, x: Any, target: Any, weight: Any) -> Any:
            """One step for each batch of a block; the logits before it."""
            products = _times_transposed(rows, x)
            gradients: list[Any] = []
            logits: list[Any] = []
            for first in range(0, block * size, size):
                batch = slice(first, first + size)
                z = products[:, batch]
                if gradients:
                    earlier = _times_transposed(x[:first], x[batch])
                    z -= rate * (jnp.concatenate(gradients, 1) @ earlier)
                gradients.append(gradient(z, target[:, batch], weight[batch]))
                logits.append(z)
            change = jnp.concatenate(gradients, 1) @ x
            if velocities is not None:
                velocities = momentum * velocities + (change + decay * rows if has_decay else change)
                rows -= rate * velocities
            elif has_decay:
                rows = (1 - rate * decay) * rows - rate * change
            else:
                rows -= rate * change
            return rows, velocities, jnp.concatenate(logits, 1)

        def chunk(number: Any, carry: Any) -> Any:
            rows, velocities, wrong, loss = carry
            indices, weights = order.chunk(number, rows.dtype)
            x, y = data.take(indices)
            target = (jnp.arange(classes)[:, None] == y).astype(rows.dtype)
            each = block * size

            def steps(index: Any, carry: Any) -> Any:
                rows, velocities, logits = carry
                start = index * each
                batches = (
                    lax.dynamic_slice_in_dim(part, start, each, axis)
                    for part, axis in ((x, 0), (target, 1), (weights, 0))
                )
                rows, velocities, z = step(rows, velocities, *batches)
                return rows, velocities, lax.dynamic_update_slice_in_dim(logits, z, start, 1)

            logits = jnp.zeros((len(rows), len(y)), rows.dtype)
            rows, velocities, logits = lax.fori_loop(
                0, order.steps_in(number, each), steps, (rows, velocities, logits)
            )
            chunk_wrong, chunk_loss = _sums(logits.reshape(classes, members, -1), y, weights > 0)
            return rows, velocities, wrong.at[number].set(chunk_wrong), loss.at[number].set(chunk_loss)

        nothing = jnp.zeros((order.num_chunks, members), rows.dtype)
        return lax.fori_loop(0, order.chunks_in_use, chunk, (rows, velocities, nothing, nothing))

    return Program(descend, donated=(0, 1))


@lru_cache(maxsize=PROGRAMS)
def _scoring(classes: int) -> Program:
    def score(rows: Any, data: Examples) -> Any:
        def chunk(number: Any) -> Any:
            x, y, there = data.part(number, EXAMPLES_PER_CHUNK)
            logits = _times_transposed(rows, x)
            return _sums(logits.reshape(classes, -1, len(y)), y, there)

        return lax.map(chunk, jnp.arange(data.parts(EXAMPLES_PER_CHUNK)))

    return Program(score)


def _times_transposed(a: Any, b: Any) -> Any:
    """The product of a (n, d) with b (m, d), transposed: (n, m)."""
    return lax.dot_general(a, b, (((1,), (1,)), ((), ())))


def _sums(z: Any, labels: Any, counted: Any) -> tuple[Any, Any]:
    """The number of wrong examples and the sum of the losses, each (K,), of logits (classes, K, n)."""
    each = jnp.arange(len(z))[:, None]
    zero = jnp.zeros((), z.dtype)
    of_label = jnp.where((each == labels)[:, None], z, zero).sum(0)
    highest = z.max(0)
    # The first of the largest logits says the class.
    before = z + jnp.where(each < labels, zero, -jnp.inf)[:, None]
    wrong = (of_label < highest) | (before.max(0) >= of_label)
    loss = jnp.log(jnp.exp(z - highest).sum(0)) + highest - of_label
    return (
        jnp.where(counted, wrong.astype(z.dtype), zero).sum(1),
        jnp.where(counted, loss, zero).sum(1),
    )
