"""The one place that writes to a study's log."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

import numpy as np

from hpo.errors import ObjectiveError, SpaceError
from hpo.events import Event, EventKind, metrics_from_json, metrics_to_json, to_text
from hpo.history import History
from hpo.objective import Result, ResultError
from hpo.space import Space
from hpo.study import Study
from hpo.trial import Direction, Metric, Report

Callback: TypeAlias = Callable[[Event, Study], None]
"""Is called with each event after the study has taken it in."""


class Recorder:
    """Turns what happens in a search into events, checks them and passes them on.

    Args:
        history: the log, empty or of a study that goes on.
        study: the view of that log, for the callbacks.
        callbacks: get every event that is written.
    """

    def __init__(self, history: History, study: Study, callbacks: Iterable[Callback]) -> None:
        self._history = history
        self._study = study
        self._callbacks = tuple(callbacks)
        self._offset = 0.0
        self.wind_clock()

    def wind_clock(self) -> None:
        """Let the study's own time go on from its last event: a pause is no work on it."""
        worked = self._history.events[-1].elapsed if self._history.events else 0.0
        self._offset = time.perf_counter() - worked

    def create(self, *, name: str, space: Space, metrics: Iterable[Metric], seed: int) -> None:
        """Begin the log."""
        data: dict[str, Any] = {"name": name, "seed": seed, "metrics": _metrics_to_json(metrics)}
        try:
            data["space"] = space.to_json()
        except SpaceError as error:
            data |= {"space": None, "space_error": str(error)}
        version = ".".join(str(part) for part in sys.version_info[:3])
        # Not by an import: the package's own file stands above every layer.
        polyhpo = sys.modules[__name__.partition(".")[0]].__version__
        data["versions"] = {"polyhpo": polyhpo, "python": version, "numpy": np.__version__}
        self._write(EventKind.STUDY_CREATED, data)

    def place(self, backend: str | None, reason: str, device: str | None) -> None:
        """Record the backend and the device."""
        self._write(EventKind.BACKEND_CHOSEN, {"backend": backend, "reason": reason, "device": device})

    def test(self, trial: int, metrics: Mapping[str, float]) -> None:
        """Record what the sealed test set said of a trial's config."""
        self._write(EventKind.TEST_SET_OPENED, {"metrics": metrics_to_json(metrics)}, trial)

    def note(self, topic: str, text: str) -> None:
        """Record a remark."""
        self._write(EventKind.NOTED, {"topic": topic, "text": text})

    def start(self, config: Mapping[str, Any], info: Mapping[str, Any], proposal: int | None) -> int:
        """Record that a new trial starts; its id."""
        data: dict[str, Any] = {"config": config}
        if info:
            data["info"] = info
        if proposal is not None:
            data["proposal"] = proposal
        trial = self._history.num_trials
        self._write(EventKind.TRIAL_STARTED, data, trial)
        return trial

    def restart(self, trial: int) -> None:
        """Record that a trial starts over, after an interruption."""
        data = self._history.started(trial).data
        self._write(EventKind.TRIAL_STARTED, data, trial, self._history.started(trial).attempt + 1)

    def report(self, trial: int, epoch: int | None, result: Result) -> Report:
        """Record what a trial reported, and return it. NaN and infinity are recorded as they are.

        Args:
            trial: its id.
            epoch: from 1; None for the one after the last.
            result: what it reported.

        Raises:
            ResultError: the metric is missing, or the epoch does not come after the last one.
            ObjectiveError: it reported several metrics and nobody said which one to optimise.
        """
        metrics = self._named(trial, result)
        last = self._history.last_epoch(trial)
        if epoch is not None and epoch <= last:
            raise ResultError(f"it reported epoch {epoch} after epoch {last}; epochs increase")
        report = Report(epoch or last + 1, metrics)
        self._write(EventKind.REPORTED, metrics_to_json(metrics), trial, epoch=report.epoch)
        return report

    def complete(self, trial: int, result: Result | None) -> None:
        """Record the end of a trial with its final result; None for its last report.

        Raises:
            ResultError: there is no result, its metric is missing, or NaN or infinite.
            ObjectiveError: it has several metrics and nobody said which one to optimise.
        """
        if result is not None:
            metrics = self._named(trial, result)
            self.check_finite(metrics)
            self._write(EventKind.TRIAL_COMPLETED, {"metrics": metrics_to_json(metrics)}, trial)
            return
        last = self._history.last_report(trial)
        if last is None:
            raise ResultError("nothing was reported")
        self.check_finite(metrics_from_json(last.data))
        self._write(EventKind.TRIAL_COMPLETED, {}, trial)

    def fail(self, trial: int, reason: str, traceback: str | None = None) -> None:
        """Record the end of a trial without a result."""
        data = {"reason": reason} if traceback is None else {"reason": reason, "traceback": traceback}
        self._write(EventKind.TRIAL_FAILED, data, trial)

    def check_finite(self, metrics: Mapping[str, float], epoch: int | None = None) -> None:
        """Refuse NaN and infinity as a value of what is optimised.

        Raises:
            ResultError: there is one.
        """
        for metric in self._history.metrics:
            if not math.isfinite(metrics[metric.name]):
                where = "" if epoch is None else f" at epoch {epoch}"
                raise ResultError(f"{metric.name} is {metrics[metric.name]}{where}")

    def _named(self, trial: int, result: Result) -> dict[str, float]:
        """The result by metric names, which the first result gives if the user did not."""
        if not self._history.metrics:
            if isinstance(result, dict) and len(result) > 1:
                text = (
                    f"The objective gave several metrics ({', '.join(result)}) and nobody said which one to "
                    f"optimise. Name it: minimize={next(iter(result))!r}, or maximize=."
                )
                self.fail(trial, text)
                raise ObjectiveError(text)
            name = next(iter(result)) if isinstance(result, dict) else "value"
            self._write(EventKind.METRICS_CHOSEN, {"metrics": _metrics_to_json([Metric(name)])})
        wanted = [metric.name for metric in self._history.metrics]
        if not isinstance(result, dict):
            result = {wanted[0]: result}
        missing = [name for name in wanted if name not in result]
        if missing:
            raise ResultError(
                f"it gave no {missing[0]!r}, which is what the study optimises, but {', '.join(result)}; "
                f"name another metric with minimize={next(iter(result))!r}, or give this one"
            )
        return result

    def _write(
        self,
        kind: EventKind,
        data: Mapping[str, Any],
        trial: int | None = None,
        attempt: int | None = None,
        epoch: int | None = None,
    ) -> None:
        if attempt is None:
            attempt = (
                0
                if trial is None or trial == self._history.num_trials
                else self._history.started(trial).attempt
            )
        now = time.perf_counter() - self._offset
        event = Event(kind, trial, attempt, epoch, to_text(data), time.time(), now)
        self._history.append(event, data)
        for callback in self._callbacks:
            callback(event, self._study)


def _metrics_to_json(metrics: Iterable[Metric]) -> list[dict[str, str]]:
    return [{"name": metric.name, "direction": metric.direction.value} for metric in metrics]


def goal(minimize: str | None, maximize: str | None) -> tuple[Metric, ...]:
    """The metrics of a study; none if its first result is to name it.

    Raises:
        ValueError: both are given, or a name is empty.
        TypeError: a name is no str.
    """
    if minimize is not None and maximize is not None:
        raise ValueError(
            f"A study has one metric: give minimize= or maximize=, not both; received minimize={minimize!r} "
            f"and maximize={maximize!r}."
        )
    for argument, name in (("minimize", minimize), ("maximize", maximize)):
        if name is None:
            continue
        if not isinstance(name, str):
            raise TypeError(
                f"{argument}= takes the name of a metric, for example {argument}='val_error' (any name will "
                f"do for an objective that gives a plain number); received {name!r}."
            )
        if not name or name == "epoch":
            raise ValueError(f"{argument}= takes the name of a metric other than 'epoch'; received {name!r}.")
        return (Metric(name, Direction(argument)),)
    return ()
