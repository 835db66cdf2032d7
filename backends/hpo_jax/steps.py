"""The steps of a user's own module as functions of arrays, and programs of many of them.

A module is traced once for a trial. Trials whose modules differ in numbers only, such as a learning rate, a
momentum or a share of dropout, share a program (see `hpo_jax.hoisted`).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jax import lax
from numpy.typing import NDArray

from hpo_jax.examples import Examples, Order
from hpo_jax.hoisted import Hoisted, Numbers, hoist
from hpo_jax.programs import Program, fetched, of_each, put, put_tree

PROGRAMS = 64
"""Programs that are kept, the last that were used: a search over the sizes of layers needs some for each."""

TOTALS = 3
"""Sums of a pass: of wrong examples (in regression of absolute errors), of losses, and of examples."""


class Variables(NamedTuple):
    """What training changes, as trees of arrays.

    Attributes:
        parameters: what the optimizer changes.
        others: running statistics, the state of keys, and whatever else the module keeps.
        optimizer: the state of the Optax transformation; None where nothing is learned.
    """

    parameters: Any
    others: Any
    optimizer: Any


class Scope(NamedTuple):
    """What a step is compiled for.

    Attributes:
        knows_float64: whether its arrays may be of 64 bits; None where the program around decides.
        device: where it runs.
    """

    knows_float64: bool | None
    device: Any


class Step(NamedTuple):
    """One step of a module on a mini-batch.

    Attributes:
        function: of variables and a batch; it returns variables and the totals of the batch.
        numbers: its numbers, which stand on the device.
        scope: what it is compiled for.
        stacked: whether numbers and variables are those of K modules, stacked, and so are the totals.
    """

    function: Hoisted
    numbers: Numbers
    scope: Scope
    stacked: bool = False

    def __call__(self, numbers: Numbers, variables: Any, batch: Any) -> tuple[Any, Any]:
        """Variables and totals after the step."""
        step = of_each(self.function, (0, 0, None)) if self.stacked else self.function
        result: tuple[Any, Any] = step(numbers, variables, batch)
        return result


def variables_of(module: nnx.Module, optimizer: Any = None) -> Variables:
    """The arrays of a module, beside the state of its optimizer."""
    _, parameters, passing, others = nnx.split(module, nnx.Param, nnx.Intermediate, ...)
    del passing
    return Variables(parameters, others, optimizer)


def update(module: nnx.Module, variables: Variables) -> None:
    """Put arrays into a module."""
    nnx.update(module, variables.parameters, variables.others)


def learning_step(
    module: nnx.Module,
    transformation: optax.GradientTransformation,
    batch_loss: Callable[[Any, Any], tuple[Any, Any]],
    variables: Variables,
    batch: Any,
) -> Hoisted:
    """A step of training.

    Args:
        module: whose.
        transformation: what becomes of gradients.
        batch_loss: of the module and a batch: the loss that is minimised, and the totals.
        variables: what it begins with, for their shapes.
        batch: one, for its shapes.
    """

    def step(variables: Variables, batch: Any) -> tuple[Variables, Any]:
        def loss(parameters: Any) -> tuple[Any, Any]:
            traced = _merged(module, parameters, variables.others)
            value, totals = batch_loss(traced, batch)
            return value, (variables_of(traced).others, totals)

        gradients, (others, totals) = jax.grad(loss, has_aux=True)(variables.parameters)
        now, structure = nnx.to_pure_dict(variables.parameters), jax.tree.structure(variables.parameters)
        changes, optimizer = transformation.update(nnx.to_pure_dict(gradients), variables.optimizer, now)
        parameters = jax.tree.unflatten(structure, jax.tree.leaves(optax.apply_updates(now, changes)))
        others = _like(variables.others, others, "the module")
        optimizer = _like(variables.optimizer, optimizer, "the optimizer")
        return Variables(parameters, others, optimizer), totals

    return hoist(step, variables, batch)


def scoring_step(
    module: nnx.Module, batch_loss: Callable[[Any, Any], tuple[Any, Any]], variables: Variables, batch: Any
) -> Hoisted:
    """A step of validation, which leaves the variables as they are but for the state of keys."""

    def step(variables: Variables, batch: Any) -> tuple[Variables, Any]:
        traced = _merged(module, variables.parameters, variables.others)
        _, totals = batch_loss(traced, batch)
        return variables, totals

    return hoist(step, variables, batch)


def totals_of(output: Any, labels: Any, loss: Any) -> Any:
    """The number of examples that are classified wrongly, their loss, and how many there are.

    In regression the first is the sum of absolute errors; several outputs of an example count as their mean.
    """
    count = len(labels)
    if jnp.issubdtype(labels.dtype, jnp.floating):
        wrong = jnp.abs(output.reshape(labels.shape) - labels).mean() * count
    else:
        wrong = (output.argmax(1) != labels.reshape(-1)).sum()
    dtype = loss.dtype
    return jnp.stack([wrong.astype(dtype), loss * count, jnp.asarray(count, dtype)])


def placed(function: Hoisted, scope: Scope) -> Step:
    """A step of one module, whose numbers stand on the device."""
    return Step(function, put_tree(function.numbers, scope.device), scope)


def stacked(functions: Sequence[Hoisted], scope: Scope) -> Step:
    """A step of K modules at once, which differ in numbers only."""
    return Step(functions[0], stack([one.numbers for one in functions], scope.device), scope, stacked=True)


def stack(trees: Sequence[Any], device: Any) -> Any:
    """Trees of one structure as one, on a device."""

    def stacked_leaf(*leaves: Any) -> Any:
        if jax.dtypes.issubdtype(leaves[0].dtype, jax.dtypes.extended):
            return jax.device_put(jnp.stack(leaves), device)
        return put(np.stack([np.asarray(leaf) for leaf in leaves]), device)

    return jax.tree.map(stacked_leaf, *trees)


def one_batch(step: Step, variables: Variables, batch: Any) -> tuple[Variables, list[Any]]:
    """The variables after a step, and its totals as `summed` takes them."""
    variables, totals = _program("batch", step, single_step)(step.numbers, variables, batch)
    return variables, [totals]


def full_batches(
    step: Step, variables: Variables, data: Examples, order: Order
) -> tuple[Variables, list[Any]]:
    """The variables after steps on the whole batches of an order, and their totals as `summed` takes them."""
    if step.scope.device.platform != "cpu" or not step.function.convolves:
        variables, totals = _program("batches", step, many_steps)(step.numbers, variables, data, order)
        return variables, [totals]
    # In a loop XLA computes a convolution on a processor ten times as slowly as by itself.
    program, parts = _program("picked batch", step, picked_step), []
    for index in range(int(order.count) // order.size):
        variables, totals = program(step.numbers, variables, data, order, np.int32(index))
        parts.append(totals)
    return variables, parts


def summed(parts: Sequence[Any]) -> NDArray[np.float64]:
    """The sums over the first axis of all parts, added up on the host in float64."""
    return np.sum([fetched(part).astype(np.float64).sum(axis=0) for part in parts], axis=0)  # type: ignore[no-any-return]  # an array


def single_step(step: Step) -> Callable[..., Any]:
    """A function that takes one step."""

    def take(numbers: Numbers, variables: Any, batch: Any) -> tuple[Any, Any]:
        variables, totals = step(numbers, variables, batch)
        return variables, totals[None]

    return take


def picked_step(step: Step) -> Callable[..., Any]:
    """A function that takes one step on a batch of an order, by its number."""

    def pick(numbers: Numbers, variables: Any, data: Examples, order: Order, index: Any) -> tuple[Any, Any]:
        chosen = lax.dynamic_slice_in_dim(order.indices, index * order.size, order.size)
        variables, totals = step(numbers, variables, data.take(chosen))
        return variables, totals[None]

    return pick


def many_steps(step: Step) -> Callable[..., Any]:
    """A function that goes through an order in whole batches, whose examples are gathered in chunks."""

    def steps(numbers: Numbers, variables: Any, data: Examples, order: Order) -> tuple[Any, Any]:
        def chunk(number: Any, carry: tuple[Any, Any]) -> tuple[Any, Any]:
            variables, totals = carry
            examples = data.take(order.chunk_of(number))

            def one(index: Any, carry: tuple[Any, Any]) -> tuple[Any, Any]:
                variables, sums = carry
                first = index * order.size
                batch = tuple(lax.dynamic_slice_in_dim(part, first, order.size) for part in examples)
                variables, of_batch = step(numbers, variables, batch)
                return variables, sums + of_batch

            nothing = jnp.zeros(totals.shape[1:], totals.dtype)
            variables, sums = lax.fori_loop(0, order.steps_in(number, order.size), one, (variables, nothing))
            return variables, totals.at[number].set(sums)

        shape = jax.eval_shape(lambda: step(numbers, variables, _first_batch(data, order))[1])
        nothing = jnp.zeros((order.num_chunks, *shape.shape), shape.dtype)
        result: tuple[Any, Any] = lax.fori_loop(0, order.chunks_in_use, chunk, (variables, nothing))
        return result

    return steps


def _first_batch(data: Examples, order: Order) -> Any:
    return data.take(order.indices[: order.size])


def _merged(module: nnx.Module, *states: Any) -> Any:
    """A copy of a module for a trace, with what NNX does not know of."""
    copy = nnx.merge(nnx.graphdef(module), *states, copy=True)
    for name in ("hparams", "trainer"):
        if hasattr(module, name):
            setattr(copy, name, getattr(module, name))
    return copy


def _like(expected: Any, found: Any, what: str) -> Any:
    """What a step made, in the structure and the types that it was made of, so that the next step takes it.

    Raises:
        ValueError: it is of another structure.
    """
    if jax.tree.structure(expected) != jax.tree.structure(found):
        raise ValueError(
            f"A step changed which arrays {what} has, and steps that are compiled once cannot: make all of "
            f"its variables in its constructor. Before: {_names(expected)}. After: {_names(found)}."
        )
    return jax.tree.map(lambda one, other: _typed(other, one.dtype), expected, found)


def _typed(value: Any, dtype: Any) -> Any:
    return value if jax.dtypes.issubdtype(dtype, jax.dtypes.extended) else jnp.asarray(value, dtype)


def _names(tree: Any) -> str:
    return ", ".join(jax.tree_util.keystr(path) for path, _ in jax.tree.leaves_with_path(tree)) or "none"


_programs: OrderedDict[Hashable, Program] = OrderedDict()


def _program(kind: str, step: Step, made_of: Callable[[Step], Callable[..., Any]]) -> Program:
    """The program of steps of this kind, made where there is none yet."""
    key = (kind, step.function.key, step.scope.knows_float64, step.stacked)
    if key not in _programs:
        _programs[key] = Program(made_of(step), knows_float64=step.scope.knows_float64, precision=None)
        if len(_programs) > PROGRAMS:
            _programs.popitem(last=False)
    _programs.move_to_end(key)
    return _programs[key]
