"""The model that comes back is the one whose value was recorded, however the study was searched."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hpo
from hpo.study import Event, EventKind, Study
from hpo.study.value import ValueOf
from hpo.tasks import SoftmaxTask
from hpo.testing import ResumeContract
from hpo.testing.memory import MemoryStorage
from hpo.testing.small_tasks import small_images

SPACE = {"x": hpo.Float(0, 1)}
EPOCHS = 8

SCHEDULERS: dict[str, Any] = {
    "fifo": "fifo",
    "asha": hpo.ASHA(1, EPOCHS, eta=2),
    "asha-stopping": hpo.ASHA(1, EPOCHS, eta=2, kind="stopping"),
    "hyperband": hpo.Hyperband(1, EPOCHS, eta=2),
    "median": hpo.MedianStopping(EPOCHS, min_trials=2),
}


def validated(weights: Any) -> float:
    """The error of a model: it goes up and down as the weights move."""
    return float(math.sin(100 * weights[0]) + weights[1])


def train(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> Iterator[float]:
    """Moves the weights on from where they were; each draw and each epoch is another one."""
    weights = np.array([config["x"], 0.0])
    trial.checkpoint(model=weights)
    for epoch in trial.epochs(EPOCHS):
        weights += [0.3 * config["x"] + 0.01 * trial.replicate, 0.01 * (epoch % 3)]
        yield validated(weights)


def reloaded(study: Study) -> float:
    """What the model validates to that comes back of the best trial, the mean over its draws."""
    errors = []
    for replicate in range(study.replicates):
        weights = np.zeros(2)
        study.best.load_into(weights, replicate=replicate)
        errors.append(validated(weights))
    return float(np.mean(errors))


def search(file: Path, value: str, objective: Any = train, space: Any = SPACE, **options: Any) -> Study:
    given = {"num_trials": 8, "seed": 3, "minimize": "val_error", "storage": file, "resume": True}
    return hpo.search(objective, space, value=value, **{**given, **options})  # type: ignore[arg-type]  # a str


def interrupted(file: Path, after: int, value: str, **options: Any) -> Study:
    """A search that Ctrl-C interrupted after so many events, and that went on."""

    told: list[Event] = []

    def interrupt(event: Event, study: Study) -> None:
        told.append(event)
        if len(told) == after:
            raise KeyboardInterrupt

    with pytest.raises(hpo.SearchInterrupted):
        search(file, value, callbacks=interrupt, **options)
    return search(file, value, **options)


@pytest.mark.parametrize("value", ["last", "best"])
@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_the_best_model_validates_to_its_value(scheduler: str, value: str, tmp_path: Path) -> None:
    study = search(tmp_path / "s.db", value, scheduler=SCHEDULERS[scheduler])
    assert reloaded(study) == study.best.value
    assert reloaded(hpo.load_study(tmp_path / "s.db")) == study.best.value


@pytest.mark.parametrize("value", ["last", "best"])
@pytest.mark.parametrize("scheduler", SCHEDULERS)
@pytest.mark.parametrize("after", [9, 24])
def test_it_does_after_an_interruption(scheduler: str, value: str, after: int, tmp_path: Path) -> None:
    study = interrupted(tmp_path / "s.db", after, value, scheduler=SCHEDULERS[scheduler])
    assert reloaded(study) == study.best.value
    assert study.trials == search(tmp_path / "whole.db", value, scheduler=SCHEDULERS[scheduler]).trials


class Reloaded(ResumeContract):
    """A study whose best model is reloaded at the end of each run; the contract's own tests run elsewhere."""

    __test__ = False
    space = hpo.Space(SPACE)
    num_trials = 2

    def __init__(self, value: ValueOf) -> None:
        self.value = value

    def make_scheduler(self) -> hpo.schedulers.Scheduler:
        return hpo.ASHA(2, 6, eta=2)

    def run(
        self, objective: Any, seed: int, storage: MemoryStorage, *, resume: bool, **options: Any
    ) -> Study:
        before = list(storage.open("cut anywhere").events()) if resume else []
        study = super().run(objective, seed, storage, resume=resume, **options)
        # A report and its checkpoint are committed at once: no storage has the one without the other.
        if not before or before[-1].kind is not EventKind.REPORTED:
            assert reloaded(study) == study.best.value
        return study


@pytest.mark.parametrize("value", ["last", "best"])
def test_it_does_wherever_the_study_was_cut(value: ValueOf) -> None:
    Reloaded(value).check(train, 3, lost_files=False)


@pytest.mark.parametrize("value", ["last", "best"])
def test_it_does_of_every_trial_that_keeps_one(value: str, tmp_path: Path) -> None:
    study = search(tmp_path / "s.db", value, scheduler=SCHEDULERS["asha"], keep="all")
    for trial in study.trials:
        weights = np.zeros(2)
        trial.load_into(weights)
        assert validated(weights) == trial.value


@pytest.mark.parametrize("value", ["last", "best"])
def test_it_does_from_two_processes(value: str, tmp_path: Path) -> None:
    study = search(tmp_path / "s.db", value, scheduler=SCHEDULERS["asha"], workers=2)
    assert reloaded(study) == study.best.value


@pytest.mark.parametrize("value", ["last", "best"])
def test_the_models_of_all_draws_validate_to_the_mean(value: str, tmp_path: Path) -> None:
    study = search(tmp_path / "s.db", value, replicates=3)
    assert reloaded(study) == study.best.value
    with pytest.raises(hpo.errors.CheckpointError, match=r"no draw 3: the trial trained on the draws 0 to 2"):
        study.best.arrays(replicate=3)


def test_a_trial_of_one_draw_has_no_other_one(tmp_path: Path) -> None:
    with pytest.raises(hpo.errors.CheckpointError, match=r"no draw 1: the trial trained on one draw, 0\."):
        search(tmp_path / "s.db", "last").best.arrays(replicate=1)


@pytest.mark.parametrize("value", ["last", "best"])
@pytest.mark.parametrize(
    "options", [{"fuse": 1}, {"fuse": 4}, {"fuse": 4, "scheduler": hpo.ASHA(1, 4, eta=2)}]
)
def test_the_library_s_own_model_does_alone_and_out_of_a_cohort(
    value: str, options: dict[str, Any], tmp_path: Path
) -> None:
    import hpo_numpy as d2l

    images = small_images()
    task = SoftmaxTask(max_epochs=4, batch_size=16, data=images)
    study = search(tmp_path / "s.db", value, task, task.space, num_trials=6, **options)
    model, trainer = d2l.SoftmaxClassification(num_outputs=10, lr=0.1), d2l.Trainer(max_epochs=1)
    study.best.load_into(model)
    trainer.prepare_data(
        d2l.DataModule((images.train_images, images.train_labels), (images.test_images, images.test_labels))
    )
    assert trainer.validate(model) == study.best.value
