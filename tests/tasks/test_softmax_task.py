"""The book's job on whatever backend `HPO_BACKEND` names; each environment runs it on its own."""

from __future__ import annotations

import importlib
import subprocess
import sys
from typing import Any

import pytest

import hpo
from hpo.backend import registry
from hpo.objective.context import CurrentTrial
from hpo.tasks import SoftmaxTask


@pytest.fixture(autouse=True)
def on_the_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HPO_DATA", "sample")


def searched(**options: Any) -> hpo.Study:
    task = SoftmaxTask(max_epochs=2, **options)
    return hpo.search(task, task.space, minimize=task.metric, num_trials=3, seed=0)


def test_the_search_finds_a_learning_rate_that_learns() -> None:
    study = searched()
    assert study.num_completed == 3
    assert study.best.metrics["val_error"] < 0.25
    assert [report.epoch for report in study.best.reports] == [1, 2]
    assert set(study.best.metrics) >= {"val_error", "val_loss", "train_error", "train_loss"}


def test_the_same_seed_gives_the_same_study() -> None:
    assert searched() == searched()


def test_the_book_s_objective_and_the_task_agree() -> None:
    d2l = importlib.import_module(f"hpo_{registry.choose().name}")
    config = {"learning_rate": 0.03}
    *_, last = SoftmaxTask(max_epochs=2)(config, CurrentTrial())
    assert d2l.hpo_objective_softmax_classification(config, max_epochs=2) == last["val_error"]


def test_a_reader_s_validate_does_not_touch_the_task() -> None:
    code = f"""
import hpo
import hpo_{registry.choose().name} as d2l
from hpo.tasks import SoftmaxTask

def search():
    task = SoftmaxTask(max_epochs=1)
    return hpo.search(task, task.space, minimize=task.metric, num_trials=2, seed=0)

before = search()

@d2l.add_to_class(d2l.Trainer)
def validate(self, model):
    return 0.0

print(search() == before)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "True\n", done.stderr


def test_a_rate_that_diverges_fails_its_trial_only() -> None:
    task = SoftmaxTask(max_epochs=1)
    space = {"learning_rate": hpo.Choice([1e38, 0.05])}
    study = hpo.search(task, space, minimize=task.metric, num_trials=6, seed=0)
    assert study.num_failed >= 1
    assert study.num_completed >= 1
    failed = next(trial for trial in study.trials if trial.reason is not None)
    assert "val_error is nan" in str(failed.reason)
    assert study.best.config == {"learning_rate": 0.05}


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"max_epochs": 0}, "max_epochs is an integer of at least 1; received 0"),
        ({"batch_size": 6001}, "batch size must lie in 1 to 6000.*received 6001"),
        ({"validation": "train"}, "must be 'test' or 'holdout'; received 'train'"),
    ],
)
def test_wrong_settings_are_refused_before_the_search(options: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        SoftmaxTask(**options)


def test_an_accelerator_that_is_not_there_ends_the_search_before_its_first_trial() -> None:
    task = SoftmaxTask(max_epochs=1)
    with pytest.raises(ValueError, match="no such device here"):
        hpo.search(task, task.space, minimize=task.metric, num_trials=1, seed=0, device="gpu:97")
