"""Keras on each engine: as the framework that is its engine, and as `keras:`, whichever that is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import hpo
from hpo.ports import PortReport
from tests.ports.plants import Plant, adam, expect_to_be_named

Hold = Callable[..., PortReport]
ON_JAX, ON_TORCH = "jax:keras_nets", "torch:keras_nets"


@pytest.mark.parametrize(
    ("original", "port"),
    [
        ("torch:lenet", f"{ON_JAX}:lenet"),
        (f"{ON_JAX}:lenet", "jax:lenet"),
        ("tensorflow:lenet", f"{ON_JAX}:lenet"),
        (f"{ON_TORCH}:lenet", "torch:lenet"),
        ("tensorflow:norm_net", f"{ON_TORCH}:norm_net"),
        ("tensorflow:norm_net", f"{ON_JAX}:norm_net"),
        (f"{ON_JAX}:norm_net", "jax:norm_net"),
    ],
)
def test_a_right_port_agrees_whatever_the_engine(hold: Hold, original: str, port: str) -> None:
    report = hold(original, port, optimizer=("sgd", {"lr": 0.1, "momentum": 0.9}))
    assert report.agrees, f"{report}"


@pytest.mark.parametrize("engine", [ON_JAX, ON_TORCH])
def test_steps_of_adam_are_those_of_keras_on_tensorflow(hold: Hold, engine: str) -> None:
    optimizer = adam(eps=1e-4, weight_decay=0.05)
    report = hold("tensorflow:dropping_a_fifth", f"{engine}:dropping_a_fifth", optimizer=optimizer)
    assert report.agrees, f"{report}"


PLANTS = [
    plant
    for engine in (ON_JAX, ON_TORCH)
    for plant in (
        Plant("batch-norm epsilon", "forward", "torch:norm_net", f"{engine}:norm_net_of_keras"),
        Plant("biased running variance", "forward", "torch:norm_net", f"{engine}:norm_net"),
        Plant(
            "dropout rate against keep probability",
            "forward",
            "torch:dropping_a_fifth",
            f"{engine}:keeping_a_fifth",
        ),
        Plant("frozen parameter", "gradients", "torch:lenet", f"{engine}:frozen"),
        Plant(
            "Adam's epsilon placement",
            "step",
            "torch:lenet",
            f"{engine}:lenet",
            {"optimizer": adam(eps=1e-4)},
        ),
        Plant(
            "loss mean against sum",
            "loss",
            "torch:lenet",
            f"{engine}:lenet",
            {"loss": {"original": "softmax_cross_entropy", "port": "keras_nets:summed_loss"}},
        ),
    )
]


@pytest.mark.parametrize("plant", PLANTS, ids=[plant.title for plant in PLANTS])
def test_a_planted_mistake_is_named(plant: Plant, hold: Hold) -> None:
    expect_to_be_named(plant, hold)


@pytest.mark.parametrize("engine", ["jax", "torch", "tensorflow"])
def test_a_side_named_keras_is_on_the_engine_that_is_chosen(
    in_nets: None, batch: Any, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", engine)
    report = hpo.check_port("keras:keras_nets:lenet", "torch:torch_nets:lenet", batch=batch)
    assert report.agrees, f"{report}"
    assert report.original == "keras:keras_nets:lenet"
    assert " with Keras 3." in report.versions[0][engine]


def test_keras_on_jax_needs_no_tensorflow(
    in_nets: None, batch: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "tensorflow.py").write_text("raise ImportError('it is not installed')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    report = hpo.check_port(f"{ON_JAX}:lenet", "jax:nnx_nets:lenet", batch=batch)
    assert report.agrees, f"{report}"
    with pytest.raises(hpo.errors.PortError, match=r"tensorflow cannot be imported .* it is not installed"):
        hpo.check_port("tensorflow:keras_nets:lenet", "jax:nnx_nets:lenet", batch=batch)


def test_an_engine_that_has_no_gradients_is_refused(
    in_nets: None, batch: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "numpy")
    text = "Keras on torch, tensorflow or jax was expected, and it runs on 'numpy'. Set KERAS_BACKEND to one"
    with pytest.raises(hpo.errors.PortError, match=text):
        hpo.check_port("keras:keras_nets:lenet", "torch:torch_nets:lenet", batch=batch)
