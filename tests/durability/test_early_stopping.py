"""Early stopping inside of an objective goes on as it was: its plain Python state is in the checkpoints."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hpo
from hpo.testing import ResumeContract

EPOCHS = 12
SPACE = {"x": hpo.Float(0, 1)}


def patient(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> Iterator[dict[str, float]]:
    """Ends after two epochs without a better one; what it knows of the epochs before is plain Python."""
    weights = np.array([float(config["x"])])
    early: dict[str, Any] = {"best": math.inf, "wait": 0, "seen": []}
    trial.checkpoint(model=weights, early=early)
    for epoch in trial.epochs(EPOCHS):
        # Before an epoch and not after it: a trial may go on from its last one.
        if early["wait"] == 2:
            return
        die = os.environ.get("DIE_AT")
        if die and (trial.id, epoch) == tuple(map(int, die.split(","))):
            os._exit(9)
        weights += 0.3 + 0.1 * config["x"]
        error = math.sin(9 * weights[0]) + 1
        early["seen"].append(error)
        early["wait"] = 0 if error < early["best"] else early["wait"] + 1
        early["best"] = min(error, early["best"])
        yield {"error": error, "best so far": early["best"], "seen": len(early["seen"])}


def run(file: Path, **options: Any) -> hpo.Study:
    given: dict[str, Any] = {"num_trials": 4, "seed": 1, "minimize": "error", "resume": True}
    return hpo.search(patient, SPACE, storage=file, **{**given, **options})


class Cut(ResumeContract):
    """The study of another objective, cut anywhere; the contract's own tests are run elsewhere."""

    __test__ = False
    space = hpo.Space({"x": hpo.Float(0, 1)})
    num_trials = 2


def test_it_goes_on_from_any_event() -> None:
    Cut().check(patient, 1, lost_files=False)


@pytest.mark.parametrize("die_at", ["0,2", "2,3"])
def test_it_goes_on_to_the_last_bit_after_a_kill(die_at: str, tmp_path: Path) -> None:
    code = f"""
        from pathlib import Path
        from tests.durability.test_early_stopping import run
        run(Path({str(tmp_path / "s.db")!r}))
    """
    root = Path(__file__).parents[2]
    environment = os.environ | {"DIE_AT": die_at, "PYTHONPATH": str(root)}
    killed = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], env=environment, cwd=root)
    assert killed.returncode == 9
    resumed, whole = run(tmp_path / "s.db"), run(tmp_path / "whole.db")
    assert any(trial.attempt for trial in resumed.trials)
    assert resumed.trials == whole.trials
    assert {len(trial.reports) for trial in whole.trials} != {EPOCHS}


@pytest.mark.parametrize("options", [{"workers": 2}, {"replicates": 2}, {"scheduler": hpo.ASHA(2, 8, eta=2)}])
def test_each_report_is_of_all_epochs_before_it(options: dict[str, Any], tmp_path: Path) -> None:
    study = run(tmp_path / "s.db", **options)
    for trial in study.trials:
        assert [report.metrics["seen"] for report in trial.reports] == [r.epoch for r in trial.reports]
        best = np.minimum.accumulate([report.metrics["error"] for report in trial.reports])
        if study.replicates == 1:
            assert [report.metrics["best so far"] for report in trial.reports] == best.tolist()


def test_it_goes_on_after_a_pause_whose_generator_is_gone(tmp_path: Path) -> None:
    def search(file: Path, **options: Any) -> hpo.Study:
        return run(file, scheduler=hpo.ASHA(1, 8, eta=2), num_trials=5, **options)

    def interrupt(event: hpo.study.Event, study: hpo.Study) -> None:
        # All that was paused goes on from its checkpoint.
        if event.kind is hpo.study.EventKind.TRIAL_PAUSED and event.trial == 3:
            raise KeyboardInterrupt

    with pytest.raises(hpo.SearchInterrupted):
        search(tmp_path / "s.db", callbacks=interrupt)
    assert search(tmp_path / "s.db").trials == search(tmp_path / "whole.db").trials
