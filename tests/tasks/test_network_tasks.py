"""The ready networks on whatever backend `HPO_BACKEND` names; each environment runs them on its own."""

from __future__ import annotations

from typing import Any

import pytest

import hpo
from hpo.datasets import sample
from hpo.objective.context import CurrentTrial
from hpo.tasks import TASKS, LeNetTask, MLPTask

NETWORKS = ("mlp", "lenet", "dropout_mlp")


@pytest.fixture(autouse=True)
def on_the_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HPO_DATA", "sample")


@pytest.mark.parametrize("name", ["softmax", *NETWORKS])
def test_the_default_config_of_a_task_is_in_its_space(name: str) -> None:
    task = TASKS[name]
    assert task.space.validate(task.default_config) == task.default_config
    assert (task.name, task.metric, task.resource) == (name, "val_error", "epoch")


@pytest.mark.parametrize("name", NETWORKS)
def test_the_default_config_learns(name: str) -> None:
    records = list(TASKS[name](max_epochs=2)(TASKS[name].default_config, CurrentTrial()))
    assert [record["epoch"] for record in records] == [1, 2]
    assert records[1]["train_loss"] < records[0]["train_loss"]
    assert records[1]["val_error"] < 0.35


def searched(**options: Any) -> hpo.Study:
    task = MLPTask(max_epochs=1)
    return hpo.search(task, task.space, minimize=task.metric, num_trials=3, seed=0, **options)


def test_a_search_over_layers_and_widths_repeats_with_its_seed() -> None:
    study = searched()
    assert study.num_completed == 3
    assert study == searched()
    for trial in study.trials:
        widths = [name for name in trial.config if name.startswith("units_")]
        assert len(widths) == trial.config["num_layers"]


def test_the_batch_size_of_a_config_is_used() -> None:
    config = MLPTask.default_config
    records = [
        next(iter(MLPTask(max_epochs=1, batch_size=16)({**config, "batch_size": size}, CurrentTrial())))
        for size in (16, 128)
    ]
    without = {name: value for name, value in config.items() if name != "batch_size"}
    plain = next(iter(MLPTask(max_epochs=1, batch_size=16)(without, CurrentTrial())))
    assert plain == records[0] != records[1]


def test_images_of_another_size_get_a_network_of_their_size() -> None:
    class Small:
        train_images, train_labels = sample().train_images[:96, 4:24, 4:24], sample().train_labels[:96]
        test_images, test_labels = sample().test_images[:48, 4:24, 4:24], sample().test_labels[:48]

    task = LeNetTask(max_epochs=1, data=Small())
    [record] = task(LeNetTask.default_config, CurrentTrial())
    assert 0 <= record["val_error"] <= 1
