"""What the callbacks of all frameworks share, without one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

import numpy as np
import pytest

import hpo
from hpo.integrations.fits import Fit, begin_fit
from hpo.objective.context import CurrentTrial, current_trial, running


class Host:
    """Keeps what is attached, and restores a fit of which so many epochs are done."""

    max_epochs = None

    def __init__(self, restored_epochs: int = 0) -> None:
        self.epoch = self._to_restore = restored_epochs
        self.attached: list[str] = []
        self._kept: list[object] = []
        self.begun: list[int] = []

    def report(self, value: object, epoch: int | None) -> hpo.schedulers.Decision:
        self.epoch = epoch or self.epoch + 1
        return hpo.schedulers.CONTINUE

    def attach(self, things: Mapping[str, object]) -> None:
        self.attached += things
        self._kept += things.values()
        for thing in things.values():
            if isinstance(thing, Fit) and self._to_restore:
                thing.load_checkpoint_state({"epochs": self._to_restore, "before": 0, "is_over": False})
                self._to_restore = 0

    def save(self, epoch: int) -> None: ...

    def begin_epoch(self, epoch: int) -> None:
        self.begun.append(epoch)

    def find_device(self) -> str:
        return "cpu"


def begun(host: Host, **things: object) -> Fit:
    fit = begin_fit(**{name: [thing] for name, thing in things.items()})
    assert fit is not None
    assert current_trial().host is host
    return fit


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
                fit.begin_epoch(epoch)
                fit.end_epoch(epoch, 0.5)
            fit.end()
    assert host.begun == [1, 2, 3, 3, 4, 5]


def test_a_restored_fit_does_not_begin_its_epoch_a_second_time() -> None:
    host = Host(restored_epochs=2)
    with running(CurrentTrial(id=0, host=host)):
        fit = begun(host)
        fit.begin_epoch(3)
        fit.end_epoch(3, 0.5)
        fit.begin_epoch(4)
    assert host.begun == [4]


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
