"""One `Module` under training, by the backend's fast path or by compiled steps of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import jax
import numpy as np
import optax
from flax import nnx
from numpy.typing import NDArray

from hpo import training
from hpo.backend import Arrays, Scores, State, Tree
from hpo.objective.context import current_trial
from hpo.training import TRAINING_METHODS, ArrayBatches, OrderedBatches, Trainer
from hpo.training.rows import mean_scores
from hpo_jax.checkpoints import capture, other_state, restore
from hpo_jax.examples import Examples, place, put_order
from hpo_jax.models import ORIGINALS, LeNet
from hpo_jax.module import Module
from hpo_jax.programs import knowing_float64, put_tree
from hpo_jax.states import canonical_state, load_canonical_state
from hpo_jax.steps import (
    Scope,
    Step,
    Variables,
    full_batches,
    learning_step,
    one_batch,
    placed,
    scoring_step,
    summed,
    totals_of,
    update,
    variables_of,
)


class ModuleRun(training.ModuleRun):
    """A run of one `Module`: see `hpo.training.ModuleRun`.

    The model's methods are traced once, and again if one of them was replaced since, or a part of the model
    that is no array. Whole epochs over arrays are one call of a compiled program.
    """

    originals = ORIGINALS

    def __init__(self, model: Module, trainer: Trainer) -> None:
        super().__init__(model, trainer)
        self._optimizer_state: Any = None
        self._steps: dict[Any, tuple[Any, Step]] = {}
        self._turned: tuple[Arrays, Arrays] | None = None
        self._examples: dict[bool, tuple[Any, Examples]] = {}

    def learn(self, order: NDArray[np.intp]) -> Scores:
        """Train by the model's own steps."""
        if not jax.tree.leaves(nnx.state(self.model, nnx.Param)):
            raise ValueError(
                f"{type(self.model).__name__} has no parameters to train: NNX knows those of its layers and "
                f"what is an nnx.Param. Lists of layers stand in an nnx.List."
            )
        self.optimizer()
        self.model.train()
        return self._pass(self.trainer.train_dataloader, order, learn=True)

    def score(self) -> Scores:
        """Score the model on all validation examples."""
        self.model.eval()
        return self._pass(self.trainer.val_dataloader, None, learn=False)

    def optimizer(self) -> Any:
        """The Optax transformation that the model configures, whose state is made with it."""
        if self._optimizer is None:
            self._optimizer = transformation_of(self.model)
            with self._calls():
                parameters = nnx.to_pure_dict(variables_of(self.model).parameters)
                self._optimizer_state = put_tree(self._optimizer.init(parameters), self.trainer.device)
        return self._optimizer

    def optimizer_state(self) -> Tree:
        """The optimizer's state."""
        return capture(self._optimizer_state)

    def load_optimizer_state(self, state: Tree) -> None:
        """Restore the optimizer."""
        self.optimizer()
        self._optimizer_state = restore(self._optimizer_state, state)

    def model_state(self) -> dict[str, Tree]:
        """The parameters, and whatever else the module keeps, such as the keys of dropout."""
        return {**super().model_state(), **other_state(self.model)}

    def state(self) -> list[State]:
        """A copy of the parameters and running statistics in the canonical layout."""
        return [canonical_state(self.model)]

    def load(self, states: Sequence[State]) -> None:
        """Replace the parameters and running statistics."""
        [state] = states
        load_canonical_state(self.model, state)

    def arrays(self) -> Arrays | None:
        """The data, for LeNet with the channels of images before height and width."""
        given = self.trainer.arrays
        if given is None or not isinstance(self.model, LeNet) or given.train_x.ndim != 4:
            return given
        if self._turned is None or self._turned[0] is not given:
            train_x, val_x = (
                np.ascontiguousarray(np.moveaxis(x, -1, 1)) for x in (given.train_x, given.val_x)
            )
            self._turned = given, replace(given, train_x=train_x, val_x=val_x)
        return self._turned[1]

    def _pass(self, loader: Any, order: NDArray[np.intp] | None, *, learn: bool) -> Scores:
        """One pass over batches, after which the model has what was learned."""
        with self._calls():
            variables = variables_of(self.model, self._optimizer_state if learn else None)
            totals: list[Any] = []
            for kind, *parts in self._parts(loader, order, learn):
                step = self._step(variables, parts, kind, learn=learn)
                many = full_batches if kind == "batches" else one_batch
                variables, of_part = many(step, variables, *parts)
                totals += of_part
            if learn:
                update(self.model, variables)
                self._optimizer_state = variables.optimizer
            wrong, loss, num_examples = summed(totals)
        return mean_scores([wrong], [loss], num_examples)

    def _parts(self, loader: Any, order: NDArray[np.intp] | None, learn: bool) -> Iterator[tuple[Any, ...]]:
        """What a pass consists of: examples on the device with an order of batches, and single batches."""
        if not isinstance(loader, ArrayBatches):
            ordered = isinstance(loader, OrderedBatches) and order is not None
            batches: Iterable[Any] = loader.visit(order) if ordered else loader
            for batch in batches:
                yield "batch", self._placed(batch)
            return
        order = np.arange(loader.num_examples) if order is None else order
        sizes, size = loader.sizes(len(order)), loader.batch_size
        num_full = sizes.count(size)
        data = self._data(loader, learn)
        if num_full:
            full = order[: num_full * size]
            yield "batches", data, put_order(full, loader.num_examples, size, size, self.trainer.device)
        if num_full < len(sizes):
            last = order[num_full * size : sum(sizes)]
            yield "batch", self._placed(next(loader.visit(last)))

    def _data(self, loader: ArrayBatches, learn: bool) -> Examples:
        """The examples of a loader on the device, where they are put once."""
        if learn not in self._examples or self._examples[learn][0] is not loader.x:
            dtype = current_trial().dtype
            self._examples[learn] = loader.x, place(loader.x, loader.y, dtype, self.trainer.device)
        return self._examples[learn][1]

    def _placed(self, batch: Any) -> Any:
        """A batch on the device, whatever its arrays are of.

        Raises:
            ValueError: an array of JAX is of float64, which JAX does not know here.
        """

        def placed(part: Any) -> jax.Array:
            if not isinstance(part, jax.Array):
                part = np.asarray(part)
            elif part.dtype == np.float64 and not jax.config.jax_enable_x64:
                raise ValueError(
                    f"A batch has an array of shape {part.shape} and dtype float64, and JAX knows no float64 "
                    f"here. Make it of float32, x.astype('float32'), or train a model whose parameters are "
                    f"of float64."
                )
            return jax.device_put(part, self.trainer.device)

        return jax.tree.map(placed, tuple(batch))

    def _step(self, variables: Variables, parts: Sequence[Any], kind: str, *, learn: bool) -> Step:
        """The step for the methods, the parts and the batches that there are now."""
        batch = parts[0]
        if kind == "batches":
            data, order = parts
            batch = tuple(
                jax.ShapeDtypeStruct((order.size, *part.shape[1:]), dtype)
                for part, dtype in ((data.x, data.dtype), (data.y, data.y.dtype))
            )
        methods = (*TRAINING_METHODS, "validation_step", "__call__")
        replaced = tuple(vars(self.model).get(name, getattr(type(self.model), name)) for name in methods)
        shapes = jax.tree.map(lambda part: (part.shape, str(part.dtype)), batch)
        key = (learn, replaced, repr(shapes))
        graph = nnx.graphdef(self.model)
        known = self._steps.get(key)
        if known is None or known[0] != graph:
            function = (
                learning_step(self.model, self._optimizer, self._learn, variables, batch)
                if learn
                else scoring_step(self.model, self._validate, variables, batch)
            )
            known = self._steps[key] = graph, placed(function, self._scope())
        return known[1]

    def _learn(self, model: Module, batch: Any) -> tuple[Any, Any]:
        return self._loss(model, "training_step", batch)

    def _validate(self, model: Module, batch: Any) -> tuple[Any, Any]:
        return self._loss(model, "validation_step", batch)

    def _loss(self, model: Module, name: str, batch: Any) -> tuple[Any, Any]:
        """The loss of a batch, and what it adds to the totals."""
        batch = self.trainer.prepare_batch(list(batch))
        with model.caught_outputs() as outputs:
            loss = getattr(model, name)(batch)
        if getattr(loss, "shape", None) != ():
            raise TypeError(
                f"The {name} of {type(self.model).__name__} must return the mean loss of a batch, one "
                f"number; it returned {_shown(loss)}."
            )
        return loss, totals_of(self.output_of(outputs), batch[-1], loss)

    def _scope(self) -> Scope:
        known = jax.tree.leaves(nnx.state(self.model, nnx.Param))
        is_double = any(leaf.dtype == np.float64 for leaf in known)
        return Scope(True if is_double or current_trial().dtype == "float64" else None, self.trainer.device)

    def _calls(self) -> AbstractContextManager[Any]:
        """A scope in which float64 is known where the model needs it."""
        return knowing_float64(bool(self._scope().knows_float64))


def transformation_of(model: Module) -> optax.GradientTransformation:
    """The Optax transformation that a model configures.

    Raises:
        TypeError: it configures something else.
    """
    made = model.configure_optimizers()
    made = made.tx if isinstance(made, nnx.Optimizer) else made
    if not isinstance(made, optax.GradientTransformation):
        raise TypeError(
            f"The configure_optimizers() of {type(model).__name__} must return a transformation of Optax, "
            f"such as optax.adam(self.lr); it returned {_shown(made)}."
        )
    return made


def _shown(thing: Any) -> str:
    shape = getattr(thing, "shape", None)
    return f"a {type(thing).__name__}" + (f" of shape {shape}" if shape is not None else "")
