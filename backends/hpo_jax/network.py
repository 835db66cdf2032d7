"""K networks of `hpo.backend.models` of one shape under training, in JAX, with each epoch in one program."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from numpy.typing import NDArray

from hpo.backend import Convolution, Dense, DType, Member, Model, Optimizer, Scores, State
from hpo.randomness import dropout_mask
from hpo.training.rows import mean_scores
from hpo.training.states import DROPOUT_STEPS, complete_state, has_dropout
from hpo_jax.examples import EXAMPLES_PER_SCORE, Examples, Order, put_order
from hpo_jax.layers import scores_of
from hpo_jax.optimizers import numbers_of, updated
from hpo_jax.programs import Program, fetched, of_each, put

STEPS_PER_CALL = 256
"""Steps in one call of a program where dropout's masks come along, which take memory."""

PROGRAMS = 32
"""Programs that are kept: a search over the units of layers needs one for each shape."""


class NetworkRun:
    """JAX's implementation of `hpo.backend.Run` for K networks of any kind.

    Args:
        members: the networks, of one shape.
        train: what they learn from.
        validation: what they are scored on.
        batch_size: examples in a mini-batch.
        dtype: what they compute in.
        device: where they are.
    """

    def __init__(
        self,
        members: Sequence[Member],
        train: Examples,
        validation: Examples,
        batch_size: int,
        dtype: DType,
        device: Any,
    ) -> None:
        self._members, self._dtype, self._device = list(members), dtype, device
        self._train, self._validation, self._batch_size = train, validation, batch_size
        self._model, self._kind = members[0].model, type(members[0].optimizer)
        self._on_processor = device.platform == "cpu"
        self.load([member.state for member in members])

    def load(self, states: Sequence[State]) -> None:
        """Replace the K models' states."""
        complete = [
            complete_state(one, state, self._dtype) for one, state in zip(self._members, states, strict=True)
        ]
        # Masks are drawn on the host: their count stays there.
        self._dropout_steps = [int(state.pop(DROPOUT_STEPS, 0)) for state in complete]
        self._names = [tuple(state) for state in complete]
        # Slots that a member lacks, such as velocities without momentum, stay zero.
        blank = {name: np.zeros_like(value) for state in complete for name, value in state.items()}
        self._values = self._stacked([blank | state for state in complete])
        self._numbers = self._stacked([numbers_of(one.optimizer) for one in self._members])

    def state(self) -> list[State]:
        """Copies of the K models' states."""
        values = {name: np.asarray(value) for name, value in self._values.items()}
        states: list[State] = [
            {name: values[name][index].copy() for name in names} for index, names in enumerate(self._names)
        ]
        if has_dropout(self._model):
            for state, steps in zip(states, self._dropout_steps, strict=True):
                state[DROPOUT_STEPS] = np.array(steps, np.int64)
        return states

    def drop(self, index: int) -> None:
        """Take one model out; those behind it move up."""
        states = self.state()
        del self._members[index], states[index]
        self.load(states)

    def epoch(self, order: NDArray[np.intp]) -> Scores:
        """Train every model on the examples `order` (see `hpo.backend.Run.epoch`)."""
        size, sums = self._batch_size, np.zeros((2, len(self._members)))
        descend = _descent(self._model, self._kind, self._on_processor)  # type: ignore[arg-type]  # has a hash
        masked = has_dropout(self._model)
        most = STEPS_PER_CALL * size if masked else max(len(order), 1)
        for start in range(0, len(order), most):
            part = order[start : start + most]
            capacity = min(most, self._train.count) if masked else self._train.count
            there = put_order(part, capacity, size, size, self._device)
            masks = self._masks(len(part), len(there.indices)) if masked else {}
            self._values, wrong_and_loss = descend(self._values, self._numbers, self._train, there, masks)
            sums += fetched(wrong_and_loss).astype(np.float64).sum(0)
        return mean_scores(sums[0], sums[1], len(order))

    def validate(self) -> Scores:
        """Score every model on all validation examples."""
        sums = _scoring(self._model, self._on_processor)(self._values, self._validation)
        sums = fetched(sums).astype(np.float64).sum(0)
        return mean_scores(sums[0], sums[1], self._validation.count)

    def _stacked(self, each: Sequence[State]) -> dict[str, jax.Array]:
        return {name: put(np.stack([one[name] for one in each]), self._device) for name in each[0]}

    def _masks(self, num_examples: int, length: int) -> dict[int, jax.Array]:
        """What the next steps keep of each layer with dropout, (K, length, num_outputs) bool.

        Args:
            num_examples: examples of the steps.
            length: of the order, which is filled up.
        """
        size = self._batch_size
        sizes = [min(size, num_examples - first) for first in range(0, num_examples, size)]
        drawn = {
            index: np.zeros((len(self._members), length, layer.num_outputs), bool)
            for index, layer in enumerate(self._model.layers)
            if isinstance(layer, Dense) and layer.dropout
        }
        for place, member in enumerate(self._members):
            for step, examples in enumerate(sizes):
                for index, masks in drawn.items():
                    layer: Any = self._model.layers[index]
                    shape, number = (examples, layer.num_outputs), self._dropout_steps[place] + step
                    kept = dropout_mask(member.seed, member.replicate, number, index, layer.dropout, shape)
                    masks[place, step * size : step * size + examples] = kept
            self._dropout_steps[place] += len(sizes)
        return {index: put(masks, self._device) for index, masks in drawn.items()}


@lru_cache(maxsize=PROGRAMS)
def _descent(model: Model, kind: type[Optimizer], on_processor: bool) -> Program:
    """The program of steps on mini-batches.

    Nothing in it depends on the optimizer's numbers, or on how many examples the order has: an example behind
    its end has no weight.
    """

    def step(values: Any, numbers: Any, batch: tuple[Any, Any, Any], masks: Any) -> tuple[Any, Any]:
        x, y, weights = batch
        # `values` has the optimizer's slots and counts as well.
        parameters = {name: value for name, value in values.items() if name.startswith("layers.")}

        def loss(parameters: Any) -> tuple[Any, Any]:
            scores = scores_of(model, parameters, x, masks, on_processor=on_processor)
            losses = _losses(scores, y)
            return (losses * weights).sum(), _sums(scores, y, losses, weights > 0)

        gradients, sums = jax.grad(loss, has_aux=True)(parameters)
        return updated(kind, numbers, values, gradients), sums

    def descend(values: Any, numbers: Any, data: Examples, order: Order, masks: Any) -> tuple[Any, Any]:
        members, dtype = len(numbers["learning_rate"]), data.dtype
        every = of_each(step, (0, 0, None, 0))

        def chunk(number: Any, carry: Any) -> Any:
            values, sums = carry
            indices, weights = order.chunk(number, dtype)
            examples = (*data.take(indices), weights)
            kept = {
                index: lax.dynamic_slice_in_dim(mask, number * order.per_chunk, order.per_chunk, 1)
                for index, mask in masks.items()
            }

            def steps(index: Any, carry: Any) -> Any:
                values, total = carry
                first = index * order.size
                batch = tuple(lax.dynamic_slice_in_dim(part, first, order.size) for part in examples)
                own = {
                    layer: lax.dynamic_slice_in_dim(mask, first, order.size, 1)
                    for layer, mask in kept.items()
                }
                values, step_sums = every(values, numbers, batch, own)
                return values, total + step_sums.T

            start = values, jnp.zeros((2, members), dtype)
            values, total = lax.fori_loop(0, order.steps_in(number, order.size), steps, start)
            return values, sums.at[number].set(total)

        nothing = jnp.zeros((order.num_chunks, 2, members), dtype)
        result: tuple[Any, Any] = lax.fori_loop(0, order.chunks_in_use, chunk, (values, nothing))
        return result

    return Program(descend, donated=(0,))


@lru_cache(maxsize=PROGRAMS)
def _scoring(model: Model, on_processor: bool) -> Program:
    """The program that scores models on all examples."""
    # Only convolutions make outputs that are many times as large as an example.
    size = EXAMPLES_PER_SCORE * (1 if isinstance(model.layers[0], Convolution) else 4)

    def of_part(values: Any, part: tuple[Any, Any, Any]) -> Any:
        x, y, there = part
        scores = scores_of(model, values, x, {}, on_processor=on_processor)
        return _sums(scores, y, _losses(scores, y), there)

    def score(values: Any, data: Examples) -> Any:
        every = of_each(of_part, (0, None))
        return lax.map(lambda number: every(values, data.part(number, size)).T, jnp.arange(data.parts(size)))

    return Program(score)


def _losses(scores: Any, labels: Any) -> Any:
    """The cross-entropy of each example, (n,)."""
    return jax.nn.logsumexp(scores, 1) - jnp.take_along_axis(scores, labels[:, None], 1)[:, 0]


def _sums(scores: Any, labels: Any, losses: Any, counted: Any) -> Any:
    """The number of wrong examples and the sum of the losses, (2,)."""
    wrong = (scores.argmax(1) != labels).astype(losses.dtype)
    return jnp.where(counted, jnp.stack([wrong, losses]), 0).sum(1)
