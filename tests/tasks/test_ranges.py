from __future__ import annotations

import pytest

from hpo.errors import SpaceError
from hpo.space import Space
from hpo.tasks import ranges


@pytest.fixture
def space() -> Space:
    return Space({"num_layers": ranges.NUM_LAYERS, **ranges.widths()})


def test_a_width_exists_only_if_there_are_so_many_layers(space: Space) -> None:
    for config in space.sample(seed=0, n=200):
        assert list(config)[1:] == [f"units_{layer}" for layer in range(int(str(config["num_layers"])))]


def test_a_width_of_a_layer_that_is_not_there_is_refused(space: Space) -> None:
    with pytest.raises(SpaceError, match="'units_1' is there only if"):
        space.validate({"num_layers": 1, "units_0": 64, "units_1": 64})


def test_conditional_widths_survive_json(space: Space) -> None:
    assert Space.from_json(space.to_json()) == space


def test_the_typical_ranges_are_those_of_the_book() -> None:
    space = Space(
        {
            "learning_rate": ranges.LEARNING_RATE,
            "batch_size": ranges.BATCH_SIZE,
            "momentum": ranges.MOMENTUM,
            "activation": ranges.ACTIVATION,
        }
    )
    low, high = space.decode([[0, 0, 0, 0], [1, 1, 1, 1]])
    assert low == {"learning_rate": pytest.approx(1e-6), "batch_size": 8, "momentum": 0, "activation": "tanh"}
    assert high == {
        "learning_rate": pytest.approx(0.1),
        "batch_size": 256,
        "momentum": pytest.approx(0.99),
        "activation": "relu",
    }
