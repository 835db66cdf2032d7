from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

import hpo

Search: TypeAlias = Callable[..., hpo.Study]


class StopsAndPauses(hpo.schedulers.Scheduler):
    """Lets trial 0 run to its end, pauses trial 1 after `pause_after` epochs, stops trial 2 after one."""

    def __init__(self, pause_after: int) -> None:
        self._pause_after = pause_after

    def next(self, study: hpo.Study, *, can_start: bool) -> hpo.schedulers.Grant | None:
        if can_start:
            return hpo.schedulers.Grant()
        paused = [trial.id for trial in study.trials if trial.state is hpo.study.TrialState.PAUSED]
        return hpo.schedulers.Grant(trial=paused[0]) if paused else None

    def on_report(self, study: hpo.Study, trial: int) -> hpo.schedulers.Decision:
        told = study.trials[trial]
        if trial == 1 and told.attempt == 0 and len(told.reports) == self._pause_after:
            return hpo.schedulers.Decision(hpo.schedulers.Verdict.PAUSE, "it waits")
        if trial == 2:
            return hpo.schedulers.Decision(hpo.schedulers.Verdict.STOP, "it is enough")
        return hpo.schedulers.CONTINUE


@pytest.fixture(params=["in memory", "in a file"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    return tmp_path / "study.db" if request.param == "in a file" else None


@pytest.fixture
def search(tmp_path: Path) -> Search:
    """Three trials of one config: the first whole, the second paused, the third stopped."""

    def run(
        objective: Callable[..., Any], *, pause_after: int = 2, storage: Path | None = None, **more: Any
    ) -> hpo.Study:
        points = [{"rate": 0.1}] * 3
        space = {"rate": hpo.Float(0.01, 1)}
        return hpo.search(
            objective,
            space,
            num_trials=3,
            points_to_evaluate=points,
            scheduler=StopsAndPauses(pause_after),
            storage=storage,
            seed=1,
            **more,
        )

    return run
