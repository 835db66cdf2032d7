"""What any scheduler that decides on epochs must do: from the study alone, and come to an end.

Subclass the contract to test one:

    class TestMyScheduler(SchedulerContract):
        def make_scheduler(self):
            return MyScheduler(1, 9, eta=3)
"""

from __future__ import annotations

import math
import pickle
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from hpo.checks import checked_count
from hpo.errors import ObjectiveError
from hpo.objective.context import CurrentTrial
from hpo.objective.decision import Decision
from hpo.schedulers import Forecast, Scheduler, Step, scheduler_named
from hpo.space import Choice, Float, Int, Space
from hpo.study.study import Study
from hpo.study.trial import TrialState
from hpo.testing.driver import Driven
from hpo.testing.resume import ResumeContract, restarted, trained
from hpo.tuner.tuner import Tuner

SPACE = Space({"x": Float(0, 1), "n": Int(1, 5), "kind": Choice(["good", "better", "broken"])})

Curve = Callable[[Mapping[str, Any], int], float]


def falling(config: Mapping[str, Any], epoch: int) -> float:
    """Learning curves that cross: what starts well does not always end well."""
    return float(config["x"] + config["n"] / (1 + epoch * config["x"]))


def level(config: Mapping[str, Any], epoch: int) -> float:
    """The same value for all."""
    return 1.0


def broken_for_some(config: Mapping[str, Any], epoch: int) -> float:
    """NaN for a third of the configs, infinity for others."""
    if config["kind"] == "broken":
        return math.nan
    return -math.inf if config["n"] == 3 else falling(config, epoch)


def budgeted(config: dict[str, Any], max_epochs: int = 3) -> float:
    """A plain function that trains as long as it is told to, and fails for some configs."""
    if set(config) != set(SPACE):
        raise KeyError(f"The config was written into: {config}.")
    if config["kind"] == "broken" and max_epochs > 1:
        raise ValueError("it is broken")
    return falling(config, max_epochs)


class Honest(Scheduler):
    """A scheduler that is held against a fresh copy of itself at each of its decisions."""

    def __init__(self, scheduler: Scheduler, fresh: Callable[[], Scheduler]) -> None:
        self._scheduler = scheduler = scheduler_named(scheduler)
        self._fresh = fresh
        self.needs_epochs, self.max_epochs = scheduler.needs_epochs, scheduler.max_epochs

    def next(self, study: Study, *, can_start: bool) -> Step | None:
        """What both answer."""
        step = self._scheduler.next(study, can_start=can_start)
        again = self._fresh().next(study, can_start=can_start)
        assert step == again, f"after {len(study.events)} events it said {step}, and a fresh one {again}"
        return step

    def on_report(self, study: Study, trial: int) -> Decision:
        """What both answer."""
        decision = self._scheduler.on_report(study, trial)
        assert decision == self._fresh().on_report(study, trial)
        return decision


class SchedulerContract(ResumeContract):
    """Subclass it and say in `make_scheduler` how the scheduler is made: with `max_epochs` of at least 3.

    Here each study is cut after every event for one seed only, since brackets make long logs.

    Attributes:
        num_by_hand: how many trials a search with several workers has.

    Example:
        >>> import hpo
        >>> from hpo.testing import SchedulerContract
        >>> class StopsTheWorse(hpo.schedulers.Scheduler):
        ...     max_epochs, needs_epochs = 3, True
        ...
        ...     def next(self, study, *, can_start):
        ...         return hpo.schedulers.Grant(until=self.max_epochs) if can_start else None
        ...
        ...     def on_report(self, study, trial):
        ...         reports = study.trials[trial].reports
        ...         if len(reports) == 1 and not reports[0].metrics["error"] < 2:
        ...             return hpo.schedulers.Decision(hpo.schedulers.Verdict.STOP, "its first epoch is bad")
        ...         return hpo.schedulers.CONTINUE
        >>> class TestStopsTheWorse(SchedulerContract):
        ...     def make_scheduler(self):
        ...         return StopsTheWorse()
        >>> TestStopsTheWorse().test_no_trial_gets_further_than_a_full_training(workers=3)
    """

    num_by_hand = 30

    @abstractmethod
    def make_scheduler(self) -> Scheduler: ...

    def test_a_study_of_checkpoints_goes_on_from_any_event(self) -> None:
        self.check(trained, 0, lost_files=False)

    def test_a_study_whose_checkpoints_are_lost_goes_on_from_any_event(self) -> None:
        self.check(trained, 1, lost_files=True)

    def test_a_study_without_checkpoints_goes_on_from_any_event(self) -> None:
        self.check(restarted, 2, lost_files=False)

    def test_a_study_of_plain_numbers_and_failures_goes_on_from_any_event(self) -> None:
        self.check(budgeted, 1, lost_files=False)

    @pytest.mark.parametrize("workers", [1, 2, 7])
    @pytest.mark.parametrize("curve", [falling, level, broken_for_some])
    def test_it_decides_from_the_study_alone_and_ends(self, curve: Curve, workers: int) -> None:
        scheduler = Honest(self.make_scheduler(), self.make_scheduler)
        study = self.drive(scheduler, curve, workers)
        assert study.num_proposals == self.num_by_hand
        assert {trial.state for trial in study.trials} <= {
            TrialState.COMPLETED,
            TrialState.STOPPED,
            TrialState.FAILED,
        }
        if curve is not broken_for_some:
            assert study.num_completed >= 1

    @pytest.mark.parametrize("workers", [1, 3])
    def test_no_trial_gets_further_than_a_full_training(self, workers: int) -> None:
        study = self.drive(self.make_scheduler(), falling, workers)
        last = self.last_epoch()
        assert all(len(trial.reports) <= last for trial in study.trials)
        completed = [trial for trial in study.trials if trial.state is TrialState.COMPLETED]
        assert {len(trial.reports) for trial in completed} == {last}
        assert study.best in completed

    def test_nan_and_infinity_never_get_further(self) -> None:
        study = self.drive(self.make_scheduler(), broken_for_some, workers=2)
        finite = [trial for trial in study.trials if math.isfinite(trial.reports[-1].metrics["error"])]
        others = [trial for trial in study.trials if trial not in finite]
        assert others
        assert all(trial.state is not TrialState.COMPLETED for trial in others)
        assert max(len(one.reports) for one in others) <= max(len(one.reports) for one in finite)

    def test_large_values_are_good_where_they_are(self) -> None:
        small = self.drive(self.make_scheduler(), falling, workers=2)
        large = self.drive(
            self.make_scheduler(), lambda config, epoch: -falling(config, epoch), 2, maximize=True
        )
        assert [len(trial.reports) for trial in small.trials] == [
            len(trial.reports) for trial in large.trials
        ]

    def test_equal_configs_are_two_trials(self) -> None:
        only = Space({"x": Choice([0.5]), "n": Choice([2]), "kind": Choice(["good"])})
        study = self.drive(self.make_scheduler(), falling, workers=2, space=only)
        assert study.num_proposals == self.num_by_hand
        assert study.num_completed >= 1

    def test_an_objective_that_ends_early_has_a_result_and_a_remark(self) -> None:
        def short(config: Mapping[str, Any]) -> Iterator[float]:
            yield from (falling(config, epoch) for epoch in (1, 2))

        study = self.search(short)
        ended = [trial for trial in study.trials if trial.state is TrialState.COMPLETED]
        assert ended
        assert all(
            (trial.reason or "").startswith("its objective ended after epoch 2, where it was granted ")
            for trial in ended
        )

    def test_a_missing_metric_costs_the_trial_and_says_which(self) -> None:
        def forgetful(config: Mapping[str, Any], trial: CurrentTrial) -> Iterator[dict[str, float]]:
            for epoch in range(1, self.last_epoch() + 1):
                yield {"loss": 1.0} if trial.id == 0 and epoch == 2 else {"error": 1.0}

        study = self.search(forgetful)
        failed = [trial for trial in study.trials if trial.state is TrialState.FAILED]
        if study.trials[0].state is not TrialState.STOPPED:  # it may not have come to its second epoch
            assert [trial.id for trial in failed] == [0]
            assert "it gave no 'error', which is what the study optimises, but loss" in str(failed[0].reason)

    def test_an_objective_without_epochs_is_said_after_its_first_trial(self) -> None:
        with pytest.raises(
            ObjectiveError, match="decides after epochs, and trial 0 gave a result without"
        ) as e:
            self.search(lambda config: float(config["x"]))
        assert "yield its metrics once per epoch" in str(e.value)
        assert "a parameter 'max_epochs'" in str(e.value)

    def test_an_objective_that_declares_no_epochs_is_refused_before(self) -> None:

        def plain(config: Mapping[str, Any]) -> float:
            raise AssertionError("it was called")

        plain.resource = None  # type: ignore[attr-defined]  # any function takes attributes
        with pytest.raises(
            ValueError, match="declares by its attribute resource = None that it reports none"
        ):
            self.search(plain)

    def test_what_it_says_of_itself_has_its_types(self) -> None:
        scheduler = scheduler_named(self.make_scheduler())
        assert isinstance(scheduler, Scheduler)
        assert isinstance(scheduler.needs_epochs, bool)
        assert scheduler.max_epochs is None or checked_count("max_epochs", scheduler.max_epochs)
        assert scheduler.levels == tuple(checked_count("levels", level) for level in scheduler.levels)
        assert list(scheduler.levels) == sorted(set(scheduler.levels))
        forecast = scheduler.forecast(self.num_by_hand)
        if forecast is not None:
            assert isinstance(forecast, Forecast)
            assert forecast.epochs > 0
            assert checked_count("first_epoch", forecast.first_epoch)
            assert checked_count("num_first", forecast.num_first)

    def test_it_can_be_pickled_while_it_works(self) -> None:
        scheduler = self.make_scheduler()
        study = self.drive(scheduler, falling, workers=2)
        copy = pickle.loads(pickle.dumps(scheduler))
        assert copy.next(study, can_start=True) == scheduler.next(study, can_start=True)

    def last_epoch(self) -> int:
        """A full training."""
        return scheduler_named(self.make_scheduler()).max_epochs or 9

    def search(self, objective: Callable[..., Any]) -> Study:
        """A search in this process."""
        tuner = Tuner(
            objective,
            SPACE,
            minimize="error",
            scheduler=self.make_scheduler(),
            num_trials=12,
            seed=1,
            progress=False,
        )
        return tuner.run()

    def drive(
        self,
        scheduler: Scheduler,
        curve: Curve,
        workers: int,
        *,
        space: Space = SPACE,
        maximize: bool = False,
    ) -> Study:
        """A search with several workers."""
        driven = Driven(scheduler, num_trials=self.num_by_hand, space=space, maximize=maximize)
        return driven.run(
            lambda trial, epoch: curve(trial.config, epoch), workers=workers, last_epoch=self.last_epoch()
        )
