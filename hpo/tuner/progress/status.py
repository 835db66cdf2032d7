"""What is known of a search while it runs: how far it is, what runs, the best so far."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hpo.storage.events import Event, EventKind
from hpo.study import ranks
from hpo.study.numbers import counted
from hpo.study.study import Study
from hpo.study.tables import shown
from hpo.study.trial import Trial
from hpo.tuner.progress.pace import Pace
from hpo.tuner.progress.price import Price
from hpo.tuner.progress.words import about, best_text, config_text, metrics_text, spoken


@dataclass(frozen=True)
class EndedTrial:
    """A trial that ended, as the line about it says it.

    Attributes:
        trial: its id.
        reason: why it failed; None if it did not.
        number: how many had ended with it.
        num_failed: how many had failed with it.
        text: makes the line; from any thread, as it does not read the study.
    """

    trial: int
    reason: str | None
    number: int
    num_failed: int
    text: Callable[[], str]


class Status:
    """Follows a search by its events, and says in words how things are.

    Taking in an event costs microseconds: texts are made when something is drawn. What is drawn from another
    thread reads nothing of the study, which changes meanwhile.

    Args:
        num_trials: how many trials there will be; None where it is not known.
        epochs: reports of each; None where it is not known.
        timeout: seconds that the search may take; None for any number.
        price: what a scheduler that stops trials early makes of all the epochs; None where each trial is
            trained to its end.
        clock: by which the time to go is measured, where the study's own clock is a virtual one.

    Attributes:
        pace: how far the search is.
        failed: how many trials failed.
        best: the best trial so far; None before the first, or with several metrics.
    """

    def __init__(
        self,
        *,
        num_trials: int | None,
        epochs: int | None,
        timeout: float | None = None,
        price: Price | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self.pace = Pace(num_trials, epochs, None if price is None else price.expected, clock=clock)
        self.failed = 0
        self.best: Trial | None = None
        self._incumbent: str | None = None
        self._timeout = timeout
        self._study: Study | None = None
        self._reports: dict[int, Event] = {}
        self._starts: dict[int, Event | dict[str, Any]] = {}
        self._num_ended = 0
        self._began = self._updated = time.monotonic()

    def begin(self, study: Study) -> None:
        """Start where a study is: its time runs from now on."""
        self._study = study
        for event in study.events:
            self.pace.take(event)
        self.pace.begin_anew()
        self.failed, self._num_ended = study.num_failed, 0
        self._began = self._updated = time.monotonic()
        self._take_best(study)

    def take(self, event: Event, study: Study) -> EndedTrial | None:
        """Take in an event; the trial that ended with it, if one did."""
        trial, kind = event.trial, event.kind
        was_open = trial in self.pace
        self.pace.take(event)
        self._updated = time.monotonic()
        if kind is EventKind.TRIAL_COMPLETED:
            self._take_best(study)
        if trial is None or not (was_open or kind is EventKind.TRIAL_STARTED):
            return None
        if kind is EventKind.TRIAL_STARTED and trial in self.pace:
            if event.attempt or trial not in self._starts:
                self._starts[trial] = event if not event.attempt else study.history.config(trial)
            self._reports.pop(trial, None)
        elif kind is EventKind.REPORTED:
            self._reports[trial] = event
        elif kind in (EventKind.TRIAL_FAILED, EventKind.TRIAL_STOPPED, EventKind.TRIAL_COMPLETED):
            return self._end(event, trial, study)
        return None

    @property
    def seconds(self) -> float:
        """How long the search has run."""
        return time.monotonic() - self._began

    @property
    def seconds_left(self) -> float | None:
        """The forecast as of the last event, at most what the timeout leaves."""
        left = self.pace.seconds_left
        if self._timeout is None:
            return left
        in_time = max(0.0, self._timeout - (self._updated - self._began))
        return in_time if left is None else min(left, in_time)

    @property
    def length(self) -> tuple[float | None, float]:
        """How long the bar is and how much of it is done: work, else time, if one of them has an end."""
        if self.pace.total is not None:
            return self.pace.total, self.pace.done
        return self._timeout, self.seconds

    @property
    def bar_text(self) -> str:
        """How much is done, the time to go, the failures: what stands beside a bar."""
        pace = self.pace
        unit = "trials" if pace.epochs is None else "epochs"
        count = f"{pace.done}" if pace.total is None else f"{pace.done}/{pace.total}"
        state = f"{count} {unit}, {self._times()}"
        return state + (f", {self.failed} failed" if self.failed else "")

    def running(self) -> list[str]:
        """A line for each trial under way."""
        metrics = () if self._study is None else self._study.metrics
        return [self._running_text(trial, metrics) for trial in self.pace.running]

    @property
    def incumbent(self) -> str | None:
        """A line about the best trial; None while there is none."""
        return self._incumbent

    @property
    def summary(self) -> str:
        """What came of the search, in one line."""
        ended = f"{counted(self._num_ended, 'trial')} in {spoken(self.seconds)}"
        failed = f", {self.failed} failed" if self.failed else ""
        return f"{ended}{failed}" + ("" if self.incumbent is None else f"; {self.incumbent}")

    def _running_text(self, trial: int, metrics: Any) -> str:
        report = self._reports.get(trial)
        state = "" if report is None else f", epoch {report.epoch}, {metrics_text(report.data, metrics)}"
        # Configs come last: they may be long, and a narrow terminal cuts the end.
        return f"trial {trial}{state}: {config_text(_config_of(self._starts.get(trial)))}"

    def _end(self, event: Event, trial: int, study: Study) -> EndedTrial:
        self._num_ended += 1
        start, report = self._starts.pop(trial, None), self._reports.pop(trial, None)
        reason = str(event.data["reason"]) if event.kind is EventKind.TRIAL_FAILED else None
        self.failed += reason is not None
        number, metrics, value = self.pace.finished, study.metrics, study.history.values[trial]

        def text() -> str:
            if event.kind is not EventKind.TRIAL_COMPLETED:
                outcome = "stopped" if reason is None else "failed"
            elif len(metrics) == 1:
                outcome = f"{metrics[0].name} {shown(value)}"
            else:
                outcome = metrics_text(_metrics_of(event, report), metrics)
            return self._line(number, f"trial {trial}: {config_text(_config_of(start))}: {outcome}")

        return EndedTrial(trial, reason, number, self.failed, text)

    def _line(self, number: int, about_trial: str) -> str:
        pace = self.pace
        count = f"{number}" if pace.num_trials is None else f"{number}/{pace.num_trials}"
        parts = [f"[{count}] {about_trial}"]
        if self.best is not None:
            parts.append(f"best so far {shown(self.best.value)}")
        left = self.seconds_left
        if left and number != pace.num_trials:
            parts.append(f"{about(left)} to go")
        return "; ".join(parts)

    def _take_best(self, study: Study) -> None:
        if len(study.metrics) != 1 or not study.num_completed:
            return
        number = ranks.best(study.history)
        # Made only where it is another one: quick searches have thousands of trials.
        if number is not None and (self.best is None or number != self.best.id):
            self.best = study.trials[number]
            self._incumbent = best_text(study.metric, self.best)

    def _times(self) -> str:
        left = self.seconds_left
        if left is None:
            return f"{spoken(self.seconds)} so far"
        # The forecast is as old as the last event; until the next one it counts down.
        return f"{spoken(max(0.0, left - (time.monotonic() - self._updated)))} to go"


def _config_of(start: Event | dict[str, Any] | None) -> dict[str, Any]:
    """The config of a trial, by the event of its start or as it is."""
    config: dict[str, Any] = start.data["config"] if isinstance(start, Event) else start or {}
    return config


def _metrics_of(end: Event, report: Event | None) -> dict[str, Any]:
    """The metrics of a completed trial: those of its end, else those of its last report."""
    metrics: dict[str, Any] = end.data.get("metrics") or ({} if report is None else report.data)
    return metrics
