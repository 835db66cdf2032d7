"""The fixture `backend` on the backend of each environment that runs these tests."""

from __future__ import annotations

import os

import hpo
from hpo.backend import Backend
from hpo.tasks import SoftmaxTask


def test_the_fixture_is_the_backend_of_the_environment(backend: Backend) -> None:
    assert backend.name == os.environ.get("HPO_BACKEND", "numpy")
    task = SoftmaxTask(max_epochs=1)
    assert hpo.search(task, task.space, minimize=task.metric, num_trials=1).backend == backend.name
