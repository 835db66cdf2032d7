"""Which trials train together, and how many."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hpo.backend import MLP, SGD, Adam, Arrays, Member, Softmax
from hpo.executors.cohorts import CohortPlan, planner
from hpo.executors.cohorts import gain as gains
from hpo.executors.cohorts.memory import ShortMemory
from hpo.executors.cohorts.planner import MOST_MEMBERS, Planner, room_for
from hpo.executors.cohorts.slots import Slot
from hpo.objective.context import CurrentTrial
from hpo.testing.problems import make_arrays
from hpo.training.fusable import Training

DATA = make_arrays()


def slot(model: Any = None, optimizer: Any = None, arrays: Arrays = DATA, max_epochs: int = 4) -> Slot:
    model = Softmax(36, 10) if model is None else model
    member = Member(model, optimizer or SGD(0.1), model.initial_state(0))
    return Slot(Training(member, arrays, max_epochs), CurrentTrial(backend="numpy"))


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], list[str]]:
    """Let any model be one that a backend can fuse, and measurements say what a test wants."""
    asked: list[str] = []

    def measured(gain: float) -> list[str]:
        def gain_of(kind: str, prepare: Any, arrays: Any) -> float:
            asked.append(kind)
            return gain

        monkeypatch.setattr(planner, "_prepare", lambda *_: object())
        monkeypatch.setattr(planner, "measured_gain", gain_of)
        return asked

    return measured


@pytest.mark.parametrize(
    "other",
    [
        slot(model=Softmax(36, 12)),
        slot(optimizer=Adam(0.1)),
        slot(arrays=make_arrays(batch_size=8)),
        slot(max_epochs=5),
    ],
)
def test_what_cannot_be_fused_is_apart(other: Slot) -> None:
    assert Planner.group([slot()]) != Planner.group([other])


def test_numbers_of_the_optimizer_are_no_reason_to_train_apart() -> None:
    assert Planner.group([slot()]) == Planner.group([slot(optimizer=SGD(0.2, 0.9, 0.01))])


def test_linear_models_on_a_processor_are_fused_by_rule() -> None:
    memory = ShortMemory()
    assert Planner("auto", memory).size(slot()) == MOST_MEMBERS


@pytest.mark.parametrize(("gain", "members"), [(1.3, MOST_MEMBERS), (1.05, 1), (0.5, 1)])
def test_other_models_are_fused_where_a_measurement_says_that_it_pays(
    measured: Any, gain: float, members: int
) -> None:
    asked, memory = measured(gain), ShortMemory()
    other = slot(model=MLP(36, 10, (5,)))
    assert Planner("auto", memory).size(other) == members
    [kind] = asked
    assert "MLP" in kind
    plan = memory.plan_of(kind)
    assert plan == CohortPlan(kind, members, f"measured here: {gain:.2f} times as fast together")


def test_what_the_study_remembers_counts_and_not_another_measurement(measured: Any) -> None:
    asked, memory = measured(0.5), ShortMemory()
    other = slot(model=MLP(36, 10, (5,)))
    Planner("auto", memory).size(other)
    [kind] = asked
    memory.plan(CohortPlan(kind, 7, "measured there: 3.00 times as fast together"))
    assert Planner("auto", memory).size(other) == 7
    assert len(asked) == 1


def test_a_cohort_is_no_larger_than_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    large = slot(model=Softmax(36, 10))
    monkeypatch.setattr(planner, "MOST_BYTES", 3 * 4 * (370 * 3 + 4 * 1024 * 10))
    assert room_for(large) == 3
    assert Planner("auto", ShortMemory()).size(large) == 3
    assert Planner(100, ShortMemory()).size(large) == 3
    monkeypatch.setattr(planner, "MOST_BYTES", 1)
    assert room_for(large) == 1


class Timed:
    """A run whose epochs take what a test says, by a clock of the test's own."""

    def __init__(self, clock: list[float], seconds: float) -> None:
        self._clock, self._seconds = clock, seconds

    def epoch(self, order: Any) -> None:
        assert len(order) == 24 * 2
        self._clock[0] += self._seconds


def test_a_measurement_is_kept_in_the_cache_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HPO_CACHE", str(tmp_path))
    clock, made = [0.0], []
    monkeypatch.setattr("time.perf_counter", lambda: clock[0])

    def prepare(count: int, arrays: Arrays) -> Any:
        made.append(count)
        return Timed(clock, seconds=4.0 if count > 1 else 1.0)

    arrays = make_arrays(num_train=300, batch_size=2)
    assert gains.measured_gain("a kind", prepare, arrays) == gains.MEMBERS / 4
    assert gains.measured_gain("a kind", prepare, arrays) == gains.MEMBERS / 4
    assert sorted(made) == [1, gains.MEMBERS]
    assert json.loads((tmp_path / "cohorts.json").read_text()) == {"a kind": 2.0}


@pytest.mark.parametrize("content", ["{", "[1]", ""])
def test_a_cache_that_cannot_be_read_is_measured_anew(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str
) -> None:
    monkeypatch.setenv("HPO_CACHE", str(tmp_path))
    (tmp_path / "cohorts.json").write_text(content)
    clock = [0.0]
    monkeypatch.setattr("time.perf_counter", lambda: clock[0])
    arrays = make_arrays(num_train=300, batch_size=2)

    def timed(count: int, few: Any) -> Any:
        return Timed(clock, 1.0)  # only its epochs are asked for

    gain = gains.measured_gain("a kind", timed, arrays)
    assert gain == gains.MEMBERS
