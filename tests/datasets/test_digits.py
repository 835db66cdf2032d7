from __future__ import annotations

import sys

import pytest

from hpo.datasets.digits import digits
from hpo.errors import DataNotFoundError
from hpo.objective.context import CurrentTrial
from hpo.tasks import TASKS


def test_the_digits_are_read_only_images_between_zero_and_one() -> None:
    data = digits()
    assert (data.train_images.shape, data.test_images.shape) == ((1500, 8, 8), (297, 8, 8))
    assert (data.train_images.min(), data.train_images.max()) == (0, 1)
    assert not data.train_images.flags.writeable


def test_the_task_learns_the_digits_without_a_download(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HPO_DATA", "/nowhere")
    task = TASKS["digits"](max_epochs=5)
    assert task.space.validate(task.default_config) == task.default_config
    *_, last = task(task.default_config, CurrentTrial(backend="numpy"))
    assert last["val_error"] < 0.15


def test_without_scikit_learn_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(DataNotFoundError, match=r'pip install "polyhpo\[sklearn\]"'):
        digits()
