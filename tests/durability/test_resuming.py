"""A study that is found again: what may have changed since, and what may not."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import hpo
from hpo.storage.events import EventKind

SPACE = {"x": hpo.Float(0, 1), "n": hpo.Int(1, 4)}


def loss(config: dict[str, Any]) -> float:
    return float(config["x"] * config["n"])


def other_loss(config: dict[str, Any]) -> float:
    return float(config["x"] + config["n"])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A study of three trials."""
    hpo.search(loss, SPACE, minimize="loss", num_trials=3, seed=0, storage=tmp_path / "s.db", name="first")
    return tmp_path / "s.db"


def go_on(file: Path, objective: Any = loss, space: Any = SPACE, **changed: Any) -> hpo.Study:
    options: dict[str, Any] = {"minimize": "loss", "num_trials": 5, "seed": 0, "name": "first"} | changed
    return hpo.search(objective, space, storage=file, resume=True, **options)


def test_a_resumed_study_equals_one_that_was_never_interrupted(file: Path) -> None:
    whole = hpo.search(loss, SPACE, minimize="loss", num_trials=5, seed=0, name="first")
    assert go_on(file) == whole == hpo.load_study(file, "first")


def test_a_seed_that_was_drawn_is_the_study_s(tmp_path: Path) -> None:
    first = hpo.search(loss, SPACE, num_trials=2, storage=tmp_path / "s.db")
    resumed = hpo.search(loss, SPACE, num_trials=4, storage=tmp_path / "s.db", resume=True)
    assert resumed.seed == first.seed
    assert resumed == hpo.search(loss, SPACE, num_trials=4, seed=first.seed)


def test_num_trials_counts_the_total(file: Path) -> None:
    assert len(go_on(file, num_trials=3).trials) == 3
    assert len(go_on(file, num_trials=4).trials) == 4


def test_a_study_of_that_name_is_not_overwritten(file: Path) -> None:
    with pytest.raises(
        hpo.errors.StudyExistsError, match=r"pass resume=True.*hpo\.load_study\(.*take another name="
    ):
        hpo.search(loss, SPACE, num_trials=3, storage=file, name="first")
    assert len(hpo.load_study(file, "first").trials) == 3


def test_without_a_storage_there_is_nothing_to_resume() -> None:
    with pytest.raises(ValueError, match=r"study in a storage: give storage=, for example 'study\.db'"):
        hpo.search(loss, SPACE, num_trials=1, resume=True)


@pytest.mark.parametrize(
    ("changed", "difference"),
    [
        (
            {"space": {**SPACE, "x": hpo.Float(0, 2)}},
            r"x: Float\(0\.0, 1\.0\) there, Float\(0\.0, 2\.0\) here",
        ),
        ({"space": {"x": SPACE["x"]}}, r"n: Int\(1, 4\) there, absent here"),
        ({"minimize": "error"}, "metric: minimize loss there, minimize error here"),
        ({"minimize": None, "maximize": "loss"}, "metric: minimize loss there, maximize loss here"),
        ({"seed": 1}, "seed: 0 there, 1 here"),
        ({"replicates": 2}, "replicates: 1 there, 2 here"),
    ],
)
def test_another_study_is_refused_with_the_difference_and_a_way_on(
    file: Path, changed: dict[str, Any], difference: str
) -> None:
    with pytest.raises(hpo.errors.StudyMismatchError, match=f"{difference}.*warm_start="):
        go_on(file, **changed)
    assert len(hpo.load_study(file, "first").trials) == 3


def test_another_backend_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HPO_BACKEND")
    with pytest.raises(
        hpo.errors.StudyMismatchError, match=r"begun on the backend numpy.*on torch.*warm_start="
    ):
        go_on(file, backend="torch")
    assert go_on(file).backend == "numpy"


def test_a_changed_objective_is_warned_about_and_goes_on(file: Path) -> None:
    with pytest.warns(UserWarning, match=r"objective of the study 'first' changed.*loss then, .*other_loss"):
        assert len(go_on(file, other_loss).trials) == 5


def test_the_same_objective_is_not(file: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        go_on(file)


def test_another_searcher_is_warned_about_and_goes_on(file: Path) -> None:
    with pytest.warns(UserWarning, match="with the searcher RandomSearch and goes on with SobolSearch"):
        assert len(go_on(file, searcher="sobol").trials) == 5


class Grid:
    """A user's searcher, called as the library's own once was."""

    def ask(self, study: hpo.Study, n: int) -> list[hpo.searchers.Proposal]:
        return hpo.GridSearch(2).ask(study, n)


@pytest.mark.parametrize(
    ("begun", "resumed"),
    [(Grid(), "grid"), (Grid(), Grid()), (hpo.GridSearch(2), hpo.GridSearch(2))],
    ids=["a former name", "a user's own", "the name of today"],
)
def test_a_searcher_under_its_former_name_is_the_same(begun: Any, resumed: Any, tmp_path: Path) -> None:
    options: dict[str, Any] = {"num_trials": 2, "seed": 0, "storage": tmp_path / "s.db"}
    hpo.search(loss, SPACE, searcher=begun, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        hpo.search(loss, SPACE, searcher=resumed, resume=True, **options)


def test_what_was_logged_wins_over_what_comes_out_differently(tmp_path: Path) -> None:
    attempts: list[int] = []

    def fickle(config: dict[str, Any]) -> Iterator[float]:
        attempts.append(len(attempts))
        yield 0.5 + attempts[-1]
        if len(attempts) == 1:
            raise KeyboardInterrupt
        yield 0.25

    options: dict[str, Any] = {"num_trials": 1, "seed": 0, "storage": tmp_path / "s.db"}
    with pytest.raises(hpo.SearchInterrupted, match="resume=True goes on from there"):
        hpo.search(fickle, SPACE, **options)
    study = hpo.search(fickle, SPACE, resume=True, **options)
    assert [report.metrics["value"] for report in study.trials[0].reports] == [0.5, 0.25]
    [event] = [event for event in study.events if event.kind is EventKind.NONDETERMINISTIC]
    assert (event.epoch, event.data) == (1, {"logged": {"value": 0.5}, "received": {"value": 1.5}})


def test_a_trial_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    import numpy as np

    epochs: list[int] = []

    def train(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> Iterator[float]:
        weights = np.ones(1)
        trial.checkpoint(model=weights)
        for epoch in trial.epochs(4):
            epochs.append(epoch)
            weights *= 0.5
            yield float(weights[0])
            if epoch == 2 and epochs.count(2) == 1:
                raise KeyboardInterrupt

    options: dict[str, Any] = {"num_trials": 1, "seed": 0, "storage": tmp_path / "s.db"}
    with pytest.raises(hpo.SearchInterrupted):
        hpo.search(train, SPACE, **options)
    study = hpo.search(train, SPACE, resume=True, **options)
    assert epochs == [1, 2, 3, 4]
    assert study.best.value == 0.0625


def test_what_is_remembered_of_how_it_began(file: Path) -> None:
    study = hpo.load_study(file)
    assert (study.name, study.seed, study.backend, study.replicates) == ("first", 0, "numpy", 1)
    assert study.space == hpo.Space(SPACE)
    assert str(study.metric.direction.value) == "minimize"
    assert set(study.versions) >= {"polyhpo", "python", "numpy"}


def test_one_of_several_studies_is_named(file: Path) -> None:
    hpo.search(loss, SPACE, num_trials=1, storage=file, name="second")
    with pytest.raises(
        hpo.errors.StudyNotFoundError, match=r"holds 2 studies \('first', 'second'\); name one"
    ):
        hpo.load_study(file)


def test_a_new_study_starts_from_the_results_of_an_old_one(file: Path) -> None:
    wider = {**SPACE, "x": hpo.Float(0, 2)}
    old = hpo.load_study(file)
    study = hpo.search(
        loss, wider, minimize="loss", num_trials=2, seed=1, storage=file, name="b", warm_start=[old]
    )
    assert [trial.value for trial in study.trials[:3]] == [trial.value for trial in old.trials]
    assert [trial.proposal for trial in study.trials] == [None, None, None, 0, 1]
    assert study.trials[0].info == {"from": "first, trial 0"}


def test_results_that_are_not_of_the_new_space_are_left_out_and_counted(file: Path) -> None:
    with pytest.warns(UserWarning, match="3 trials of 'first' have configs that are not of this space"):
        study = hpo.search(
            lambda config: config["x"], {"x": SPACE["x"]}, num_trials=1, warm_start=[hpo.load_study(file)]
        )
    assert len(study.trials) == 1
