"""The tuner: what ties searcher, scheduler, executor and study together."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from hpo.backend import registry
from hpo.checks import checked_count, checked_positive
from hpo.errors import SearchFailedError, SpaceError
from hpo.executors import Cohorts, ExecutorPlan, Outcome, Progress
from hpo.executors.cohorts import Fuse
from hpo.executors.placement import Placement
from hpo.executors.plans import fuse_for
from hpo.executors.workers import plan_for
from hpo.objective.decision import Decision
from hpo.objective.function import Objective, ResultError, read_report, read_result
from hpo.objective.source import describe
from hpo.randomness import check_seed
from hpo.schedulers import Scheduler, described, scheduler_named
from hpo.searchers import Searcher, searcher_named
from hpo.searchers.base import reason_of
from hpo.space import Space
from hpo.space.constraints import not_passed
from hpo.storage import Storage
from hpo.study.appender import Callback
from hpo.study.keep import Keep, checked_keep
from hpo.study.origin import Origin, begin
from hpo.study.study import Study
from hpo.study.trial import Trial, TrialState, goal
from hpo.study.value import ValueOf, checked_value_of
from hpo.tuner.give_up import GiveUpError
from hpo.tuner.interrupt import interrupted
from hpo.tuner.lifecycle import TAKEN_OVER, Lifecycle
from hpo.tuner.loop import Loop
from hpo.tuner.output.trials import Output, TrialOutput, checked_output
from hpo.tuner.progress.callback import SearchProgress
from hpo.tuner.progress.choice import ShownProgress, checked_progress, progress_of
from hpo.tuner.setup import (
    check_epochs,
    checked_functions,
    checked_name,
    first_points,
    placement_for,
)
from hpo.tuner.stop_rules import Clock, StopRule
from hpo.tuner.warm_start import checked_sources, take_over


class Tuner:
    """A search that can be paused, continued, and driven by hand.

    `run()` does everything. A loop of your own calls `ask`, `report` and `tell` instead:

        >>> import hpo
        >>> tuner = Tuner(None, {"x": hpo.Float(-1, 1)}, num_trials=5, seed=0)
        >>> for _ in range(5):
        ...     trial = tuner.ask()
        ...     trial = tuner.tell(trial, trial.config["x"] ** 2)
        >>> tuner.study.num_completed
        5

    Several tuners, in one process or in many, may work on one study: each opens the same storage with
    `resume=True`. They share its trials, and take over those of a tuner that is gone.

    Args:
        objective: what is tuned, see `hpo.search`; None for a loop by hand.
        space: what is searched.
        minimize: name of the metric to make small; needed where the objective returns several.
        maximize: name of the metric to make large, instead.
        value: which report is a trial's value: its `"last"` one, or its `"best"`, with the metrics of the
            same epoch. `study.best.load_into(model)` brings back the model of that epoch. Schedulers compare
            the best by the epoch at which they decide; replicates are averaged epoch by epoch before; a
            number that is returned after the reports counts beside them. The best of many noisy epochs is
            optimistic: on another draw it would not be as good.
        searcher: what proposes configs: `"random"` or a searcher object.
        scheduler: what decides how long each trial runs: `"fifo"`, each to its end; `"asha"`,
            `"asha-stopping"`, `"hyperband"`, `"successive-halving"`, `"median"`, for an objective that says
            how many epochs a full training has; or a scheduler object, such as `hpo.ASHA(1, 27, eta=3)`.
        num_trials: how many proposals there are in all, failed ones included, and those from before a
            resumption. May be left out if something else ends the search.
        timeout: seconds after which a `run()` ends. A running trial is interrupted at its next report.
        stop: what else ends a search: `hpo.Target`, `hpo.Patience`, `hpo.MaxCost`, or functions of the
            study that return why, or None.
        seed: an integer of at least 0; drawn and recorded by default.
        backend: the framework, by name; see `hpo.backend.registry` for what decides by default.
        device: where the trials compute, such as `cpu`, `cuda:0` or `auto`.
        workers: in how many processes trials run side by side; 1 runs them in this process. Or a plan, such
            as `hpo.Workers(2, memory_limit=2 * 2**30)` or `hpo.SimulatedExecutor(16)`, or the name of one
            that another distribution registers.
        executor: a plan, as an alternative to `workers`.
        fuse: how many trials of an objective that allows it, such as `hpo.tasks`, train together in one
            computation: `"auto"` for as many as pays, if the searcher does not learn from each result; or a
            number, where 1 trains one after the other. They share their initial weights and mini-batches.
        replicates: on how many draws of initial weights and batch orders each config is trained; a trial's
            metrics are then the means, and `<metric>.std` the standard deviations.
        storage: a file such as `study.db`, or a database's URL; in memory by default.
        name: what the study is called.
        resume: continue the study of this name if the storage has it.
        keep: whose trained models are kept where there is a storage: `"best"` (the best trial's, of its
            best and its last epoch), `"all"` or `"none"`; by default what the study was begun with.
        points_to_evaluate: configs to try first, whole or in part; by default the space's default config.
        warm_start: studies whose results are known to the new one from the start.
        give_up_after: while no trial has completed, how many trials that failed with the same error from the
            same line end the search, if they are the first to end. A result of a wrong kind, or without the
            metric, does at once. None tries every trial. Out of memory, arithmetic errors, NaN and lost
            processes never count.
        callbacks: a function, or several, called as `callback(event, study)` after each event.
        progress: how `run()` shows what it does once it has lasted for half a second. `"auto"`: in a terminal
            a bar with the time to go, the trials under way and the best one, in a notebook the same below
            the cell, elsewhere lines through the logger `hpo`: a line for each trial at the level INFO if
            logging is configured, else at most one a second on standard error. Nothing is shown if the
            logger `hpo` is silenced, say by `logging.getLogger("hpo").setLevel("WARNING")`, and inside of
            another search's trial. True shows it there, too; False shows nothing.
        output: what becomes of what trials print, warn and log. `"show"`: it appears on the screen, above
            the bar; from workers each line with its trial before it on standard output, a warning once
            however many of them give it, and log records as text from the level of this program's root
            logger on. With a storage it is kept for trials that fail, in `study.db.files`; the traceback of
            such a trial names the file. `"log"`: it is not shown, and kept there for all trials. A file
            holds 1 MiB at most and says what it leaves out. In this process only what Python writes to
            `sys.stdout` and `sys.stderr` is kept; in workers what C libraries and other processes print, too.

    Attributes:
        study: the view of all that happened so far.

    Raises:
        StorageError: the storage cannot be used, or has another study of this name.
    """

    def __init__(
        self,
        objective: Callable[..., Any] | None,
        space: Space | Mapping[str, object],
        *,
        minimize: str | None = None,
        maximize: str | None = None,
        value: ValueOf = "last",
        searcher: str | Searcher = "random",
        scheduler: str | Scheduler = "fifo",
        num_trials: int | None = None,
        timeout: float | None = None,
        stop: StopRule | Iterable[StopRule] = (),
        seed: int | None = None,
        backend: str | None = None,
        device: str | None = None,
        workers: int | str | ExecutorPlan = 1,
        executor: str | ExecutorPlan | None = None,
        fuse: Fuse = "auto",
        replicates: int = 1,
        storage: str | Path | Storage | None = None,
        name: str = "study",
        resume: bool = False,
        keep: Keep | None = None,
        points_to_evaluate: Sequence[Mapping[str, Any]] | None = None,
        warm_start: Iterable[Study] = (),
        give_up_after: int | None = 3,
        callbacks: Callback | Iterable[Callback] = (),
        progress: ShownProgress = "auto",
        output: Output = "show",
    ) -> None:
        self._objective = None if objective is None else Objective(objective)
        space = space if isinstance(space, Space) else Space(space)
        if space.missing_functions:
            raise not_passed(space.missing_functions)
        if self._objective is not None:
            self._objective.check_space(space)
        schedules = scheduler_named(
            scheduler, max_epochs=None if self._objective is None else self._objective.max_epochs
        )
        if self._objective is not None and schedules.needs_epochs:
            check_epochs(self._objective, described(schedules), space)
        self._scheduler = schedules
        self._num_trials = None if num_trials is None else checked_count("num_trials", num_trials)
        self._give_up_after = None if give_up_after is None else checked_count("give_up_after", give_up_after)
        self._timeout = None if timeout is None else checked_positive("timeout", timeout)
        self._rules = checked_functions("stop", stop, "study")
        callbacks = checked_functions("callbacks", callbacks, "event, study")
        if objective is not None and num_trials is None and timeout is None and not self._rules:
            raise ValueError(
                "Nothing would end this search. Say when: num_trials=, timeout= (seconds), or stop=, for "
                "example stop=hpo.Patience(20)."
            )
        self._backend = None if backend is None else registry.canonical_name(backend)
        self._device = device
        self._plan = plan_for(workers, executor)
        self._fuse = fuse_for(fuse, objective)
        # The size of the search decides which searcher "auto" stands for.
        budget = {"num_trials": self._num_trials, "workers": self._plan.count}
        self._searcher = searcher_named(searcher, **(budget if searcher == "auto" else {}))
        self._replicates = checked_count("replicates", replicates)
        self._placement: Placement | None = None
        self._progress = checked_progress(progress)
        self._output = checked_output(output, has_folder=storage is not None)
        if keep is not None and storage is None:
            raise ValueError(f"Models are kept beside a storage: give storage= with keep={keep!r}.")
        kept = None if keep is None else checked_keep(keep)
        seed = None if seed is None else check_seed(seed)
        metrics, sources = goal(minimize, maximize), checked_sources(warm_start)
        beginning = Origin(
            name=checked_name(name),
            space=space,
            metrics=metrics,
            seed=seed,
            objective=None if objective is None else describe(objective),
            searcher=type(self._searcher).__name__,
            searcher_reason=reason_of(self._searcher, space),
            scheduler=described(schedules),
            replicates=self._replicates,
            points=first_points(space, points_to_evaluate, 0 if seed is None else seed),
            keep=None if storage is None else kept or "best",
            value=checked_value_of(value, metrics),
        )
        history, is_new = begin(beginning, storage, resume=resume)
        self.study = Study(history, objective=objective)
        self._lifecycle = Lifecycle(
            self.study,
            self._searcher,
            schedules,
            keep=kept,
            callbacks=callbacks,
            # A simulation has a virtual clock, by which the study's times are measured, too.
            clock=self._plan.clock or time.perf_counter,
            objective=self._objective,
        )
        # A resumed study has its warm start in the log.
        if is_new:
            self._lifecycle.begin()
            for study in sources:
                take_over(study, self._lifecycle)
        else:
            self._lifecycle.resume(kept)

    def run(self, num_trials: int | None = None) -> Study:
        """Evaluate proposals until the search is over.

        May be called again, and continues where it ended. A trial that an interruption left without an end
        is run again first, from its checkpoint if there is one.

        Args:
            num_trials: another total than the constructor's.

        Raises:
            SearchFailedError: no trial completed, or none could; the text has the first reason.
            SearchInterrupted: Ctrl-C; everything that was finished is in its `study`.
            ObjectiveError: the objective returns several metrics and none was named.
            BackendError: the backend or the device is not there.
            StorageError: the storage cannot be written; `run()` goes on once it can.
        """
        total = self._num_trials if num_trials is None else checked_count("num_trials", num_trials)
        objective = self._objective
        if objective is None:
            raise ValueError("This tuner has no objective to run: use ask() and tell(), or give it one.")
        self._lifecycle.go_on()
        progress = self._shown(objective, total)
        output = TrialOutput(self._output, self.study.history.folder, progress)
        if progress is None:
            return self._run(objective, total, output)
        with self._lifecycle.watched_by(progress.on_event), progress.showing(self.study):
            return self._run(objective, total, output)

    def ask(self) -> Trial:
        """Start or continue a trial, and hand it out: evaluate its config, then `tell` the result.

        Raises:
            SpaceError: every config of the space was proposed.
            RuntimeError: the scheduler waits for the results of other trials.
            BackendError: the backend or the device is not there.
        """
        # The backend belongs in the log before the first trial.
        self._placed()
        number = self._lifecycle.hand_out()
        if number is not None:
            return self.study.trials[number]
        if self._lifecycle.is_exhausted:
            raise SpaceError(f"Every config of the space was proposed; the study holds {self.study!r}.")
        raise RuntimeError(
            "The scheduler waits for results: tell those of the trials that are running first."
        )

    def report(self, trial: Trial | int, value: Any, epoch: int | None = None) -> Decision:
        """Record a trial's metrics after an epoch.

        Args:
            trial: the trial that `ask` returned, or its id.
            value: a number or a dict of numbers. NaN and infinity are recorded, too.
            epoch: from 1; by default the one after the last.

        Returns:
            How the trial goes on. If it does not, it takes no more reports and no result; it may be that
            another tuner took it over, as this one was suspended for long.

        Raises:
            ValueError: the trial is not running.
            ObjectiveError: the value is no number, lacks the metric, or its epoch is not a later one.
        """
        number = _number(trial)
        if self._lifecycle.is_late(number, _attempt(trial)):
            return TAKEN_OVER
        self._check_runs(number)
        epoch, result = read_report(value, epoch)
        last = self.study.history.last_epoch(number)
        if epoch is not None and epoch <= last:
            raise ResultError(f"it reported epoch {epoch} after epoch {last}; epochs increase")
        attempt = self.study.history.attempt(number)
        progress = Progress(number, attempt, epoch or last + 1, result)
        return self._lifecycle.take(progress, must_be_finite=False)

    def tell(self, trial: Trial | int, value: Any = None, *, failed: str | None = None) -> Trial:
        """Record the end of a trial.

        Args:
            trial: the trial that `ask` returned, or its id.
            value: its final result, a number or a dict of numbers; None for its last report. NaN and
                infinity make it a failed trial, and so does a dict without the metric.
            failed: why there is no result.

        Returns:
            The trial as it is recorded. If another tuner took it over, as this one was suspended for long,
            what was told is dropped.

        Raises:
            ValueError: the trial is not running, or both a value and a failure are given.
            ObjectiveError: the value is no number at all.
        """
        self._lifecycle.read_on()  # another tuner may have taken the trial over
        number = _number(trial)
        if failed is not None and value is not None:
            raise ValueError(f"Tell a value or failed=, not both; received {value!r} and {failed!r}.")
        result = None if value is None else read_result(value)
        if self._lifecycle.is_late(number, _attempt(trial)):
            return self.study.trials[number]
        self._check_runs(number)
        attempt = self.study.history.attempt(number)
        self._lifecycle.finish(Outcome(number, attempt, result=result, reason=failed))
        return self.study.trials[number]

    def add(self, config: Mapping[str, Any], value: Any) -> Trial:
        """Add a result that is known from elsewhere. It is no proposal and does not count for `num_trials`.

        Args:
            config: a config of the space.
            value: its result, as for `tell`.

        Raises:
            SpaceError: the config is not of the space.
            ObjectiveError: the value is no number at all.
        """
        number = self._lifecycle.add(self.study.space.validate(config), read_result(value), {})
        return self.study.trials[number]

    def note(self, topic: str, text: str) -> None:
        """Keep a remark with the study, such as which data it used and why.

        Args:
            topic: what it is about, one word.
            text: the remark.
        """
        self._lifecycle.note(topic, text)

    def _run(self, objective: Objective, total: int | None, output: TrialOutput) -> Study:
        """Run the loop to its end, see `run`."""
        loop = Loop(
            self._lifecycle,
            total=total,
            rules=self._rules,
            clock=Clock(self._timeout, self._plan.clock or time.monotonic),
            max_retries=self._plan.max_retries,
            give_up_after=self._give_up_after,
            output=output,
        )
        plan = self._plan.with_output(output.hear)
        # A searcher that learns from each result is not to wait for a cohort, unless a number says so.
        if not (self._fuse == "auto" and self._searcher.needs_results):
            plan = plan.with_cohorts(Cohorts(self._fuse, self._lifecycle))
        folder = self.study.history.folder
        executor = plan.start(objective, self._placed(), loop.on_progress, folder)
        try:
            # After the start, which may have to pickle an objective that holds the streams as they are.
            with output.listening(), closing(executor):
                over = loop.run(executor)
        except KeyboardInterrupt as interrupt:
            raise interrupted(self.study) from interrupt
        except GiveUpError as error:
            raise self._given_up(error.trials) from None
        finally:
            # After the executor: other tuners may take the trials once this one no longer beats.
            self._lifecycle.leave()
        # A second run() that ends at once for the same reason adds no second note.
        if over is not None and (not self.study.notes or self.study.notes[-1] != ("stop", over)):
            self._lifecycle.note("stop", over)
        if self.study.num_failed and self.study.num_failed == len(self.study.trials):
            raise self._all_failed()
        return self.study

    def _shown(self, objective: Objective, total: int | None) -> SearchProgress | None:
        """What shows this run; None if it is not shown."""
        return progress_of(
            self._progress,
            self.study,
            searcher=self._searcher,
            scheduler=self._scheduler,
            num_trials=total,
            epochs=self._scheduler.max_epochs or objective.max_epochs,
            timeout=self._timeout,
            is_simulated=self._plan.clock is not None,
        )

    def _placed(self) -> Placement:
        """Where the trials run: decided once, before the first of them."""
        if self._placement is None:
            known = self.study.history.placed
            placement, reason = placement_for(self.study, self._backend, self._device, self._replicates)
            self._placement = replace(placement, final_epoch=self._scheduler.max_epochs)
            if known is None:
                self._lifecycle.place(placement.backend, reason, placement.device)
        return self._placement

    def _check_runs(self, trial: int) -> None:
        if trial not in self.study.history.running:
            known = 0 <= trial < self.study.history.num_trials
            state = self.study.trials[trial].state.value if known else "unknown"
            raise ValueError(f"Only a running trial takes results; trial {trial} is {state}.")

    def _given_up(self, trials: list[int]) -> SearchFailedError:
        first = self.study.trials[trials[0]]
        failed = "trial failed" if len(trials) == 1 else f"{len(trials)} trials failed in the same way"
        text = (
            f"The search was ended: its first {failed}, and no other would survive this. Trial {first.id}, "
            f"config {first.config}: {(first.reason or '').rstrip('.')}. When the search goes on, what "
            f"failed runs again."
        )
        self._lifecycle.give_up(text, trials)
        mend = "To try every trial all the same, give give_up_after=None."
        return SearchFailedError(f"{text} {mend}", self.study)

    def _all_failed(self) -> SearchFailedError:
        first = next(trial for trial in self.study.trials if trial.state is TrialState.FAILED)
        count = self.study.num_failed
        said = "The only trial failed" if count == 1 else f"All {count} trials failed. The first"
        return SearchFailedError(
            f"{said} (trial {first.id}, config {first.config}): {first.reason}", self.study
        )


def _number(trial: Trial | int) -> int:
    number = trial.id if isinstance(trial, Trial) else trial
    if not isinstance(number, int) or isinstance(number, bool):
        raise TypeError(f"Expected a trial that ask() gave, or its id; received {trial!r}.")
    return number


def _attempt(trial: Trial | int) -> int | None:
    return trial.attempt if isinstance(trial, Trial) else None
