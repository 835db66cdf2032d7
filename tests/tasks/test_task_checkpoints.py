"""A task that goes on from a checkpoint is as one that never stopped, dropout and momentum included."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hpo.backend import registry
from hpo.objective.context import CurrentTrial
from hpo.tasks import TASKS
from hpo.testing.checkpoints import KeepingHost


@pytest.fixture(autouse=True)
def on_the_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HPO_DATA", "sample")


def trained(name: str, folder: Path, start: int = 0) -> list[dict[str, Any]]:
    host = KeepingHost(registry.get(None), folder, start)
    records = []
    for record in TASKS[name](max_epochs=3)(TASKS[name].default_config, CurrentTrial(id=0, host=host)):
        host.save(int(record["epoch"]))
        records.append(record)
    return records


@pytest.mark.parametrize("name", ["softmax", "mlp", "dropout_mlp"])
def test_a_task_goes_on_exactly_from_its_checkpoint(name: str, tmp_path: Path) -> None:
    through = trained(name, tmp_path / "one")
    assert [record["epoch"] for record in through] == [1, 2, 3]
    assert trained(name, tmp_path / "one", start=2) == through[2:]
