"""Mistakes to plant in a port: those of every framework, and what is expected of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from hpo.ports import PortReport


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


COMMON = [
    Plant("missing bias", "parameters", "lenet", "without_bias"),
    Plant("flatten order", "forward", "lenet", "flattened_last"),
    Plant("padding", "parameters", "lenet", "unpadded"),
    Plant("padding", "forward", "even_kernel_same", "even_kernel_padded"),
    Plant("padding", "forward", "strided", "strided"),
    Plant("kernel layout", "parameters", "with_own_weights", "with_reshaped_kernels", {"weights": "own"}),
    Plant("batch-norm momentum convention", "forward", "norm_net", "norm_net_of_mostly_new"),
    Plant("biased running variance", "forward", "norm_net", "norm_net"),
    Plant("dropout rate against keep probability", "forward", "dropping_a_fifth", "keeping_a_fifth"),
    Plant("average pooling counts the padding", "forward", "pooled_over_the_edge", "pooled_within_the_edge"),
    Plant("input scaling", "forward", "lenet", "scaled"),
    Plant("activation", "forward", "lenet", "with_relu"),
    Plant("pooling", "forward", "lenet", "pooled_by_maximum"),
    Plant("frozen parameter", "gradients", "lenet", "frozen"),
]
"""In a net of each framework with the same factories; the sides have no framework yet."""


def of_torch_and(framework: str, plants: Sequence[Plant]) -> list[Plant]:
    """The plants with an original in torch and a port in `framework`."""
    return [
        Plant(each.name, each.rung, f"torch:{each.original}", f"{framework}:{each.port}", each.arguments)
        for each in plants
    ]


def of_losses(framework: str, module: str) -> list[Plant]:
    """Losses of a framework's own and of torch's that are not what the other side has."""
    found = []
    for name, loss in (
        ("loss mean against sum", "summed_loss"),
        ("labels one-hot against index", "loss_of_one_hot_rows"),
    ):
        arguments = {"loss": {"torch": "softmax_cross_entropy", framework: f"{module}:{loss}"}}
        found.append(Plant(name, "loss", "torch:lenet", f"{framework}:lenet", arguments))
    arguments = {"loss": {framework: "softmax_cross_entropy", "torch": "torch_nets:loss_of_one_hot_rows"}}
    found.append(Plant(name, "loss", f"{framework}:lenet", "torch:lenet", arguments))
    return found


def adam(**options: float) -> tuple[str, dict[str, float]]:
    return "adam", {"lr": 1e-3, **options}


def expect_to_be_named(plant: Plant, hold: Callable[..., PortReport]) -> None:
    """Hold the port against its original: the mistake is named, at its rung."""
    report = hold(plant.original, plant.port, **plant.arguments)
    assert report.first_difference is not None
    assert report.diagnosis is not None, f"{report}"
    assert (report.diagnosis.name, report.first_difference.rung) == (plant.name, plant.rung), f"{report}"
