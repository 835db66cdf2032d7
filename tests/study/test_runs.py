"""When trials ran, as the log tells it."""

from collections.abc import Iterator
from typing import Any

import pytest

import hpo
from hpo.storage.events import Event, EventKind, to_text
from hpo.study.runs import Run, rungs_of, runs

STARTED, REPORTED = EventKind.TRIAL_STARTED, EventKind.REPORTED
CREATED = {
    "name": "study",
    "seed": 0,
    "metrics": [{"name": "loss", "direction": "minimize"}],
    "versions": {},
    "space": hpo.Space({"x": hpo.Float(0, 1)}).to_json(),
}


def logged(*told: tuple[Any, ...]) -> list[Run]:
    """The runs of a log of (second, kind, trial, attempt, epoch or None, content)."""
    events = [Event(EventKind.STUDY_CREATED, text=to_text(CREATED))]
    for second, kind, trial, attempt, epoch, data in told:
        events.append(Event(kind, trial, attempt, epoch, to_text(data), elapsed=second))
    return runs(hpo.Study.from_events(events).history)


def begun(second: float, trial: int, owner: str | None = None, attempt: int = 0, **more: Any) -> Any:
    data = {"owner": owner, **more} | ({} if attempt else {"config": {"x": 0.5}, "proposal": trial})
    return second, STARTED, trial, attempt, None, data


def reported(second: float, trial: int, epoch: int, attempt: int = 0) -> Any:
    return second, REPORTED, trial, attempt, epoch, {"loss": 1.0}


def ended(second: float, trial: int, kind: EventKind, attempt: int = 0) -> Any:
    return second, kind, trial, attempt, None, {"reason": "so"}


def told(found: list[Run]) -> list[tuple[Any, ...]]:
    return [(run.trial, run.begin, run.end, run.first, run.last, run.ending) for run in found]


def test_a_run_ends_with_its_pause_and_another_one_goes_on() -> None:
    found = logged(
        begun(0, 0),
        reported(1, 0, 1),
        ended(1, 0, EventKind.TRIAL_PAUSED),
        begun(5, 0, attempt=1),
        reported(7, 0, 2, attempt=1),
        ended(7, 0, EventKind.TRIAL_COMPLETED, attempt=1),
    )
    assert told(found) == [(0, 0, 1, 0, 1, "paused"), (0, 5, 7, 1, 2, "completed")]


def test_a_trial_that_is_stopped_while_it_waits_ran_until_its_pause() -> None:
    found = logged(
        begun(0, 0),
        reported(1, 0, 1),
        ended(1, 0, EventKind.TRIAL_PAUSED),
        ended(9, 0, EventKind.TRIAL_STOPPED),
    )
    assert told(found) == [(0, 0, 1, 0, 1, "stopped")]


def test_what_has_no_end_yet_runs_until_now() -> None:
    found = logged(begun(0, 0, "a"), begun(1, 1, "b"), reported(8, 1, 1))
    assert told(found) == [(0, 0, 8, 0, 0, "running"), (1, 1, 8, 0, 1, "running")]


@pytest.mark.parametrize("later", ["a", "b", None])
def test_an_interrupted_run_ends_at_the_last_sign_of_its_tuner(later: str | None) -> None:
    first = None if later is None else "a"  # the same tuner may run twice, and a log may name none
    found = logged(
        begun(0, 0, first),
        begun(0, 1, first),
        reported(2, 0, 1),
        # The first tuner is gone. The second one has a single worker.
        begun(2.5, 0, later, attempt=1),
        reported(8, 0, 2, attempt=1),
        ended(8, 0, EventKind.TRIAL_COMPLETED, attempt=1),
        begun(8, 1, later, attempt=1),
        ended(9, 1, EventKind.TRIAL_FAILED, attempt=1),
    )
    assert told(found) == [
        (0, 0, 2, 0, 1, "interrupted"),
        (1, 0, 2, 0, 0, "interrupted"),
        (0, 2.5, 8, 1, 2, "completed"),
        (1, 8, 9, 0, 0, "failed"),
    ]


def test_what_a_dead_tuner_ran_is_interrupted_before_it_is_taken_up() -> None:
    found = logged(begun(0, 0, "a"), begun(1, 1, "a"), begun(3, 0, "b", attempt=1), reported(9, 0, 1, 1))
    assert told(found)[:2] == [(0, 0, 1, 0, 0, "interrupted"), (1, 1, 1, 0, 0, "interrupted")]


def test_a_tuner_that_was_only_slow_is_not_taken_for_gone() -> None:
    found = logged(
        begun(0, 0, "a"),
        begun(1, 1, "a"),
        begun(3, 0, "b", attempt=1),
        reported(4, 0, 1),  # too late: another tuner runs it
        reported(5, 1, 1),
    )
    assert told(found)[1:] == [(1, 1, 5, 0, 1, "running"), (0, 3, 5, 0, 0, "running")]


def test_the_run_of_a_lost_worker_ends_when_its_tuner_sees_it() -> None:
    found = logged(begun(0, 0, "a"), begun(0, 1, "a"), begun(4, 0, "a", 1, lost="killed"), reported(5, 1, 1))
    assert told(found) == [
        (0, 0, 4, 0, 0, "interrupted"),
        (1, 0, 5, 0, 1, "running"),
        (0, 4, 5, 0, 0, "running"),
    ]


def curve(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> Iterator[float]:
    for epoch in trial.epochs(9):
        yield config["x"] + 1 / epoch
        if 0.08 < config["x"] < 0.1 and epoch == 2:
            return


@pytest.mark.parametrize(
    ("scheduler", "rungs"),
    [
        (hpo.ASHA(1, 9), [1, 3, 9]),
        (hpo.ASHA(1, 9, kind="stopping"), [1, 3, 9]),
        (hpo.Hyperband(1, 9), [1, 3, 9]),
        (hpo.SuccessiveHalving(1, 9), [1, 3, 9]),
        (hpo.MedianStopping(9), []),
        ("fifo", []),
    ],
    ids=str,
)
def test_the_rungs_are_the_schedulers_and_no_early_ends(scheduler: Any, rungs: list[int]) -> None:
    study = hpo.search(curve, {"x": hpo.Float(0, 1)}, scheduler=scheduler, num_trials=20, seed=0)
    assert any(len(trial.reports) == 2 for trial in study.trials)
    assert rungs_of(runs(study.history)) == rungs
