"""Functions without their numbers compute what they computed with them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from hpo_jax.hoisted import hoist

X = np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 4)


def looped(number: float) -> Callable[[Any], Any]:
    return lambda x: lax.scan(lambda carry, row: (carry + number * row, carry), jnp.zeros(4), x)


def chosen(number: float) -> Callable[[Any], Any]:
    return lambda x: lax.cond(x.sum() > 0, lambda: x * number, lambda: x - number)


def counted(number: float) -> Callable[[Any], Any]:
    return lambda x: lax.while_loop(lambda y: y.sum() < 10, lambda y: y + jnp.abs(y) * number + 1, x)


FUNCTIONS: dict[str, Callable[[float], Callable[[Any], Any]]] = {
    "a number": lambda number: lambda x: x * number,
    "a power": lambda number: lambda x: jnp.abs(x) ** number,
    "an array": lambda number: lambda x: x + np.full(4, number, np.float32),
    "a compiled call": lambda number: lambda x: jax.jit(lambda y: y * number)(x) + jax.jit(jnp.tanh)(x),
    "a custom derivative": lambda number: jax.grad(
        lambda x: (jax.nn.relu(x) * number + jax.nn.silu(x)).sum()
    ),
    "a tree": lambda number: lambda x: {"a": x * number, "b": [x, (number, None)]},
    "a result that is a number": lambda number: lambda x: (x, number),
    "random numbers": lambda number: lambda x: x * jax.random.bernoulli(jax.random.key(3), number / 4, (4,)),
    "a loop": looped,
    "a condition": chosen,
    "a loop of unknown length": counted,
    "a sort": lambda number: lambda x: jnp.sort(x * number, axis=1)[:, ::-1],
    "a checkpoint": lambda number: jax.grad(lambda x: jax.checkpoint(lambda y: jnp.sin(y * number))(x).sum()),
    "a convolution": lambda number: lambda x: jnp.convolve(x[0], jnp.ones(2) * number),
    "a factorization": lambda number: lambda x: jnp.linalg.svd(x * number, compute_uv=False),
}


def leaves(tree: Any) -> list[Any]:
    return [np.asarray(leaf) for leaf in jax.tree.leaves(tree)]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_it_computes_the_same_with_the_numbers_of_each(name: str) -> None:
    makes = FUNCTIONS[name]
    hoisted = {number: hoist(makes(number), X) for number in (0.7, 1.3)}
    for number, one in hoisted.items():
        found, expected = jax.jit(one)(one.numbers, X), makes(number)(X)
        assert jax.tree.structure(found) == jax.tree.structure(expected)
        for mine, other in zip(leaves(found), leaves(expected), strict=True):
            assert mine == pytest.approx(other, abs=1e-6)
    first, second = hoisted.values()
    if first.key == second.key:
        found = jax.jit(first)(second.numbers, X)
        for mine, other in zip(leaves(found), leaves(makes(1.3)(X)), strict=True):
            assert mine == pytest.approx(other, abs=1e-6)


ALIKE = [
    "a number",
    "a power",
    "an array",
    "a compiled call",
    "a custom derivative",
    "random numbers",
    "a tree",
]


@pytest.mark.parametrize("name", ALIKE)
def test_functions_that_differ_in_numbers_are_alike(name: str) -> None:
    assert hoist(FUNCTIONS[name](0.7), X).key == hoist(FUNCTIONS[name](1.3), X).key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (lambda x: x * 2.0, lambda x: x + 2.0),
        (lambda x: x * 2, lambda x: x * 3 // 1),
        (lambda x: x[0], lambda x: x[1]),
        (lambda x: x.sum(0), lambda x: x.sum(1)),
        (lambda x: (x, x), lambda x: [x, x]),
        (lambda x: x**2, lambda x: x**3),
        (looped(0.5), looped(0.25)),
        (chosen(0.5), chosen(0.25)),
        (lambda x: x.astype(int), lambda x: x.astype(bool)),
    ],
)
def test_what_computes_otherwise_is_not_alike(one: Any, other: Any) -> None:
    assert hoist(one, X).key != hoist(other, X).key


def with_table(seed: int) -> Callable[[Any], Any]:
    table = jnp.asarray(np.random.default_rng(seed).normal(size=2_000), jnp.float32)
    return lambda row: (row[0] * table).sum()


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_arrays_inside_of_loops_are_told_apart(depth: int) -> None:
    def looped(seed: int) -> Callable[[Any], Any]:
        inner = with_table(seed)
        for _ in range(depth):
            inner = functools.partial(lambda inner, x: lax.map(inner, jnp.stack([x, x])).sum(), inner)
        return lambda x: lax.map(inner, x)

    one, other = hoist(looped(0), X), hoist(looped(1), X)
    assert np.asarray(one(one.numbers, X)) == pytest.approx(np.asarray(looped(0)(X)), rel=1e-4)
    if one.key == other.key:  # the tables are numbers of the two
        found = np.asarray(one(other.numbers, X))
        assert found == pytest.approx(np.asarray(looped(1)(X)), rel=1e-4)


def test_only_a_convolution_makes_it_convolve() -> None:
    kernel = np.ones((1, 1, 2, 2), np.float32)
    assert not hoist(lambda x: x @ x.T, X).convolves
    assert hoist(lambda x: lax.conv(x[None, None], kernel, (1, 1), "SAME"), X).convolves
    assert hoist(
        lambda x: lax.map(lambda y: lax.conv(y[None, None], kernel, (1, 1), "SAME"), x[None]), X
    ).convolves
