"""A new trial that starts from what another one learned, as population-based training needs it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hpo
from hpo.searchers import Proposal


class Population(hpo.schedulers.Scheduler):
    """Trains two trials for two epochs each; then the better one's child goes on for two more."""

    needs_epochs = True
    max_epochs = 4

    def next(self, study: hpo.Study, *, can_start: bool) -> hpo.schedulers.Grant | None:
        if not can_start:
            return None
        if len(study.trials) < 2:
            return hpo.schedulers.Grant(until=2)
        best = min(study.trials[:2], key=lambda trial: trial.value or 0.0)
        return hpo.schedulers.Grant(until=4, start_from=best.id, info={"parent": best.id})

    def on_report(self, study: hpo.Study, trial: int) -> hpo.schedulers.Decision:
        return hpo.schedulers.CONTINUE


class Perturbed(hpo.searchers.Searcher):
    """Draws two configs; then one near the better trial's."""

    def ask(self, study: hpo.Study, n: int) -> list[Proposal]:
        if len(study.trials) < 2:
            return hpo.RandomSearch().ask(study, n)
        parent = min(study.trials[:2], key=lambda trial: trial.value or 0.0)
        return [Proposal({"x": parent.config["x"] * 0.8}, {"explored from": parent.id})]


def trained(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> Iterator[float]:
    weights = np.zeros(1)
    trial.checkpoint(model=weights)
    for _ in trial.epochs():
        weights += config["x"]
        yield float(1 + weights[0])


def search(tmp_path: Path, **options: Any) -> hpo.Study:
    return hpo.search(
        trained, {"x": hpo.Float(0, 1)}, searcher=Perturbed(), scheduler=Population(), num_trials=3, **options
    )


def test_a_child_goes_on_from_its_parents_checkpoint(tmp_path: Path) -> None:
    study = search(tmp_path, seed=0, storage=tmp_path / "study.db", keep="all")
    child = study.trials[2]
    parent = study.trials[child.info["parent"]]
    assert [report.epoch for report in child.reports] == [3, 4]
    learned = parent.reports[-1].metrics["value"]
    assert child.reports[0].metrics["value"] == pytest.approx(learned + child.config["x"])
    assert child.info["explored from"] == parent.id


def test_a_child_has_its_parents_plain_state_and_changes_its_own_copy(tmp_path: Path) -> None:
    def remembers(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> Iterator[dict[str, float]]:
        past: list[int | None] = []
        trial.checkpoint(model=np.zeros(1), past=past)
        for _ in trial.epochs():
            past.append(trial.id)
            yield {"value": float(config["x"])} | {f"by trial {n}": past.count(n) for n in range(3)}

    options: dict[str, Any] = {"scheduler": Population(), "searcher": Perturbed(), "minimize": "value"}
    study = hpo.search(
        remembers, {"x": hpo.Float(0, 1)}, num_trials=3, seed=0, storage=tmp_path / "s.db", **options
    )
    child = study.trials[2]
    parent = child.info["parent"]
    assert child.metrics[f"by trial {parent}"] == 2
    assert child.metrics["by trial 2"] == len(child.reports) == 2
    assert study.trials[parent].metrics["by trial 2"] == 0


def test_a_child_that_was_interrupted_goes_on_from_there_too(tmp_path: Path) -> None:
    def interrupt(event: hpo.study.Event, study: hpo.Study) -> None:
        if event.kind is hpo.study.EventKind.TRIAL_STARTED and event.trial == 2:
            raise KeyboardInterrupt

    options = {"seed": 0, "storage": tmp_path / "study.db"}
    with pytest.raises(hpo.SearchInterrupted):
        search(tmp_path, callbacks=[interrupt], **options)
    study = search(tmp_path, resume=True, **options)
    assert [report.epoch for report in study.trials[2].reports] == [3, 4]
    assert study == search(tmp_path, seed=0, storage=tmp_path / "other.db")


def test_without_checkpoints_there_is_nothing_to_start_from(tmp_path: Path) -> None:
    with pytest.raises(
        hpo.errors.CheckpointError, match=r"cannot start from trial ., which has no checkpoint"
    ) as raised:
        search(tmp_path, seed=0)
    assert "Give the study a storage=" in str(raised.value)
