"""The fold of a study's log: what all its events together mean.

`History` keeps the events and, beside them, only what must be known in constant time: which events
belong to which trial, the column of values and the best so far. Everything else is read from the
events when it is asked for, so a study of 100,000 trials stays small and a round of the search costs
the same at its end as at its start.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, overload

from hpo.events import Event, EventKind, metrics_from_json
from hpo.space import Space
from hpo.trial import Direction, Metric, Report, Trial, TrialState


class Note(NamedTuple):
    """A remark on a study as a whole.

    Attributes:
        topic: what it is about, one word such as `data`.
        text: the remark.
    """

    topic: str
    text: str


class Placed(NamedTuple):
    """The backend and the device of a study.

    Attributes:
        backend: its name; None if several were loaded and none was chosen.
        reason: why this one.
        device: the device that was asked for; None if none was.
    """

    backend: str | None
    reason: str
    device: str | None


class Tested(NamedTuple):
    """What the sealed test set said when it was opened.

    Attributes:
        trial: id of the trial whose config was tested.
        metrics: what its objective gave on the test set.
    """

    trial: int
    metrics: dict[str, float]


class _Row:
    """The events of one trial."""

    __slots__ = ("finished", "reports", "started")

    def __init__(self, started: Event) -> None:
        self.started = started
        self.reports: list[Event] = []
        self.finished: Event | None = None


class History:
    """The events of a study and what they add up to.

    Args:
        space: the space of the study where the log cannot hold it (it has a lambda as a constraint).

    Attributes:
        events: the log.
        space: what is searched.
        created: the content of the first event.
        metrics: what is optimised; empty until the first result named it.
        placed: backend and device; None until they were chosen.
        notes: the remarks, in order.
        tested: what the sealed test set said; None while it is sealed.
        running: ids of the trials that have no end yet, in the order of their starts.
        finished: ids of the trials that have one, in the order of their ends.
        values: for each trial the value of the single metric, NaN for one that did not complete.
        best: id of the completed trial with the best value, the earliest of equals; None before.
        num_proposals: how many of the searcher's proposals were started.
        num_failed: how many trials failed.
    """

    def __init__(self, events: Iterable[Event] = (), *, space: Space | None = None) -> None:
        self.events: list[Event] = []
        self._space = space
        self.created: dict[str, Any] = {}
        self.metrics: tuple[Metric, ...] = ()
        self.placed: Placed | None = None
        self.notes: list[Note] = []
        self.tested: Tested | None = None
        self.running: dict[int, None] = {}
        self.finished: list[int] = []
        self.values: list[float] = []
        self.best: int | None = None
        self.num_proposals = 0
        self.num_failed = 0
        self._rows: list[_Row] = []
        for event in events:
            self.append(event)

    @property
    def space(self) -> Space:
        """What is searched.

        Raises:
            ValueError: the log does not hold it and nobody gave it.
        """
        if self._space is None:
            document = self.created.get("space")
            if document is None:
                raise ValueError(
                    "This log does not hold its space, which had no JSON form when the study was created "
                    f"({self.created.get('space_error', 'no reason was logged')}). Pass it: "
                    "Study.from_events(events, space=space)."
                )
            self._space = Space.from_json(document)
        return self._space

    def append(self, event: Event, data: Mapping[str, Any] | None = None) -> None:
        """Take one more event in.

        Args:
            event: what happened.
            data: its content, if it is at hand: reading it from the event costs more than the rest.

        Raises:
            ValueError: it cannot come after those that are there.
        """
        if (event.kind is EventKind.STUDY_CREATED) != (not self.events):
            raise ValueError(
                f"A log starts with its only study_created; event {len(self.events)} is {event}."
            )
        _FOLD[event.kind](self, event, event.data if data is None else data)
        self.events.append(event)

    def started(self, trial: int) -> Event:
        """The last start of the trial."""
        return self._rows[trial].started

    def last_report(self, trial: int) -> Event | None:
        """The last report of the trial's last attempt; None before the first."""
        reports = self._rows[trial].reports
        return reports[-1] if reports else None

    def last_epoch(self, trial: int) -> int:
        """The epoch of that report; 0 before the first."""
        last = self.last_report(trial)
        return 0 if last is None else last.epoch or 0

    def ended(self, trial: int) -> Event | None:
        """The end of the trial; None while it runs."""
        return self._rows[trial].finished

    @property
    def num_trials(self) -> int:
        """How many trials were started."""
        return len(self._rows)

    def trial(self, number: int) -> Trial:
        """The trial of that id, made from its events."""
        row = self._rows[number]
        started = row.started.data
        end = row.finished.data if row.finished is not None else {}
        reports = tuple(Report(event.epoch or 0, metrics_from_json(event.data)) for event in row.reports)
        state, metrics = TrialState.RUNNING, dict(reports[-1].metrics) if reports else {}
        if row.finished is not None and row.finished.kind is EventKind.TRIAL_FAILED:
            state, metrics = TrialState.FAILED, {}
        elif row.finished is not None:
            state, metrics = TrialState.COMPLETED, metrics_from_json(end["metrics"]) if end else metrics
        return Trial(
            id=number,
            config=started["config"],
            state=state,
            value=metrics.get(self.metrics[0].name) if len(self.metrics) == 1 else None,
            metrics=metrics,
            reports=reports,
            reason=end.get("reason"),
            traceback=end.get("traceback"),
            info=started.get("info", {}),
            attempt=row.started.attempt,
            proposal=started.get("proposal"),
            started=row.started.time,
            finished=row.finished.time if row.finished is not None else None,
            seconds=row.finished.elapsed - row.started.elapsed if row.finished is not None else None,
        )

    def _row(self, event: Event) -> _Row:
        if event.trial not in self.running or self._rows[event.trial].started.attempt != event.attempt:
            raise ValueError(f"The log has {event}, but no such attempt is running.")
        return self._rows[event.trial]

    def _study_created(self, event: Event, data: Mapping[str, Any]) -> None:
        self.created = event.data  # its own copy
        self.metrics = _metrics(self.created["metrics"])

    def _metrics_chosen(self, event: Event, data: Mapping[str, Any]) -> None:
        self.metrics = _metrics(data["metrics"])

    def _backend_chosen(self, event: Event, data: Mapping[str, Any]) -> None:
        self.placed = Placed(**data)

    def _test_set_opened(self, event: Event, data: Mapping[str, Any]) -> None:
        if self.tested is not None:
            raise ValueError(f"The log has {event}, but a sealed test set is opened once.")
        self.tested = Tested(event.trial or 0, metrics_from_json(data["metrics"]))

    def _noted(self, event: Event, data: Mapping[str, Any]) -> None:
        self.notes.append(Note(**data))

    def _trial_started(self, event: Event, data: Mapping[str, Any]) -> None:
        if event.trial == len(self._rows) and event.attempt == 0:
            self._rows.append(_Row(event))
            self.values.append(math.nan)
            # A config that a user added is no proposal of the searcher.
            self.num_proposals += "proposal" in data
        elif event.trial in self.running and event.attempt == self.started(event.trial).attempt + 1:
            self._rows[event.trial] = _Row(event)
        else:
            raise ValueError(
                f"The log has {event}, where trial {len(self._rows)} or another attempt can start."
            )
        self.running[event.trial] = None

    def _reported(self, event: Event, data: Mapping[str, Any]) -> None:
        row = self._row(event)
        if event.epoch is None or (row.reports and event.epoch <= (row.reports[-1].epoch or 0)):
            raise ValueError(f"The log has {event}, whose epoch does not come after the last one.")
        row.reports.append(event)

    def _trial_finished(self, event: Event, data: Mapping[str, Any]) -> None:
        row, number = self._row(event), event.trial or 0
        if event.kind is EventKind.TRIAL_COMPLETED and len(self.metrics) == 1:
            document = data.get("metrics") or row.reports[-1].data
            self._rank(number, float(document[self.metrics[0].name]))
        self.num_failed += event.kind is EventKind.TRIAL_FAILED
        row.finished = event
        del self.running[number]
        self.finished.append(number)

    def _rank(self, number: int, value: float) -> None:
        self.values[number] = value
        sign = self.metrics[0].sign
        if self.best is None or (sign * value, number) < (sign * self.values[self.best], self.best):
            self.best = number


class Trials(Sequence[Trial]):
    """The trials of a history by id. Each is made when it is asked for."""

    def __init__(self, history: History) -> None:
        self._history = history

    def __len__(self) -> int:
        return self._history.num_trials

    @overload
    def __getitem__(self, index: int) -> Trial: ...
    @overload
    def __getitem__(self, index: slice) -> list[Trial]: ...
    def __getitem__(self, index: int | slice) -> Trial | list[Trial]:
        numbers = range(len(self))[index]
        if isinstance(numbers, range):
            return [self._history.trial(number) for number in numbers]
        return self._history.trial(numbers)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(one == another for one, another in zip(self, other))  # noqa: B905  # one length

    __hash__ = None  # type: ignore[assignment]  # it grows

    def __repr__(self) -> str:
        return repr(list(self))


def _metrics(document: Iterable[dict[str, str]]) -> tuple[Metric, ...]:
    return tuple(Metric(entry["name"], Direction(entry["direction"])) for entry in document)


_FOLD = {
    EventKind.STUDY_CREATED: History._study_created,
    EventKind.METRICS_CHOSEN: History._metrics_chosen,
    EventKind.BACKEND_CHOSEN: History._backend_chosen,
    EventKind.TRIAL_STARTED: History._trial_started,
    EventKind.REPORTED: History._reported,
    EventKind.TRIAL_COMPLETED: History._trial_finished,
    EventKind.TRIAL_FAILED: History._trial_finished,
    EventKind.TEST_SET_OPENED: History._test_set_opened,
    EventKind.NOTED: History._noted,
}
