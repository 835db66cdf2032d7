from __future__ import annotations

import doctest
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hpo
import hpo.integrations.gluon
from hpo.integrations.gluon import Report
from hpo_mxnet.compat import mx

gluon = mx.gluon
estimators: Any = gluon.contrib.estimator
Estimator = estimators.Estimator

Search = Callable[..., hpo.Study]

X = np.linspace(-1, 1, 24, dtype="float32").reshape(12, 2)
Y = (X.sum(axis=1) > 0).astype("float32")

ACCURACY = "validation accuracy"
LOSS = "validation softmaxcrossentropyloss"
TRAINING_LOSS = "training softmaxcrossentropyloss"


def dropping_net() -> Any:
    """One that shows by its dropout and its shuffled batches whether the random numbers go on."""
    net = gluon.nn.HybridSequential()
    net.add(gluon.nn.Dense(8), gluon.nn.Dropout(0.5), gluon.nn.Dense(2))
    net.initialize(mx.init.Xavier())
    return net


def estimator_of(net: Any, rate: float) -> Any:
    trainer = gluon.Trainer(net.collect_params(), "adam", {"learning_rate": rate})
    loss = gluon.loss.SoftmaxCrossEntropyLoss()
    estimator = Estimator(net, loss, trainer=trainer, context=mx.cpu())
    estimator.logger.handlers.clear()
    return estimator


def fit(estimator: Any, *handlers: Any, epochs: int = 4, **due: Any) -> None:
    data = gluon.data.ArrayDataset(X, Y)
    batches = gluon.data.DataLoader(data, batch_size=4, shuffle=True)
    validation = gluon.data.DataLoader(data, batch_size=12)
    validating = estimators.ValidationHandler(validation, estimator.evaluate, **due)
    estimator.fit(batches, validation, epochs=epochs, event_handlers=[*handlers, validating])


class Epochs(estimators.EpochBegin, estimators.EpochEnd):  # type: ignore[misc]  # MXNet has no types
    """Counts the epochs that Gluon began."""

    def __init__(self) -> None:
        self.begun = 0

    def epoch_begin(self, estimator: Any, *args: Any, **keywords: Any) -> None:
        self.begun += 1


class Objective:
    """Trains one net for four epochs, and remembers what Gluon did."""

    def __init__(self, metric: Any = LOSS, **due: Any) -> None:
        self.metric, self.due = metric, due
        self.epochs: list[int] = []
        self.stopped: list[bool] = []

    def __call__(self, config: Mapping[str, float]) -> None:
        epochs, report = Epochs(), Report(self.metric)
        fit(estimator_of(dropping_net(), config["rate"]), report, epochs, **self.due)
        self.epochs.append(epochs.begun)
        self.stopped.append(report.stop_training)


def fine_tune(config: Mapping[str, float]) -> None:
    """Two fits of one net, with a trainer each, and a third of another net."""
    net = dropping_net()
    fit(estimator_of(net, config["rate"]), Report(LOSS), epochs=2)
    fit(estimator_of(net, config["rate"] / 2), Report(LOSS), epochs=3)
    fit(estimator_of(dropping_net(), config["rate"]), Report(LOSS), epochs=2)


def test_epochs_count_from_one_and_report_the_metric(search: Search) -> None:
    study = search(Objective())
    assert [report.epoch for report in study.trials[0].reports] == [1, 2, 3, 4]
    assert study.metrics[0].name == LOSS


def test_a_trial_that_was_paused_ends_as_one_that_was_not(search: Search, storage: Path | None) -> None:
    study = search(Objective(), storage=storage)
    assert study.trials[1].attempt == 1
    assert study.trials[1].reports == study.trials[0].reports
    assert [event for event in study.events if event.kind is hpo.study.EventKind.NONDETERMINISTIC] == []


def test_a_checkpoint_spares_the_epochs_before_it(search: Search, tmp_path: Path) -> None:
    objective = Objective()
    search(objective, storage=tmp_path / "study.db")
    whole, until_pause, until_stop, after_pause = objective.epochs
    assert (whole, until_pause, until_stop, after_pause) == (4, 2, 1, 2)


def test_stopping_and_pausing_stop_the_estimator(search: Search) -> None:
    objective = Objective()
    study = search(objective)
    whole, paused, stopped, went_on = objective.stopped
    assert (whole, paused, stopped, went_on) == (False, True, True, False)
    assert study.trials[2].state is hpo.study.TrialState.STOPPED
    assert len(study.trials[2].reports) == 1


@pytest.mark.parametrize("pause_after", [1, 2, 3, 5, 6])
def test_several_fits_are_one_count_of_epochs(search: Search, storage: Path | None, pause_after: int) -> None:
    study = search(fine_tune, pause_after=pause_after, storage=storage)
    assert [report.epoch for report in study.trials[0].reports] == [1, 2, 3, 4, 5, 6, 7]
    assert study.trials[1].attempt == 1
    assert study.trials[1].reports == study.trials[0].reports


def test_a_loop_written_by_hand_needs_no_handler(search: Search, tmp_path: Path) -> None:
    def objective(config: Mapping[str, float], trial: hpo.objective.CurrentTrial) -> Any:
        net = dropping_net()
        trainer = gluon.Trainer(net.collect_params(), "adam", {"learning_rate": config["rate"]})
        trial.checkpoint(model=net, optimizer=trainer)
        for _ in trial.epochs(4):
            with mx.autograd.record():
                loss = gluon.loss.SoftmaxCrossEntropyLoss()(net(mx.nd.array(X)), mx.nd.array(Y))
            loss.backward()
            trainer.step(len(X))
            yield float(loss.mean().asscalar())

    study = search(objective, storage=tmp_path / "study.db")
    assert study.trials[1].reports == study.trials[0].reports


def test_the_best_model_loads_back(search: Search, tmp_path: Path) -> None:
    study = search(Objective(), minimize=LOSS, storage=tmp_path / "study.db")
    net = dropping_net()
    study.best.load_into(net)
    loss = gluon.loss.SoftmaxCrossEntropyLoss()(net(mx.nd.array(X)), mx.nd.array(Y))
    assert float(loss.mean().asscalar()) == pytest.approx(study.best.value, abs=1e-6)


def test_several_metrics_and_functions_of_them_can_be_reported(search: Search) -> None:
    both = search(Objective([ACCURACY, LOSS]), maximize=ACCURACY)
    assert both.trials[0].reports[0].metrics.keys() == {ACCURACY, LOSS}
    error = search(Objective(lambda metrics: 1 - metrics[ACCURACY]), minimize="error")
    assert 0 <= error.best.metrics["error"] <= 1


def test_a_metric_that_gluon_does_not_give_is_an_error_that_lists_those_it_gives(search: Search) -> None:
    with pytest.raises(hpo.errors.SearchFailedError) as raised:
        search(Objective("accuracy"))
    assert "'accuracy', and Gluon gave no such metric after epoch 1" in str(raised.value)
    assert f"training accuracy, training softmaxcrossentropyloss, {ACCURACY}, {LOSS}" in str(raised.value)


def test_a_metric_that_was_not_validated_is_none_of_those(search: Search) -> None:
    def objective(config: Mapping[str, float]) -> None:
        estimator = estimator_of(dropping_net(), config["rate"])
        data = gluon.data.DataLoader(gluon.data.ArrayDataset(X, Y), batch_size=4)
        estimator.fit(data, epochs=1, event_handlers=[Report(LOSS)])

    with pytest.raises(
        hpo.errors.SearchFailedError, match="but training accuracy, training softmaxcrossentropyl"
    ):
        search(objective)


@pytest.mark.parametrize(
    ("due", "reported"),
    [
        ({"epoch_period": 2}, [2, 4]),
        ({"epoch_period": 3}, [3]),
        ({"epoch_period": None, "batch_period": 4}, [2, 3, 4]),
    ],
)
@pytest.mark.parametrize("metric", [LOSS, [TRAINING_LOSS, LOSS], lambda metrics: {LOSS: metrics[LOSS]}])
def test_an_epoch_whose_validation_is_not_due_has_no_report(
    search: Search, metric: Any, due: dict[str, int | None], reported: list[int]
) -> None:
    study = search(Objective(metric, **due), pause_after=9, minimize=LOSS)
    assert [report.epoch for report in study.trials[0].reports] == reported


def test_a_metric_of_training_is_reported_whether_or_not_a_validation_is_due(search: Search) -> None:
    study = search(Objective(TRAINING_LOSS, epoch_period=2))
    assert [report.epoch for report in study.trials[0].reports] == [1, 2, 3, 4]


def test_a_trial_goes_on_after_an_epoch_that_was_not_reported(search: Search, storage: Path | None) -> None:
    study = search(Objective(epoch_period=2), pause_after=1, storage=storage)
    assert study.trials[1].attempt == 1
    assert [report.epoch for report in study.trials[1].reports] == [2, 4]
    assert study.trials[1].reports == study.trials[0].reports


def test_a_validation_that_is_never_due_fails_the_trial_and_says_so(search: Search) -> None:
    with pytest.raises(
        hpo.errors.SearchFailedError, match="no such metric until the end, as no validation was"
    ):
        search(Objective(epoch_period=9))


def test_metrics_that_are_made_of_others_are_reported_when_they_are_due(search: Search) -> None:
    def objective(config: Mapping[str, float]) -> None:
        estimator = estimator_of(dropping_net(), config["rate"])
        estimator.val_metrics.append(mx.metric.CompositeEvalMetric([mx.metric.Accuracy(name="inner")]))
        # Gluon's own lines of a log cannot show such a metric.
        silent = estimators.LoggingHandler(metrics=[])
        fit(estimator, Report("inner"), silent, epoch_period=2, event_handlers=[silent])

    study = search(objective, pause_after=9)
    assert [report.epoch for report in study.trials[0].reports] == [2, 4]


def test_a_fit_in_batches_is_refused(search: Search) -> None:
    def objective(config: Mapping[str, float]) -> None:
        estimator = estimator_of(dropping_net(), config["rate"])
        data = gluon.data.DataLoader(gluon.data.ArrayDataset(X, Y), batch_size=4)
        estimator.fit(data, batches=2, event_handlers=[Report(LOSS)])

    with pytest.raises(hpo.errors.SearchFailedError, match=r"fit\(..., epochs=...\); received batches=2"):
        search(objective)


def test_outside_of_a_trial_nothing_happens() -> None:
    report, epochs = Report("no such metric"), Epochs()
    fit(estimator_of(dropping_net(), 0.1), report, epochs, epochs=2)
    assert epochs.begun == 2
    assert report.stop_training is False


def test_a_report_is_an_event_handler_of_gluon() -> None:
    assert isinstance(Report(LOSS), estimators.EpochEnd)


def test_the_example_runs() -> None:
    assert doctest.testmod(hpo.integrations.gluon).failed == 0
