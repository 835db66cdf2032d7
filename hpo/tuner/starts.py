"""What starts next: a new trial with a config of the searcher's, or one that goes on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hpo.errors import SpaceError
from hpo.executors import Assignment, Companion
from hpo.schedulers import End, Grant, Scheduler, Step, described
from hpo.searchers import Proposal, Searcher
from hpo.storage import ClaimedError
from hpo.storage.leases import Presence
from hpo.study.retention import Retention
from hpo.study.study import Study
from hpo.study.writer import Writer
from hpo.tuner.custody import Custody
from hpo.tuner.remarks import RepeatWatch


class Starts:
    """Starts trials as the scheduler grants it, and records that.

    Args:
        study: the study; searcher and scheduler see it.
        searcher: proposes configs.
        scheduler: decides what runs next, and how long.
        writer: appends to the log.
        retention: finds checkpoints to start from.
        presence: the name under which this tuner owns trials, and its beats.
        custody: the trials that this tuner has.
        repeats: is told of the trials that go on.

    Attributes:
        is_exhausted: whether the searcher has no more to propose.
    """

    def __init__(
        self,
        study: Study,
        searcher: Searcher,
        scheduler: Scheduler,
        *,
        writer: Writer,
        retention: Retention,
        presence: Presence,
        custody: Custody,
        repeats: RepeatWatch,
    ) -> None:
        self.is_exhausted = False
        self._study = study
        self._history = study.history
        self._searcher = searcher
        self._scheduler = scheduler
        self._writer = writer
        self._retention = retention
        self._presence = presence
        self._custody = custody
        self._repeats = repeats
        self._dismissed: list[int] = []

    def next(self, total: int | None) -> Assignment | None:
        """Start whatever is to run next; None if nothing can before another trial reports.

        Args:
            total: how many proposals there may be in all; None for any number.

        Raises:
            ValueError: the scheduler names a trial that does not wait.
        """
        while True:
            # Anew in each round: a claim that failed has read what other tuners started.
            can_start = not self.is_exhausted and (total is None or self._history.num_proposals < total)
            grant = self._scheduler.next(self._study, can_start=can_start)
            if grant is None:
                return None
            self._check_waits(grant)
            # A trial that was paused just now still has its place in the executor, which frees it before
            # anything else happens.
            if grant.trial in self._custody.in_flight:
                return None
            # No searcher sees what may be in another place of the log in the end.
            if grant.trial is None and self._writer.commit():
                continue
            try:
                if isinstance(grant, End):
                    self._dismiss(grant)
                    continue
                if grant.trial is not None:
                    assignment = self.again(grant.trial, until=grant.until, info=grant.info)
                    self._repeats.goes_on(assignment)
                    return assignment
                if not can_start:
                    return None
                proposal = self._propose()
                if proposal is not None:
                    return self._start(proposal, grant)
                self.is_exhausted = True
            except ClaimedError:
                # Another tuner was first. What it did is known by now, so ask again.
                continue

    def again(
        self, trial: int, *, until: int | None, info: dict[str, Any] | None = None, lost: str | None = None
    ) -> Assignment:
        """Start a trial once more, from its newest checkpoint.

        Raises:
            ClaimedError: another tuner was first.
        """
        # Before the claim, which names this tuner as the owner: others watch the beats of that name.
        self._presence.begin()
        cohort = self._companions(trial)
        notes = {"until": until, "owner": self._presence.owner, "info": info, "lost": lost}
        self._writer.restart(trial, notes)
        start, config = self._retention.newest(trial), self._history.config(trial)
        attempt = self._history.attempt(trial)
        return self._granted(Assignment(trial, config, attempt, until, start, cohort))

    def dismissed(self) -> Iterator[int]:
        """Each trial that was ended while it waited, once: the executor is to close its generator."""
        while self._dismissed:
            yield self._dismissed.pop()

    def _propose(self) -> Proposal | None:
        """The next config; None if the searcher has no more.

        Raises:
            SpaceError: what it proposes is not of the space.
        """
        # The given points are of the study and not of the searcher: they count as its first proposals.
        number, points = self._history.num_proposals, self._history.created.get("points", [])
        if number < len(points):
            return Proposal(dict(points[number]), {"reason": "to be evaluated first"})
        proposals = self._searcher.ask(self._study, 1)
        if not proposals:
            return None
        try:
            # No log takes a config of another space: it could not be read again.
            self._study.space.check(proposals[0].config)
        except SpaceError as error:
            searcher = type(self._searcher).__name__
            raise SpaceError(f"{searcher} proposed a config that is not of the space. {error}") from error
        return proposals[0]

    def _start(self, proposal: Proposal, grant: Grant) -> Assignment:
        self._presence.begin()
        notes = {
            "proposal": self._history.num_proposals,
            "info": proposal.info | grant.info if grant.info else proposal.info,
            "until": grant.until,
            "owner": self._presence.owner,
        }
        # The copy comes before the event that names it: an interruption leaves no name without a file.
        start = None if grant.start_from is None else self._retention.copy_of(grant.start_from)
        if start is not None:
            notes["start_from"] = {"trial": grant.start_from, "epoch": start.epoch}
        trial = self._writer.start(proposal.config, notes)
        return self._granted(Assignment(trial, proposal.config, until=grant.until, start=start))

    def _granted(self, assignment: Assignment) -> Assignment:
        self._custody.grant(assignment.trial, assignment.until)
        return assignment

    def _dismiss(self, end: End) -> None:
        """End a trial that waits.

        Raises:
            ClaimedError: another tuner was first.
        """
        self._writer.end_paused(end.trial, end.reason)
        self._dismissed.append(end.trial)
        self._custody.until.pop(end.trial, None)
        self._retention.after_end(end.trial)

    def _check_waits(self, step: Step) -> None:
        """Refuse to let a trial go on, or to end one, that is not paused.

        Raises:
            ValueError: it runs, has ended, or was never started.
        """
        trial, history = step.trial, self._history
        if trial is None or trial in history.paused:
            return
        state = history.state(trial).value if trial in range(history.num_trials) else "not of this study"
        raise ValueError(
            f"{described(self._scheduler)} gave {step}, and trial {trial!r} is {state}. A scheduler names a "
            f"paused trial ({', '.join(map(str, history.paused)) or 'there is none now'}), to let it go on "
            f"or to end it, or starts a new one with Grant()."
        )

    def _companions(self, trial: int) -> tuple[Companion, ...]:
        """The cohort in which a running trial trains, as it is now; empty if it trains alone."""
        return tuple(
            Companion(other, self._history.config(other), other in self._history.running)
            for other in self._history.cohorts.get(trial, ())
        )
