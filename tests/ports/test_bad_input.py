"""What a user gets wrong is told: what happened, what was expected, how to mend it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hpo
from hpo.ports import PortReport

Hold = Callable[..., PortReport]


@pytest.mark.parametrize(
    ("factory", "text"),
    [
        ("nowhere:lenet", "Importing nowhere for nowhere:lenet failed in .* No module named 'nowhere'"),
        ("torch_nets:le_net", "torch_nets has no 'le_net'; what can be called there: .*lenet"),
        ("torch_nets:no_model", "a torch.nn.Module was expected from the factory; it returned 7 of type int"),
        ("torch_nets:failing", "KeyError: 'units'\n.*raise KeyError"),
    ],
)
def test_a_factory_that_gives_no_model_is_named(hold: Hold, factory: str, text: str) -> None:
    with pytest.raises(hpo.errors.PortError, match=f"(?s){text}"):
        hold("mxnet:lenet", f"torch:{factory}")


def test_a_process_that_dies_shows_its_last_lines(in_nets: None, batch: Any) -> None:
    with pytest.raises(
        hpo.errors.PortError, match=r"(?s)died with exit code 3. Its last lines:\n.*allocating the last straw"
    ):
        hpo.check_port("mxnet:gluon_nets:lenet", "torch:torch_nets:dying", batch=batch)


def test_an_interpreter_has_to_be_there(in_nets: None, batch: Any) -> None:
    with pytest.raises(hpo.HpoError, match="The Python for torch:torch_nets:lenet was not found: old-env"):
        hpo.check_port(
            "torch:torch_nets:lenet", "mxnet:gluon_nets:lenet", batch=batch, python={"torch": "old-env"}
        )


def test_a_side_is_named_as_framework_module_function(batch: Any) -> None:
    for wrong in ("lenet", "caffe:nets:lenet", "torch:lenet"):
        with pytest.raises(
            ValueError, match="expected as framework:module:function with one of the frameworks"
        ):
            hpo.check_port(wrong, "torch:nets:lenet", batch=batch)


def test_counts_of_parameters_that_differ_are_shown_side_by_side(hold: Hold) -> None:
    report = hold("torch:lenet", "mxnet:norm_net")
    assert report.first_difference is not None
    assert report.first_difference.rung == "parameters"
    text = str(report.first_difference)
    assert "10 parameters in the original and 14 in the port, which do not correspond" in text
    assert "fc3.weight [84, 10]" in text
    assert "4.running_var [16]" in text


def test_an_ambiguous_mapping_is_asked_and_its_file_written(hold: Hold, tmp_path: Path) -> None:
    file = tmp_path / "mapping.json"
    sides = ("torch:two_alike", "torch:two_alike_after_a_wide_one")
    with pytest.raises(
        hpo.errors.PortMappingError, match=r"(?s)correspond in more than one way.*one.weight.*mapping.json"
    ):
        hold(*sides)
    with pytest.raises(hpo.errors.PortMappingError, match=r"mapping.json was written, to be filled in"):
        hold(*sides, mapping=file)
    names = json.loads(file.read_text())
    assert names["wide.weight"] == "wide.weight"
    assert names["one.weight"] is None
    names.update(
        {f"{each}.{role}": f"{each}.{role}" for each in ("one", "two") for role in ("weight", "bias")}
    )
    file.write_text(json.dumps(names))
    assert hold(*sides, mapping=file).agrees


@pytest.mark.parametrize(
    ("mapping", "text"),
    [
        ({"conv9": "0"}, "names 'conv9', and the original has no such parameter or layer"),
        ({"conv1": "nine"}, "names 'nine', and the port has no such parameter or layer"),
        ({"conv1.weight": "5.weight"}, r"has the shape \(6, 1, 5, 5\) and 5.weight \(400, 120\)"),
    ],
)
def test_a_mapping_with_a_wrong_name_shows_both_lists(hold: Hold, mapping: dict[str, str], text: str) -> None:
    with pytest.raises(hpo.errors.PortMappingError, match=f"(?s){text}.*conv1.weight .*0.weight"):
        hold("torch:lenet", "mxnet:lenet", mapping=mapping)


def test_a_batch_that_fits_neither_way_asks_where_its_channels_are(hold: Hold, batch: Any) -> None:
    x, y = batch
    with pytest.raises(
        hpo.errors.PortLayoutError,
        match=r"(?s)takes the batch neither way.*are its channels first or last.*layout='NHWC'",
    ):
        hold("torch:lenet", "tensorflow:lenet", batch=(x[:, :, :5, :5], y))
    with pytest.raises(hpo.errors.PortLayoutError, match=r"shape \(16, 28, 28\).* x\[:, None\]"):
        hold("torch:lenet", "mxnet:lenet", batch=(x[:, 0], y))


def test_a_batch_of_small_images_asks_too(batch: Any) -> None:
    x = np.zeros((4, 3, 8, 3), np.float32)
    with pytest.raises(hpo.errors.PortLayoutError, match=r"channels first or last.*Answer layout='NCHW'"):
        hpo.check_port("torch:nets:lenet", "keras:nets:lenet", batch=(x, [0, 1, 2, 3]))
    with pytest.raises(ValueError, match="layout= takes NCHW or NHWC; received 'first'"):
        hpo.check_port("torch:nets:lenet", "keras:nets:lenet", batch=(x, [0, 1, 2, 3]), layout="first")


def test_nan_in_one_framework_only_is_named_where_it_begins(hold: Hold) -> None:
    report = hold("mxnet:lenet", "torch:with_infinity")
    assert report.cause is not None
    assert report.cause.startswith(
        "NaN in the port only: the input of 3 (port: conv2) in evaluation mode is the first"
    )


def test_rows_and_labels_have_to_be_as_many(batch: Any) -> None:
    with pytest.raises(ValueError, match="As many labels as rows were expected; x has 16 rows and y 3"):
        hpo.check_port("torch:nets:lenet", "mxnet:nets:lenet", batch=(batch[0], [1, 2, 3]))
    with pytest.raises(ValueError, match="batch= was expected, rows and labels"):
        hpo.check_port("torch:nets:lenet", "mxnet:nets:lenet")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"loss": "hinge"}, "softmax_cross_entropy, .* was expected as loss; received 'hinge'"),
        ({"optimizer": "lion"}, "sgd, adam, adamw or module:name was expected as optimizer; received 'lion'"),
        ({"optimizer": 0.1}, "An optimizer was expected as .* received 0.1"),
        ({"weights": "borrowed"}, "weights= takes 'carry' or 'own'; received 'borrowed'"),
        ({"loss": {"caffe": "hinge"}}, "loss= takes one value for both sides or a dict .* the key 'caffe'"),
    ],
)
def test_an_argument_that_cannot_be_is_told(hold: Hold, arguments: dict[str, Any], text: str) -> None:
    with pytest.raises((ValueError, hpo.errors.PortError), match=text):
        hold("torch:lenet", "mxnet:lenet", **arguments)


def test_a_file_that_is_no_trace_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", x=np.zeros(3))
    with pytest.raises(hpo.errors.PortError, match=r"other.npz is no trace of a recorder"):
        hpo.check_port(tmp_path / "other.npz", "torch:nets:lenet")
