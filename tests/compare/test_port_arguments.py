"""The arguments of `hpo.check_port` and the correspondence of parameters, without any framework."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import hpo
from hpo.ports import PortCheck, read_check
from hpo.ports.pairs import by_order_and_shape, by_surroundings, read_mapping, template
from hpo.ports.trace import Description

BATCH = (np.zeros((4, 1, 8, 8), np.float32), np.array([0, 1, 2, 3]))


def described(
    framework: str, *layers: tuple[str, str, dict[str, list[int]]], makers: Any = None
) -> Description:
    """A model of layers, each with a name, a kind, and the shapes of its parameters by their roles."""
    about = [
        {
            "name": name,
            "type": kind,
            "kind": kind,
            "shapes": [],
            "made_by": None if makers is None else makers[i],
            "parameters": [
                {"name": f"{name}.{role}", "role": role, "shape": shape, "trainable": True}
                for role, shape in parameters.items()
            ],
        }
        for i, (name, kind, parameters) in enumerate(layers)
    ]
    return Description({"options": {"framework": framework, "factory": "nets:net"}, "layers": about})


def dense(name: str, inputs: int, outputs: int) -> tuple[str, str, dict[str, list[int]]]:
    return name, "dense", {"weight": [inputs, outputs], "bias": [outputs]}


def names(pairs: Any, original: Description, port: Description) -> dict[str, str]:
    return {original.parameters[each.original].name: port.parameters[each.port].name for each in pairs}


def test_layers_of_one_order_correspond_by_their_roles() -> None:
    original = described("torch", dense("a", 8, 4), dense("b", 4, 4), dense("c", 4, 4))
    port = described("mxnet", dense("x", 8, 4), dense("y", 4, 4), dense("z", 4, 4))
    found = names(by_order_and_shape(original, port), original, port)
    assert found == {
        f"{one}.{role}": f"{two}.{role}" for one, two in ("ax", "by", "cz") for role in ("weight", "bias")
    }


def test_layers_of_another_order_correspond_by_shapes_that_are_all_different() -> None:
    original = described("torch", dense("a", 8, 4), dense("b", 8, 5))
    port = described("mxnet", dense("x", 8, 5), dense("y", 8, 4))
    assert names(by_order_and_shape(original, port), original, port)["a.weight"] == "y.weight"


def test_layers_of_another_order_and_one_shape_are_a_question() -> None:
    original = described("torch", dense("a", 8, 4), dense("b", 8, 5), dense("c", 8, 4))
    port = described("mxnet", dense("x", 8, 5), dense("y", 8, 4), dense("z", 8, 4))
    with pytest.raises(
        hpo.errors.PortMappingError, match=r"(?s)in more than one way.*x.weight \[8, 5\].*b.weight \[8, 5\]"
    ):
        by_order_and_shape(original, port)
    assert template(original, port)["b.bias"] == "x.bias"
    assert template(original, port)["a.weight"] is None


def test_what_a_layer_follows_tells_layers_of_one_shape_apart() -> None:
    original = described(
        "torch", dense("a", 8, 5), dense("b", 5, 4), dense("c", 8, 4), makers=[None, 0, None]
    )
    port = described("mxnet", dense("x", 8, 4), dense("y", 8, 5), dense("z", 5, 4), makers=[None, None, 1])
    assert names(by_surroundings(original, port), original, port)["b.weight"] == "z.weight"


def test_parameters_of_unknown_layers_correspond_by_their_axes() -> None:
    original = described("tensorflow", ("a", "other", {"kernel": [5, 5, 1, 6]}))
    port = described("torch", ("x", "other", {"weight": [6, 1, 5, 5]}))
    [pair] = by_order_and_shape(original, port) or []
    kernel = np.arange(150).reshape(5, 5, 1, 6)
    np.testing.assert_array_equal(pair.carry(kernel), kernel.transpose(3, 2, 0, 1))


def test_counts_that_differ_correspond_to_nothing() -> None:
    assert by_order_and_shape(described("torch", dense("a", 8, 4)), described("mxnet")) is None


def test_a_mapping_may_leave_parameters_out() -> None:
    original, port = described("torch", dense("a", 8, 4)), described("mxnet", dense("x", 8, 4))
    pairs = read_mapping({"a.weight": "x.weight", "a.bias": None}, original, port)
    assert names(pairs, original, port) == {"a.weight": "x.weight"}


def check(original: str = "torch:nets:net", port: str = "keras:nets:net", **given: Any) -> PortCheck:
    arguments: dict[str, Any] = dict.fromkeys(
        ("loss", "optimizer", "python", "data", "batch_size", "layout", "step", "prepare", "keep")
    )
    arguments.update(batch=BATCH, mapping="auto", weights="carry", accept=(), seed=0)
    return read_check(original, port, **{**arguments, **given})


def test_a_side_gets_what_is_meant_for_it() -> None:
    losses = {"pytorch": "old:loss", "port": "new:loss"}
    found = check(loss=losses, optimizer=("sgd", {"lr": 0.1}), python={"original": "old-env"})
    assert found.original is not None
    assert (found.original.options["loss"], found.port.options["loss"]) == ("old:loss", "new:loss")
    assert found.port.options["optimizer"] == ["sgd", {"lr": 0.1}]
    assert (found.original.python, found.port.python) == ("old-env", None)


def test_the_layout_of_a_batch_is_read_from_its_short_axis() -> None:
    assert check().port.options["batch_layout"] == "NCHW"
    last = (np.zeros((4, 8, 8, 3)), BATCH[1])
    assert check(batch=last).port.options["batch_layout"] == "NHWC"
    assert check(batch=last, layout={"batch": "NHWC", "torch": "NHWC"}).port.options["layout"] is None
    doubtful = (np.zeros((4, 3, 8, 3)), BATCH[1])
    assert check("torch:nets:net", "mxnet:nets:net", batch=doubtful).port.options["batch_layout"] is None
    with pytest.raises(hpo.errors.PortLayoutError, match="are its channels first or last"):
        check(batch=doubtful)


def test_the_sample_serves_as_a_batch() -> None:
    found = check(batch="sample")
    assert found.inputs["x"].shape == (32, 1, 28, 28)
    assert found.inputs["y"].dtype == np.int64


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"original": "nets:net"}, "A side was expected as framework:module:function"),
        ({"batch": None}, r"batch= was expected, rows and labels \(x, y\) or a .npz file"),
        ({"batch": (BATCH[0], [1])}, "As many labels as rows were expected; x has 4 rows and y 1"),
        ({"weights": "both"}, "weights= takes 'carry' or 'own'; received 'both'"),
        (
            {"accept": "flaten order"},
            "accept= takes names of causes: .*flatten order.*received 'flaten order'",
        ),
        ({"optimizer": ("sgd", 0.1)}, r"An optimizer was expected as \('sgd', {'lr': 0.1}\)"),
        ({"layout": "channels last"}, "layout= takes NCHW or NHWC; received 'channels last'"),
        (
            {"loss": {"caffe": "l"}},
            "loss= takes one value for both sides or a dict .* received the key 'caffe'",
        ),
    ],
)
def test_an_argument_that_cannot_be_is_told(given: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        check(**given)
