"""Ports that are right agree from the first rung to the last, and what may be accepted is gone on after."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import pytest

from hpo.ports import PortReport
from hpo.ports.report import RUNGS, RungState


class Hold(Protocol):
    def __call__(self, original: str, port: str, **arguments: Any) -> PortReport: ...


def states(report: PortReport) -> dict[str, str]:
    return {rung.name: rung.state.value for rung in report.rungs}


PAIRS = [
    ("torch", "tensorflow"),
    ("torch", "mxnet"),
    ("tensorflow", "torch"),
    ("mxnet", "torch"),
    ("mxnet", "tensorflow"),
    ("torch", "torch"),
]


@pytest.mark.parametrize(("original", "port"), PAIRS)
def test_a_right_port_of_lenet_agrees_on_every_rung(hold: Hold, original: str, port: str) -> None:
    momentum = ("sgd", {"lr": 0.1, "momentum": 0.9})
    report = hold(f"{original}:lenet", f"{port}:lenet", optimizer=momentum)
    assert report.agrees, f"{report}"
    assert states(report) == dict.fromkeys(RUNGS, "same")
    assert "The port trains the same" in str(report)
    assert (report.first_difference, report.cause) == (None, None)


@pytest.mark.parametrize("port", ["tensorflow", "mxnet"])
def test_a_batch_norm_net_agrees_but_for_the_running_variance(hold: Hold, port: str) -> None:
    accept = ["biased running variance"]
    report = hold("torch:norm_net", f"{port}:norm_net", accept=accept)
    assert report.agrees, f"{report}"
    assert states(report)["forward"] == "accepted"
    assert "the original averages the unbiased variance of a batch, the port the biased one" in str(report)


@pytest.mark.parametrize("port", ["tensorflow:flattened_last", "mxnet:flattened_last"])
def test_an_accepted_flatten_order_carries_the_rows_reordered(hold: Hold, port: str) -> None:
    report = hold("torch:lenet", port, accept=["flatten order"])
    assert report.agrees, f"{report}"
    assert states(report)["error"] == "same"
    assert any("flattens maps of (16, 5, 5) as CHW, the port as HWC" in note for note in report.notes)


def test_an_accepted_placement_of_epsilon_goes_on_to_the_error(hold: Hold) -> None:
    options = {"optimizer": ("adam", {"lr": 1e-3, "eps": 1e-4}), "accept": ["Adam's epsilon placement"]}
    report = hold("torch:lenet", "mxnet:lenet", **options)
    assert report.agrees, f"{report}"
    assert (states(report)["step"], states(report)["epoch"]) == ("accepted", "accepted")
    assert "But for what was accepted, the port trains the same." in str(report)


def test_weights_that_a_port_brings_in_its_own_layout_are_the_same(hold: Hold) -> None:
    for port in ("tensorflow", "mxnet"):
        report = hold("torch:with_own_weights", f"{port}:with_own_weights", weights="own")
        assert report.agrees, f"{report}"
        assert report.rungs[0].text == "10 correspond, with the same values"


def test_other_weights_of_its_own_are_no_port(hold: Hold) -> None:
    report = hold("torch:with_own_weights", "mxnet:lenet", weights="own")
    assert report.cause is not None
    assert report.cause.startswith("other weights: conv1.weight (port: 0.weight) holds other numbers.")


def test_a_trace_of_jax_stands_for_an_original_that_cannot_be_here(hold: Hold) -> None:
    trace = Path(__file__).parent / "traces" / "nnx_small.npz"
    report = hold(str(trace), "mxnet:small", batch=None, loss=None, optimizer=None)
    assert report.agrees, f"{report}"
    assert states(report) == dict.fromkeys(RUNGS, "same")
    assert report.original == "jax:nnx_nets:small"


def test_a_softmax_that_the_loss_expects_is_a_note_and_no_mistake(hold: Hold) -> None:
    loss = {"torch": "softmax_cross_entropy", "tensorflow": "keras_nets:loss_of_probabilities"}
    report = hold("torch:lenet", "tensorflow:with_softmax", loss=loss)
    assert report.agrees, f"{report}"
    assert report.notes == [
        "The port ends with a softmax and its loss expects that; the other returns logits."
    ]


def test_without_a_loss_the_rest_is_not_asked(hold: Hold) -> None:
    report = hold("torch:lenet", "mxnet:lenet", loss=None, optimizer=None)
    assert [rung.state for rung in report.rungs[2:]] == [RungState.NOT_ASKED] * 5
    assert "give loss= and optimizer= for the rest" in str(report)


def test_an_epoch_may_have_data_of_its_own(hold: Hold, batch: tuple[Any, Any]) -> None:
    x, y = batch
    report = hold("torch:lenet", "mxnet:lenet", data=((x, y), (x[:5], y[:5])), batch_size=8)
    assert report.agrees, f"{report}"
    assert report.rungs[5].text == "2 resynchronised steps"


def test_channels_may_come_last(hold: Hold, batch: tuple[Any, Any]) -> None:
    x, y = batch
    report = hold("torch:lenet", "tensorflow:lenet", batch=(x.transpose(0, 2, 3, 1), y))
    assert report.agrees, f"{report}"


def test_branches_that_are_called_in_another_order_are_told_apart_by_what_they_follow(hold: Hold) -> None:
    report = hold("torch:branches", "tensorflow:branches", accept="biased running variance")
    assert report.agrees, f"{report}"
    assert report.rungs[0].text == "17 correspond, carried over"


def test_a_mapping_of_layers_takes_the_place_of_order_and_shape(hold: Hold, tmp_path: Path) -> None:
    layers = {"conv1": "0", "conv2": "3", "fc1": "5", "fc2": "6", "fc3": "7"}
    assert hold("torch:lenet", "mxnet:lenet", mapping=layers).agrees
    swapped = {"one": "two", "two": "one", "wide": "wide"}
    report = hold("torch:two_alike", "torch:two_alike", mapping=swapped)
    assert report.first_difference is not None
    assert report.first_difference.where == "the predictions in evaluation mode"
