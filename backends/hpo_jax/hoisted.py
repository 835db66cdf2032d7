"""Functions whose numbers became arguments, so that configs which differ in numbers share a program.

`optax.sgd(0.1)` and `optax.sgd(0.2)` trace to the same operations on other numbers, and JAX would compile
each of them. Here a function is traced to its operations. The floating-point numbers and the arrays among
these that are no arguments become arguments. What remains says which functions are alike.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend import core

# Calls of a function that is at hand: its operations stand in their place. The rules for custom derivatives
# have served when a step was traced.
_INLINED = {
    "jit": "jaxpr",
    "pjit": "jaxpr",
    "closed_call": "call_jaxpr",
    "core_call": "call_jaxpr",
    "custom_jvp_call": "call_jaxpr",
    "custom_vjp_call": "call_jaxpr",
}


Numbers: TypeAlias = tuple[dict[str, Any], list[Any]]
"""Single numbers as a vector for each type, and arrays."""


class _Place(NamedTuple):
    """Where a value stands that an argument brings or an operation makes."""

    where: int


class _Number(NamedTuple):
    """Which of the single numbers of a type it is, or which of the arrays where the type is empty."""

    dtype: str
    where: int


class _Constant(NamedTuple):
    """A value that tells functions apart: an integer, say, or a truth."""

    value: Any


class _Operation(NamedTuple):
    """One primitive of JAX, with where it takes its operands and puts its results."""

    equation: Any
    operands: tuple[_Place | _Number | _Constant, ...]
    results: tuple[int, ...]

    def key(self) -> Hashable:
        """What it computes, of what."""
        parameters = self.equation.params
        told = tuple((name, _described(parameters[name])) for name in sorted(parameters))
        return (self.equation.primitive.name, told, repr(self.operands))


@dataclass(frozen=True, eq=False)
class Hoisted:
    """A function of trees of arrays without its numbers.

    Attributes:
        key: equal for functions that compute the same but for their numbers.
        numbers: these: single ones as a vector for each type, and arrays.
    """

    key: Hashable
    numbers: Numbers
    _operations: Sequence[_Operation]
    _outputs: Sequence[_Place | _Number | _Constant]
    _structure: Any

    @cached_property
    def convolves(self) -> bool:
        """Whether a convolution is among its operations."""
        return "conv_general_dilated" in repr(self.key)

    def __call__(self, numbers: Numbers, *arguments: Any) -> Any:
        """What the function returns with these numbers."""
        single, arrays = numbers
        values: dict[int, Any] = dict(enumerate(jax.tree.leaves(arguments)))

        def value(operand: _Place | _Number | _Constant) -> Any:
            if isinstance(operand, _Place):
                return values[operand.where]
            if isinstance(operand, _Number):
                return single[operand.dtype][operand.where] if operand.dtype else arrays[operand.where]
            return operand.value

        for equation, operands, places in self._operations:
            bound = equation.primitive.get_bind_params(equation.params)
            # Until JAX 0.9 functions came apart from the other parameters.
            functions, parameters = bound if isinstance(bound, tuple) else ((), bound)
            with equation.ctx.manager:
                found = equation.primitive.bind(*functions, *map(value, operands), **parameters)
            values.update(zip(places, found if equation.primitive.multiple_results else [found], strict=True))
        return jax.tree.unflatten(self._structure, [value(operand) for operand in self._outputs])


def hoist(function: Callable[..., Any], *examples: Any) -> Hoisted:
    """Trace a function of trees of arrays, and take its numbers out.

    Args:
        function: what is computed, without effects beyond its results.
        examples: arguments, or trees of their shapes and types.
    """
    closed, results = jax.make_jaxpr(function, return_shape=True)(*examples)
    reader = _Reader()
    inputs: list[_Place | _Number | _Constant] = [reader.new_place() for _ in closed.jaxpr.invars]
    outputs = reader.read(closed, inputs)
    structure = jax.tree.structure(results)
    arrays = tuple((array.shape, str(array.dtype)) for array in reader.arrays)
    taken = tuple(str(variable.aval) for variable in closed.jaxpr.invars)
    key = (taken, arrays, tuple(one.key() for one in reader.operations), repr(outputs), structure)
    single = {dtype: np.array(numbers, jnp.dtype(dtype)) for dtype, numbers in reader.single.items()}
    return Hoisted(key, (single, reader.arrays), reader.operations, outputs, structure)


class _Reader:
    """Reads the operations of functions, those that they call in place of the calls."""

    def __init__(self) -> None:
        self.operations: list[_Operation] = []
        self.single: dict[str, list[Any]] = {}
        self.arrays: list[Any] = []
        self._places = 0

    def new_place(self) -> _Place:
        """A place for one more value."""
        self._places += 1
        return _Place(self._places - 1)

    def read(
        self, closed: Any, inputs: Sequence[_Place | _Number | _Constant]
    ) -> tuple[_Place | _Number | _Constant, ...]:
        """Add the operations of a function to those that are known; where its results are."""
        jaxpr = closed.jaxpr
        known: dict[Any, Any] = dict(zip(jaxpr.invars, inputs, strict=True))
        known.update(zip(jaxpr.constvars, map(self._number, closed.consts), strict=True))

        def operand(one: Any) -> _Place | _Number | _Constant:
            return self._literal(one) if isinstance(one, core.Literal) else known[one]

        for equation in jaxpr.eqns:
            operands = tuple(map(operand, equation.invars))
            inner = equation.params.get(_INLINED.get(equation.primitive.name, ""))
            if isinstance(inner, core.ClosedJaxpr):
                known.update(zip(equation.outvars, self.read(inner, operands), strict=True))
                continue
            places = [self.new_place() for _ in equation.outvars]
            known.update(zip(equation.outvars, places, strict=True))
            self.operations.append(_Operation(equation, operands, tuple(place.where for place in places)))
        return tuple(map(operand, jaxpr.outvars))

    def _literal(self, literal: Any) -> _Number | _Constant:
        dtype = literal.aval.dtype
        if literal.aval.shape or not jax.dtypes.issubdtype(dtype, np.floating):
            return _Constant(literal.val)
        numbers = self.single.setdefault(str(dtype), [])
        numbers.append(literal.val)
        return _Number(str(dtype), len(numbers) - 1)

    def _number(self, value: Any) -> _Number:
        self.arrays.append(value if hasattr(value, "dtype") else np.asarray(value))
        return _Number("", len(self.arrays) - 1)


def _described(parameter: Any) -> str:
    """A parameter of a primitive in words that are the same for the same computation.

    Words do not tell the numbers of an array: a function that has one inside of a loop is like no other.
    """
    return f"{parameter} {[id(array) for array in _arrays_in(parameter)] or ''}"


def _arrays_in(parameter: Any) -> Iterator[Any]:
    """The arrays in a parameter and in the functions that it holds, however deep."""
    for one in jax.tree.leaves(parameter):
        if isinstance(one, (np.ndarray, jax.Array)):
            yield one
        elif isinstance(one, core.ClosedJaxpr):
            yield from one.consts
            yield from _arrays_in(one.jaxpr)
        elif isinstance(one, core.Jaxpr):
            for equation in one.eqns:
                literals = (atom for atom in equation.invars if isinstance(atom, core.Literal))
                yield from (literal.val for literal in literals if np.ndim(literal.val))
                for inner in equation.params.values():
                    yield from _arrays_in(inner)
