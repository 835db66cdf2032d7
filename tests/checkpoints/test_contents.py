"""What lies in a dict or a list and is not plain: by a backend that stands for any framework's."""

from __future__ import annotations

import sys
from collections import OrderedDict
from contextlib import AbstractContextManager
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import pytest

from hpo.backend import registry
from hpo.checkpoints import Attachments, CheckpointFolder, capture, load_into, model_arrays, restore, tidy
from hpo.errors import CheckpointError


class Weights:
    """An array of a framework that can be changed."""

    def __init__(self, *numbers: float) -> None:
        self.numbers = np.array(numbers)


class Frozen(NamedTuple):
    """One that cannot, and is of no framework's module."""

    numbers: Any


class Older:
    """A backend of a third party that is older than `is_immutable` and returns nothing from `restore`."""

    name, version, modules = "fake", "1", ("fake",)

    def capture(self, thing: Any) -> Any:
        if not isinstance(thing, (Weights, Frozen)):
            raise CheckpointError(
                f"Of fake's objects a checkpoint keeps weights; received a {type(thing).__name__}."
            )
        return {"parameters": {"numbers": tidy(thing.numbers)}}

    def restore(self, thing: Any, tree: Any) -> Any:
        if not isinstance(thing, (Weights, Frozen)):
            raise CheckpointError(f"holds the state of something else here than of a {type(thing).__name__}.")
        assert isinstance(thing, Weights)
        thing.numbers = tree["parameters"]["numbers"].copy()


class Newer(Older):
    def is_immutable(self, thing: Any) -> bool:
        return isinstance(thing, (Frozen, float))

    def restore(self, thing: Any, tree: Any) -> Any:
        if isinstance(thing, (Frozen, float)):
            return Frozen(tree["parameters"]["numbers"].copy())
        super().restore(thing, tree)
        return thing


Weights.__module__ = "fake.arrays"


@pytest.fixture(params=[Older, Newer])
def backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A backend of a framework `fake`, which is imported."""
    made, load = request.param(), registry.load
    points = {"numpy": registry.registered()["numpy"]}
    monkeypatch.setitem(sys.modules, "fake", ModuleType("fake"))
    monkeypatch.setattr(registry, "registered", lambda: {**points, "fake": None})
    monkeypatch.setattr(registry, "load", lambda name: made if name == "fake" else load(name))
    monkeypatch.setattr("hpo.checkpoints.states._keepers", {})
    return made


newer = pytest.mark.parametrize("backend", [Newer], indirect=True)


def refused(text: str) -> AbstractContextManager[Any]:
    """A block that raises a `CheckpointError` with this text."""
    return pytest.raises(CheckpointError, match=text)


def through_a_file(tree: Any, folder: Path) -> Any:
    files = CheckpointFolder(folder)
    files.save(files.checkpoint(0, 0, 1), {"state": tree}, {})
    return files.checkpoint(0, 0, 1).load()[0]["state"]


@pytest.mark.usefixtures("backend")
def test_an_object_that_can_change_stays_the_same_one_at_any_depth(tmp_path: Path) -> None:
    kept: Any = {"a": Weights(1, 2), "b": [{3: (Weights(3), "text")}], "wait": 2}
    weights = [Weights(0, 0), Weights(0)]
    there: Any = {"a": weights[0], "b": [{3: (weights[1], "")}], "wait": 0}
    attachments = Attachments()
    attachments.attach({"state": kept})
    states = {"state": through_a_file(attachments.capture()["state"], tmp_path)}
    assert Attachments(states).attach({"state": there})
    assert [list(one.numbers) for one in weights] == [[1, 2], [3]]
    assert (there["a"], there["b"][0][3], there["wait"]) == (weights[0], (weights[1], "text"), 2)


@newer
@pytest.mark.usefixtures("backend")
def test_an_object_that_cannot_change_is_replaced_and_refused_by_itself(tmp_path: Path) -> None:
    kept: Any = {"best": [Frozen(np.ones(2))]}
    there: Any = {"best": [Frozen(np.zeros(2))]}
    row, old = there["best"], there["best"][0]
    restore(there, through_a_file(capture(kept), tmp_path))
    assert there["best"] is row
    assert (list(row[0].numbers), list(old.numbers)) == ([1, 1], [0, 0])
    with refused(
        r"'best' cannot be kept\. .*received a Frozen, which cannot be changed\. Put it in a dict, and "
        r"change that: state = {'best': \.\.\.}; trial\.checkpoint\(state=state\)\."
    ):
        Attachments().attach({"best": old})
    with refused(
        r"and a Frozen cannot be changed\. Give a dict that has it where the trial's had it: model = {"
    ):
        load_into(old, {"model": capture(old)})
    new = restore(old, capture(row[0]))
    assert list(new.numbers) == [1, 1]


@newer
@pytest.mark.usefixtures("backend")
def test_a_number_with_which_a_trial_began_gives_way_to_what_took_its_place() -> None:
    there: dict[str, Any] = {"rate": 0.5, "other": 1}
    restore(there, capture({"rate": Frozen(np.ones(1)), "other": 2}))
    assert (there["rate"], there["other"]) == (Frozen(np.ones(1)), 2)


@pytest.mark.usefixtures("backend")
def test_a_number_does_not_give_way_to_what_can_change() -> None:
    with refused(r"something else here than of a int\. It lies at rate\."):
        restore({"rate": 1}, capture({"rate": Weights(1)}))


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize(
    ("there", "text"),
    [
        ({"net": [0]}, "where there is nothing now"),
        ({}, "where there is nothing now"),
        ({"net": (0, Weights())}, "where there is nothing now"),
        ({"net": [0, None]}, "where there is None now"),
        ({"net": [0, {}]}, "where there is a dict now"),
        ({"net": [0, "text"]}, "where there is a str now"),
    ],
)
def test_where_there_is_none_of_its_kind_the_place_is_named(there: Any, text: str) -> None:
    with refused(
        rf"'state' cannot be restored\. The checkpoint holds the state of a Weights at net\.1, {text}\. "
        rf"Make it as it was made in the trial before attaching it\."
    ):
        Attachments({"state": capture({"net": [0, Weights(1)]})}).attach({"state": there})


@pytest.mark.usefixtures("backend")
def test_one_object_in_two_places_is_refused_where_two_were_kept() -> None:
    one = Weights(1)
    restore({"a": one, "b": [one]}, capture({"a": Weights(2), "b": [Weights(2)]}))
    assert list(one.numbers) == [2]
    with refused(
        r"What lies at a and at b\.0 is one Weights now, and was two of different states.*by a copy"
    ):
        restore({"a": one, "b": [one]}, capture({"a": Weights(2), "b": [Weights(3)]}))


@pytest.mark.usefixtures("backend")
def test_what_a_backend_says_is_handed_on_with_the_place() -> None:
    odd = type("Odd", (), {"__module__": "fake.other"})()
    with refused(r"checkpoint keeps weights; received a Odd\. It lies at deep\.0\."):
        capture({"deep": [odd]})
    shape = type("Shape", (tuple,), {"__module__": "fake.shapes"})()
    with refused(r"'state' cannot be kept\. .* type Shape \(at shape\)\. Make it a plain list"):
        Attachments().attach({"state": {"shape": shape}})


@newer
@pytest.mark.usefixtures("backend")
def test_a_dict_of_python_s_own_is_no_object_of_a_framework() -> None:
    with refused(r"type OrderedDict \(at it\)\. Make it a plain dict"):
        capture({"it": OrderedDict(a=Weights(1))})


@pytest.mark.usefixtures("backend")
def test_an_object_whose_state_dict_holds_arrays_of_a_framework_is_kept() -> None:
    class Average:
        def __init__(self, number: float) -> None:
            self.state: dict[str, Any] = {"mean": Weights(number), "rows": [np.full(1, number)]}

        def state_dict(self) -> dict[str, Any]:
            return self.state

        def load_state_dict(self, state: dict[str, Any]) -> None:
            assert state["rows"] is not self.state["rows"]
            self.state = state

    kept, there = Average(1), Average(0)
    weights = there.state["mean"]
    restore(there, capture(kept))
    restore({"in": [there]}, capture({"in": [kept]}))
    assert there.state["mean"] is weights
    assert (list(weights.numbers), list(there.state["rows"][0])) == ([1], [1])


@pytest.mark.usefixtures("backend")
def test_the_arrays_of_a_dict_have_the_names_of_their_places() -> None:
    model = {"net": Weights(1), "rows": (np.zeros(1), [Weights(2)]), 3: {"b": np.float32(1)}}
    arrays = model_arrays({"model": capture(model)})
    assert list(arrays) == ["net.numbers", "rows.0", "rows.1.0.numbers", "3.b"]
    there = {"net": Weights(0), "rows": (np.ones(1), [Weights(0)]), 3: {"b": np.float32(0)}}
    load_into(there, {"model": capture(model)})
    assert same_arrays(model_arrays({"model": capture(there)}), arrays)


def same_arrays(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return list(one) == list(other) and all(np.array_equal(one[name], other[name]) for name in one)


def test_keys_that_look_like_a_mark_are_no_marks() -> None:
    state = {"@kept": {"kind": "Weights", "backend": "fake", "state": {}}, "deep": {"@kept": 1}}
    there: dict[str, Any] = {}
    restore(there, capture(state))
    assert there == state


def test_a_checkpoint_from_before_is_read() -> None:
    tree = {"plain": {"a": {"@tuple": [1, {"@dict": [[3, {"@int": "0x10"}]]}]}, "b": np.ones(2)}}
    there: dict[str, Any] = {"b": np.zeros(2)}
    restore(there, tree)
    assert (there["a"], list(there["b"])) == ((1, {3: 16}), [1, 1])


@pytest.mark.usefixtures("backend")
def test_an_object_that_finds_any_attribute_does_not_keep_its_own_state() -> None:
    class Magic:
        def __getattr__(self, name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(name)
            return lambda *arguments: None

    with refused(r"A checkpoint keeps NumPy arrays, .* received a Magic"):
        capture(Magic())
