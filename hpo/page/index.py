"""Which events of a log are of which trial: what a page of trials needs beside the fold of the log."""

from __future__ import annotations

from array import array
from collections.abc import Iterator

from hpo.storage.events import Event, EventKind
from hpo.study.runs import INTERRUPTED, RUNNING, Run, RunReader
from hpo.study.study import Study


class Index:
    """The events of each trial, and what else no counter of the study holds. It grows with the study.

    Args:
        study: what is read.

    Attributes:
        study: what is read.
        metrics: the names of the metrics that were reported, in the order in which they came: those of each
            trial's first report and of its result.
        levels: the epochs up to which trials of rungs were allowed to train.
        tuners: what to call a tuner, by its name in the log: the second one is `tuner 2`. The first one is
            not there, as there is no need to tell it from others.

    Example:
        >>> import hpo
        >>> study = hpo.search(lambda c: c["x"], {"x": hpo.Float(0, 1)}, num_trials=2, seed=0)
        >>> [event.kind.value for event in Index(study).events(1)]
        ['trial_started', 'trial_completed']
    """

    def __init__(self, study: Study) -> None:
        self.study = study
        self._num_read = 0
        self._start_over()
        self.read_on()

    def read_on(self) -> set[int]:
        """Read the events that came since the last call; the ids of the trials that they are of.

        After events were taken back, or a failed trial was started once more, these are all trials.
        """
        history = self.study.history
        if history.edition is not self._edition:
            self._start_over()
        log, touched = history.events, set[int]()
        while len(self._places) < history.num_trials:
            self._places.append(array("i"))
        for place in range(self._num_read, len(log)):
            trial = log.trial(place)
            if trial is not None and not history.came_late(place):
                touched.update(self._take(place, trial))
        self._num_read = len(log)
        return touched

    def events(self, trial: int) -> Iterator[Event]:
        """The events of a trial, and of the cohorts that it was in, in their order."""
        log = self.study.history.events
        return (log[place] for place in self._places[trial])

    def runs(self, trial: int) -> list[Run]:
        """The runs of a trial as they are by now."""
        log = self.study.history.events
        return self._runs.of(trial, log.elapsed(len(log) - 1))

    def _start_over(self) -> None:
        self._edition = self.study.history.edition
        self._num_read = 0
        self._places: list[array[int]] = []
        self._runs = RunReader()
        self._owners: set[str] = set()
        self.metrics: dict[str, None] = {}
        self.levels: set[int] = set()
        self.tuners: dict[str, str] = {}

    def _take(self, place: int, trial: int) -> list[int]:
        """Take an event in; the trials that it is of."""
        log = self.study.history.events
        event, mine = log[place], self._places[trial]
        kind = event.kind
        is_again = kind is EventKind.TRIAL_STARTED and event.attempt > 0
        before = self._runs.of(trial, event.elapsed)[-1:] if is_again else []
        was_lost = any(run.ending in (RUNNING, INTERRUPTED) for run in before)
        self._runs.take(event)
        if kind is EventKind.COHORT_FORMED:
            members: list[int] = event.data["trials"]
            for member in members:
                self._places[member].append(place)
            return members
        # Of the reports the first one of a start: to decode them all would take as long as reading the log.
        if kind is EventKind.REPORTED and log.kind(mine[-1]) is not EventKind.REPORTED:
            self.metrics.update(dict.fromkeys(event.data))
        elif kind is EventKind.TRIAL_COMPLETED:
            self.metrics.update(dict.fromkeys(event.data.get("metrics", ())))
        elif kind is EventKind.TRIAL_STARTED:
            self._take_start(event)
        mine.append(place)
        # With a tuner that is gone all of its runs ended.
        others = self.study.history.running if was_lost else ()
        return [trial, *others]

    def _take_start(self, event: Event) -> None:
        data = event.data
        if "until" in data and data["until"] is not None and "rung" in data.get("info", {}):
            self.levels.add(data["until"])
        owner = data.get("owner")
        if isinstance(owner, str) and owner not in self._owners:
            self._owners.add(owner)
            if len(self._owners) > 1:
                self.tuners[owner] = f"tuner {len(self._owners)}"
