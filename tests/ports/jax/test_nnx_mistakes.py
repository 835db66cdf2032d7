"""Mistakes planted in a port to or from Flax NNX are called by the names that they have elsewhere."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hpo.ports import PortReport
from tests.ports.plants import COMMON, Plant, adam, expect_to_be_named, of_losses, of_torch_and

PLANTS = [
    *of_torch_and("jax", COMMON),
    *of_losses("jax", "nnx_nets"),
    Plant("batch-norm epsilon", "forward", "torch:norm_net", "jax:norm_net_with_large_epsilon"),
    Plant("batch-norm epsilon", "forward", "tensorflow:norm_net_of_keras", "jax:norm_net_of_flax"),
    Plant("batch-norm momentum", "forward", "tensorflow:norm_net", "jax:norm_net_of_flax"),
    Plant("flatten order", "forward", "jax:lenet", "tensorflow:flattened_last"),
    Plant("softmax applied twice", "forward", "torch:lenet", "jax:with_softmax"),
    Plant("chance outside of dropout layers", "forward", "torch:keeping_a_fifth", "jax:dropping_by_function"),
    Plant("no gradient", "gradients", "torch:lenet", "jax:detached"),
    Plant("Adam's epsilon placement", "step", "jax:lenet", "tensorflow:lenet", {"optimizer": adam(eps=1e-4)}),
    Plant(
        "coupled against decoupled weight decay",
        "step",
        "jax:lenet",
        "tensorflow:lenet",
        {"optimizer": adam(eps=1e-10, weight_decay=0.05)},
    ),
    Plant(
        "coupled against decoupled weight decay",
        "step",
        "torch:lenet",
        "jax:lenet",
        {
            "optimizer": {
                "torch": adam(eps=1e-10, wd=0.05),
                "jax": ("adamw", {"lr": 1e-3, "eps": 1e-10, "wd": 0.05}),
            }
        },
    ),
    Plant(
        "weight decay of biases",
        "step",
        "torch:lenet",
        "jax:lenet",
        {
            "optimizer": {
                "torch": ("sgd", {"lr": 0.1, "wd": 0.05}),
                "jax": "nnx_nets:decayed_weights_only",
            }
        },
    ),
]
for name, rung, optimizer, port in (
    ("learning rate", "step", ("sgd", {"lr": 0.1}), "own_schedule"),
    ("weight decay", "step", ("sgd", {"lr": 0.2, "wd": 0.1}), "own_decay"),
    ("momentum", "epoch", ("sgd", {"lr": 0.1, "momentum": 0.5}), "own_momentum"),
    ("momentum's form", "step", ("sgd", {"lr": 0.1, "momentum": 0.9}), "own_nesterov"),
    ("Adam's epsilon", "step", adam(eps=1e-4), "own_adam"),
    ("Adam's beta1", "epoch", adam(eps=1e-3, beta1=0.5), "injected_adam"),
    ("optimizer", "step", ("sgd", {"lr": 1e-3}), "injected_adam"),
):
    choices = {"torch": optimizer, "jax": f"nnx_nets:{port}"}
    PLANTS.append(Plant(name, rung, "torch:lenet", "jax:lenet", {"optimizer": choices}))


@pytest.mark.parametrize("plant", PLANTS, ids=[plant.title for plant in PLANTS])
def test_a_planted_mistake_is_named(plant: Plant, hold: Callable[..., PortReport]) -> None:
    expect_to_be_named(plant, hold)
