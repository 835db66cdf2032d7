from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import pytest

from hpo.checkpoints import Attachments, capture, load_into, model_arrays, restore
from hpo.errors import CheckpointError


def refused(text: str) -> AbstractContextManager[Any]:
    """A block that raises a `CheckpointError` with this text."""
    return pytest.raises(CheckpointError, match=text)


class Counter:
    """An object that keeps its own state."""

    def __init__(self) -> None:
        self.steps = np.zeros(1)

    def checkpoint_state(self) -> dict[str, Any]:
        return {"steps": self.steps, "kind": ("counter", np.float32(0.5))}

    def load_checkpoint_state(self, state: dict[str, Any]) -> None:
        self.steps[:] = state["steps"]


def test_nothing_attached_is_nothing_to_keep() -> None:
    assert Attachments().capture() == {}
    assert Attachments(None).attach({}) is False


def test_an_array_is_kept_as_a_copy_and_restored_in_place() -> None:
    weights, later = np.arange(3.0), np.zeros(3)
    attachments = Attachments()
    assert attachments.attach({"weights": weights}) is False
    states = attachments.capture()
    weights += 1
    view = later[:]
    assert Attachments(states).attach({"weights": later}) is True
    assert list(view) == [0, 1, 2]


def test_an_object_with_a_state_of_its_own_is_kept_as_a_copy() -> None:
    one, other = Counter(), Counter()
    one.steps += 5
    state = capture(one)
    one.steps += 1
    assert state == {"steps": np.array([5.0]), "kind": ["counter", 0.5]}
    restore(other, state)
    assert list(other.steps) == [5]


def test_a_name_that_is_taken_gets_a_number() -> None:
    attachments = Attachments()
    for number in range(3):
        attachments.attach({"trainer": np.array(number)})
    states = attachments.capture()
    assert list(states) == ["trainer", "trainer-1", "trainer-2"]
    assert [int(state) for state in states.values()] == [0, 1, 2]


def test_a_numbered_one_may_be_new_since_the_checkpoint() -> None:
    attachments = Attachments({"trainer": np.array(7)})
    first, second = np.array(0), np.array(0)
    assert attachments.attach({"trainer": first}) is True
    assert attachments.attach({"trainer": second}) is False
    assert [int(first), int(second)] == [7, 0]


def test_what_is_attached_after_an_epoch_begins_from_its_start() -> None:
    attachments = Attachments({"model": np.array(7), "late": np.array(8)})
    attachments.attach({"model": np.array(0)})
    attachments.capture()
    late = np.array(0)
    assert attachments.attach({"late": late}) is False
    assert late == 0


def test_a_name_that_the_checkpoint_lacks_is_refused_with_those_it_has() -> None:
    with pytest.raises(
        CheckpointError, match=r"nothing named 'net'; it has model, optimizer\. Attach what the"
    ):
        Attachments({"model": 1, "optimizer": 2}).attach({"net": np.zeros(3)})


@pytest.mark.parametrize(
    ("array", "text"),
    [
        (np.zeros(4), r"'model' cannot be restored\. .*shape \(3,\) and dtype float64 here; .*shape \(4,\)"),
        (
            np.zeros(3, "f4"),
            r"dtype float64 here; the one to restore is of the shape \(3,\) and dtype float32",
        ),
    ],
)
def test_an_array_of_another_shape_or_dtype_is_refused_with_both(array: Any, text: str) -> None:
    with refused(text):
        Attachments({"model": np.zeros(3)}).attach({"model": array})


def test_a_state_that_is_no_array_is_refused_by_one() -> None:
    with refused(r"holds no array here; received one of the shape \(3,\)"):
        restore(np.zeros(3), {"weight": np.zeros(3)})


def test_a_read_only_array_is_refused() -> None:
    array = np.zeros(3)
    array.flags.writeable = False
    with refused("the array is read-only: attach a copy of it"):
        restore(array, np.ones(3))


@pytest.mark.parametrize("thing", [len, object(), Counter, {1, 2}])
def test_what_cannot_be_kept_is_refused_at_once_with_what_can_be_kept(thing: Any) -> None:
    with pytest.raises(
        CheckpointError, match=r"'rate' cannot be kept\. A checkpoint keeps NumPy arrays, dicts and lists"
    ):
        Attachments().attach({"rate": thing})
    with pytest.raises(
        CheckpointError,
        match=rf"received a {type(thing).__name__}\. Of anything else keep plain values: state = ",
    ):
        capture(thing)


def test_a_state_that_cannot_be_kept_is_named() -> None:
    class Odd(Counter):
        def checkpoint_state(self) -> dict[str, Any]:
            return {"file": object()}

    attachments = Attachments()
    attachments.attach({"odd": Odd()})
    with pytest.raises(
        CheckpointError, match=r"The state of 'odd' cannot be kept\. .* a object \(at Odd\.file\)"
    ):
        attachments.capture()


def test_a_numpy_generator_is_kept() -> None:
    for make in (np.random.default_rng, np.random.MT19937, np.random.RandomState):
        one, other = make(1), make(2)
        restore(other, capture(one))
        assert draw(one) == draw(other)


def draw(generator: Any) -> float:
    return float((generator if hasattr(generator, "random") else np.random.Generator(generator)).random())


def test_a_numpy_generator_of_another_kind_is_refused() -> None:
    state = capture(np.random.default_rng(0))
    with refused("random generator is of another kind, PCG64"):
        restore(np.random.Generator(np.random.MT19937(0)), state)


def test_a_numpy_object_without_a_state_is_refused() -> None:
    with pytest.raises(
        CheckpointError, match=r"Of NumPy's objects a checkpoint keeps .*; received a poly1d\."
    ):
        capture(np.poly1d([1, 2]))


def test_the_arrays_of_an_attached_model_have_its_names() -> None:
    states = {"model": {"parameters": {"net.weight": np.ones(2)}, "more": 3}, "trainer": {}}
    assert list(model_arrays(states)) == ["net.weight"]
    assert list(model_arrays({"model": {"b": {"c": np.ones(2)}, "d": [np.ones(2), 3]}})) == ["b.c", "d.0"]
    assert list(model_arrays({"model": np.ones(2)})) == ["model"]


def test_the_arrays_of_a_type_that_numpy_lacks_are_shown_in_a_wider_one() -> None:
    state = {"parameters": {"w": {"bits": np.array([0x3F80, 0xC000], "uint16"), "dtype": "bfloat16"}}}
    assert list(model_arrays({"model": state})["w"]) == [1, -2]


def test_the_last_of_several_trainers_has_the_model() -> None:
    trainers = [{"model": {"canonical": {"w": np.array(number)}}} for number in range(11)]
    states = {f"trainer-{number}" if number else "trainer": tree for number, tree in enumerate(trainers)}
    assert model_arrays(states)["w"] == 10


def test_a_checkpoint_without_a_model_is_an_error_that_says_how_to_keep_one() -> None:
    with pytest.raises(
        CheckpointError, match=r"has no model; it has net\. Attach it .* trial\.checkpoint\(model=net"
    ):
        model_arrays({"net": np.zeros(3)})
    with refused("has no model; it has nothing"):
        load_into(np.zeros(3), {})


def test_an_array_takes_a_model_that_is_one() -> None:
    weights = np.zeros(2)
    load_into(weights, {"model": np.ones(2)})
    assert list(weights) == [1, 1]
