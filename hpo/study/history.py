"""The fold of a study's log: what all its events together mean.

`History` keeps the events and, beside them, only what must be known in constant time: which events
belong to which trial, the column of values and the best so far. Everything else is read from the
events when it is asked for (`TrialEvents`), so a study of 100,000 trials stays small and a round of
the search costs the same at its end as at its start.
"""

from __future__ import annotations

import json
import math
from array import array
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from hpo.checkpoints import CheckpointFolder
from hpo.errors import SpaceError
from hpo.space import Space
from hpo.storage import StudyLog
from hpo.storage.events import Event, EventKind, metrics_from_json
from hpo.storage.rows import damaged
from hpo.study.check import check_measured, content_of, shortened
from hpo.study.keep import Keep, logged_keep
from hpo.study.logged import Placed, Tested, metrics_in, name_today
from hpo.study.notes import COMMAND, GAVE_UP, Note, unwritten_in
from hpo.study.trial import TrialState
from hpo.study.trial_events import LATE, TrialEvents
from hpo.study.value import logged_value_of


class History(TrialEvents):
    """The events of a study and what they add up to.

    Several tuners may write to one log. What comes too late there, such as the report of a process whose
    trial was taken over, stays in the log and has no effect.

    A tuner's own events may be folded before they are in the log outside. If other tuners' events come before
    them there, they are taken back (`rewind`) and folded again, in the order of the log.

    Args:
        events: the log so far.
        space: the space of the study where the log cannot hold it (it has a lambda as a constraint).
        folder: where the study's checkpoints are; None if it keeps none.
        store: the log outside of this process, if there is one.

    Raises:
        StorageError: an event of the log in `store` is malformed, or cannot follow those before it.
        ValueError: the same of events that come from elsewhere.

    Attributes:
        events: the log.
        folder: where the checkpoints are.
        store: the log outside of this process; None if there is none.
        edition: an object that is replaced by another one when what was read of the log by then need not hold
            any more: events were taken back, or a trial that had failed runs again.
        created: the content of the first event, with the name that its searcher has today.
        metrics: what is optimised; empty until the first result named it.
        placed: backend and device; None until they were chosen.
        keep: whose models are kept; None in logs of older versions, which do not say it.
        value_of: which of a trial's reports is its value.
        notes: the remarks, in order.
        commands: the command lines that made the study and went on with it, where there were any.
        unwritten: for each trial of which a checkpoint could not be written the last reason.
        tested: the result on the sealed test set; None while it is sealed.
        replicated: for each trial that was confirmed its metrics on other draws, by the number of the draw.
        running: ids of the trials that are under way, in the order of their starts.
        paused: ids of the trials that wait, in the order of their pauses.
        given_up: ids of the failed trials for which the search was given up. They may be started again.
        plans: for each kind of trial how many train together, and why.
        cohorts: for each running trial that trains with others the ids of all of them, in order.
        finished: ids of the trials that ended, in the order of their ends.
        values: for each trial the value of the single metric, NaN for one that did not complete.
        best: id of the completed trial with the best value, the earliest of equals; None before.
        num_proposals: how many of the searcher's proposals were started.
        num_failed: how many trials failed.
        num_stopped: how many trials were stopped.
        num_ended_since_best: how many trials ended after the best one did.
    """

    def __init__(
        self,
        events: Iterable[Event],
        *,
        space: Space | None = None,
        folder: CheckpointFolder | None = None,
        store: StudyLog | None = None,
    ) -> None:
        self.folder = folder
        self.store = store
        self._space = space
        self._fold(events)

    def _fold(self, events: Iterable[Event]) -> None:
        """Begin with an empty log, and add these events to it."""
        self._clear()
        self.edition = object()
        self.created: dict[str, Any] = {}
        self._logged_space: Space | None = None
        self.placed: Placed | None = None
        self.keep: Keep | None = None
        self.notes: list[Note] = []
        self.commands: list[str] = []
        self.tested: Tested | None = None
        self.replicated: dict[int, dict[int, dict[str, float]]] = {}
        # A dictionary as an ordered set.
        self.given_up: dict[int, None] = {}
        self.plans: dict[str, tuple[int, str]] = {}
        self.cohorts: dict[int, tuple[int, ...]] = {}
        self.finished = array("i")
        self.values = array("d")
        self.best: int | None = None
        self.num_proposals = 0
        self.num_failed = 0
        self.num_stopped = 0
        self.num_ended_since_best = 0
        # The names in the configs of so many trials, where the space is not known.
        self._named: dict[str, None] = {}
        self._num_named = 0
        for event in events:
            self.append(event)
        if not self.created:
            raise self.damaged("The log is empty")

    def __getstate__(self) -> dict[str, Any]:
        # A database's connection cannot go to another process.
        return vars(self) | {"store": None}

    @property
    def space(self) -> Space:
        """What is searched.

        Raises:
            SpaceError: the log does not hold it and it was not passed.
        """
        space = self._space or self._logged_space
        if space is None:
            read = (
                "in Python, Study.from_events(events, space=space)"
                if self.store is None
                else "in Python, hpo.load_study(storage, name, space=space)"
            )
            raise SpaceError(
                "This log does not hold its space, which had no JSON form when the study was created "
                f"({self.created.get('space_error', 'no reason was logged').rstrip('.')}). Pass it: "
                f"{read}."
            )
        return space

    @property
    def knows_space(self) -> bool:
        """Whether the log holds the space, or it was passed."""
        return (self._space or self._logged_space) is not None

    @property
    def hyperparameters(self) -> list[str]:
        """The names of what is searched; where the space is not known, those in the configs so far."""
        if self.knows_space:
            return list(self.space)
        # A live page asks again and again, and configs stay what they are.
        for trial in range(self._num_named, self.num_trials):
            self._named |= dict.fromkeys(self.config(trial))
        self._num_named = self.num_trials
        return list(self._named)

    def append(self, event: Event, data: Mapping[str, Any] | None = None) -> None:
        """Add an event to the log, and fold it.

        Args:
            event: what happened.
            data: its content, if it is at hand: decoding it costs more than all the rest.

        Raises:
            StorageError: it is malformed, or cannot follow the events before it.
            ValueError: the same, where there is no `store`.
        """
        place = len(self._before)
        try:
            if (event.kind is _CREATED) != (place == 0):
                raise ValueError("a log starts with its only study_created")
            # First, as it takes numbers only where the fold expects some.
            self.events.append(event)
            before = _FOLD[event.kind](self, event, self._read(event) if data is None else data)
        except ValueError as error:
            self.events.cut(place)
            text = shortened(str(error).rstrip("."))
            raise self.damaged(f"Event {place} ({event.kind.value}) is malformed: {text}") from error
        self._before.append(-1 if before is None else before)

    def rewind(self, number: int) -> None:
        """Take back the events from that number on.

        All those before it are folded once more. That is rare: it takes two tuners that write within the same
        milliseconds, of which one has a whole cohort to record.
        """
        self._fold(self.events[:number])

    def damaged(self, said: str) -> Exception:
        """The error to raise for a log that cannot be read.

        Args:
            said: which event is wrong, and why.
        """
        if self.store is None:
            return ValueError(f"{said}. Pass the events of a whole log, in order.")
        return damaged(self.store, said)

    @property
    def num_completed(self) -> int:
        """How many trials completed with a result."""
        return len(self.finished) - self.num_failed - self.num_stopped

    def effective_since(self, number: int) -> tuple[list[Event], int]:
        """The events from that number on that did not come too late, and the number to go on from."""
        events = self.events[number:]
        links = self._before[number:]
        effective = [event for event, before in zip(events, links, strict=True) if before != LATE]
        return effective, number + len(events)

    def _read(self, event: Event) -> dict[str, Any]:
        """The content of an event that was written elsewhere or earlier, checked.

        Raises:
            ValueError: it is not what such an event holds.
        """
        data = content_of(event)
        if event.kind is _STARTED and not event.attempt:
            space = self._logged_space or self._space
            if space is not None:
                space.check(data.get("config", {}))
        return data

    def _is_late(self, event: Event) -> bool:
        """Whether the event belongs to a start of the trial that a later one replaced.

        Raises:
            ValueError: there is no such start.
        """
        trial = event.trial
        # First what nearly all events are.
        if trial in self.running and self._attempts[trial] == event.attempt:
            return False
        if trial is not None and 0 <= trial < self.num_trials and event.attempt < self.attempt(trial):
            return True
        # A paused trial may be stopped where it stands, without another start.
        waits = event.kind is EventKind.TRIAL_STOPPED and trial in self.paused
        if not waits or trial is None or self.attempt(trial) != event.attempt:
            raise ValueError(f"no such attempt is running: trial {trial}, attempt {event.attempt}")
        return False

    def _study_created(self, event: Event, data: Mapping[str, Any]) -> None:
        created = event.data  # a copy of its own, which the next lines change
        if "searcher" in created:
            created["searcher"] = name_today(created["searcher"])
        self._logged_space = self._space_in(created)
        if (space := self._logged_space or self._space) is not None:
            for point in created.get("points", ()):
                space.check(point)
        self.metrics = metrics_in(created["metrics"])
        self.keep = logged_keep(created.get("keep"))
        self.value_of = logged_value_of(created.get("value"))
        self.created = created

    def _space_in(self, created: Mapping[str, Any]) -> Space | None:
        """The space that the log holds; None if it has no JSON form.

        Raises:
            SpaceError: it cannot be read, and no other was passed.
        """
        try:
            return None if created.get("space") is None else Space.from_json(created["space"])
        except SpaceError:
            # It may have domains of a class that is not registered here: then the one that was passed counts.
            if self._space is None:
                raise
            return None

    def _metrics_chosen(self, event: Event, data: Mapping[str, Any]) -> None:
        if self.metrics:
            raise ValueError("the metrics were chosen before")
        self.metrics = metrics_in(data["metrics"])

    def _backend_chosen(self, event: Event, data: Mapping[str, Any]) -> None:
        self.placed = Placed(data["backend"], data["reason"], data["device"])

    def _test_set_opened(self, event: Event, data: Mapping[str, Any]) -> int | None:
        # Of two processes that opened it at once, as each found it sealed, the first counts.
        if self.tested is not None:
            return LATE
        check_measured(self.metrics, data["metrics"])
        self.tested = Tested(self._known(event.trial), metrics_from_json(data["metrics"]))
        return None

    def _replicated(self, event: Event, data: Mapping[str, Any]) -> None:
        check_measured(self.metrics, data["metrics"])
        draws = self.replicated.setdefault(self._known(event.trial), {})
        draws[event.attempt] = metrics_from_json(data["metrics"])

    def _cohort_planned(self, event: Event, data: Mapping[str, Any]) -> None:
        self.plans.setdefault(data["kind"], (data["members"], data["reason"]))

    def _cohort_formed(self, event: Event, data: Mapping[str, Any]) -> int | None:
        trials = tuple(map(self._known, data["trials"]))
        # Older versions did not write the attempts.
        attempts = data["attempts"] if "attempts" in data else list(map(self.attempt, trials))
        if len(attempts) != len(trials):
            raise ValueError(f"{len(trials)} trials train together, and {len(attempts)} attempts are listed")
        pairs = zip(trials, attempts, strict=True)
        # One that ended, or that another tuner runs by now, keeps its place for the others, and has no entry
        # of its own.
        here = [trial for trial, attempt in pairs if trial in self.running and attempt == self.attempt(trial)]
        self.cohorts.update(dict.fromkeys(here, trials))
        return None if here else LATE

    def _noted(self, event: Event, data: Mapping[str, Any]) -> None:
        note = Note(data["topic"], data["text"])
        if note.topic == COMMAND:
            self.commands.append(note.text)
            return
        self.notes.append(note)
        unwritten = unwritten_in(note)
        if unwritten is not None:
            self.unwritten[unwritten.trial] = unwritten.reason
        self.keep = logged_keep(data.get("keep")) or self.keep
        if data["topic"] == GAVE_UP:
            trials = map(self._known, data.get("trials", ()))
            failed = [trial for trial in trials if self.state(trial) is TrialState.FAILED]
            self.given_up.update(dict.fromkeys(failed))

    def _nondeterministic(self, event: Event, data: Mapping[str, Any]) -> None:
        """Nothing changes: what was logged first counts, and this event says that something else came."""

    def _trial_started(self, event: Event, data: Mapping[str, Any]) -> int | None:
        number, place = event.trial, len(self._before)
        if number == self.num_trials and event.attempt == 0:
            if "config" not in data:
                raise ValueError("expected 'config' at the first start of a trial")
            self._first.append(place)
            self._started.append(place)
            self._attempts.append(0)
            self._epochs.append(0)
            for column in (self._ended, self._reported, self._saved):
                column.append(-1)
            self.values.append(math.nan)
            self._best_reports.start()
            # A config that a user added is no proposal of the searcher.
            self.num_proposals += "proposal" in data
        elif number is None or not 0 <= number < self.num_trials or event.attempt > self.attempt(number) + 1:
            raise ValueError(
                f"trial {number}, attempt {event.attempt} starts, where trial {self.num_trials} or another "
                f"attempt can start"
            )
        elif event.attempt <= self.attempt(number) or not (
            number in self.running or number in self.paused or number in self.given_up
        ):
            return LATE  # the trial has ended, or was started by another
        else:
            if number in self.given_up:
                self._reopen(number)
            self._started[number] = place
            self._attempts[number] = event.attempt
            # A pause had set it.
            self._ended[number] = -1
            if "lost" in data:
                self._lost[number] = self.num_lost(number) + 1
            self.paused.pop(number, None)
        self.running[number] = None
        return None

    def _reported_epoch(self, event: Event, data: Mapping[str, Any]) -> int | None:
        if self._is_late(event):
            return LATE
        number, epoch, place = event.trial or 0, event.epoch, len(self._before)
        before, metrics = self._reported[number], self.metrics
        if epoch is None or epoch <= self._epochs[number]:
            raise ValueError(f"epoch {epoch} does not come after the last one, {self._epochs[number]}")
        check_measured(metrics, data)
        self._reported[number], self._epochs[number] = place, epoch
        if len(metrics) == 1:
            [metric] = metrics
            self._best_reports.take(number, metric.sign * float(data[metric.name]), place)
        return before

    def _checkpointed(self, event: Event, data: Mapping[str, Any]) -> int | None:
        if self._is_late(event):
            return LATE
        number = event.trial or 0
        before, self._saved[number] = self._saved[number], len(self._before)
        return before

    def _trial_paused(self, event: Event, data: Mapping[str, Any]) -> int | None:
        if self._is_late(event):
            return LATE
        number = event.trial or 0
        self._ended[number] = len(self._before)
        del self.running[number]
        self.cohorts.pop(number, None)
        self.paused[number] = None
        return None

    def _trial_finished(self, event: Event, data: Mapping[str, Any]) -> int | None:
        if self._is_late(event):
            return LATE
        number = event.trial or 0
        completed = event.kind is _COMPLETED
        if completed:
            self._check_result(number, data)
        self.num_ended_since_best += 1
        if completed and len(self.metrics) == 1:
            final = metrics_from_json(data["metrics"]) if "metrics" in data else None
            self._rank(number, self._result(number, final)[0][self.metrics[0].name])
        self.num_failed += event.kind is EventKind.TRIAL_FAILED
        self.num_stopped += event.kind is EventKind.TRIAL_STOPPED
        self._ended[number] = len(self._before)
        self.running.pop(number, None)
        self.paused.pop(number, None)
        self.cohorts.pop(number, None)
        self.finished.append(number)
        return None

    def _check_result(self, number: int, data: Mapping[str, Any]) -> None:
        """Refuse the end of a trial that completed without a result.

        Raises:
            ValueError: neither the end nor a report has one, or it is not finite.
        """
        place = self._reported[number]
        if "metrics" not in data and place < 0:
            raise ValueError("expected 'metrics', as the trial reported nothing")
        result: dict[str, Any] = data["metrics"] if "metrics" in data else json.loads(self.events.text(place))
        check_measured(self.metrics, result, finite=True)

    def _known(self, trial: int | None) -> int:
        """The trial itself, if it was started.

        Raises:
            ValueError: it was not.
        """
        if trial is None or not 0 <= trial < self.num_trials:
            raise ValueError(f"trial {trial} was never started; the log has {self.num_trials} so far")
        return trial

    def _reopen(self, number: int) -> None:
        """Let a trial run again that had failed."""
        del self.given_up[number]
        self.finished.remove(number)
        self.num_failed -= 1
        self.num_ended_since_best -= 1
        self.edition = object()

    def _rank(self, number: int, value: float) -> None:
        self.values[number] = value
        sign = self.metrics[0].sign
        # By id where values are equal: parallel trials may end in any order.
        if self.best is None or (sign * value, number) < (sign * self.values[self.best], self.best):
            self.best, self.num_ended_since_best = number, 0


# To look a member up in its class is slow, and a long log is read one event at a time.
_CREATED, _STARTED, _COMPLETED = EventKind.STUDY_CREATED, EventKind.TRIAL_STARTED, EventKind.TRIAL_COMPLETED

_Fold: TypeAlias = "Callable[[History, Event, Mapping[str, Any]], int | None]"
# Each returns the place of the event to which the new one is linked, if there is one.
_FOLD: dict[EventKind, _Fold] = {
    EventKind.STUDY_CREATED: History._study_created,
    EventKind.METRICS_CHOSEN: History._metrics_chosen,
    EventKind.BACKEND_CHOSEN: History._backend_chosen,
    EventKind.TRIAL_STARTED: History._trial_started,
    EventKind.REPORTED: History._reported_epoch,
    EventKind.CHECKPOINTED: History._checkpointed,
    EventKind.TRIAL_PAUSED: History._trial_paused,
    EventKind.TRIAL_STOPPED: History._trial_finished,
    EventKind.TRIAL_COMPLETED: History._trial_finished,
    EventKind.TRIAL_FAILED: History._trial_finished,
    EventKind.TEST_SET_OPENED: History._test_set_opened,
    EventKind.REPLICATED: History._replicated,
    EventKind.NONDETERMINISTIC: History._nondeterministic,
    EventKind.COHORT_PLANNED: History._cohort_planned,
    EventKind.COHORT_FORMED: History._cohort_formed,
    EventKind.NOTED: History._noted,
}
