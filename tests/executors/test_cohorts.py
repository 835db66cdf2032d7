"""Searches whose trials train together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hpo
from hpo.backend import MLP, Softmax
from hpo.searchers import SobolSearch
from hpo.storage.events import EventKind
from hpo.study.trial import TrialState
from hpo.tasks import SoftmaxTask
from hpo.testing.small_tasks import EPOCHS, Halving, PerceptronTask, SmallTask, small_images

RATES = hpo.Space({"learning_rate": hpo.Float(1e-4, 0.16, log=True)})


def search(task: Any = None, space: Any = RATES, **options: Any) -> hpo.Study:
    settings: dict[str, Any] = {
        "num_trials": 10,
        "seed": 0,
        "backend": "numpy",
        "minimize": "val_loss",
    } | options
    return hpo.search(task or SmallTask(), space, **settings)


def cohorts(study: hpo.Study) -> list[list[int]]:
    return [event.data["trials"] for event in study.events if event.kind is EventKind.COHORT_FORMED]


def plans(study: hpo.Study) -> list[dict[str, Any]]:
    return [event.data for event in study.events if event.kind is EventKind.COHORT_PLANNED]


def curves(study: hpo.Study) -> list[list[float]]:
    return [[report.metrics["val_loss"] for report in trial.reports] for trial in study.trials]


def test_trials_of_a_linear_model_train_together_by_default() -> None:
    study = search()
    assert cohorts(study) == [list(range(10))]
    [plan] = plans(study)
    assert plan["members"] == 32
    assert plan["reason"] == "linear models on a processor share their products"
    assert "Softmax" in plan["kind"]
    assert "batches of 16, float32 on numpy" in plan["kind"]


def test_together_they_learn_what_each_learns_alone() -> None:
    together, alone = search(), search(fuse=1)
    assert (cohorts(alone), plans(alone)) == ([], [])
    assert [trial.config for trial in together.trials] == [trial.config for trial in alone.trials]
    assert np.abs(np.array(curves(together)) - curves(alone)).max() < 1e-5
    assert together.best.id == alone.best.id


def test_a_number_says_how_many_train_together() -> None:
    study = search(fuse=4)
    assert cohorts(study) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert plans(study) == []


def test_what_has_another_batch_size_trains_apart() -> None:
    space = hpo.Space({**dict(RATES.items()), "batch_size": hpo.Choice([16, 32])})
    study = search(space=space)
    sizes = [trial.config["batch_size"] for trial in study.trials]
    of_size = {size: [index for index, its in enumerate(sizes) if its == size] for size in (16, 32)}
    assert sorted(cohorts(study)) == sorted(of_size.values())
    assert study.num_completed == 10


def test_a_searcher_that_learns_from_results_gets_them_one_by_one_unless_told_otherwise() -> None:
    assert cohorts(search(searcher="tpe", num_trials=3)) == []
    assert cohorts(search(searcher="tpe", num_trials=3, fuse=3)) == [[0, 1, 2]]
    assert cohorts(search(searcher=SobolSearch(), num_trials=3)) == [[0, 1, 2]]
    assert cohorts(search(searcher="grid", num_trials=3)) == [[0, 1, 2]]


def test_what_the_backend_trains_one_by_one_is_not_asked_for_at_once() -> None:
    study = search(PerceptronTask(), num_trials=3)
    assert (cohorts(study), plans(study)) == ([], [])
    started = [event.trial for event in study.events if event.kind is EventKind.TRIAL_STARTED]
    first_end = next(i for i, event in enumerate(study.events) if event.kind is EventKind.TRIAL_COMPLETED)
    assert started == [0, 1, 2]
    assert study.events[first_end + 1].kind is EventKind.TRIAL_STARTED


def test_other_models_train_together_if_they_are_told_to() -> None:
    together, alone = search(PerceptronTask(), fuse=3), search(PerceptronTask(), fuse=1)
    assert cohorts(together)[0] == [0, 1, 2]
    assert curves(together) == curves(alone)


def test_a_trial_that_ends_in_nan_changes_no_bit_of_the_others() -> None:
    rates = [{"learning_rate": rate} for rate in (0.1, 1e38, 0.05)]
    wild = search(space=SmallTask.space, num_trials=3, points_to_evaluate=rates, fuse=3)
    tame = search(
        space=SmallTask.space,
        num_trials=3,
        points_to_evaluate=[rates[0], {"learning_rate": 0.12}, rates[2]],
        fuse=3,
    )
    for trial in wild.trials:
        assert trial.config | {"learning_rate": 0} == tame.trials[trial.id].config | {"learning_rate": 0}
    assert wild.trials[1].state is TrialState.FAILED
    assert (wild.trials[1].reason or "").startswith("No result: val_loss is ")
    assert [curves(wild)[index] for index in (0, 2)] == [curves(tame)[index] for index in (0, 2)]


def test_a_rung_is_a_cohort_that_shrinks() -> None:
    study = search(scheduler=Halving(), num_trials=4)
    first, second, *ones = cohorts(study)
    assert first == [0, 1, 2, 3]
    assert len(second) == 2
    assert ones == []
    best = min(range(4), key=lambda index: curves(study)[index][-1])
    assert [len(curve) for curve in curves(study)].count(EPOCHS) == 1
    assert len(curves(study)[best]) == EPOCHS
    alone = search(scheduler=Halving(), num_trials=4, fuse=1)
    assert [len(curve) for curve in curves(alone)] == [len(curve) for curve in curves(study)]
    for one, other in zip(curves(study), curves(alone), strict=True):
        assert one == pytest.approx(other, abs=1e-5)


def test_replicates_train_together_draw_by_draw() -> None:
    together, alone = search(num_trials=3, replicates=2), search(num_trials=3, replicates=2, fuse=1)
    assert cohorts(together) == [[0, 1, 2]]
    assert np.abs(np.array(curves(together)) - curves(alone)).max() < 1e-5
    assert "val_loss.std" in together.best.metrics


def test_the_best_model_comes_back_from_a_cohort(tmp_path: Path) -> None:
    study = search(storage=tmp_path / "study.db")
    arrays = study.best.arrays()
    alone = search(storage=tmp_path / "alone.db", fuse=1).best.arrays()
    assert arrays.keys() == alone.keys()
    for name, values in arrays.items():
        assert np.abs(values - alone[name]).max() < 1e-5


def test_the_final_test_trains_the_best_as_it_was_trained_among_its_companions() -> None:
    task = SoftmaxTask(max_epochs=3, data=small_images(), validation="holdout")
    study = search(task, hpo.Space({"learning_rate": hpo.Float(0.1, 10, log=True)}))
    hpo.final_test(study)
    assert study.tested is not None
    assert study.tested.metrics["train_loss"] == study.best.metrics["train_loss"]
    assert study.tested.metrics["val_loss"] != study.best.metrics["val_loss"]


def test_the_life_of_a_trial_tells_of_its_cohort(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from hpo.cli.app import app

    search(storage=tmp_path / "study.db", name="softmax", num_trials=3)
    told = CliRunner().invoke(app, ["show", str(tmp_path / "study.db"), "softmax", "--trial", "0"]).output
    assert "trains together with trial 1, trial 2" in told


def test_an_objective_that_trains_by_itself_cannot_be_fused() -> None:
    with pytest.raises(
        ValueError, match=r"fuse=4 trains configurations together, and this objective does not"
    ):
        search(lambda config: config["learning_rate"], fuse=4)
    assert search(lambda config: {"val_loss": config["learning_rate"]}, fuse=1).num_completed == 10


class Broken(SmallTask):
    """A task whose models do not fit its data."""

    linear = True

    def model(self, config: Any, arrays: Any) -> Any:
        return Softmax(35, 10) if self.linear else MLP(35, 10, (5,))


@pytest.mark.parametrize("linear", [True, False])
def test_what_the_training_of_a_cohort_raises_is_the_failure_of_its_trials(linear: bool) -> None:
    task = Broken()
    task.linear = linear
    with pytest.raises(hpo.errors.SearchFailedError, match="The model takes 35 numbers") as caught:
        search(task, num_trials=3)
    study = caught.value.study
    assert study.num_failed == 3
    assert "check_members" in (study.trials[2].traceback or "")


@pytest.mark.parametrize(
    ("fuse", "error", "text"),
    [
        (0, ValueError, "fuse= must be at least 1, which trains one after the other; received 0"),
        ("all", ValueError, "fuse= is 'auto' or how many trials train together; received 'all'"),
        (2.5, TypeError, r"fuse= is 'auto' or an integer, .* received 2.5"),
        (True, TypeError, r"fuse= is 'auto' or an integer, .* received True"),
    ],
)
def test_a_wrong_number_is_refused(fuse: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        search(fuse=fuse)
