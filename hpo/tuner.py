"""The tuner: the loop that ties searcher, executor and study together."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from hpo import registry
from hpo.errors import SearchFailedError
from hpo.executors import Assignment, Executor, Outcome, SerialExecutor
from hpo.history import History
from hpo.objective import Objective, Result, ResultError, read_report, read_result
from hpo.placement import Placement, choose_placement
from hpo.randomness import check_seed, draw_seed
from hpo.recorder import Callback, Recorder, goal
from hpo.searchers import Searcher, searcher_named
from hpo.space import Space
from hpo.study import Study
from hpo.trial import Trial, TrialState


class SearchInterrupted(KeyboardInterrupt):
    """Ctrl-C during a search. What was finished is in `study`; `tuner.run()` goes on.

    Attributes:
        study: the study up to the interruption.
    """

    def __init__(self, study: Study) -> None:
        super().__init__(f"The search was interrupted; its study holds {study!r}.")
        self.study = study


class Tuner:
    """A search that can be paused, continued, and driven by hand.

    `run()` does everything. Who owns the loop calls `ask`, `report` and `tell` instead:

        >>> import hpo
        >>> tuner = Tuner(None, {"x": hpo.Float(-1, 1)}, num_trials=5, seed=0)
        >>> for _ in range(5):
        ...     trial = tuner.ask()
        ...     trial = tuner.tell(trial, trial.config["x"] ** 2)
        >>> tuner.study.num_completed
        5

    Args:
        objective: what is tuned, see `hpo.search`; None for a loop by hand.
        space: what is searched.
        minimize: name of the metric to make small; needed where the objective gives several.
        maximize: name of the metric to make large, instead.
        searcher: what proposes configs: `"random"` or a searcher object.
        num_trials: how many proposals `run()` evaluates in all, failed ones included.
        seed: an integer of at least 0; drawn and recorded by default.
        backend: the framework, by name; see `hpo.registry` for what decides by default.
        device: where the trials compute, such as `cpu`, `cuda:0` or `auto`.
        name: what the study is called.
        callbacks: are called as `callback(event, study)` after each event.

    Attributes:
        study: the view of all that happened so far.
    """

    def __init__(
        self,
        objective: Callable[..., Any] | None,
        space: Space | Mapping[str, object],
        *,
        minimize: str | None = None,
        maximize: str | None = None,
        searcher: str | Searcher = "random",
        num_trials: int,
        seed: int | None = None,
        backend: str | None = None,
        device: str | None = None,
        name: str = "study",
        callbacks: Iterable[Callback] = (),
    ) -> None:
        self._objective = None if objective is None else Objective(objective)
        self._space = space if isinstance(space, Space) else Space(space)
        self._searcher = searcher_named(searcher)
        self._num_trials = _checked_count(num_trials)
        self._backend = None if backend is None else registry.canonical_name(backend)
        self._device = device
        self._placement: Placement | None = None
        self._unfinished: list[int] = []
        self._by_hand: set[int] = set()
        self._history = History(space=self._space)
        self.study = Study(self._history, objective=objective)
        self._recorder = Recorder(self._history, self.study, callbacks)
        seed = draw_seed() if seed is None else check_seed(seed)
        self._recorder.create(name=name, space=self._space, metrics=goal(minimize, maximize), seed=seed)

    def run(self, num_trials: int | None = None) -> Study:
        """Evaluate proposals until there are `num_trials` of them in all.

        May be called again: it goes on where it ended. A trial that an interruption left without an end
        is run again first.

        Args:
            num_trials: another total than the constructor's.

        Raises:
            SearchFailedError: no trial completed; the text has the first reason.
            SearchInterrupted: Ctrl-C; everything that was finished is in its `study`.
            ObjectiveError: the objective gives several metrics and nobody named one.
            BackendError: the backend or the device is not there.
        """
        total = self._num_trials if num_trials is None else _checked_count(num_trials)
        if self._objective is None:
            raise ValueError("This tuner has no objective to run: use ask() and tell(), or give it one.")
        self._recorder.wind_clock()
        executor = SerialExecutor(self._objective, self._placed(), self._on_report)
        in_flight: set[int] = set()
        try:
            while self._fill(executor, in_flight, total):
                for outcome in executor.poll():
                    self._finish(outcome)
                    in_flight.discard(outcome.trial)
        except KeyboardInterrupt as interrupt:
            raise SearchInterrupted(self.study) from interrupt
        finally:
            executor.close()
            self._unfinished = [trial for trial in self._history.running if trial not in self._by_hand]
        if not self.study.num_completed:
            raise self._all_failed()
        return self.study

    def ask(self) -> Trial:
        """Start a trial and hand it out: evaluate its config, then `tell` the result.

        Raises:
            SpaceError: the space's constraints leave nothing to propose.
            BackendError: the backend or the device is not there.
        """
        self._placed()
        number = self._next().trial
        self._by_hand.add(number)
        return self.study.trials[number]

    def report(self, trial: Trial | int, value: Any, epoch: int | None = None) -> None:
        """Record what a trial reached after an epoch.

        Args:
            trial: the trial that `ask` gave, or its id.
            value: a number or a dict of numbers. NaN and infinity are recorded, too.
            epoch: from 1; by default the one after the last.

        Raises:
            ValueError: the trial is not running.
            ObjectiveError: the value is no number, lacks the metric, or its epoch is not a later one.
        """
        number = self._running(trial)
        epoch, result = read_report(value, epoch)
        self._recorder.report(number, epoch, result)

    def tell(self, trial: Trial | int, value: Any = None, *, failed: str | None = None) -> Trial:
        """Record the end of a trial.

        Args:
            trial: the trial that `ask` gave, or its id.
            value: its final result, a number or a dict of numbers; None for its last report. NaN and
                infinity make it a failed one, and so does a dict without the metric.
            failed: why there is no result.

        Returns:
            The trial as it is recorded.

        Raises:
            ValueError: the trial is not running, or both a value and a failure are given.
            ObjectiveError: the value is no number at all.
        """
        number = self._running(trial)
        if failed is not None and value is not None:
            raise ValueError(f"Tell a value or failed=, not both; received {value!r} and {failed!r}.")
        if failed is not None:
            self._recorder.fail(number, failed)
        else:
            result = None if value is None else read_result(value)
            self._finish(Outcome(number, result=result))
        self._by_hand.discard(number)
        return self.study.trials[number]

    def add(self, config: Mapping[str, Any], value: Any) -> Trial:
        """Take in a result that is known from elsewhere. It is no proposal and not one of `num_trials`.

        Args:
            config: a config of the space.
            value: its result, as for `tell`.

        Raises:
            SpaceError: the config is not of the space.
            ObjectiveError: the value is no number at all.
        """
        valid, result = self._space.validate(config), read_result(value)
        number = self._recorder.start(valid, {}, None)
        self._finish(Outcome(number, result=result))
        return self.study.trials[number]

    def note(self, topic: str, text: str) -> None:
        """Keep a remark with the study, such as which data it used and why.

        Args:
            topic: what it is about, one word.
            text: the remark.
        """
        self._recorder.note(topic, text)

    def _placed(self) -> Placement:
        """Where the trials run: decided once, before the first of them."""
        if self._placement is None:
            self._placement, reason = choose_placement(self.study.seed, self._backend, self._device)
            self._recorder.place(self._placement.backend, reason, self._placement.device)
        return self._placement

    def _fill(self, executor: Executor, in_flight: set[int], total: int) -> bool:
        """Give the executor what it can take; whether it has anything to do."""
        while len(in_flight) < executor.capacity and (self._unfinished or self.study.num_proposals < total):
            assignment = self._next()
            in_flight.add(assignment.trial)
            executor.submit(assignment)
        return bool(in_flight)

    def _next(self) -> Assignment:
        """Start a trial, an unfinished one before a new one."""
        if self._unfinished:
            number = self._unfinished.pop(0)
            self._recorder.restart(number)
            return Assignment(number, self._history.started(number).data["config"])
        [proposal] = self._searcher.ask(self.study, 1)
        number = self._recorder.start(proposal.config, proposal.info, self.study.num_proposals)
        return Assignment(number, proposal.config)

    def _on_report(self, trial: int, epoch: int | None, result: Result) -> None:
        report = self._recorder.report(trial, epoch, result)
        self._recorder.check_finite(report.metrics, report.epoch)

    def _finish(self, outcome: Outcome) -> None:
        if outcome.reason is not None:
            self._recorder.fail(outcome.trial, outcome.reason, outcome.traceback)
            return
        try:
            self._recorder.complete(outcome.trial, outcome.result)
        except ResultError as error:
            self._recorder.fail(outcome.trial, f"No result: {error}.")

    def _running(self, trial: Trial | int) -> int:
        number = trial.id if isinstance(trial, Trial) else trial
        if not isinstance(number, int) or isinstance(number, bool):
            raise TypeError(f"Expected a trial that ask() gave, or its id; received {trial!r}.")
        if number not in self._history.running:
            known = 0 <= number < self._history.num_trials
            state = self.study.trials[number].state.value if known else "unknown"
            raise ValueError(f"Only a running trial takes results; trial {number} is {state}.")
        return number

    def _all_failed(self) -> SearchFailedError:
        first = next(trial for trial in self.study.trials if trial.state is TrialState.FAILED)
        return SearchFailedError(
            f"All {self.study.num_failed} trials failed. The first (trial {first.id}, config "
            f"{first.config}): {first.reason}",
            self.study,
        )


def search(
    objective: Callable[..., Any],
    space: Space | Mapping[str, object],
    *,
    minimize: str | None = None,
    maximize: str | None = None,
    searcher: str | Searcher = "random",
    num_trials: int,
    seed: int | None = None,
    backend: str | None = None,
    device: str | None = None,
    name: str = "study",
    callbacks: Iterable[Callback] = (),
) -> Study:
    """Search a space for the config with the best result.

    Args:
        objective: takes a config (a dict), and as a second positional parameter without a default, or
            one named `trial`, the current trial. It returns a number, a dict of numbers, a generator
            that yields either once per epoch, or nothing if it called `hpo.report`. One that raises, or
            gives NaN, infinity or no number, costs its trial and not the search.
        space: what is searched, a `Space` or a dict of names and domains.
        minimize: name of the metric to make small; needed where the objective gives several.
        maximize: name of the metric to make large, instead.
        searcher: what proposes configs: `"random"` or a searcher object.
        num_trials: how many configs to try.
        seed: an integer of at least 0; drawn and recorded by default.
        backend: the framework, by name; see `hpo.registry` for what decides by default.
        device: where the trials compute, such as `cpu`, `cuda:0` or `auto`.
        name: what the study is called.
        callbacks: are called as `callback(event, study)` after each event.

    Example:
        >>> import hpo
        >>> study = search(lambda config: (config["x"] - 3) ** 2, {"x": hpo.Int(0, 9)}, num_trials=30, seed=0)
        >>> study.best.config
        {'x': 3}

    Raises:
        SearchFailedError: every trial failed; the text has the first reason.
        SearchInterrupted: Ctrl-C; everything that was finished is in its `study`.
        ObjectiveError: the objective gives several metrics and nobody named one.
        BackendError: the backend or the device is not there.
    """
    tuner = Tuner(
        Objective(objective).function,
        space,
        minimize=minimize,
        maximize=maximize,
        searcher=searcher,
        num_trials=num_trials,
        seed=seed,
        backend=backend,
        device=device,
        name=name,
        callbacks=callbacks,
    )
    return tuner.run()


def _checked_count(num_trials: Any) -> int:
    if isinstance(num_trials, bool) or not isinstance(num_trials, numbers.Integral):
        raise TypeError(f"num_trials is an integer of at least 1; received {num_trials!r}.")
    if num_trials < 1:
        raise ValueError(f"num_trials is an integer of at least 1; received {num_trials}.")
    return int(num_trials)
