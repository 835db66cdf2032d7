from __future__ import annotations

import doctest
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import hpo
import hpo.integrations.keras
from hpo.backend import registry
from hpo.integrations.keras import Report

Search = Callable[..., hpo.Study]

X = np.linspace(-1, 1, 24, dtype="float32").reshape(12, 2)
Y = (X.sum(axis=1) > 0).astype("int32")


def compiled(model: Any, rate: float, **more: Any) -> Any:
    loss = "sparse_categorical_crossentropy"
    model.compile(keras.optimizers.Adam(rate), loss, metrics=["accuracy"], **more)
    return model


def dropping_net(rate: float, **more: Any) -> Any:
    """One that shows by its dropout whether the random numbers go on, by Adam whether the optimizer does."""
    layers = [keras.layers.Dense(8), keras.layers.Dropout(0.5), keras.layers.Dense(2, activation="softmax")]
    return compiled(keras.Sequential(layers), rate, **more)


def fit(model: Any, *callbacks: Any, epochs: int = 4, **more: Any) -> Any:
    return model.fit(
        X,
        Y,
        validation_data=(X, Y),
        batch_size=4,
        epochs=epochs,
        shuffle=False,
        verbose=0,
        callbacks=list(callbacks),
        **more,
    )


class Objective:
    """Trains one net in a fit of four epochs, and remembers which epochs Keras trained."""

    def __init__(self, metric: Any = "val_loss", *, eager: bool = True, **more: Any) -> None:
        self.metric, self.more = metric, more
        self.eager = eager
        self.epochs: list[list[int]] = []
        self.stopped: list[bool] = []

    def __call__(self, config: Mapping[str, float]) -> None:
        model = dropping_net(config["rate"], run_eagerly=self.eager)
        self.epochs.append(fit(model, Report(self.metric), **self.more).epoch)
        self.stopped.append(model.stop_training)


def fine_tune(config: Mapping[str, float]) -> None:
    """Two fits of one net, with an optimizer each, and a third of another net."""
    model = dropping_net(config["rate"], run_eagerly=True)
    fit(model, Report("val_loss"), epochs=2)
    model.layers[0].trainable = False
    fit(compiled(model, config["rate"] / 2, run_eagerly=True), Report("val_loss"), epochs=3)
    fit(dropping_net(config["rate"], run_eagerly=True), Report("val_loss"), epochs=2)


def in_a_new_process(program: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "HPO_BACKEND"}

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment
    )
    return done.stdout.strip()


def test_keras_computes_with_the_engine_that_the_environment_names() -> None:
    assert keras.config.backend() == os.environ.get("KERAS_BACKEND", "tensorflow")


def test_the_engine_of_keras_is_the_backend_of_a_study() -> None:
    program = "import keras; from hpo.backend import registry; print(registry.choose().name)"
    engine = keras.config.backend()
    assert in_a_new_process(program) == (engine if engine in registry.registered() else "numpy")


def test_no_framework_is_imported_but_the_engine(tmp_path: Path) -> None:
    program = f"""
import sys
import keras
import numpy as np
import hpo
from hpo.integrations.keras import Report

def objective(config):
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(config["rate"]), "mse")
    model.fit(np.ones((4, 1)), np.ones((4, 1)), epochs=2, verbose=0, callbacks=[Report("loss")])

space = {{"rate": hpo.Float(0.1, 1)}}
hpo.search(objective, space, num_trials=2, seed=0, storage={str(tmp_path / "study.db")!r}, progress=False)
print([name for name in ("tensorflow", "torch") if name in sys.modules])
"""
    engine = keras.config.backend()
    assert in_a_new_process(program) == str([name for name in ("tensorflow", "torch") if name == engine])


def test_what_has_no_seed_draws_alike_in_each_trial(search: Search) -> None:
    def objective(config: Mapping[str, float]) -> float:
        drawn = keras.random.uniform(()), keras.layers.Dense(1).kernel_initializer((1, 1))
        return float(sum(float(keras.ops.sum(one)) for one in drawn))

    values = [trial.value for trial in search(objective).trials]
    assert len(set(values)) == 1
    assert search(objective).trials[0].value == values[0]


def test_epochs_count_from_one_and_report_the_metric(search: Search) -> None:
    study = search(Objective())
    assert [report.epoch for report in study.trials[0].reports] == [1, 2, 3, 4]
    assert study.metrics[0].name == "val_loss"
    assert study.trials[0].value == study.trials[0].reports[-1].metrics["val_loss"]


def test_a_trial_that_was_paused_ends_as_one_that_was_not(search: Search, storage: Path | None) -> None:
    study = search(Objective(eager=False), storage=storage)
    assert study.trials[1].attempt == 1
    assert study.trials[1].reports == study.trials[0].reports
    assert [event for event in study.events if event.kind is hpo.study.EventKind.NONDETERMINISTIC] == []


def test_a_checkpoint_spares_the_epochs_before_it(search: Search, tmp_path: Path) -> None:
    objective = Objective()
    search(objective, storage=tmp_path / "study.db")
    whole, until_pause, until_stop, after_pause = objective.epochs
    assert (whole, until_pause, until_stop, after_pause) == ([0, 1, 2, 3], [0, 1], [0], [2, 3])


def test_stopping_and_pausing_set_the_flag_of_keras(search: Search) -> None:
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


def test_a_fit_for_each_epoch_goes_on_with_the_next(search: Search, tmp_path: Path) -> None:
    def objective(config: Mapping[str, float]) -> None:
        model = dropping_net(config["rate"], run_eagerly=True)
        for epoch in range(4):
            fit(model, Report("val_loss"), epochs=epoch + 1, initial_epoch=epoch)

    study = search(objective, storage=tmp_path / "study.db")
    assert [report.epoch for report in study.trials[1].reports] == [1, 2, 3, 4]
    assert study.trials[1].reports == study.trials[0].reports


def test_another_fit_of_a_trial_that_ended_does_not_begin(search: Search) -> None:
    begun = []

    def objective(config: Mapping[str, float]) -> None:
        model = dropping_net(config["rate"], run_eagerly=True)
        fit(model, Report("val_loss"), epochs=2)
        begun.append("second")
        fit(model, Report("val_loss"), epochs=2)
        begun.append("third")

    study = search(objective, pause_after=9)
    assert study.trials[2].state is hpo.study.TrialState.STOPPED
    assert begun == ["second", "third", "second", "third", "second"]


class UntilThree(hpo.schedulers.Scheduler):
    """Grants one trial three epochs and no more."""

    def next(self, study: hpo.Study, *, can_start: bool) -> hpo.schedulers.Grant | None:
        return hpo.schedulers.Grant(until=3) if can_start else None

    def on_report(self, study: hpo.Study, trial: int) -> hpo.schedulers.Decision:
        return hpo.schedulers.CONTINUE


def test_training_ends_with_the_epochs_that_a_scheduler_grants() -> None:
    objective = Objective()
    space = {"rate": hpo.Float(0.01, 1)}
    study = hpo.search(objective, space, num_trials=1, seed=0, scheduler=UntilThree())
    assert objective.epochs == [[0, 1, 2]]
    assert study.trials[0].state is hpo.study.TrialState.PAUSED


def test_the_best_model_loads_back(search: Search, tmp_path: Path) -> None:
    study = search(Objective(), minimize="val_loss", storage=tmp_path / "study.db")
    model = dropping_net(0.1)
    study.best.load_into(model)
    loss, _ = model.evaluate(X, Y, verbose=0)
    assert loss == pytest.approx(study.best.value, abs=1e-6)


def test_several_metrics_and_functions_of_them_can_be_reported(search: Search) -> None:
    both = search(Objective(["accuracy", "val_loss"]), minimize="val_loss")
    assert both.trials[0].reports[0].metrics.keys() == {"accuracy", "val_loss"}
    error = search(Objective(lambda logs: 1 - logs["val_accuracy"]), minimize="error")
    assert 0 <= error.best.metrics["error"] <= 1


def test_a_metric_that_keras_does_not_give_is_an_error_that_lists_those_it_gives(search: Search) -> None:
    with pytest.raises(hpo.errors.SearchFailedError) as raised:
        search(Objective("val_acc"))
    assert "'val_acc', and Keras gave no such metric after epoch 1" in str(raised.value)
    assert "accuracy, loss, val_accuracy, val_loss" in str(raised.value)


@pytest.mark.parametrize(("due", "reported"), [(2, [2, 4]), (3, [3]), ([1, 4], [1, 4])])
@pytest.mark.parametrize(
    "metric", ["val_loss", ["loss", "val_loss"], lambda logs: {"val_loss": logs["val_loss"]}]
)
def test_an_epoch_whose_validation_is_not_due_has_no_report(
    search: Search, metric: Any, due: int | list[int], reported: list[int]
) -> None:
    study = search(Objective(metric, validation_freq=due), pause_after=9, minimize="val_loss")
    assert [report.epoch for report in study.trials[0].reports] == reported


def test_a_metric_of_training_is_reported_whether_or_not_a_validation_is_due(search: Search) -> None:
    study = search(Objective("loss", validation_freq=2))
    assert [report.epoch for report in study.trials[0].reports] == [1, 2, 3, 4]


def test_a_trial_goes_on_after_an_epoch_that_was_not_reported(search: Search, storage: Path | None) -> None:
    study = search(Objective(validation_freq=2), pause_after=1, storage=storage)
    assert study.trials[1].attempt == 1
    assert [report.epoch for report in study.trials[1].reports] == [2, 4]
    assert study.trials[1].reports == study.trials[0].reports


def test_a_fit_for_each_epoch_reports_those_that_are_validated(search: Search) -> None:
    def objective(config: Mapping[str, float]) -> None:
        model = dropping_net(config["rate"], run_eagerly=True)
        for epoch in range(4):
            fit(model, Report("val_loss"), epochs=epoch + 1, initial_epoch=epoch, validation_freq=2)

    study = search(objective, pause_after=9)
    assert [report.epoch for report in study.trials[0].reports] == [2, 4]


def test_a_validation_that_is_never_due_fails_the_trial_and_says_so(search: Search) -> None:
    with pytest.raises(
        hpo.errors.SearchFailedError, match="no such metric until the end, as no validation was"
    ):
        search(Objective(validation_freq=9))


@pytest.mark.parametrize(("name", "epoch"), [("val_acc", 2), ("acc", 1)])
def test_a_name_that_keras_does_not_give_is_an_error_as_soon_as_it_is_due(
    search: Search, name: str, epoch: int
) -> None:
    with pytest.raises(
        hpo.errors.SearchFailedError, match=f"'{name}', and Keras .* after epoch {epoch}, but"
    ):
        search(Objective(name, validation_freq=2))


def test_outside_of_a_trial_nothing_happens() -> None:
    model = dropping_net(0.1)
    history = fit(model, Report("no such metric"), epochs=2)
    assert history.epoch == [0, 1]
    assert model.stop_training is False


def test_a_report_is_a_callback_of_keras() -> None:
    report = Report("loss")
    assert isinstance(report, Report)
    assert isinstance(report, keras.callbacks.Callback)


@pytest.mark.parametrize("metric", [3, ["loss", 3], None])
def test_what_is_no_metric_is_refused(metric: Any) -> None:
    with pytest.raises(TypeError, match="name of a metric, such as 'val_loss', a list of names, or a funct"):
        Report(metric)


def test_no_metric_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one metric; received an empty list"):
        Report([])


def test_the_example_runs() -> None:
    assert doctest.testmod(hpo.integrations.keras).failed == 0
