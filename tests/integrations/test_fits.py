"""What the callbacks of all frameworks share, without one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

import numpy as np
import pytest

import hpo
from hpo.integrations.fits import Fit, begin_fit
from hpo.integrations.metrics import MetricSelection, MissingMetric
from hpo.objective.context import CurrentTrial, current_trial, running
from hpo.objective.function import ResultError


class Host:
    """Keeps what is attached, and restores a fit of which so many epochs are done."""

    max_epochs = None

    def __init__(self, restored_epochs: int = 0) -> None:
        self.epoch = self._to_restore = restored_epochs
        self.attached: list[str] = []
        self._kept: list[object] = []
        self.begun: list[int] = []
        self.reported: list[int] = []
        self.silence = ""

    def report(self, value: object, epoch: int | None) -> hpo.schedulers.Decision:
        self.epoch = epoch or self.epoch + 1
        self.reported.append(self.epoch)
        return hpo.schedulers.CONTINUE

    def attach(self, things: Mapping[str, object]) -> None:
        self.attached += things
        self._kept += things.values()
        for thing in things.values():
            if isinstance(thing, Fit) and self._to_restore:
                thing.load_checkpoint_state({"epochs": self._to_restore, "before": 0, "is_over": False})
                self._to_restore = 0

    def save(self, epoch: int) -> None: ...

    def explain_silence(self, reason: str) -> None:
        self.silence = reason

    def begin_epoch(self, epoch: int) -> None:
        self.begun.append(epoch)

    def find_device(self) -> str:
        return "cpu"


def begun(host: Host, **things: object) -> Fit:
    fit = begin_fit(**{name: [thing] for name, thing in things.items()})
    assert fit is not None
    assert current_trial().host is host
    return fit


def train(fit: Fit, epoch: int, *, may_come: bool = False, **metrics: float) -> None:
    fit.begin_epoch(epoch)
    fit.end_epoch(epoch, MetricSelection("loss", "Loom"), metrics or {"loss": 0.5}, lambda name: may_come)


def test_outside_of_a_trial_there_is_nothing_to_begin() -> None:
    assert begin_fit(model=[np.zeros(1)]) is None


def test_what_several_fits_train_is_kept_once() -> None:
    host, weights = Host(), np.zeros(3)
    with running(CurrentTrial(id=0, host=host)):
        begun(host, model=weights, optimizer=None)
        begun(host, model=weights, optimizer=np.zeros(1))
    assert host.attached == ["model", "fit", "optimizer", "fit"]


def test_each_epoch_begins_with_its_own_random_numbers() -> None:
    host = Host()
    with running(CurrentTrial(id=0, host=host)):
        for _ in range(2):
            fit = begun(host)
            for epoch in (1, 2):
                train(fit, epoch)
            fit.end()
    assert host.begun == [1, 2, 3, 3, 4, 5]


def test_a_restored_fit_does_not_begin_its_epoch_a_second_time() -> None:
    host = Host(restored_epochs=2)
    with running(CurrentTrial(id=0, host=host)):
        fit = begun(host)
        train(fit, 3)
        fit.begin_epoch(4)
    assert host.begun == [4]


def test_an_epoch_whose_validation_is_not_due_has_no_report() -> None:
    host = Host()
    with running(CurrentTrial(id=0, host=host)):
        fit = begun(host)
        train(fit, 1, may_come=True, rate=0.1)
        train(fit, 2, loss=0.5)
        train(fit, 3, rate=0.1)  # it was there before
        train(fit, 4, loss=0.5)
    assert host.reported == [2, 4]


def test_a_metric_that_cannot_come_later_is_an_error_at_once() -> None:
    host = Host()
    with running(CurrentTrial(id=0, host=host)):
        fit = begun(host)
        train(fit, 1, may_come=True, rate=0.1)
        with pytest.raises(ResultError, match="'loss', and Loom gave no such metric after epoch 2, but rate"):
            train(fit, 2, rate=0.1)


def test_epochs_without_a_report_count_for_the_next_fit() -> None:
    host = Host()
    with running(CurrentTrial(id=0, host=host)):
        fit = begun(host)
        train(fit, 1, loss=0.5)
        train(fit, 2, may_come=True, rate=0.1)
        fit.end()
        train(begun(host), 1, loss=0.5)
    assert host.reported == [1, 3]
    assert host.begun == [1, 2, 3, 3]


def test_a_fit_without_a_report_says_why() -> None:
    host = Host()
    with running(CurrentTrial(id=0, host=host)):
        fit = begun(host)
        for epoch in (1, 2):
            train(fit, epoch, may_come=True, rate=0.1)
        fit.end()
    assert "no such metric until the end, as no validation was due by epoch 2, but rate. Name" in host.silence


def test_a_function_that_looks_up_what_is_not_due_is_no_report() -> None:
    selection = MetricSelection(lambda metrics: 1 - metrics["accuracy"], "Loom")
    assert selection({"accuracy": 0.75}) == 0.25
    with pytest.raises(MissingMetric) as raised:
        selection({"loss": 0.5})
    assert raised.value.name == "accuracy"


def test_a_framework_that_cannot_begin_later_is_an_error() -> None:
    host = Host(restored_epochs=2)
    with running(CurrentTrial(id=0, host=host)):
        fit = begun(host)
        with pytest.raises(
            hpo.errors.CheckpointError, match="after epoch 2 of this fit, and the framework began wi"
        ):
            fit.begin_epoch(1)


@pytest.mark.parametrize("state", [None, {"epochs": 3}])
def test_the_state_of_something_else_is_refused(state: object) -> None:
    with pytest.raises(hpo.errors.CheckpointError, match="something else here than how far a fit came"):
        Fit().load_checkpoint_state(state)


@pytest.mark.parametrize(
    ("module", "framework", "home"),
    [
        ("keras", "Keras", "import keras before"),
        ("lightning", "Lightning", "import lightning.pytorch or pytorch_lightning before"),
        ("gluon", "Gluon", "import mxnet.gluon.contrib.estimator before"),
    ],
)
def test_a_framework_is_neither_needed_nor_imported(module: str, framework: str, home: str) -> None:
    code = f"""
import sys
from hpo.integrations.{module} import Report
try:
    Report("loss")
except RuntimeError as error:
    print(error)
print([name for name in ("keras", "tensorflow", "torch", "mxnet") if name in sys.modules])
"""
    told, imported = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert f"Report is a callback of {framework}, which was not imported yet" in told
    assert home in told
    assert imported == "[]"
