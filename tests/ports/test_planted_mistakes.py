"""Every mistake that has a name, planted in a port of LeNet or of a batch-norm net, is called by it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from hpo.ports import PortReport

KERAS, MXNET = "tensorflow", "mxnet"


@dataclass(frozen=True)
class Plant:
    """What the original and the port are, in which the cause is expected to be named at a rung."""

    name: str
    rung: str
    original: str
    port: str
    arguments: dict[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return f"{self.name}: {self.original} -> {self.port}"


def of_both(name: str, rung: str, original: str, port: str, **arguments: Any) -> list[Plant]:
    """In Keras and in MXNet."""
    return [Plant(name, rung, f"torch:{original}", f"{each}:{port}", arguments) for each in (KERAS, MXNET)]


def adam(**options: float) -> tuple[str, dict[str, float]]:
    return "adam", {"lr": 1e-3, **options}


PLANTS = [
    *of_both("missing bias", "parameters", "lenet", "without_bias"),
    *of_both("flatten order", "forward", "lenet", "flattened_last"),
    *of_both("padding", "parameters", "lenet", "unpadded"),
    *of_both("padding", "forward", "even_kernel_same", "even_kernel_padded"),
    Plant("padding", "forward", "torch:even_kernel_padded", "tensorflow:even_kernel_same"),
    *of_both("padding", "forward", "strided", "strided"),
    *of_both("kernel layout", "parameters", "with_own_weights", "with_reshaped_kernels", weights="own"),
    Plant("batch-norm epsilon", "forward", "torch:norm_net", "tensorflow:norm_net_of_keras"),
    Plant("batch-norm epsilon", "forward", "torch:norm_net", "mxnet:norm_net_with_large_epsilon"),
    *of_both("batch-norm momentum convention", "forward", "norm_net", "norm_net_of_mostly_new"),
    *of_both("biased running variance", "forward", "norm_net", "norm_net"),
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
    *of_both("Adam's epsilon placement", "step", "lenet", "lenet", optimizer=adam(eps=1e-4)),
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
    *of_both("dropout rate against keep probability", "forward", "dropping_a_fifth", "keeping_a_fifth"),
    *of_both(
        "average pooling counts the padding", "forward", "pooled_over_the_edge", "pooled_within_the_edge"
    ),
    *of_both("input scaling", "forward", "lenet", "scaled"),
    *of_both("activation", "forward", "lenet", "with_relu"),
    *of_both("pooling", "forward", "lenet", "pooled_by_maximum"),
    Plant(
        "chance outside of dropout layers", "forward", "mxnet:keeping_a_fifth", "torch:dropping_by_function"
    ),
    *of_both("frozen parameter", "gradients", "lenet", "frozen"),
]
for framework, module in ((KERAS, "keras_nets"), (MXNET, "gluon_nets")):
    for name, loss in (
        ("loss mean against sum", "summed_loss"),
        ("labels one-hot against index", "loss_of_one_hot_rows"),
    ):
        arguments = {"loss": {"torch": "softmax_cross_entropy", framework: f"{module}:{loss}"}}
        PLANTS.append(Plant(name, "loss", "torch:lenet", f"{framework}:lenet", arguments))
    arguments = {"loss": {framework: "softmax_cross_entropy", "torch": "torch_nets:loss_of_one_hot_rows"}}
    PLANTS.append(
        Plant("labels one-hot against index", "loss", f"{framework}:lenet", "torch:lenet", arguments)
    )


@pytest.mark.parametrize("plant", PLANTS, ids=[plant.title for plant in PLANTS])
def test_a_planted_mistake_is_named(plant: Plant, hold: Callable[..., PortReport]) -> None:
    report = hold(plant.original, plant.port, **plant.arguments)
    assert report.first_difference is not None
    assert report.diagnosis is not None, f"{report}"
    assert (report.diagnosis.name, report.first_difference.rung) == (plant.name, plant.rung), f"{report}"
