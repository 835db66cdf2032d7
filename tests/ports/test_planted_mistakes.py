"""Every mistake that has a name, planted in a port of LeNet or of a batch-norm net, is called by it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hpo.ports import PortReport
from tests.ports.plants import COMMON, Plant, adam, expect_to_be_named, of_losses, of_torch_and

KERAS, MXNET = "tensorflow", "mxnet"

PLANTS = [
    *of_torch_and(KERAS, COMMON),
    *of_torch_and(MXNET, COMMON),
    Plant("padding", "forward", "torch:even_kernel_padded", "tensorflow:even_kernel_same"),
    Plant("batch-norm epsilon", "forward", "torch:norm_net", "tensorflow:norm_net_of_keras"),
    Plant("batch-norm epsilon", "forward", "torch:norm_net", "mxnet:norm_net_with_large_epsilon"),
    Plant(
        "Gluon's weight decay",
        "step",
        "mxnet:lenet",
        "torch:lenet",
        {"optimizer": ("sgd", {"lr": 0.1, "wd": 0.05}), "step": {"torch": "torch_nets:sum_at_a_small_rate"}},
    ),
    Plant(
        "Gluon's step(batch_size)",
        "step",
        "torch:lenet",
        "mxnet:lenet",
        {"loss": {"torch": "softmax_cross_entropy", "mxnet": "gluon_nets:mean_loss"}},
    ),
    *(
        Plant(
            "Adam's epsilon placement", "step", "torch:lenet", f"{each}:lenet", {"optimizer": adam(eps=1e-4)}
        )
        for each in (KERAS, MXNET)
    ),
    Plant(
        "coupled against decoupled weight decay",
        "step",
        "torch:lenet",
        "tensorflow:lenet",
        {"optimizer": adam(eps=1e-10, weight_decay=0.05)},
    ),
    Plant(
        "coupled against decoupled weight decay",
        "step",
        "mxnet:lenet",
        "torch:lenet",
        {
            "optimizer": {
                "mxnet": adam(eps=1e-10, wd=0.05),
                "torch": ("adamw", {"lr": 1e-3, "eps": 1e-10, "wd": 0.05}),
            }
        },
    ),
    Plant(
        "coupled against decoupled weight decay",
        "epoch",
        "torch:lenet",
        "tensorflow:lenet",
        {"optimizer": ("sgd", {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.05})},
    ),
    Plant(
        "weight decay of biases",
        "epoch",  # they are 0 before the first step
        "mxnet:lenet",
        "torch:lenet",
        {
            "optimizer": {
                "mxnet": ("sgd", {"lr": 0.1, "wd": 0.05}),
                "torch": "torch_nets:decayed_weights_only",
            }
        },
    ),
    Plant(
        "softmax applied twice",
        "forward",
        "torch:lenet",
        "tensorflow:with_softmax",
        {"loss": {"torch": "softmax_cross_entropy", "tensorflow": "keras_nets:loss_of_logits"}},
    ),
    Plant("softmax applied twice", "forward", "torch:lenet", "mxnet:with_softmax"),
    Plant("softmax applied twice", "forward", "mxnet:lenet", "torch:with_softmax"),
    Plant(
        "chance outside of dropout layers", "forward", "mxnet:keeping_a_fifth", "torch:dropping_by_function"
    ),
]
for framework, module in ((KERAS, "keras_nets"), (MXNET, "gluon_nets")):
    PLANTS += of_losses(framework, module)


@pytest.mark.parametrize("plant", PLANTS, ids=[plant.title for plant in PLANTS])
def test_a_planted_mistake_is_named(plant: Plant, hold: Callable[..., PortReport]) -> None:
    expect_to_be_named(plant, hold)
