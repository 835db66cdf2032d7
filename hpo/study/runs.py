"""When trials ran: from a start to the pause, the end or the interruption that followed it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hpo.storage.events import Event, EventKind
from hpo.study.history import History
from hpo.study.logged import ENDINGS

RUNNING = "running"
INTERRUPTED = "interrupted"
_SIGNS = {
    EventKind.REPORTED,
    EventKind.CHECKPOINTED,
    EventKind.COHORT_FORMED,
    EventKind.NONDETERMINISTIC,
    *ENDINGS,
}
"""Events of a trial under way: its tuner wrote them."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a trial: from a start to its pause, its end or its interruption.

    Attributes:
        trial: its id.
        attempt: which start of the trial it is, from 0.
        begin: when it started, in seconds of work on the study.
        end: when it ended. While it is under way, the last event of the log. A run that was interrupted ends
            where its tuner gave its last sign, which is the last that the log can prove.
        first: the last epoch before it; 0 for the first run.
        last: the last epoch that was reported by its end.
        ending: `paused`, `stopped`, `completed`, `failed`, `interrupted` (its process ended without a word,
            and the trial was taken up by another one or may be) or `running`.
        until: the last epoch that it was granted; None without a limit.
        rung: the number of the rung up to which it was granted, from 0; None where the scheduler has none.
        owner: the tuner that ran it; None where the log has no name of it.
        is_proposed: whether it ran a config of the search; of a result that a user added nothing ran here.
    """

    trial: int
    attempt: int
    begin: float
    end: float
    first: int
    last: int
    ending: str
    until: int | None = None
    rung: int | None = None
    owner: str | None = None
    is_proposed: bool = True

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.end - self.begin


def runs(history: History) -> list[Run]:
    """All runs of all trials, in the order of their starts.

    Example:
        >>> import hpo
        >>> study = hpo.search(lambda config: config["x"], {"x": hpo.Float(0, 1)}, num_trials=2, seed=0)
        >>> [(run.trial, run.ending) for run in runs(study.history)]
        [(0, 'completed'), (1, 'completed')]
    """
    reading = RunReader()
    for number, event in enumerate(history.events):
        if event.trial is not None and not history.came_late(number):
            reading.take(event)
    return reading.runs(history.events.elapsed(len(history.events) - 1))


def rungs_of(found: Sequence[Run]) -> list[int]:
    """The epochs of the rungs, ascending, as far as runs were granted them; empty without rungs.

    An end that the objective chose itself, or a rule that stops trials anywhere, makes no rung.

    Example:
        >>> import hpo
        >>> def objective(config, trial):
        ...     for epoch in trial.epochs(9):
        ...         yield config["x"] / epoch
        >>> space = {"x": hpo.Float(0, 1)}
        >>> study = hpo.search(objective, space, scheduler=hpo.ASHA(1, 9), num_trials=9, seed=0)
        >>> rungs_of(runs(study.history))
        [1, 3, 9]
    """
    at_rungs = [run for run in found if run.rung is not None]
    levels = {run.until for run in at_rungs if run.until is not None}
    if not any(run.rung for run in at_rungs):
        # Without promotions a trial is granted all epochs at once, and stopped at a rung on its way.
        levels |= {run.last for run in at_rungs if run.ending == "stopped" and run.last}
    return sorted(levels)


class RunReader:
    """The runs of a log that grows, read one event after the other.

    `runs` reads a whole log at once.
    """

    def __init__(self) -> None:
        self._runs: list[Run] = []
        self._of_trial: dict[int, list[int]] = {}
        # By trial the place of its last run, and of those under way alone.
        self._latest: dict[int, int] = {}
        self._open: dict[int, int] = {}
        # By place in `_runs`.
        self._epochs: list[int] = []
        self._cut: dict[int, float] = {}
        self._signs: dict[str | None, float] = {}

    def take(self, event: Event) -> None:
        """Take in an event of a trial that had an effect."""
        trial = event.trial or 0
        if event.kind is EventKind.TRIAL_STARTED:
            self._start(trial, event)
        elif trial in self._open and event.kind in _SIGNS:
            self._sign(trial, event)
        elif event.kind is EventKind.TRIAL_STOPPED:
            # It ended while it waited: the run was over with the pause.
            self._close(trial, self._runs[self._latest[trial]].end, "stopped")

    def runs(self, now: float) -> list[Run]:
        """What they are by now."""
        for trial, place in list(self._open.items()):
            if place in self._cut:
                self._close(trial, self._cut[place], INTERRUPTED)
            else:
                self._close(trial, now, RUNNING)
        return self._runs

    def of(self, trial: int, now: float) -> list[Run]:
        """The runs of a trial as they are by now; more events may follow.

        Args:
            trial: its id.
            now: the seconds of work on the study at the end of the log.
        """
        found = [self._runs[place] for place in self._of_trial.get(trial, ())]
        place = self._open.get(trial)
        if place is not None:
            cut = self._cut.get(place)
            found[-1] = replace(
                found[-1],
                end=max(now if cut is None else cut, found[-1].begin),
                last=self._epochs[place],
                ending=RUNNING if cut is None else INTERRUPTED,
            )
        return found

    def _start(self, trial: int, event: Event) -> None:
        data, before = event.data, self._latest.get(trial)
        if trial in self._open:
            self._interrupt(trial, event.elapsed if "lost" in data else None)
        first = 0 if before is None else self._epochs[before]
        owner = data.get("owner")
        run = Run(
            trial=trial,
            attempt=event.attempt,
            begin=event.elapsed,
            end=event.elapsed,
            first=first,
            last=first,
            ending=RUNNING,
            until=data.get("until"),
            rung=(data.get("info") or {}).get("rung"),
            owner=None if owner is None else str(owner),
            is_proposed="proposal" in data or bool(event.attempt),
        )
        # A start after an interruption does not repeat the rung to which it was granted before.
        if before is not None and run.rung is None and run.until == self._runs[before].until:
            run = replace(run, rung=self._runs[before].rung)
        self._latest[trial] = self._open[trial] = len(self._runs)
        self._of_trial.setdefault(trial, []).append(len(self._runs))
        self._runs.append(run)
        self._epochs.append(first)
        self._signs[run.owner] = event.elapsed

    def _sign(self, trial: int, event: Event) -> None:
        place = self._open[trial]
        # Its tuner was taken for gone, and lives.
        self._cut.pop(place, None)
        self._signs[self._runs[place].owner] = event.elapsed
        if event.kind is EventKind.REPORTED:
            self._epochs[place] = max(self._epochs[place], event.epoch or 0)
        elif event.kind in ENDINGS:
            self._close(trial, event.elapsed, ENDINGS[event.kind].value)

    def _interrupt(self, trial: int, seen: float | None) -> None:
        """End a run that has no end of its own, as its trial starts again.

        Args:
            trial: its id.
            seen: when its tuner saw that its worker was lost; None if the tuner itself was gone.
        """
        place = self._open[trial]
        if seen is not None:
            self._close(trial, seen, INTERRUPTED)
            return
        if place not in self._cut:
            # All that this tuner ran ended with it, also what is taken up later.
            owner = self._runs[place].owner
            mine = [other for other in self._open.values() if self._runs[other].owner == owner]
            self._cut.update(dict.fromkeys(mine, self._signs[owner]))
        self._close(trial, self._cut[place], INTERRUPTED)

    def _close(self, trial: int, end: float, ending: str) -> None:
        place = self._latest[trial]
        run = self._runs[place]
        # The clocks of two tuners differ a little.
        end = max(end, run.begin)
        self._runs[place] = replace(run, end=end, last=self._epochs[place], ending=ending)
        self._open.pop(trial, None)
