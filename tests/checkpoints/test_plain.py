"""Plain Python state: in a file, and back in place."""

from __future__ import annotations

import enum
import math
from collections import OrderedDict, deque
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpo.checkpoints import Attachments, CheckpointFolder, capture, load_into, model_arrays, restore
from hpo.checkpoints.plain import DEEPEST
from hpo.errors import CheckpointError

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
KEYS = st.text() | st.integers() | st.booleans() | st.none() | st.tuples(st.text(), st.integers())
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner) | st.tuples(inner, inner),
    max_leaves=12,
)
STATES = st.lists(VALUES) | st.dictionaries(KEYS, VALUES) | st.dictionaries(st.just("@tuple"), VALUES)


class Colour(enum.IntEnum):
    RED = 1


class Stopper:
    """Early stopping as other libraries have it."""

    def __init__(self) -> None:
        self.best, self.wait = math.inf, 0

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best, "wait": self.wait}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.best, self.wait = state["best"], state["wait"]


def through_a_file(tree: Any, folder: Path) -> Any:
    files = CheckpointFolder(folder)
    files.save(files.checkpoint(0, 0, 1), {"state": tree}, {})
    return files.checkpoint(0, 0, 1).load()[0]["state"]


def same(one: Any, other: Any) -> bool:
    """Equal in kind and value; NaN equals NaN."""
    return type(one) is type(other) and repr(one) == repr(other)


@given(state=STATES)
def test_what_is_kept_comes_back_as_it_was(state: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    there: Any = type(state)()
    restore(there, through_a_file(capture(state), tmp_path_factory.mktemp("files")))
    assert same(there, state)


@given(before=STATES, after=STATES)
def test_whatever_is_there_becomes_what_was_kept(before: Any, after: Any) -> None:
    if type(before) is type(after):
        tree = capture(after)
        restore(before, tree)
        assert same(before, after)


@pytest.mark.parametrize(
    "value",
    [
        *(math.nan, -math.inf, -0.0, "\udc80", "", True, None),
        *(np.float32(0.5), np.int64(-3), np.bool_(True), np.str_("text"), np.datetime64("2026-01-01")),
        *((), ((1, (2,)), [3]), {1: "a", (2, "b"): {}, None: [], 0.5: 1, np.int64(3): 2}, {"@tuple": [1]}),
    ],
)
def test_numbers_and_texts_of_all_kinds_are_kept(value: Any, tmp_path: Path) -> None:
    there: dict[str, Any] = {}
    restore(there, through_a_file(capture({"value": value}), tmp_path))
    assert same(there, {"value": value})


def test_integers_of_thousands_of_digits_are_kept(tmp_path: Path) -> None:
    there: dict[Any, Any] = {}
    restore(there, through_a_file(capture({"value": -(2**20000), 2**20000: 1}), tmp_path))
    assert there == {"value": -(2**20000), 2**20000: 1}
    with pytest.raises(CheckpointError, match="received a very large integer of the type int, which"):
        Attachments().attach({"best": 2**20000})


def test_arrays_in_a_dict_are_kept_and_changed_in_place_where_they_fit(tmp_path: Path) -> None:
    tree = through_a_file(
        capture({"best": np.arange(3.0), "new": np.ones(2), "kind": [np.array(["a"])]}), tmp_path
    )
    best = np.zeros(3)
    there = {"best": best, "new": np.zeros(3)}
    restore(there, tree)
    assert there["best"] is best
    assert [best.tolist(), there["new"].tolist()] == [[0.0, 1.0, 2.0], [1.0, 1.0]]


def test_the_objects_inside_stay_the_same_ones() -> None:
    tree = capture({"history": [1, {"epoch": 2}], "best": {"error": 0.5}})
    epoch = {"epoch": 0, "left over": True}
    history: list[Any] = [7, epoch, 9]
    best: dict[str, Any] = {}
    state = {"best": best, "gone": 1, "history": history}
    restore(state, tree)
    assert state == {"history": [1, {"epoch": 2}], "best": {"error": 0.5}}
    assert list(state) == ["history", "best"]
    assert (state["history"], state["best"], history[1]) == (history, best, epoch)
    assert all(
        one is other
        for one, other in ((state["history"], history), (state["best"], best), (history[1], epoch))
    )


def test_one_list_in_two_places_becomes_two_where_two_were_kept() -> None:
    tree = capture({"a": [1], "b": [2]})
    row: list[int] = []
    state = {"a": row, "b": row}
    restore(state, tree)
    assert state == {"a": [1], "b": [2]}


def test_what_was_captured_is_a_copy_and_can_be_restored_again_and_again() -> None:
    state: dict[str, Any] = {"wait": [0], "weights": np.zeros(1)}
    tree = capture(state)
    state["wait"][0], state["weights"][0] = 5, 5
    for _ in range(2):
        restore(state, tree)
        assert (state["wait"], state["weights"].tolist()) == ([0], [0.0])
        state["wait"].append(1)
        state["weights"] += 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({1, 2}, r"type set \(at early\.of\)\. Keep it as a list, sorted\(\.\.\.\)"),
        (OrderedDict(a=1), r"type OrderedDict \(at early\.of\)\. Make it a plain dict, dict\("),
        (deque([1]), r"type deque \(at early\.of\)\. Make it a plain list, list\("),
        (range(3), r"type range \(at early\.of\)\. Make it a plain list, list\("),
        (b"x", r"type bytes \(at early\.of\)\. Keep it as a string, such as value\.hex\(\)"),
        (1j, r"type complex \(at early\.of\)\. Keep its two parts, \[value\.real, value\.imag\]"),
        (Colour.RED, r"type Colour \(at early\.of\)\. Keep its plain value, int\("),
        (object(), r"type object \(at early\.of\)\. Keep plain values of it, such as"),
        (np.array([None]), r"received one of the dtype object \(at early\.of\)\. Keep it as"),
        ({Colour.RED: 1}, r"received something of the type Colour \(at a key of early\.of\)"),
    ],
)
def test_what_cannot_be_kept_is_refused_at_once_with_its_place_and_a_mend(value: Any, text: str) -> None:
    with pytest.raises(CheckpointError, match=rf"'state' cannot be kept\. .*{text}"):
        Attachments().attach({"state": {"early": {"of": value}}})


@pytest.mark.parametrize("value", [0.5, 3, "adam", True, None, (1, 2), np.float32(1)])
def test_what_cannot_change_is_refused_with_the_dict_to_put_it_in(value: Any) -> None:
    kind = type(value).__name__
    said = rf"'best' cannot be kept\. .* type {kind}, which cannot be changed\. .*state = {{'best': \.\.\.}}"
    with pytest.raises(CheckpointError, match=said):
        Attachments().attach({"best": value})


def test_what_contains_itself_is_refused() -> None:
    state: dict[str, Any] = {"rows": []}
    state["rows"].append(state)
    with pytest.raises(CheckpointError, match=r"A dict \(at rows\.0\) contains itself.* side by side"):
        capture(state)
    shared: list[int] = []
    assert capture([shared, shared]) == {"plain": [[], []]}


def test_what_is_too_deep_is_refused() -> None:
    state: list[Any] = []
    for _ in range(DEEPEST - 1):
        state = [state]
    capture(state)
    with pytest.raises(CheckpointError, match=f"at most {DEEPEST} deep"):
        capture([state])


def test_a_state_that_can_no_longer_be_kept_is_named() -> None:
    attachments, state = Attachments(), dict[str, Any]()
    attachments.attach({"early": state})
    state["seen"] = {1}
    with pytest.raises(
        CheckpointError, match=r"The state of 'early' cannot be kept\. .* type set \(at seen\)"
    ):
        attachments.capture()


@pytest.mark.parametrize(
    ("thing", "tree", "text"),
    [
        ({}, capture([]), "holds a list here; the one to restore is a dict"),
        ({}, np.zeros(1), "holds the state of something else here than of a dict"),
        ([], {"parameters": {}}, "holds the state of something else here than of a list"),
        (Stopper(), {"state": {}}, "holds the state of something else here than of a Stopper"),
    ],
)
def test_the_state_of_something_else_is_refused(thing: Any, tree: Any, text: str) -> None:
    with pytest.raises(CheckpointError, match=f"The checkpoint {text}"):
        restore(thing, tree)


def test_an_object_with_a_plain_state_dict_keeps_it() -> None:
    stopper, other = Stopper(), Stopper()
    stopper.best, stopper.wait = 0.25, 2
    attachments = Attachments()
    attachments.attach({"early": stopper})
    assert Attachments(attachments.capture()).attach({"early": other})
    assert (other.best, other.wait) == (0.25, 2)


def test_a_model_may_be_a_dict_of_arrays(tmp_path: Path) -> None:
    model = {"weight": np.arange(2.0), "layers": [np.ones(1)]}
    states = {"model": through_a_file(capture(model), tmp_path)}
    assert {name: array.tolist() for name, array in model_arrays(states).items()} == {
        "weight": [0.0, 1.0],
        "layers.0": [1.0],
    }
    other = {"weight": np.zeros(2), "layers": [np.zeros(1)]}
    load_into(other, states)
    assert str(other) == str(model)
