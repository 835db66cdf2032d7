"""Trials that pause and go on: from where they were, wherever they run."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hpo
from hpo.executors import Assignment, Ending, OnProgress, Outcome, Progress
from hpo.tuner.loop import Loop
from hpo.tuner.output.trials import TrialOutput
from hpo.tuner.stop_rules import Clock

SPACE = {"x": hpo.Float(0, 1)}


def trained(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> Iterator[float]:
    """Says in a file which epochs it trained; keeps its state in checkpoints if there are any."""
    weights = np.zeros(1)
    trial.checkpoint(model=weights)
    for epoch in trial.epochs():
        weights += 1
        note(config, f"{trial.id} {epoch}")
        yield float(config["x"] + 1 / weights[0])


def note(config: dict[str, Any], text: str) -> None:
    with open(config["notes"], "a") as file:
        file.write(text + "\n")


def space(folder: Path) -> dict[str, Any]:
    return SPACE | {"notes": hpo.Constant(str(folder / "notes"))}


def noted(folder: Path) -> list[str]:
    return (folder / "notes").read_text().splitlines()


def each_once(study: hpo.Study) -> list[str]:
    return sorted(f"{trial.id} {report.epoch}" for trial in study.trials for report in trial.reports)


@pytest.mark.parametrize("scheduler", [hpo.ASHA(1, 9), hpo.SuccessiveHalving(1, 9), hpo.Hyperband(1, 9)])
def test_a_promoted_trial_goes_on_from_its_generator(
    scheduler: hpo.schedulers.Scheduler, tmp_path: Path
) -> None:
    study = hpo.search(trained, space(tmp_path), scheduler=scheduler, num_trials=9, seed=0)
    assert sorted(noted(tmp_path)) == each_once(study)
    assert study.best.reports[-1].epoch == 9


def test_of_more_paused_trials_than_there_is_room_for_the_best_keep_their_generators(tmp_path: Path) -> None:
    study = hpo.search(
        trained, space(tmp_path), scheduler=hpo.SuccessiveHalving(1, 9, num_trials=24), num_trials=24, seed=0
    )
    # 24 pause, 8 keep their generators, and 8 go on.
    assert sorted(noted(tmp_path)) == each_once(study)
    assert sum(len(trial.reports) >= 3 for trial in study.trials) == 8


def test_without_its_generator_it_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    scheduler = hpo.SuccessiveHalving(1, 3, eta=2, num_trials=24)
    study = hpo.search(
        trained, space(tmp_path), scheduler=scheduler, num_trials=24, seed=0, storage=tmp_path / "study.db"
    )
    assert sum(len(trial.reports) == 3 for trial in study.trials) == 12
    assert sorted(noted(tmp_path)) == each_once(study)


def test_in_processes_it_goes_on_too(tmp_path: Path) -> None:
    study = hpo.search(
        trained,
        space(tmp_path),
        scheduler=hpo.ASHA(1, 9),
        num_trials=12,
        seed=0,
        workers=2,
        storage=tmp_path / "study.db",
    )
    assert study.num_completed >= 1
    assert sorted(noted(tmp_path)) == each_once(study)


def test_checkpoints_of_trials_that_can_never_go_on_are_deleted(tmp_path: Path) -> None:
    counts: list[int] = []

    def count(event: hpo.study.Event, study: hpo.Study) -> None:
        if event.kind is hpo.study.EventKind.TRIAL_STOPPED:
            counts.append(len(study.trials[event.trial or 0].kept))

    for scheduler in (hpo.SuccessiveHalving(1, 9), hpo.ASHA(1, 9)):
        folder = tmp_path / scheduler.__class__.__name__
        folder.mkdir()
        study = hpo.search(
            trained,
            space(folder),
            scheduler=scheduler,
            num_trials=9,
            seed=0,
            storage=folder / "study.db",
            callbacks=[count],
        )
        assert counts
        assert [trial.id for trial in study.trials if trial.kept] == [study.best.id]
        assert not [trial for trial in study.trials if trial.state is hpo.study.TrialState.PAUSED]


def test_why_a_trial_ended_is_in_the_log() -> None:
    def curve(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> Iterator[float]:
        for _ in trial.epochs():
            yield config["x"]

    study = hpo.search(curve, SPACE, scheduler=hpo.SuccessiveHalving(1, 9), num_trials=9, seed=0)
    reasons = {trial.reason for trial in study.trials if trial.state is hpo.study.TrialState.STOPPED}
    assert "rank 9 of 9 at epoch 1, where 3 of bracket 0 go on" in reasons
    paused = [event.data for event in study.events if event.kind is hpo.study.EventKind.TRIAL_PAUSED]
    assert paused[0] == {"reason": "rank 1 of 1 at epoch 1, where 9 are to come"}


def test_a_plain_function_is_run_again_with_the_larger_budget() -> None:
    asked: list[tuple[float, int]] = []

    def train(config: dict[str, Any], max_epochs: int = 100) -> float:
        asked.append((config["x"], max_epochs))
        return float(config["x"] + 1 / max_epochs)

    study = hpo.search(train, SPACE, scheduler=hpo.SuccessiveHalving(1, 9), num_trials=9, seed=0)
    best = study.best.config["x"]
    assert [epochs for x, epochs in asked if x == best] == [1, 3, 9]
    assert len(asked) == 9 + 3 + 1
    assert [report.epoch for report in study.best.reports] == [1, 3, 9]


def test_a_function_that_returns_an_iterator_is_run_again_too() -> None:
    asked: list[int] = []

    def train(config: dict[str, Any], max_epochs: int = 100) -> Iterator[float]:
        asked.append(max_epochs)
        return (config["x"] + 1 / epoch for epoch in range(1, max_epochs + 1))

    study = hpo.search(train, SPACE, scheduler=hpo.SuccessiveHalving(1, 9), num_trials=9, seed=0)
    assert asked == [1] * 9 + [3] * 3 + [9]
    assert len(study.best.reports) == 9


def test_a_generator_is_told_how_long_a_full_training_is() -> None:
    asked: list[int] = []

    def train(config: dict[str, Any], max_epochs: int = 100) -> Iterator[float]:
        asked.append(max_epochs)
        for epoch in range(1, max_epochs + 1):
            yield config["x"] + 1 / epoch

    study = hpo.search(train, SPACE, scheduler=hpo.ASHA(1, 9), num_trials=9, seed=0)
    assert asked == [9] * 9
    assert len(study.best.reports) == 9


def test_a_trial_knows_its_grant_and_a_full_training() -> None:
    seen: list[tuple[int | None, int | None]] = []

    def train(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> Iterator[float]:
        for _ in trial.epochs():
            seen.append((trial.max_epochs, trial.final_epoch))
            yield config["x"]

    hpo.search(train, SPACE, scheduler=hpo.ASHA(1, 3), num_trials=3, seed=0)
    assert seen == [(1, 3)] * 3 + [(3, 3)] * 2


@pytest.mark.parametrize("scheduler", [hpo.ASHA(1, 9), hpo.SuccessiveHalving(1, 9)])
def test_replicates_pause_and_go_on_in_step(scheduler: hpo.schedulers.Scheduler, tmp_path: Path) -> None:
    study = hpo.search(trained, space(tmp_path), scheduler=scheduler, num_trials=6, seed=0, replicates=2)
    assert sorted(noted(tmp_path)) == sorted([*each_once(study), *each_once(study)])


def test_more_trials_later_go_on_with_the_study(tmp_path: Path) -> None:
    def curve(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> Iterator[float]:
        for epoch in trial.epochs():
            yield config["x"] + 1 / epoch

    for count in (5, 12):
        study = hpo.search(
            curve,
            SPACE,
            scheduler=hpo.ASHA(1, 9),
            num_trials=count,
            seed=0,
            storage=tmp_path / "study.db",
            resume=True,
        )
        assert len(study.trials) == count
        assert study.best.reports[-1].epoch == 9


def test_another_scheduler_on_resumption_is_warned_about(tmp_path: Path) -> None:
    storage = tmp_path / "study.db"
    hpo.search(trained, space(tmp_path), scheduler=hpo.ASHA(1, 9), num_trials=1, seed=0, storage=storage)
    with pytest.warns(UserWarning, match=r"scheduler ASHA\(1, 9, eta=3\) and goes on with ASHA\(1, 27"):
        hpo.Tuner(
            trained, space(tmp_path), scheduler=hpo.ASHA(1, 27), num_trials=2, storage=storage, resume=True
        )


class Late:
    """Two places, in which a trial's report is heard some time before its place is free."""

    capacity = 2

    def __init__(self, on_progress: OnProgress) -> None:
        self._on_progress = on_progress
        self._here: list[Assignment] = []

    def submit(self, assignment: Assignment) -> None:
        assert assignment.trial not in [one.trial for one in self._here], "it is still running"
        self._here.append(assignment)

    def poll(self, timeout: float | None = None) -> list[Outcome]:
        for one in self._here:
            if one.until is not None:
                self._on_progress(Progress(one.trial, one.attempt, one.until, float(one.trial)))
        left = self._here.pop()  # the newest is the first to go
        return [Outcome(left.trial, left.attempt, Ending.LEFT)]

    def stop(self, trial: int) -> None:
        assert trial not in [one.trial for one in self._here]

    def close(self) -> None: ...


def test_a_trial_goes_on_only_after_it_left_its_place() -> None:
    tuner = hpo.Tuner(lambda config: 1.0, SPACE, scheduler=hpo.ASHA(1, 4, eta=2), num_trials=6, minimize="e")
    loop = Loop(
        tuner._lifecycle,
        total=6,
        rules=(),
        clock=Clock(None),
        output=TrialOutput("show", None),
        max_retries=0,
        give_up_after=3,
    )
    loop.run(Late(loop.on_progress))
    assert tuner.study.best.id == 0
    assert not [trial for trial in tuner.study.trials if trial.state is hpo.study.TrialState.RUNNING]
