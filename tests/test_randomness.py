from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hpo import randomness
from hpo.backend import Softmax


def test_a_stream_is_a_function_of_its_seed_and_path() -> None:
    def draw(*path: Any) -> Any:
        return randomness.stream(*path).random()

    assert draw(0, "a", 1) == draw(0, "a", 1)
    assert len({draw(0, "a", 1), draw(1, "a", 1), draw(0, "b", 1), draw(0, "a", 2), draw(0, "a")}) == 5


def test_the_streams_never_change() -> None:
    # Recorded studies rely on these numbers; NumPy promises the bits of Generator.random.
    assert randomness.uniforms(0, "searcher", 0, 0, shape=(2,)).tolist() == PINNED


PINNED = [0.6668952576198006, 0.06929148147731756]


def test_an_order_is_a_permutation_that_differs_by_epoch_and_replicate() -> None:
    orders = [randomness.batch_order(0, r, e, 1000) for r, e in ((0, 1), (0, 2), (1, 1))]
    assert all(sorted(order) == list(range(1000)) for order in orders)
    assert not any(np.array_equal(orders[0], other) for other in orders[1:])


def test_drawn_seeds_differ() -> None:
    assert len({randomness.draw_seed() for _ in range(20)}) == 20


@pytest.mark.parametrize("seed", [-1, 1.5, "0", True, None])
def test_a_seed_that_is_none_is_refused(seed: Any) -> None:
    with pytest.raises((TypeError, ValueError), match="A seed is an integer of at least 0"):
        randomness.check_seed(seed)


def test_initial_weights_differ_by_seed_and_replicate_and_stay_in_their_bound() -> None:
    model = Softmax(784, 10)
    states = [model.initial_state(0), model.initial_state(1), model.initial_state(0, replicate=1)]
    weights = [state["layers.0.weight"] for state in states]
    assert weights[0].shape == (784, 10)
    assert np.abs(weights[0]).max() <= 1 / 28
    assert np.abs(weights[0]).max() > 0.9 / 28
    assert not np.array_equal(weights[0], weights[1])
    assert not np.array_equal(weights[0], weights[2])
    assert not states[0]["layers.0.bias"].any()
