"""The events of each trial in a study's log: where they are, and what they say."""

from __future__ import annotations

import json
import math
import os
from array import array
from collections.abc import Iterator
from typing import Any

from hpo.checkpoints import Checkpoint, CheckpointFolder
from hpo.storage.events import metrics_from_json
from hpo.study.best_reports import BestReports
from hpo.study.log import Log
from hpo.study.logged import STATES
from hpo.study.trial import Metric, Report, Trial, TrialState
from hpo.study.value import ValueOf, values_after
from hpo.study.worked import WorkedTimes

LATE = -2
"""The link of an event without effect: of a start that another replaced, or of a trial that has ended."""


class TrialEvents:
    """Finds the events of a trial in constant time, and reads from them what is asked of it.

    `History` derives from it, and adds to it as the log grows.

    Attributes:
        events: the log.
        folder: where the checkpoints are; None if the study keeps none.
        metrics: what is optimised; empty until the first result named it.
        value_of: which of a trial's reports is its value.
        unwritten: for each trial of which a checkpoint could not be written the last reason.
        running: ids of the trials that are under way, in the order of their starts.
        paused: ids of the trials that wait, in the order of their pauses.
    """

    folder: CheckpointFolder | None

    def _clear(self) -> None:
        """Begin with an empty log."""
        self.events = Log()
        self.metrics: tuple[Metric, ...] = ()
        self.value_of: ValueOf = "last"
        self.unwritten: dict[int, str] = {}
        # Dictionaries as ordered sets.
        self.running: dict[int, None] = {}
        self.paused: dict[int, None] = {}
        # Of each trial the number of its last start and the epoch of its last report, 0 before the first.
        # Arrays and not lists: 4 and 8 bytes a trial, where each object of Python takes about 30.
        self._attempts = array("i")
        self._epochs = array("q")
        # Places in the log: of each trial's first and last start, end, last report and last checkpoint, and
        # for each event of the one before it of the same trial and kind; -1 for none, `LATE` where it came
        # too late.
        self._first = array("i")
        self._started = array("i")
        self._ended = array("i")
        self._reported = array("i")
        self._saved = array("i")
        self._before = array("i")
        self._lost: dict[int, int] = {}
        self._best_reports = BestReports()
        self._worked = WorkedTimes()

    def came_late(self, number: int) -> bool:
        """Whether the event of that number came too late to have an effect."""
        return self._before[number] == LATE

    @property
    def num_trials(self) -> int:
        """How many trials were started."""
        return len(self._first)

    def attempt(self, trial: int) -> int:
        """The number of the trial's last start."""
        return self._attempts[trial]

    def config(self, trial: int) -> dict[str, Any]:
        """The trial's config."""
        config: dict[str, Any] = json.loads(self.events.text(self._first[trial]))["config"]
        return config

    def place_of_start(self, trial: int) -> int:
        """The number of the event by which the trial first started."""
        return self._first[trial]

    def start_of(self, trial: int) -> dict[str, Any]:
        """What was recorded with the trial's last start."""
        content: dict[str, Any] = json.loads(self.events.text(self._started[trial]))
        return content

    def num_lost(self, trial: int) -> int:
        """How many times the process that ran the trial was lost."""
        return self._lost.get(trial, 0)

    def last_epoch(self, trial: int) -> int:
        """The epoch of the trial's last report; 0 before the first."""
        return self._epochs[trial]

    def report(self, trial: int, epoch: int) -> dict[str, float] | None:
        """What the trial reported of an epoch; None if nothing."""
        for place in self._chain(self._reported[trial]):
            if self.events.epoch(place) == epoch:
                return self._metrics_at(place)
        return None

    def last_report(self, trial: int) -> dict[str, float] | None:
        """The metrics of the trial's last report; None before the first."""
        place = self._reported[trial]
        return None if place < 0 else self._metrics_at(place)

    def checkpoints(self, trial: int) -> list[Checkpoint]:
        """The trial's checkpoints that the log names, by epoch; their files may be deleted by now."""
        if self.folder is None:
            return []
        places = list(self._chain(self._saved[trial]))
        # From the first one on, so that of two attempts at an epoch the later one counts.
        last = {self.events.epoch(place): self.events.attempt(place) for place in reversed(places)}
        # Looked for as text first: hardly any trial has it, and this is asked after every report.
        if '"start_from":' in self.events.text(self._first[trial]):
            given = json.loads(self.events.text(self._first[trial])).get("start_from")
            # The copy that the trial started from: its own attempt 0, unless it wrote that epoch since.
            last = {given["epoch"]: 0, **last} if given else last
        return [self.folder.checkpoint(trial, last[epoch], epoch) for epoch in sorted(last)]

    def best_epoch(self, trial: int) -> int | None:
        """The epoch of the trial's best report, the earliest of equals; None without one metric."""
        place = self._best_reports.place(trial)
        return None if place is None else self.events.epoch(place)

    def value_epoch(self, trial: int) -> int | None:
        """The epoch of the report that is the trial's value so far; None before the first."""
        place = self._value_place(trial)
        return None if place is None else self.events.epoch(place)

    def value(self, trial: int) -> float:
        """The trial's value so far, by its reports; NaN before the first, and without one metric."""
        place = self._value_place(trial)
        if place is None or len(self.metrics) != 1:
            return math.nan
        return self._metrics_at(place)[self.metrics[0].name]

    def value_at(self, trial: int, epoch: int) -> float:
        """What the trial's value was after an epoch; NaN if it reported nothing of it, without one metric."""
        if len(self.metrics) != 1 or not 0 < epoch <= self.last_epoch(trial):
            return math.nan
        metric, log = self.metrics[0], self.events
        places = [place for place in self._chain(self._reported[trial]) if log.epoch(place) <= epoch]
        if not places or log.epoch(places[0]) != epoch:
            return math.nan
        if self.value_of == "last":
            del places[1:]
        signed = [metric.sign * self._metrics_at(place)[metric.name] for place in reversed(places)]
        return metric.sign * list(values_after(signed, self.value_of))[-1]

    def seconds(self, trial: int) -> float:
        """How long the trial was worked on by its last sign in the log, see `Trial.seconds`."""
        self._worked.read_on(self.events, self.came_late)
        return self._worked.seconds(trial)

    def cohort_seconds(self, trial: int) -> float | None:
        """How long the trial's cohorts trained, see `Trial.cohort_seconds`."""
        self._worked.read_on(self.events, self.came_late)
        return self._worked.cohort_seconds(trial)

    def ended_after(self, trial: int) -> float:
        """Seconds that the study had been worked on when the trial ended; NaN while it has no end."""
        place = self._ended[trial]
        return math.nan if place < 0 else self.events.elapsed(place)

    def state(self, trial: int) -> TrialState:
        """How far the trial got."""
        if trial in self.running:
            return TrialState.RUNNING
        if trial in self.paused:
            return TrialState.PAUSED
        return STATES[self.events.kind(self._ended[trial])]

    def unread(self, trial: int) -> tuple[str, ...]:
        """The names in a trial's config that its objective had not looked at when it paused or ended.

        Empty where it had looked at all, and where that is not known.
        """
        place = self._ended[trial]
        return () if place < 0 else tuple(json.loads(self.events.text(place)).get("unread", ()))

    def trial(self, number: int) -> Trial:
        """The trial of that id, made from its events."""
        log, state = self.events, self.state(number)
        first, started, end = self._first[number], self._started[number], self._ended[number]
        given = json.loads(log.text(first))
        last = json.loads(log.text(end)) if end >= 0 else {}
        places = reversed(list(self._chain(self._reported[number])))
        reports = tuple(Report(log.epoch(place), self._metrics_at(place)) for place in places)
        # A failed trial keeps its reports and has no result.
        final = metrics_from_json(last["metrics"]) if "metrics" in last else None
        metrics, epoch = ({}, None) if state is TrialState.FAILED else self._result(number, final)
        over = state not in (TrialState.RUNNING, TrialState.PAUSED)
        return Trial(
            id=number,
            config=given["config"],
            state=state,
            value=metrics.get(self.metrics[0].name) if len(self.metrics) == 1 else None,
            epoch=epoch,
            metrics=metrics,
            reports=reports,
            reason=last.get("reason"),
            traceback=last.get("traceback"),
            info=given.get("info", {}),
            attempt=log.attempt(started),
            proposal=given.get("proposal"),
            started=log.time(first),
            finished=log.time(end) if over else None,
            seconds=None if state is TrialState.RUNNING else self.seconds(number),
            cohort_seconds=None if state is TrialState.RUNNING else self.cohort_seconds(number),
            kept=tuple(point for point in self.checkpoints(number) if os.path.exists(point.path)),
            best_epoch=self.best_epoch(number) if reports else None,
            unwritten=self.unwritten.get(number),
            unread=tuple(last.get("unread", ())),
        )

    def _chain(self, place: int) -> Iterator[int]:
        """The places of the events that are linked, from the last one back."""
        while place >= 0:
            yield place
            place = self._before[place]

    def _metrics_at(self, place: int) -> dict[str, float]:
        return metrics_from_json(json.loads(self.events.text(place)))

    def _value_place(self, trial: int) -> int | None:
        """The number of the report that is the trial's value so far; None before the first."""
        last, best = self._reported[trial], self._best_reports.place(trial)
        if self.value_of == "last" or best is None:
            return None if last < 0 else last
        name = self.metrics[0].name
        return best if math.isfinite(self._metrics_at(last)[name]) else last

    def _result(self, trial: int, final: dict[str, float] | None) -> tuple[dict[str, float], int | None]:
        """The metrics that belong to the trial's value, and their epoch.

        Args:
            trial: its id.
            final: what it returned after its reports; None if it returned nothing.
        """
        if final is not None and self._is_value(trial, final):
            return final, self.last_epoch(trial) or None
        place = self._value_place(trial)
        return ({}, None) if place is None else (self._metrics_at(place), self.events.epoch(place))

    def _is_value(self, trial: int, final: dict[str, float]) -> bool:
        """Whether what the trial returned after its reports is its value, and none of the reports is."""
        if self.value_of == "last" or len(self.metrics) != 1:
            return True
        value = self.metrics[0].sign * final[self.metrics[0].name]
        # The earliest of equal ones counts, and this one comes after all reports.
        return value < self._best_reports.value(trial)
