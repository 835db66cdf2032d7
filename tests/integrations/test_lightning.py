from __future__ import annotations

import doctest
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as lightning
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import hpo
import hpo.integrations.lightning
from hpo.integrations.lightning import Report

Search = Callable[..., hpo.Study]

X = torch.linspace(-1, 1, 24).reshape(12, 2)
Y = (X.sum(dim=1) > 0).long()

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*does not have many workers"),
    pytest.mark.filterwarnings("ignore:.*number of training batches"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


class DroppingNet(lightning.LightningModule):  # type: ignore[misc]  # not followed by the type checker
    """Shows by its dropout and its shuffled batches whether the random numbers go on, by Adam and its
    schedule whether these do."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate
        self.net = nn.Sequential(nn.Linear(2, 8), nn.Dropout(0.5), nn.Linear(8, 2))

    def configure_optimizers(self) -> Any:
        optimizer = torch.optim.Adam(self.parameters(), self.rate)
        return [optimizer], [torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)]

    def training_step(self, batch: Any, index: int) -> Any:
        loss = nn.functional.cross_entropy(self.net(batch[0]), batch[1])
        self.log("train_loss", loss, on_epoch=True)
        return loss

    def validation_step(self, batch: Any, index: int) -> None:
        self.log("val_loss", nn.functional.cross_entropy(self.net(batch[0]), batch[1]))


class Epochs(lightning.Callback):  # type: ignore[misc]  # Lightning is not installed for the checker
    """The epochs that Lightning trained, by its own count from 0, and its steps at the end."""

    def __init__(self) -> None:
        self.trained: list[int] = []

    def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:
        self.trained.append(trainer.current_epoch)


def trainer_of(*callbacks: Any, epochs: int = 4, **more: Any) -> Any:
    return lightning.Trainer(
        accelerator="cpu",
        max_epochs=epochs,
        callbacks=list(callbacks),
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        **more,
    )


def fit(trainer: Any, module: Any) -> None:
    data = TensorDataset(X, Y)
    trainer.fit(module, DataLoader(data, batch_size=4, shuffle=True), DataLoader(data, batch_size=12))


class Objective:
    """Trains one net for four epochs, and remembers what Lightning did."""

    def __init__(self, metric: Any = "val_loss", **more: Any) -> None:
        self.metric, self.more = metric, more
        self.epochs: list[list[int]] = []
        self.stopped: list[bool] = []
        self.steps: list[int] = []

    def __call__(self, config: Mapping[str, float]) -> None:
        epochs = Epochs()
        self.epochs.append(epochs.trained)
        trainer = trainer_of(Report(self.metric), epochs, **self.more)
        fit(trainer, DroppingNet(config["rate"]))
        self.stopped.append(trainer.should_stop)
        self.steps.append(trainer.global_step)


def fine_tune(config: Mapping[str, float]) -> None:
    """Two fits of one net, and a third of another one."""
    module = DroppingNet(config["rate"])
    fit(trainer_of(Report("val_loss"), epochs=2), module)
    module.rate /= 2
    fit(trainer_of(Report("val_loss"), epochs=3), module)
    fit(trainer_of(Report("val_loss"), epochs=2), DroppingNet(config["rate"]))


def test_epochs_count_from_one_and_report_the_metric(search: Search) -> None:
    study = search(Objective())
    assert [report.epoch for report in study.trials[0].reports] == [1, 2, 3, 4]
    assert study.metrics[0].name == "val_loss"


def test_a_trial_that_was_paused_ends_as_one_that_was_not(search: Search, storage: Path | None) -> None:
    objective = Objective()
    study = search(objective, storage=storage)
    assert study.trials[1].attempt == 1
    assert study.trials[1].reports == study.trials[0].reports
    assert objective.steps[0] == objective.steps[-1] == 12
    assert [event for event in study.events if event.kind is hpo.study.EventKind.NONDETERMINISTIC] == []


def test_a_checkpoint_spares_the_epochs_before_it(search: Search, tmp_path: Path) -> None:
    objective = Objective()
    search(objective, storage=tmp_path / "study.db")
    whole, until_pause, until_stop, after_pause = objective.epochs
    assert (whole, until_pause, until_stop, after_pause) == ([0, 1, 2, 3], [0, 1], [0], [2, 3])


def test_stopping_and_pausing_set_the_flag_of_lightning(search: Search) -> None:
    objective = Objective()
    study = search(objective)
    whole, paused, stopped, went_on = objective.stopped
    assert (whole, paused, stopped, went_on) == (False, True, True, False)
    assert study.trials[2].state is hpo.study.TrialState.STOPPED
    assert len(study.trials[2].reports) == 1


def test_a_trial_that_lightning_does_not_stop_ends_all_the_same(search: Search) -> None:
    objective = Objective(min_epochs=3)
    study = search(objective)
    assert study.trials[2].state is hpo.study.TrialState.STOPPED
    assert len(study.trials[2].reports) == 1
    assert objective.steps == [12, 12]  # the two that were not ended from inside


@pytest.mark.parametrize("pause_after", [1, 2, 3, 5, 6])
def test_several_fits_are_one_count_of_epochs(search: Search, storage: Path | None, pause_after: int) -> None:
    study = search(fine_tune, pause_after=pause_after, storage=storage)
    assert [report.epoch for report in study.trials[0].reports] == [1, 2, 3, 4, 5, 6, 7]
    assert study.trials[1].attempt == 1
    assert study.trials[1].reports == study.trials[0].reports


def test_one_trainer_may_fit_on(search: Search, storage: Path | None) -> None:
    def objective(config: Mapping[str, float]) -> None:
        module, trainer = DroppingNet(config["rate"]), trainer_of(Report("val_loss"), epochs=2)
        fit(trainer, module)
        trainer.fit_loop.max_epochs = 5
        fit(trainer, module)

    study = search(objective, pause_after=3, storage=storage)
    assert [report.epoch for report in study.trials[0].reports] == [1, 2, 3, 4, 5]
    assert study.trials[1].reports == study.trials[0].reports


def test_the_best_model_loads_back(search: Search, tmp_path: Path) -> None:
    study = search(Objective(), minimize="val_loss", storage=tmp_path / "study.db")
    module = DroppingNet(0.1).eval()
    study.best.load_into(module)
    with torch.no_grad():
        assert float(nn.functional.cross_entropy(module.net(X), Y)) == pytest.approx(
            study.best.value, abs=1e-6
        )


def test_a_metric_that_lightning_does_not_give_is_an_error_that_lists_those_it_gives(search: Search) -> None:
    with pytest.raises(hpo.errors.SearchFailedError) as raised:
        search(Objective("val_acc"))
    assert "'val_acc', and Lightning gave no such metric after epoch 1" in str(raised.value)
    assert "train_loss" in str(raised.value)
    assert "val_loss" in str(raised.value)


@pytest.mark.parametrize(
    ("when", "reported"),
    [
        ({"check_val_every_n_epoch": 2}, [2, 4]),
        ({"check_val_every_n_epoch": 3}, [3]),
        ({"check_val_every_n_epoch": None, "val_check_interval": 4}, [2, 3, 4]),
        ({"val_check_interval": 1}, [1, 2, 3, 4]),
    ],
)
@pytest.mark.parametrize(
    "metric", ["val_loss", ["train_loss", "val_loss"], lambda metrics: {"val_loss": metrics["val_loss"]}]
)
def test_an_epoch_whose_validation_is_not_due_has_no_report(
    search: Search, metric: Any, when: dict[str, Any], reported: list[int]
) -> None:
    study = search(Objective(metric, **when), pause_after=9, minimize="val_loss")
    assert [report.epoch for report in study.trials[0].reports] == reported


def test_a_metric_of_training_is_reported_whether_or_not_a_validation_is_due(search: Search) -> None:
    study = search(Objective("train_loss", check_val_every_n_epoch=2))
    assert [report.epoch for report in study.trials[0].reports] == [1, 2, 3, 4]


def test_a_trial_goes_on_after_an_epoch_that_was_not_reported(search: Search, storage: Path | None) -> None:
    objective = Objective(check_val_every_n_epoch=2)
    study = search(objective, pause_after=1, storage=storage)
    assert study.trials[1].attempt == 1
    assert [report.epoch for report in study.trials[1].reports] == [2, 4]
    assert study.trials[1].reports == study.trials[0].reports


def test_a_validation_that_is_never_due_fails_the_trial_and_says_so(search: Search) -> None:
    with pytest.raises(
        hpo.errors.SearchFailedError, match="no such metric until the end, as no validation"
    ) as raised:
        search(Objective(check_val_every_n_epoch=9))
    assert "'val_loss'" in str(raised.value)


def test_a_name_that_no_validation_gives_is_an_error_as_soon_as_one_was_due(search: Search) -> None:
    with pytest.raises(
        hpo.errors.SearchFailedError, match="'val_acc', and Lightning gave no such metric after epoch 2"
    ):
        search(Objective("val_acc", check_val_every_n_epoch=2))


def test_without_a_validation_the_first_epoch_tells_that_a_metric_is_missing(search: Search) -> None:
    with pytest.raises(
        hpo.errors.SearchFailedError, match="'val_loss', and Lightning gave no such metric after epoch 1"
    ):
        search(Objective(limit_val_batches=0))


def test_the_check_before_training_is_no_validation(search: Search) -> None:
    study = search(Objective(check_val_every_n_epoch=2, num_sanity_val_steps=1), pause_after=9)
    assert [report.epoch for report in study.trials[0].reports] == [2, 4]


def test_outside_of_a_trial_nothing_happens() -> None:
    trainer, epochs = trainer_of(Report("no such metric"), epochs=2), Epochs()
    trainer.callbacks.append(epochs)
    fit(trainer, DroppingNet(0.1))
    assert epochs.trained == [0, 1]
    assert trainer.should_stop is False


def test_a_report_is_a_callback_of_lightning() -> None:
    assert isinstance(Report("val_loss"), lightning.Callback)


def test_the_example_runs() -> None:
    assert doctest.testmod(hpo.integrations.lightning).failed == 0
