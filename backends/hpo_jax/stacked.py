"""K modules of one structure in one computation, by `jax.vmap`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from hpo.backend import Arrays, DType, Scores, State
from hpo.training import LastBatch, batch_sizes
from hpo.training.rows import mean_scores
from hpo_jax.examples import Examples, place, put_order
from hpo_jax.hoisted import Hoisted
from hpo_jax.steps import TOTALS, Scope, Step, Variables, full_batches, stack, stacked, summed

EXAMPLES_PER_SCORE = 256
"""Examples that are scored at a time: the outputs of a convolution are many times as large as an image."""


@dataclass(frozen=True, eq=False)
class Steps:
    """The traced steps of a module.

    Attributes:
        learn: the step of training for mini-batches of a size.
        score: the step of validation for a size.
        variables: what training changes, as it is in the beginning.
    """

    learn: Callable[[int], Hoisted]
    score: Callable[[int], Hoisted]
    variables: Variables

    def start(self) -> State:
        """The state in the beginning."""
        return self.state(self.variables)

    def state(self, variables: Variables) -> State:
        """The arrays of variables by their paths, as copies on the host."""
        paths = jax.tree_util.tree_leaves_with_path(variables)
        return {_name(path): np.array(_data(leaf)) for path, leaf in paths}

    def load(self, state: State) -> Variables:
        """Variables with the arrays of a state; those that it lacks are as in the beginning."""

        def leaf(path: Any, start: Any) -> Any:
            value = state.get(_name(path), _data(start))
            return (
                jax.random.wrap_key_data(value, impl=jax.random.key_impl(start)) if _is_key(start) else value
            )

        return jax.tree_util.tree_map_with_path(leaf, self.variables)  # type: ignore[no-any-return]  # a tree


class StackedRun:
    """A `hpo.backend.Run` of K classifiers that a user wrote, whose variables are stacked.

    A step of all of them is one call. A run of one model does without the stack: it is the lean single step
    that a cohort is measured against. The code is the same on every device; it was tested on processors only.

    Args:
        steps: of each module; they differ in numbers only.
        states: their variables, and the state of their optimizers.
        data: what they learn from.
        scope: what they compute in, and where.
        dtype: what the inputs are of.
        last_batch: what becomes of the examples that are left at the end of an epoch.
    """

    def __init__(
        self,
        steps: Sequence[Steps],
        states: Sequence[State],
        data: Arrays,
        scope: Scope,
        dtype: DType,
        last_batch: LastBatch = "keep",
    ) -> None:
        self._steps, self._scope = list(steps), scope
        self._batch_size, self._last_batch = data.batch_size, last_batch
        self._train = place(data.train_x, data.train_y, dtype, scope.device)
        self._val = place(data.val_x, data.val_y, dtype, scope.device)
        self.load(states)

    def load(self, states: Sequence[State]) -> None:
        """Replace the K models' states."""
        each = [steps.load(state) for steps, state in zip(self._steps, states, strict=True)]
        self._variables: Variables = stack(each, self._scope.device)
        self._known: dict[Any, Step] = {}

    def state(self) -> list[State]:
        """Copies of the K models' states."""
        return [
            steps.state(jax.tree.map(lambda leaf, index=index: leaf[index], self._variables))
            for index, steps in enumerate(self._steps)
        ]

    def drop(self, index: int) -> None:
        """Take one model out; those behind it move up."""
        states = self.state()
        del self._steps[index], states[index]
        self.load(states)

    def epoch(self, order: NDArray[np.intp]) -> Scores:
        """Train every model on the examples `order` (see `hpo.backend.Run.epoch`)."""
        sizes = batch_sizes(len(order), self._batch_size, self._last_batch)
        self._variables, scores = self._pass(True, self._train, order, sizes)
        return scores

    def validate(self) -> Scores:
        """Score every model on all validation examples."""
        sizes = batch_sizes(self._val.count, EXAMPLES_PER_SCORE, "keep")
        return self._pass(False, self._val, np.arange(self._val.count), sizes)[1]

    def _pass(
        self, learn: bool, data: Examples, order: NDArray[np.intp], sizes: Sequence[int]
    ) -> tuple[Variables, Scores]:
        """One pass through examples in batches of one size, and perhaps one of another size at the end."""
        variables, sums, size = self._variables, np.zeros((len(self._steps), TOTALS)), sizes[0]
        full = sizes.count(size) * size
        for part, each, capacity in (
            (order[:full], size, data.count),
            (order[full : sum(sizes)], sizes[-1], sizes[-1]),
        ):
            if len(part):
                visited = put_order(part, capacity, each, each, self._scope.device)
                variables, totals = full_batches(self._step(learn, each), variables, data, visited)
                sums += summed(totals)
        wrong, loss, count = sums.T
        return variables, mean_scores(wrong, loss, int(count[0]))

    def _step(self, learn: bool, size: int) -> Step:
        """The step of all modules on batches of a size."""
        if (learn, size) not in self._known:
            functions = [steps.learn(size) if learn else steps.score(size) for steps in self._steps]
            self._known[learn, size] = stacked(functions, self._scope)
        return self._known[learn, size]


def _name(path: Any) -> str:
    return str(jax.tree_util.keystr(path, simple=True, separator="."))


def _is_key(leaf: Any) -> bool:
    return bool(jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key))


def _data(leaf: Any) -> Any:
    return jax.random.key_data(leaf) if _is_key(leaf) else leaf
