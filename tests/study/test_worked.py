"""The seconds of trials, read from logs whose times are known."""

from __future__ import annotations

import json
from typing import Any

import pytest

import hpo
from hpo.searchers import RandomSearch
from hpo.study import Event, EventKind, Study
from hpo.testing.small_tasks import Halving, SmallTask

STARTED, REPORTED = EventKind.TRIAL_STARTED, EventKind.REPORTED
PAUSED, STOPPED = EventKind.TRIAL_PAUSED, EventKind.TRIAL_STOPPED
COMPLETED, FAILED = EventKind.TRIAL_COMPLETED, EventKind.TRIAL_FAILED
CONTENTS: dict[EventKind, dict[str, Any]] = {
    STARTED: {"config": {"x": 0.5}, "proposal": 0},
    REPORTED: {"error": 1.0},
    PAUSED: {"reason": "it waits"},
    STOPPED: {"reason": "it is over"},
    FAILED: {"reason": "it broke"},
}


class Log:
    """A log with the times that a test gives."""

    def __init__(self) -> None:
        origin = hpo.search(lambda c: 1.0, {"x": hpo.Float(0, 1)}, minimize="error", num_trials=1, seed=0)
        self.events = [origin.events[0]]

    def add(
        self,
        elapsed: float,
        kind: EventKind,
        trial: int = 0,
        attempt: int = 0,
        epoch: int | None = None,
        **more: Any,
    ) -> None:
        text = json.dumps(CONTENTS.get(kind, {}) | more)
        self.events.append(Event(kind, trial, attempt, epoch, text, elapsed=elapsed))

    def form(self, elapsed: float, trials: list[int], epoch: int = 0, **more: Any) -> None:
        self.add(elapsed, EventKind.COHORT_FORMED, trials[0], 0, epoch, trials=trials, **more)

    def seconds(self) -> list[float | None]:
        return [trial.seconds for trial in Study.from_events(self.events).trials]

    def cohort_seconds(self) -> list[float | None]:
        return [trial.cohort_seconds for trial in Study.from_events(self.events).trials]


@pytest.fixture
def log() -> Log:
    return Log()


def test_a_trial_was_worked_on_from_its_start_to_its_end(log: Log) -> None:
    log.add(1.0, STARTED)
    assert log.seconds() == [None]
    log.add(3.0, REPORTED, epoch=1)
    log.add(3.5, COMPLETED)
    assert (log.seconds(), log.cohort_seconds()) == ([2.5], [None])


def test_all_runs_count_and_pauses_do_not(log: Log) -> None:
    log.add(0.0, STARTED)
    log.add(2.0, PAUSED)
    assert log.seconds() == [2.0]
    log.add(10.0, STARTED, attempt=1)
    log.add(13.0, PAUSED, attempt=1)
    log.add(20.0, STOPPED, attempt=1)
    assert log.seconds() == [5.0]


def test_the_run_of_a_process_that_died_ends_at_its_last_sign(log: Log) -> None:
    log.add(0.0, STARTED)
    log.add(2.0, REPORTED, epoch=1)
    log.add(60.0, STARTED, attempt=1)
    log.add(61.0, REPORTED, attempt=1, epoch=2)
    log.add(62.0, COMPLETED, attempt=1)
    assert log.seconds() == [4.0]


def test_what_comes_from_a_start_that_another_replaced_is_no_work(log: Log) -> None:
    log.add(0.0, STARTED)
    log.add(5.0, STARTED, attempt=1)
    log.add(6.0, REPORTED, attempt=0, epoch=1)
    log.add(7.0, FAILED, attempt=1)
    assert log.seconds() == [2.0]


def test_ten_trials_that_trained_together_have_a_tenth_each(log: Log) -> None:
    trials = list(range(10))
    for trial in trials:
        log.add(0.1 * trial, STARTED, trial)
    log.form(1.0, trials)
    for trial in trials:
        log.add(11.75, REPORTED, trial, epoch=1)
    for trial in trials:
        log.add(11.75, COMPLETED, trial)
    assert log.seconds() == pytest.approx([1.075] * 10)
    assert log.cohort_seconds() == pytest.approx([10.75] * 10)


def test_those_that_go_on_share_what_is_left(log: Log) -> None:
    for trial in range(3):
        log.add(0.0, STARTED, trial)
    log.form(0.0, [0, 1, 2], attempts=[0, 0, 0])
    log.add(6.0, REPORTED, 0, epoch=1)
    log.add(6.0, FAILED, 0)
    log.add(6.0, REPORTED, 1, epoch=1)
    log.add(6.0, REPORTED, 2, epoch=1)
    log.add(10.0, PAUSED, 1)
    log.form(10.0, [2], epoch=2, attempts=[0])
    log.add(13.0, COMPLETED, 2)
    assert log.seconds() == pytest.approx([2.0, 4.0, 7.0])
    assert log.cohort_seconds() == pytest.approx([6.0, 10.0, 13.0])


def test_a_cohort_that_was_interrupted_goes_on_as_one(log: Log) -> None:
    for trial in range(2):
        log.add(0.0, STARTED, trial)
    log.form(0.0, [0, 1], attempts=[0, 0])
    for trial in range(2):
        log.add(4.0, REPORTED, trial, epoch=1)
    for trial in range(2):
        log.add(50.0, STARTED, trial, attempt=1)
    for trial in range(2):
        log.add(54.0, COMPLETED, trial, attempt=1)
    assert (log.seconds(), log.cohort_seconds()) == ([4.0, 4.0], [8.0, 8.0])


def test_a_log_of_an_older_version_that_lists_no_attempts_has_shares_too(log: Log) -> None:
    for trial in range(2):
        log.add(0.0, STARTED, trial)
    log.form(0.0, [0, 1])
    for trial in range(2):
        log.add(4.0, COMPLETED, trial, metrics={"error": 1.0})
    assert log.seconds() == [2.0, 2.0]


def test_a_start_that_is_over_has_no_share(log: Log) -> None:
    for trial in range(2):
        log.add(0.0, STARTED, trial)
    log.add(1.0, STARTED, 1, attempt=1)
    log.form(2.0, [0, 1], attempts=[0, 0])
    log.add(4.0, COMPLETED, 0, metrics={"error": 1.0})
    assert Study.from_events(log.events).trials[0].seconds == 2.0


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("scheduler", ["fifo", Halving()])
def test_the_seconds_of_a_study_add_up_to_no_more_than_its_workers_had(workers: int, scheduler: Any) -> None:
    study = hpo.search(
        SmallTask(),
        SmallTask.space,
        minimize="val_error",
        searcher=RandomSearch(),
        scheduler=scheduler,
        num_trials=9,
        seed=2,
        fuse=4,
        workers=workers,
    )
    [*_, last] = study.events
    seconds = [trial.seconds or 0.0 for trial in study.trials]
    assert 0 < sum(seconds) <= 1.001 * workers * last.elapsed


def test_a_budget_of_seconds_counts_each_run_once(log: Log) -> None:
    rule = hpo.MaxCost(5.5, of="seconds")
    log.add(0.0, STARTED)
    log.add(2.0, PAUSED)
    assert rule(Study.from_events(log.events)) is None
    log.add(10.0, STARTED, attempt=1)
    log.add(13.0, COMPLETED, attempt=1, metrics={"error": 1.0})
    assert rule(Study.from_events(log.events)) is None
    log.add(13.0, STARTED, 1)
    log.add(14.0, PAUSED, 1)
    said = rule(Study.from_events(log.events))
    assert said == "the trials cost 6 seconds, of 5.5 that are allowed"
