"""Modules of one's own that train together by `torch.func`."""

from __future__ import annotations

import copy
import doctest
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import hpo
import hpo_torch as d2l
from hpo.backend.optimizers import SGD
from hpo.executors.cohorts import planner
from hpo.storage.events import EventKind
from hpo.testing.problems import make_arrays
from hpo_torch import module_task
from hpo_torch.module_task import ModuleTask, structure_of

SPACE = {"lr": hpo.Float(0.01, 0.1, log=True), "momentum": hpo.Choice([0.0, 0.9])}
EPOCHS = 3


def make(config: Mapping[str, Any]) -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(36, 7), nn.Tanh(), nn.Linear(7, 10))


def data(last_batch: Any = "keep", num_train: int = 100) -> Any:
    arrays = make_arrays(num_train=num_train)
    pairs = (arrays.train_x, arrays.train_y), (arrays.val_x, arrays.val_y)
    return d2l.DataModule(*pairs, last_batch=last_batch)


def task(maker: Callable[[Mapping[str, Any]], nn.Module] = make) -> ModuleTask:
    def optimizer(config: Mapping[str, Any]) -> SGD:
        return SGD(config["lr"], momentum=config["momentum"], weight_decay=0.01)

    return ModuleTask(maker, data(), max_epochs=EPOCHS, optimizer=optimizer)


def search(objective: Any = None, **options: Any) -> hpo.Study:
    settings: dict[str, Any] = {"num_trials": 5, "seed": 0, "backend": "torch", "minimize": "val_loss"}
    return hpo.search(objective or task(), SPACE, **settings | options)


def curves(study: hpo.Study) -> Any:
    return np.array([[report.metrics["val_loss"] for report in trial.reports] for trial in study.trials])


def cohorts(study: hpo.Study) -> list[list[int]]:
    return [event.data["trials"] for event in study.events if event.kind is EventKind.COHORT_FORMED]


def test_modules_of_one_structure_learn_together_what_each_learns_alone() -> None:
    together, alone = search(fuse=5), search(fuse=1)
    assert cohorts(together) == [[0, 1, 2, 3, 4]]
    assert cohorts(alone) == []
    assert curves(together) == pytest.approx(curves(alone), abs=1e-5)


def test_alone_it_learns_what_the_trainer_s_model_learns() -> None:
    def by_trainer(config: Mapping[str, Any]) -> Any:
        model = d2l.Classification(make(config), lr=config["lr"])
        model.configure_optimizers = lambda: torch.optim.SGD(  # type: ignore[method-assign]  # of one model only
            model.parameters(), lr=config["lr"], momentum=config["momentum"], weight_decay=0.01
        )
        yield from d2l.Trainer(max_epochs=EPOCHS).epochs(model, data())

    assert curves(search(fuse=1)) == pytest.approx(curves(search(by_trainer)), abs=1e-5)


@pytest.mark.parametrize(("gain", "expected"), [(2.0, [[0, 1, 2, 3, 4]]), (0.9, [])])
def test_they_train_together_where_a_measurement_says_so(
    monkeypatch: pytest.MonkeyPatch, gain: float, expected: list[list[int]]
) -> None:
    monkeypatch.setattr(planner, "measured_gain", lambda kind, prepare, arrays: gain)
    study = search()
    assert cohorts(study) == expected
    [plan] = [event.data for event in study.events if event.kind is EventKind.COHORT_PLANNED]
    assert plan["reason"] == f"measured here: {gain:.2f} times as fast together"
    assert "Tanh" in plan["kind"]


def test_a_measurement_can_be_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HPO_CACHE", str(tmp_path))
    study = search(num_trials=1)
    [plan] = [event.data for event in study.events if event.kind is EventKind.COHORT_PLANNED]
    assert plan["members"] in (1, planner.MOST_MEMBERS)
    assert (tmp_path / "cohorts.json").exists()


class Sloped(nn.Module):
    def __init__(self, slope: float, scale: Callable[[Any], Any] = torch.relu) -> None:
        super().__init__()
        self.slope, self.scale = slope, scale
        self.layer = nn.Linear(36, 10)

    def forward(self, x: Any) -> Any:
        return self.scale(self.slope * self.layer(x.flatten(1)))


def test_a_number_beside_the_layers_is_part_of_the_structure() -> None:
    assert structure_of(Sloped(1.0)) == structure_of(Sloped(1.0))
    assert structure_of(Sloped(1.0)) != structure_of(Sloped(2.0))
    assert structure_of(Sloped(1.0)) != structure_of(Sloped(1.0, torch.tanh))
    assert structure_of(nn.Linear(3, 2)) != structure_of(nn.Linear(3, 2, bias=False))


def with_layer(layer: Callable[[], nn.Module]) -> Callable[[Mapping[str, Any]], nn.Module]:
    return lambda config: nn.Sequential(nn.Flatten(), nn.Linear(36, 7), layer(), nn.Linear(7, 10))


def test_modules_that_draw_train_one_by_one_and_as_alone() -> None:
    dropping = with_layer(lambda: nn.Dropout(0.5))
    assert structure_of(dropping({})) is None
    asked, alone = search(task(dropping)), search(task(dropping), fuse=1)
    assert cohorts(asked) == []
    assert curves(asked) == pytest.approx(curves(alone), abs=1e-6)


def test_a_module_with_buffers_is_refused() -> None:
    with pytest.raises(
        hpo.errors.SearchFailedError, match=r"has buffers \(2\.running_mean, .* Trainer\(max_epochs\)"
    ):
        search(task(with_layer(lambda: nn.BatchNorm1d(7))), fuse=2)


def test_the_best_module_s_parameters_come_back(tmp_path: Path) -> None:
    study = search(fuse=5, storage=tmp_path / "study.db")
    module = make({})
    study.best.load_into(module)
    arrays = make_arrays(num_train=100)
    x, y = torch.from_numpy(arrays.val_x / 255).float(), torch.from_numpy(arrays.val_y)
    assert nn.functional.cross_entropy(module(x), y).item() == pytest.approx(study.best.value, abs=1e-5)


def test_a_cohort_of_modules_goes_on_exactly(tmp_path: Path) -> None:
    count = 0

    def interrupt(event: Any, study: hpo.Study) -> None:
        nonlocal count
        count += event.epoch == 2
        if count == 5:
            raise KeyboardInterrupt

    whole = search(fuse=5, storage=tmp_path / "whole.db", keep="all")
    with pytest.raises(hpo.SearchInterrupted):
        search(fuse=5, storage=tmp_path / "cut.db", keep="all", callbacks=[interrupt])
    assert list(search(fuse=5, storage=tmp_path / "cut.db", keep="all", resume=True).trials) == list(
        whole.trials
    )


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="max_epochs must be an integer of at least 1; received 0"):
        ModuleTask(make, data(), max_epochs=0)
    with pytest.raises(TypeError, match=r"takes data in arrays for classification.* received a list without"):
        ModuleTask(make, [], max_epochs=1)  # type: ignore[arg-type]  # the mistake


def test_a_maker_of_something_else_fails_its_trial() -> None:
    with pytest.raises(
        hpo.errors.SearchFailedError, match=r"make must return a torch\.nn\.Module; received a int"
    ):
        search(task(lambda config: 3), fuse=2)  # type: ignore[arg-type,return-value]  # the mistake


def test_the_example_runs() -> None:
    assert doctest.testmod(module_task).failed == 0


def normalizing(config: Mapping[str, Any]) -> nn.Module:
    layers = nn.Linear(36, 7), nn.BatchNorm1d(7, track_running_stats=False), nn.Linear(7, 10)
    return nn.Sequential(nn.Flatten(), *layers)


@pytest.mark.parametrize("last_batch", ["drop", "merge"])
def test_modules_are_trained_on_the_batches_of_a_trainer(last_batch: Any) -> None:
    torch.manual_seed(0)
    module = normalizing({})
    last = data(last_batch, num_train=97)
    task = ModuleTask(lambda config: copy.deepcopy(module), last, max_epochs=2)
    studies = [
        hpo.search(
            task,
            {"lr": hpo.Choice([0.1, 0.2])},
            num_trials=2,
            seed=0,
            backend="torch",
            fuse=fuse,
            minimize="val_loss",
        )
        for fuse in (1, 2)
    ]
    trainer = d2l.Trainer(max_epochs=2, seed=0)
    trainer.fit(d2l.Classification(copy.deepcopy(module), lr=studies[0].trials[0].config["lr"]), last)
    expected = [record["train_loss"] for record in trainer.history]
    for study in studies:
        assert [each.metrics["train_loss"] for each in study.trials[0].reports] == pytest.approx(
            expected, abs=1e-5
        )


def test_a_batch_of_one_example_is_refused_with_the_mend() -> None:
    task = ModuleTask(normalizing, data(num_train=97), max_epochs=1)
    with pytest.raises(
        hpo.errors.SearchFailedError, match=r"more than 1 value per channel.*last_batch='merge'"
    ):
        hpo.search(
            task, {"lr": hpo.Float(0.1, 0.2)}, num_trials=2, seed=0, backend="torch", minimize="val_loss"
        )
