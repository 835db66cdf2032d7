"""What other libraries got wrong, each as a test."""

import math
from collections.abc import Iterator
from typing import Any

import pytest

import hpo
from hpo.schedulers import End
from hpo.testing.driver import Driven

SPACE = {"x": hpo.Float(0, 1)}


def epochs(study: hpo.Study) -> list[int]:
    return [len(trial.reports) for trial in study.trials]


def test_a_promotion_comes_before_a_new_config_when_a_second_worker_is_free() -> None:
    driven = Driven(hpo.ASHA(1, 9))
    for trial in (0, 1, 2):
        assert driven.start() == trial
        driven.report(trial, float(trial))
    step = driven.next()
    assert isinstance(step, hpo.schedulers.Grant)
    assert (step.trial, step.until) == (0, 3)
    assert driven.start() == 0  # the first worker goes on with the best one
    assert driven.start() == 3  # and only then the second begins a new one


@pytest.mark.parametrize(
    "scheduler", [hpo.ASHA(1, 9), hpo.Hyperband(1, 9), hpo.SuccessiveHalving(1, 9), hpo.MedianStopping(9)]
)
def test_nothing_is_written_into_the_users_config(scheduler: hpo.schedulers.Scheduler) -> None:
    seen: list[dict[str, Any]] = []

    def train(config: dict[str, Any], max_epochs: int = 1) -> float:
        seen.append(config)
        return float(config["x"]) / max_epochs

    point = {"x": 0.5}
    study = hpo.search(
        train, SPACE, scheduler=scheduler, num_trials=9, seed=0, points_to_evaluate=[point], minimize="e"
    )
    assert all(set(config) == {"x"} for config in seen)
    assert all(set(trial.config) == {"x"} for trial in study.trials)
    assert point == {"x": 0.5}


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_ranks_last_and_is_never_promoted(bad: float) -> None:
    for scheduler in (hpo.ASHA(1, 9), hpo.SuccessiveHalving(1, 9), hpo.ASHA(1, 9, kind="stopping")):
        driven = Driven(scheduler, num_trials=9)
        study = driven.run(lambda trial, epoch: float(trial.id) if trial.id % 3 == 2 else bad)
        finite = [len(trial.reports) for trial in study.trials if trial.id % 3 == 2]
        others = [len(trial.reports) for trial in study.trials if trial.id % 3 != 2]
        assert max(finite) == 9
        assert max(others) <= 3
        assert study.best.id == 2


def test_where_everything_is_nan_nobody_is_promoted_and_the_search_ends() -> None:
    for scheduler in (hpo.ASHA(1, 9), hpo.SuccessiveHalving(1, 9), hpo.Hyperband(1, 9)):
        study = Driven(scheduler, num_trials=9).run(lambda trial, epoch: math.nan)
        assert study.num_completed == 0
        with pytest.raises(hpo.errors.ObjectiveError, match="so there is no best one"):
            _ = study.best


def test_overlapping_brackets_do_not_mix_their_results() -> None:
    driven = Driven(hpo.SuccessiveHalving(1, 3))
    assert [driven.start() for _ in range(4)] == [0, 1, 2, 3]  # the fourth is of the second bracket
    driven.report(3, 0.0)  # the best of all, in another bracket
    for trial, value in ((0, 3.0), (1, 2.0)):
        driven.report(trial, value)
    assert driven.next() == hpo.schedulers.Grant(until=1, info={"bracket": 1, "rung": 0})
    driven.report(2, 1.0)
    ended = {trial for trial in (0, 1) if isinstance(driven.next(), End)}
    assert ended
    assert driven.start() == 2  # the best of the first bracket, although trial 3 was better
    assert epochs(driven.study)[3] == 1
    assert [driven.study.trials[trial].info["bracket"] for trial in range(4)] == [0, 0, 0, 1]


def test_hyperbands_brackets_are_those_of_table_1_of_its_paper() -> None:
    scheduler = hpo.Hyperband(1, 81, eta=3)
    assert [scheduler.plan(bracket) for bracket in range(5)] == [
        ((81, 1), (27, 3), (9, 9), (3, 27), (1, 81)),
        ((27, 3), (9, 9), (3, 27), (1, 81)),
        ((9, 9), (3, 27), (1, 81)),
        ((6, 27), (2, 81)),
        ((5, 81),),
    ]
    assert scheduler.plan(5) == scheduler.plan(0)


def test_each_rung_is_one_of_eta_where_the_range_of_epochs_is_no_power_of_it() -> None:
    # SMAC3 issue 1148: rungs of 42, 42, 30, 21 and 8 trials where halves were asked for.
    scheduler = hpo.Hyperband(100_000, 10_000_000, eta=2)
    for bracket in range(7):
        plan = scheduler.plan(bracket)
        assert [size for size, _ in plan] == [max(1, plan[0][0] // 2**step) for step in range(len(plan))]
        assert plan[-1][1] == 10_000_000
    assert scheduler.plan(0)[0] == (64, 156_250)


def test_brackets_have_the_sizes_that_were_planned() -> None:
    scheduler = hpo.Hyperband(1, 9, eta=3)
    study = Driven(scheduler, num_trials=9 + 3 + 3).run(lambda trial, epoch: float(trial.id))
    reached = [
        [
            sum(len(t.reports) >= level for t in study.trials if t.info["bracket"] == number)
            for _, level in plan
        ]
        for number, plan in enumerate(scheduler.plan(number) for number in range(3))
    ]
    assert reached == [[9, 3, 1], [3, 1], [3]]


def test_the_last_bracket_ends_with_the_trials_and_with_the_space() -> None:
    # keras-tuner issue 844: nine configs, and a search that never ended.
    def curve(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> Iterator[float]:
        for epoch in trial.epochs():
            yield config["a"] * config["b"] / epoch

    space = {"a": hpo.Choice([1, 2, 3]), "b": hpo.Choice([1, 2, 3])}
    for searcher in ("grid", "tpe"):
        study = hpo.search(
            curve, space, searcher=searcher, scheduler=hpo.Hyperband(1, 9), num_trials=500, seed=0
        )
        assert len(study.trials) == 9
        assert not [trial for trial in study.trials if trial.state is hpo.study.TrialState.PAUSED]


class TestIncumbents:
    """A value after one epoch says nothing beside one after 81."""

    def study(self) -> hpo.Study:
        """Values rise with the epochs: an error on ever more of the data."""
        driven = Driven(hpo.ASHA(1, 9), num_trials=9)
        return driven.run(lambda trial, epoch: trial.id + epoch / 10)

    def test_the_best_trial_is_one_that_was_trained_in_full(self) -> None:
        study = self.study()
        assert study.best.reports[-1].epoch == 9
        assert study.best.value == pytest.approx(0.9)

    def test_a_trial_that_was_stopped_is_no_incumbent(self) -> None:
        driven = Driven(hpo.ASHA(1, 9, kind="stopping"), num_trials=5)
        study = driven.run(lambda trial, epoch: 100.0 if epoch == 9 else float(trial.id))
        stopped = [trial for trial in study.trials if trial.state is hpo.study.TrialState.STOPPED]
        assert stopped
        assert study.best.reports[-1].epoch == 9
        assert all(trial not in stopped for trial in study.top(9))
        assert set(study.incumbents().trials) <= {-1, *(trial.id for trial in study.top(9))}

    def test_who_was_best_after_an_epoch_is_told_when_asked(self) -> None:
        driven = Driven(hpo.ASHA(1, 9), num_trials=4)
        study = driven.run(lambda trial, epoch: abs(trial.id - 3) if epoch == 1 else 5.0 + trial.id)
        assert study.best_at(1).id == 3
        with pytest.raises(
            hpo.errors.ObjectiveError, match="No trial of the study 'study' reported epoch 10"
        ):
            study.best_at(10)

    def test_before_anybody_was_trained_in_full_those_count_that_were_trained_longest(self) -> None:
        driven = Driven(hpo.ASHA(1, 9))
        for trial, value in enumerate((0.3, 0.2, 0.1)):
            driven.start()
            driven.report(trial, value)
        assert driven.start() == 2
        driven.report(2, 0.5, 0.4)
        assert driven.study.best.id == 2
        assert driven.study.best_at(1).id == 2
        assert driven.study.num_completed == 0


def test_of_equal_trials_the_earlier_one_goes_on() -> None:
    for scheduler in (hpo.ASHA(1, 9), hpo.SuccessiveHalving(1, 9), hpo.Hyperband(1, 9)):
        study = Driven(scheduler, num_trials=9).run(lambda trial, epoch: 1.0)
        assert epochs(study) == [9, 3, 3, 1, 1, 1, 1, 1, 1]
        assert study.best.id == 0


def test_equal_configs_are_told_apart() -> None:
    values = iter([0.5, 0.1, 0.9])
    driven = Driven(hpo.SuccessiveHalving(1, 3), num_trials=3, space={"x": hpo.Choice([1])})
    first = {trial: next(values) for trial in range(3)}
    study = driven.run(lambda trial, epoch: first[trial.id])
    assert epochs(study) == [1, 3, 1]


@pytest.mark.parametrize("stored", [True, False])
def test_a_trial_that_begins_again_after_a_pause_still_reaches_its_rung(stored: bool, tmp_path: Any) -> None:
    calls: list[int] = []

    def train(config: dict[str, float], trial: hpo.objective.CurrentTrial) -> None:
        """Owns its loop, keeps nothing, and does not say which epoch it reports."""
        calls.append(trial.id or 0)
        for epoch in range(9):
            hpo.report(config["x"] + 1 / (1 + epoch))

    storage = {"storage": tmp_path / "study.db"} if stored else {}
    study = hpo.search(train, SPACE, scheduler=hpo.ASHA(1, 9), num_trials=9, seed=0, **storage)
    assert sorted(epochs(study), reverse=True)[:3] == [9, 3, 3]
    assert calls.count(study.best.id) == 3  # from its first epoch again for each rung
    assert not [event for event in study.events if event.kind is hpo.study.EventKind.NONDETERMINISTIC]


def test_a_failed_trial_ranks_last_and_does_not_hold_its_rung_up() -> None:
    for scheduler in (hpo.SuccessiveHalving(1, 3), hpo.ASHA(1, 3)):
        driven = Driven(scheduler, num_trials=3)
        for _ in range(3):
            driven.start()
        driven.report(0, 0.5)
        driven.fail(1)
        driven.report(2, 0.4)
        study = driven.run(lambda trial, epoch: 0.3)
        assert epochs(study) == [1, 0, 3]
        assert study.best.id == 2


class Longest(hpo.schedulers.Scheduler):
    """Trains every trial for three epochs, and says of none that it is complete."""

    max_epochs = 3

    def next(self, study: hpo.Study, *, can_start: bool) -> hpo.schedulers.Grant | None:
        return hpo.schedulers.Grant() if can_start else None

    def on_report(self, study: hpo.Study, trial: int) -> hpo.schedulers.Decision:
        assert len(study.trials[trial].reports) < 3
        return hpo.schedulers.CONTINUE


class Completing(Longest):
    """Says it itself, after two."""

    def on_report(self, study: hpo.Study, trial: int) -> hpo.schedulers.Decision:
        is_second = len(study.trials[trial].reports) == 2
        return (
            hpo.schedulers.Decision(hpo.schedulers.Verdict.COMPLETE, "enough")
            if is_second
            else hpo.schedulers.CONTINUE
        )


@pytest.mark.parametrize(("scheduler", "last", "reason"), [(Longest(), 3, None), (Completing(), 2, "enough")])
def test_a_trial_is_complete_at_the_last_epoch_or_when_its_scheduler_says_so(
    scheduler: hpo.schedulers.Scheduler, last: int, reason: str | None
) -> None:
    study = Driven(scheduler, num_trials=2).run(lambda trial, epoch: 1.0)
    assert epochs(study) == [last, last]
    assert {(trial.state, trial.reason) for trial in study.trials} == {
        (hpo.study.TrialState.COMPLETED, reason)
    }


class Naming(hpo.schedulers.Scheduler):
    """Starts a trial for one epoch, and then gives what it was told to.

    Args:
        step: what it gives once there is a trial.
        pauses: whether it pauses the trial after its first epoch, or completes it.
    """

    def __init__(self, step: hpo.schedulers.Grant | End, *, pauses: bool = False) -> None:
        self._step, self._pauses = step, pauses

    def next(self, study: hpo.Study, *, can_start: bool) -> hpo.schedulers.Grant | End | None:
        return hpo.schedulers.Grant(until=1) if not len(study.trials) else self._step

    def on_report(self, study: hpo.Study, trial: int) -> hpo.schedulers.Decision:
        return (
            hpo.schedulers.CONTINUE
            if self._pauses
            else hpo.schedulers.Decision(hpo.schedulers.Verdict.COMPLETE)
        )


@pytest.mark.parametrize("step", [hpo.schedulers.Grant(0, until=2), End(0, "it is bad")])
@pytest.mark.parametrize("epochs", [0, 1])
def test_a_scheduler_that_names_a_trial_which_does_not_wait_is_told_which_do(
    step: hpo.schedulers.Grant | End, epochs: int
) -> None:
    driven = Driven(Naming(step))
    driven.start()
    driven.report(0, *[0.5] * epochs)
    state = ("running", "completed")[epochs]
    with pytest.raises(ValueError, match=rf"^Naming gave .* trial 0 is {state}\. .* \(there is none now\)"):
        driven.start()


@pytest.mark.parametrize("trial", [1, -1])
def test_a_scheduler_that_names_a_trial_which_does_not_exist_is_told_which_do(trial: int) -> None:
    driven = Driven(Naming(hpo.schedulers.Grant(trial), pauses=True))
    driven.start()
    driven.report(0, 0.5)
    with pytest.raises(ValueError, match=rf"trial {trial} is not of this study.* names a paused trial \(0\)"):
        driven.start()


def test_a_search_whose_scheduler_names_a_running_trial_ends_with_an_error() -> None:
    def train(config: dict[str, Any]) -> Iterator[float]:
        yield 1.0

    with pytest.raises(ValueError, match="trial 0 is running"):
        hpo.search(
            train,
            SPACE,
            scheduler=Naming(hpo.schedulers.Grant(0)),
            num_trials=3,
            seed=0,
            executor=hpo.SimulatedExecutor(workers=2),
        )
