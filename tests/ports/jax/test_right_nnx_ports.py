"""Right ports to and from Flax NNX agree from the first rung to the last."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hpo.ports import PortReport
from hpo.ports.report import RUNGS

Hold = Callable[..., PortReport]
TRACES = Path(__file__).parent.parent / "traces"
PAIRS = [
    ("torch", "jax"),
    ("jax", "torch"),
    ("tensorflow", "jax"),
    ("jax", "tensorflow"),
    ("jax", "jax"),
]


def states(report: PortReport) -> dict[str, str]:
    return {rung.name: rung.state.value for rung in report.rungs}


@pytest.mark.parametrize(("original", "port"), PAIRS)
def test_a_right_port_of_lenet_agrees_on_every_rung(hold: Hold, original: str, port: str) -> None:
    momentum = ("sgd", {"lr": 0.1, "momentum": 0.9})
    report = hold(f"{original}:lenet", f"{port}:lenet", optimizer=momentum)
    assert report.agrees, f"{report}"
    assert states(report) == dict.fromkeys(RUNGS, "same")
    assert "jax 0." in str(report)
    assert " with Flax 0." in str(report)


@pytest.mark.parametrize("optimizer", ["adam", "adamw"])
def test_optax_steps_as_torch_does(hold: Hold, optimizer: str) -> None:
    options = {"lr": 1e-3, "betas": [0.8, 0.99], "eps": 1e-6, "weight_decay": 0.05}
    report = hold("torch:lenet", "jax:lenet", optimizer=(optimizer, options))
    assert report.agrees, f"{report}"


def test_weight_decay_of_sgd_is_added_to_the_gradient_as_in_torch(hold: Hold) -> None:
    options = {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.05}
    assert hold("torch:lenet", "jax:lenet", optimizer=("sgd", options)).agrees


@pytest.mark.parametrize(("original", "accept"), [("torch", ["biased running variance"]), ("tensorflow", [])])
def test_a_batch_norm_net_agrees_but_for_the_running_variance_of_torch(
    hold: Hold, original: str, accept: list[str]
) -> None:
    report = hold(f"{original}:norm_net", "jax:norm_net", accept=accept)
    assert report.agrees, f"{report}"
    assert states(report)["forward"] == ("accepted" if accept else "same")


def test_an_accepted_flatten_order_carries_the_rows_reordered(hold: Hold) -> None:
    report = hold("torch:lenet", "jax:flattened_last", accept=["flatten order"])
    assert report.agrees, f"{report}"
    assert any("flattens maps of (16, 5, 5) as CHW, the port as HWC" in note for note in report.notes)


def test_weights_that_a_port_brings_in_its_own_layout_are_the_same(hold: Hold) -> None:
    report = hold("torch:with_own_weights", "jax:with_own_weights", weights="own")
    assert report.agrees, f"{report}"
    assert report.rungs[0].text == "10 correspond, with the same values"


def test_branches_that_are_called_in_another_order_are_told_apart_by_what_they_follow(hold: Hold) -> None:
    report = hold("torch:branches", "jax:branches", accept="biased running variance")
    assert report.agrees, f"{report}"
    assert report.rungs[0].text == "17 correspond, carried over"


def test_channels_may_come_last_for_both(hold: Hold, batch: tuple[Any, Any]) -> None:
    x, y = batch
    assert hold("torch:lenet", "jax:lenet", batch=(x.transpose(0, 2, 3, 1), y)).agrees
    assert hold("tensorflow:lenet", "jax:lenet", batch=(x.transpose(0, 2, 3, 1), y)).agrees


def test_transposed_convolutions_of_either_kind_carry_their_kernels(hold: Hold) -> None:
    report = hold("torch:upsampled", "jax:upsampled")
    assert report.agrees, f"{report}"


def test_embeddings_are_given_indices(hold: Hold) -> None:
    draws = np.random.default_rng(0)
    words = draws.integers(0, 20, (16, 5)), draws.integers(0, 10, 16)
    report = hold("torch:words", "jax:words", batch=words)
    assert report.agrees, f"{report}"
    assert hold("jax:words", "torch:words", batch=words).agrees


@pytest.mark.parametrize("name", ["mean_squared_error", "sigmoid_cross_entropy"])
def test_other_named_losses_are_those_of_torch(hold: Hold, name: str, batch: tuple[Any, Any]) -> None:
    x, y = batch
    report = hold("torch:lenet", "jax:lenet", loss=name, batch=(x, np.eye(10, dtype=np.float32)[y]))
    assert report.agrees, f"{report}"


def test_a_trace_of_mxnet_stands_for_an_original_that_cannot_be_here(hold: Hold) -> None:
    report = hold(str(TRACES / "gluon_small.npz"), "jax:small", batch=None, loss=None, optimizer=None)
    assert report.agrees, f"{report}"
    assert states(report) == dict.fromkeys(RUNGS, "same")
    assert report.original == "mxnet:gluon_nets:small"
