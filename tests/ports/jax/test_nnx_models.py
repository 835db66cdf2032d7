"""What Flax' models have and others do not: streams of chance, compiled calls, Linen inside."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import hpo
from hpo.ports import PortReport

Hold = Callable[..., PortReport]


def test_streams_of_chance_are_no_parameters_and_compiled_layers_are_recorded(hold: Hold) -> None:
    report = hold("jax:told", "jax:compiled")
    assert report.agrees, f"{report}"
    assert report.rungs[0].text == "10 correspond, carried over"
    assert report.rungs[1].text.startswith("5 layers, largest difference")


@pytest.mark.parametrize(("factory", "count"), [("in_bfloat16", 2), ("tied", 5), ("recurrent", 5)])
def test_types_shared_kernels_and_scanned_cells_are_read(hold: Hold, factory: str, count: int) -> None:
    report = hold(f"jax:{factory}", f"jax:{factory}", optimizer=("adam", {"lr": 0.01}))
    assert report.agrees, f"{report}"
    assert report.rungs[0].text == f"{count} correspond, carried over"


def test_an_old_flax_is_refused(
    in_nets: None, batch: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "flax").mkdir()
    (tmp_path / "flax" / "__init__.py").write_text("__version__ = '0.8.5'")
    (tmp_path / "flax" / "nnx.py").touch()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(hpo.errors.PortError, match=r"Flax 0\.12 or later was expected; this is 0\.8\.5"):
        hpo.check_port("jax:nnx_nets:lenet", "torch:torch_nets:lenet", batch=batch)


def test_a_linen_module_is_refused_and_the_mend_works(hold: Hold) -> None:
    with pytest.raises(hpo.errors.PortError) as caught:
        hold("torch:lenet", "jax:of_linen")
    assert (
        "a flax.nnx.Module was expected from the factory; it returned a Linen module of type Dense. "
        in str(caught.value)
    )
    assert "flax.nnx.bridge.ToNNX(module, rngs=nnx.Rngs(0)).lazy_init(x), with x a batch" in str(caught.value)
    report = hold("torch:lenet", "jax:bridged")
    assert report.agrees, f"{report}"


@pytest.mark.parametrize(
    ("factory", "text"),
    [
        (
            "no_model",
            "a flax.nnx.Module or a keras.Model was expected from the factory; it returned 7 of type int",
        ),
        ("two_heads", "A model that returns one tensor was expected; that of .*two_heads returns a tuple"),
    ],
)
def test_what_is_no_model_of_one_output_is_refused(hold: Hold, factory: str, text: str) -> None:
    with pytest.raises(hpo.errors.PortError, match=text):
        hold("torch:lenet", f"jax:{factory}")


def test_an_optimizer_of_another_kind_is_refused(hold: Hold) -> None:
    text = "an optax.GradientTransformation or an nnx.Optimizer was expected .* received 0.1 of type float"
    with pytest.raises(hpo.errors.PortError, match=text):
        hold("torch:lenet", "jax:lenet", optimizer={"torch": "sgd", "jax": "nnx_nets:no_optimizer"})


def test_a_step_of_ones_own_is_given_the_optimizer_of_flax(hold: Hold) -> None:
    report = hold("torch:lenet", "jax:lenet", step={"jax": "nnx_nets:compiled_step"})
    assert report.agrees, f"{report}"


def test_a_side_may_run_in_another_interpreter(in_nets: None, batch: tuple[Any, Any]) -> None:
    """Which is this one here, named as the other environment would be."""
    sides = ("torch:torch_nets:lenet", "jax:nnx_nets:lenet")
    report = hpo.check_port(*sides, batch=batch, python={"jax": sys.executable})
    assert report.agrees, f"{report}"
