"""The lifecycle of a study's trials: their starts, reports and ends, wherever they run."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

from hpo.errors import ObjectiveError
from hpo.executors import Assignment, Ending, Outcome, Progress
from hpo.executors.cohorts import CohortPlan
from hpo.executors.failures import failed
from hpo.objective.decision import CONTINUE, Decision, Verdict
from hpo.objective.failure import FailureKind
from hpo.objective.function import Objective, Result, ResultError
from hpo.schedulers import Scheduler, described
from hpo.searchers import Searcher
from hpo.storage import ClaimedError
from hpo.storage.leases import Presence, host_of
from hpo.study.appender import Callback
from hpo.study.keep import Keep
from hpo.study.retention import Retention
from hpo.study.study import Study
from hpo.study.sweep import sweep
from hpo.study.writer import Writer
from hpo.tuner.custody import Custody
from hpo.tuner.give_up import FailureWatch
from hpo.tuner.remarks import ProblemWatch, RepeatWatch, warn_of_directions
from hpo.tuner.starts import Starts

_log = logging.getLogger(__name__)

TAKEN_OVER = Decision(Verdict.STOP, "another process runs the trial")
"""The decision on a trial whose tuner was taken for gone, and is back late."""


class Lifecycle:
    """Starts trials, takes their reports and their ends, and sees to it that the log has them all.

    Nothing else writes the log of a search, and nothing else knows which trials are out: with an executor,
    or handed out to the caller. It is also the `CohortMemory` of the study.

    Args:
        study: the study, with its first event or one that goes on.
        searcher: proposes configs.
        scheduler: decides how long trials run.
        keep: whose models are kept; None for those that the log says, or else the best trial's.
        callbacks: receive every event, see `hpo.study.writer.Writer`.
        clock: returns seconds, and never goes back.
        objective: what is tuned; None where the caller evaluates it.

    Attributes:
        study: as given; searcher and scheduler see it.
        history: its history.
        scheduler: as given.
    """

    def __init__(
        self,
        study: Study,
        searcher: Searcher,
        scheduler: Scheduler,
        *,
        keep: Keep | None = None,
        callbacks: Iterable[Callback] = (),
        clock: Callable[[], float] = time.perf_counter,
        objective: Objective | None = None,
    ) -> None:
        self.study = study
        self.history = study.history
        self.scheduler = scheduler
        self._writer = Writer(study, (warn_of_directions, *callbacks), clock=clock)
        self._repeats = RepeatWatch(self.history, objective)
        self._problems = ProblemWatch(self.history)
        self._full_training = None if objective is None else objective.max_epochs
        self._retention = Retention(self.history, keep or self.history.keep or "best")
        self._presence = Presence(self.history.store)
        self._custody = Custody(self.history)
        self._starts = Starts(
            study,
            searcher,
            scheduler,
            writer=self._writer,
            retention=self._retention,
            presence=self._presence,
            custody=self._custody,
            repeats=self._repeats,
        )
        self._to_repeat: list[int] = []
        self._depth = 0
        self._progressed: dict[int, int] = {}

    @property
    def in_flight(self) -> Set[int]:
        """The trials that an executor has."""
        return self._custody.in_flight.keys()

    @property
    def is_exhausted(self) -> bool:
        """Whether the searcher has no more to propose."""
        return self._starts.is_exhausted

    @property
    def with_others(self) -> set[int]:
        """The running trials that are not out with this tuner."""
        return {trial for trial in self.history.running if trial not in self._custody}

    def begin(self) -> None:
        """Tell the callbacks of a new study's first event."""
        self._writer.begin()

    def watched_by(self, callback: Callback) -> AbstractContextManager[None]:
        """Let one more callback receive the events of the block."""
        return self._writer.watched_by(callback)

    def resume(self, keep: Keep | None) -> None:
        """Take up a study that was begun before: remove the files that a killed tuner left behind.

        Args:
            keep: whose models are kept from now on; None for those that the log says.
        """
        if keep is not None and keep != self.history.keep:
            self._writer.keep(keep)
        # An older log does not say whose models are kept: then none of a trial that ended is removed for it.
        sweep(self.history, self.history.keep or "all", self._writer.read_on)

    def go_on(self) -> None:
        """Let the study's own time continue from its last event, and read what other tuners wrote.

        Trials for which the search was given up run again.
        """
        self._writer.wind_clock()
        self._writer.read_on()
        self._to_repeat = list(self.history.given_up)

    def watch_failures(self, give_up_after: int | None) -> FailureWatch:
        """What reads the log for failures that no trial can survive."""
        owner = self._presence.owner
        return FailureWatch(self.history, give_up_after, None if owner is None else host_of(owner))

    def give_up(self, text: str, trials: Sequence[int]) -> None:
        """Record that the search was given up; when it goes on, these failed trials run again."""
        self._writer.give_up(text, trials)

    def read_on(self) -> None:
        """Read the events that other tuners wrote."""
        self._writer.read_on()

    def note(self, topic: str, text: str) -> None:
        """Record a remark."""
        self._writer.note(topic, text)

    def place(self, backend: str | None, reason: str, device: str | None) -> None:
        """Record the backend and the device, unless another tuner was first."""
        with suppress(ClaimedError):
            self._writer.place(backend, reason, device)

    def add(self, config: Mapping[str, Any], result: Result, info: Mapping[str, Any]) -> int:
        """Record a result that is known from elsewhere, and return the id of its trial."""
        # Another tuner may take the id that is next; the writer has read its events by then.
        while True:
            with suppress(ClaimedError):
                trial = self._writer.add(config, info, result)
                break
        self._after_end(trial)
        return trial

    def assign(self, total: int | None) -> Assignment | None:
        """The next trial for an executor, which has it from now on; None if none can start yet.

        Args:
            total: how many proposals there may be in all; None for any number.
        """
        # What was interrupted comes first: a resumption continues in the order of the log.
        assignment = self._taken_up() or self._starts.next(total)
        if assignment is not None:
            self._custody.in_flight[assignment.trial] = assignment.attempt
        return assignment

    def hand_out(self, total: int | None = None) -> int | None:
        """The next trial for a caller who evaluates it; None if none can start yet.

        Args:
            total: as for `assign`.
        """
        assignment = self._taken_up(must_be_finite=False) or self._starts.next(total)
        if assignment is None:
            return None
        self._custody.by_hand[assignment.trial] = assignment.attempt
        return assignment.trial

    def is_late(self, trial: int, attempt: int | None) -> bool:
        """Whether another tuner has taken over a trial that was handed out.

        Args:
            trial: its id.
            attempt: which start of it the caller has; None for the one that was handed out last.
        """
        attempt = self._custody.by_hand.get(trial) if attempt is None else attempt
        if attempt is None or not self._custody.was_taken_over(trial, attempt):
            return False
        self._custody.let_go(trial)
        return True

    def dismissed(self) -> Iterator[int]:
        """Each trial that was ended while it waited, once: the executor is to close its generator."""
        return self._starts.dismissed()

    def settle(self, outcome: Outcome, max_retries: int) -> Assignment | None:
        """Record how an assignment of an executor ended.

        Args:
            outcome: what came of it.
            max_retries: how many times a trial whose process was lost is run again.

        Returns:
            Another assignment of the trial, if its process was lost and may be retried: the executor has it
            from now on. Else None.
        """
        trial = outcome.trial
        self._custody.in_flight.pop(trial, None)
        if (
            outcome.ending is not Ending.LOST
            or self.history.num_lost(trial) >= max_retries
            or self._custody.is_over(trial, outcome.attempt)
        ):
            self.finish(outcome)
            return None
        # As far as the lost start was granted: the scheduler decided that and is not asked again.
        until = self.history.start_of(trial).get("until")
        with suppress(ClaimedError):  # another tuner runs it
            assignment = self._starts.again(trial, until=until, lost=outcome.reason)
            self._custody.in_flight[trial] = assignment.attempt
            return assignment
        return None

    def leave(self) -> None:
        """Forget what an executor had, and beat no more unless trials are handed out."""
        self._custody.in_flight.clear()
        if not self._custody.by_hand:
            self._presence.end()

    def _taken_up(self, *, must_be_finite: bool = True) -> Assignment | None:
        """Start a trial again that was started and does not run any more; None if there is none.

        If the log ends with a report of the trial, without the decision on it, that is decided first.

        Args:
            must_be_finite: whether a last report of NaN or infinity fails the trial.
        """
        while self._to_repeat:
            trial = self._to_repeat.pop(0)
            with suppress(ClaimedError):  # another tuner repeats it
                return self._starts.again(trial, until=self.history.start_of(trial).get("until"))
        # A copy: a trial may end, or turn out to be another tuner's, on the way.
        for trial in list(self.history.running):
            if trial in self._custody:
                continue
            start = self.history.start_of(trial)
            if not self._presence.may_take(start.get("owner")):
                continue
            try:
                assignment = self._starts.again(trial, until=start.get("until"))
            except ClaimedError:
                continue
            epoch = self.history.last_epoch(trial)
            # The steps that an interruption may have cut off, in the order in which `take` makes them.
            if must_be_finite and self._fail_unless_finite(trial, assignment.attempt):
                continue
            if not epoch or self._decide(trial, assignment.attempt, epoch).goes_on:
                return assignment
            self._after_end(trial)
        return None

    @contextmanager
    def together(self) -> Iterator[None]:
        """Record all reports inside the block at once, at its end.

        Files that are not needed any more are deleted after that. So whatever state an interruption leaves,
        the files that the log then needs are there.
        """
        self._depth += 1
        try:
            with self._writer.together():
                yield
        finally:
            self._depth -= 1
        self._tidy()

    def take(self, progress: Progress, *, must_be_finite: bool = True) -> Decision:
        """Record what a trial reports, and decide how it goes on.

        Args:
            progress: what it reports.
            must_be_finite: whether NaN or infinity fails the trial.

        Raises:
            ResultError: the trial has failed with this.
            ObjectiveError: it reported several metrics and none was named as the one to optimise.
        """
        trial, attempt = progress.trial, progress.attempt
        decision, is_over = CONTINUE, self._custody.is_over(trial, attempt)
        if not is_over:
            self._progressed[trial] = attempt
            if progress.problem is not None:
                note = self._problems.remark(trial, progress.problem)
                if note is not None:
                    self._writer.note(*note)
            remark = self._repeats.remark(progress)
            if remark is not None:
                self._writer.note(*remark)
                _log.warning("%s", remark.text)
            # A trial that repeats epochs after a restart is decided on where the log ends, not before.
            is_last = True
            if progress.result is None and progress.saved:
                self._writer.checkpoint(trial, attempt, progress.epoch)
            elif progress.result is not None:
                report, is_new = self._writer.report(
                    trial, attempt, progress.epoch, progress.result, saved=progress.saved
                )
                is_last = is_new or report.epoch == self.history.last_epoch(trial)
            # What other tuners did meanwhile is known only now, and this may have come too late.
            is_over = self._custody.is_over(trial, attempt)
        if is_over:
            if self._custody.was_taken_over(trial, attempt):
                self._custody.let_go(trial)
            return TAKEN_OVER
        if progress.result is not None:
            # After it was recorded: a report of NaN is kept, although it fails its trial.
            if must_be_finite:
                self._writer.check_finite(report.metrics, report.epoch)
            if is_last:
                decision = self._decide(trial, attempt, report.epoch, progress.unread)
                if self._custody.was_taken_over(trial, attempt):
                    self._custody.let_go(trial)
                    return TAKEN_OVER
        self._tidy()
        if not decision.goes_on:
            self._custody.by_hand.pop(trial, None)
        return decision

    def finish(self, outcome: Outcome) -> None:
        """Record the end of a trial, unless another tuner runs it by now or its end was decided before.

        Raises:
            ObjectiveError: it reported no epochs, and the scheduler needs them.
        """
        trial, attempt = outcome.trial, outcome.attempt
        self._custody.by_hand.pop(trial, None)
        if self._custody.is_over(trial, attempt):
            # One that LEFT was told so before.
            if outcome.ending is not Ending.LEFT and self._custody.was_taken_over(trial, attempt):
                self._custody.let_go(trial)
            return
        if outcome.reason is not None:
            kind = FailureKind.LOST if outcome.ending is Ending.LOST else outcome.kind
            self._writer.fail(
                trial, attempt, outcome.reason, outcome.traceback, kind=kind, cause=outcome.cause
            )
        elif outcome.ending is Ending.ENDED:
            self._complete(trial, attempt, outcome)
            # Last: the error ends the search and does not cost the result, which is in the log by now.
            self._check_epochs(trial)
        self._after_end(trial)

    def plan_of(self, kind: str) -> CohortPlan | None:
        """What was decided for trials of this kind; None if nothing was."""
        known = self.history.plans.get(kind)
        return None if known is None else CohortPlan(kind, *known)

    def plan(self, plan: CohortPlan) -> None:
        """Record a decision, unless another tuner was first."""
        while self.plan_of(plan.kind) is None:
            with suppress(ClaimedError):
                self._writer.plan(plan.kind, plan.members, plan.reason)

    def formed(self, trials: Sequence[int], epoch: int) -> None:
        """Record that these trials train together, in this order, from this epoch on."""
        self._writer.form(trials, [self._custody.in_flight.get(trial) for trial in trials], epoch)

    def _complete(self, trial: int, attempt: int, outcome: Outcome) -> None:
        """Record a trial's result, or that it has none."""
        try:
            said = self._said_of_end(trial)
            self._writer.complete(trial, attempt, outcome.result, said, outcome.unread)
        except ResultError as error:
            self._fail(trial, attempt, error)

    def _fail(self, trial: int, attempt: int, error: ResultError) -> None:
        """Record that what a trial gave is no result."""
        self.finish(failed(Assignment(trial, {}, attempt), error))

    def _tidy(self) -> None:
        """Delete what the trials that reported need no more, once what they reported is in the log."""
        if self._depth:
            return
        progressed, self._progressed = self._progressed, {}
        for trial, attempt in progressed.items():
            # Another tuner's files are its own affair.
            if attempt == self.history.attempt(trial):
                self._retention.after_progress(trial)
                self._after_end(trial)

    def _after_end(self, trial: int) -> None:
        """Delete the files of an ended trial that are not to be kept."""
        if trial not in self.history.running and trial not in self.history.paused:
            self._custody.until.pop(trial, None)
            self._retention.after_end(trial)

    def _said_of_end(self, trial: int) -> str:
        """The remark on a trial whose objective ended before the last epoch that was granted; else empty."""
        epoch, until = self.history.last_epoch(trial), self._custody.until.get(trial)
        if until is None or not 0 < epoch < until:
            return ""
        return f"its objective ended after epoch {epoch}, where it was granted {until}"

    def _check_epochs(self, trial: int) -> None:
        """Refuse a result without epochs where the scheduler needs them.

        Raises:
            ObjectiveError: no trial of the study ever reported an epoch.
        """
        history = self.history
        if not self.scheduler.needs_epochs or any(map(history.last_epoch, range(history.num_trials))):
            return
        raise ObjectiveError(
            f"{described(self.scheduler)} decides after epochs, and trial {trial} gave a result without "
            f"reporting one. Let the objective yield its metrics once per epoch, call hpo.report(value), or "
            f"take a parameter 'max_epochs' that says how long to train; or leave the scheduler out."
        )

    def _fail_unless_finite(self, trial: int, attempt: int) -> bool:
        """Whether the trial's last report was NaN or infinite: then it has failed with that."""
        last = self.history.last_report(trial)
        if last is None:
            return False
        try:
            self._writer.check_finite(last, self.history.last_epoch(trial))
        except ResultError as error:
            self._fail(trial, attempt, error)
            return True
        return False

    def _decide(self, trial: int, attempt: int, epoch: int, unread: Sequence[str] = ()) -> Decision:
        # At the last epoch of all there is nothing to decide: every scheduler completes the trial.
        last, until = self.scheduler.max_epochs, self._custody.until.get(trial)
        is_last = last is not None and epoch >= last
        decision = Decision(Verdict.COMPLETE) if is_last else self.scheduler.on_report(self.study, trial)
        # Nor where the scheduler sets no last epoch, and the objective says how many it trains: it ends now.
        if decision.verdict is Verdict.STOP and last is None and epoch == self._full_training:
            decision = CONTINUE
        # A scheduler that says CONTINUE means: up to what it granted.
        if decision.goes_on and until is not None and epoch >= until:
            decision = Decision(Verdict.PAUSE, f"epoch {until} is the last one that was granted")
        if not decision.goes_on:
            try:
                self._writer.decide(trial, attempt, decision, unread)
            except ResultError as error:
                self._fail(trial, attempt, error)
        return decision
