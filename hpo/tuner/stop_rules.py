"""When a search is over, beside the number of its trials."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import TypeAlias

from hpo.checks import checked_count, checked_number, checked_positive
from hpo.errors import ObjectiveError
from hpo.storage.events import Event, EventKind, metrics_from_json
from hpo.study.study import Study
from hpo.study.trial import Trial

StopRule: TypeAlias = "Callable[[Study], str | None]"
"""Is called before each start of a trial; returns why the search is over, or None. Running trials end."""


class Target:
    """Ends a search when a trial has reached a value, or a better one.

    Args:
        value: the target for the study's metric.

    Raises:
        ValueError: it is NaN, which no value is better than.
        TypeError: it is no number.

    Example:
        >>> import hpo
        >>> space = {"x": hpo.Float(-1, 1)}
        >>> study = hpo.search(lambda config: config["x"] ** 2, space, stop=hpo.Target(0.01), seed=0)
        >>> study.notes[-1].text
        'trial 3 reached value 0.00081116, where the target is 0.01'
    """

    def __init__(self, value: float) -> None:
        fits = "a number that is not NaN", lambda number: not math.isnan(number)
        self.value = checked_number("Target(value)", value, *fits)

    def __call__(self, study: Study) -> str | None:
        """Why the search is over."""
        # Before that, `study.best` may be a trial that was paused or stopped on its way.
        if not study.num_completed:
            return None
        best, metric = study.best, study.metric
        if best.value is None or metric.sign * best.value > metric.sign * self.value:
            return None
        return f"trial {best.id} reached {metric.name} {best.value:g}, where the target is {self.value:g}"


class Patience:
    """Ends a search when a number of trials in a row ended without a new incumbent.

    Args:
        num_trials: that number, at least 1.

    Raises:
        ValueError: it is less than 1.
        TypeError: it is no integer.

    Example:
        >>> import hpo
        >>> space = {"x": hpo.Float(-1, 1)}
        >>> study = hpo.search(lambda config: config["x"] ** 2, space, stop=hpo.Patience(8), seed=0)
        >>> study.best.id, len(study.trials)
        (15, 24)
    """

    def __init__(self, num_trials: int) -> None:
        self.num_trials = checked_count("Patience(num_trials)", num_trials)

    def __call__(self, study: Study) -> str | None:
        """Why the search is over."""
        since = study.num_ended_since_best
        if not study.num_completed or since < self.num_trials:
            return None
        return f"{since} trials ended since the best one, of {self.num_trials} that its patience allows"


class MaxCost:
    """Ends a search when its trials have cost a certain amount in all.

    Args:
        amount: the budget, above 0.
        of: what counts: `epochs` that were reported, `seconds` of work on the trials that ended or wait, of
            which those that trained together have a share each, or the name of a metric, which is summed
            over reports, or over results where nothing was reported.

    Raises:
        ValueError: the amount is not above 0.
        TypeError: it is no number.
        ObjectiveError: in a search, a trial completed and reported no such metric.

    Example:
        >>> import hpo
        >>> def train(config):
        ...     for epoch in range(1, 6):
        ...         yield config["x"] ** 2 + 1 / epoch
        >>> study = hpo.search(train, {"x": hpo.Float(-1, 1)}, stop=hpo.MaxCost(20), seed=0)
        >>> len(study.trials), study.notes[-1].text
        (4, 'the trials cost 20 epochs, of 20 that are allowed')
    """

    def __init__(self, amount: float, of: str = "epochs") -> None:
        self.amount = checked_positive("MaxCost(amount)", amount)
        self.of = of
        self._study: Study | None = None
        self._edition: object = None
        self._num_read = 0
        self._spent = 0.0
        self._is_known = False
        self._epochs: dict[int, int] = {}
        self._seconds: dict[int, float] = {}

    def __call__(self, study: Study) -> str | None:
        """Why the search is over."""
        # One rule may serve several searches, one after the other.
        if self._study is not study or self._edition is not study.history.edition:
            self._study, self._num_read, self._spent = study, 0, 0.0
            self._epochs, self._seconds, self._is_known = {}, {}, False
            self._edition = study.history.edition
        # Only what is new: over a long study the rule is asked thousands of times.
        events = study.events_since(self._num_read)
        self._num_read += len(events)
        self._spent += sum(self._cost(study, event) for event in events)
        if self._spent < self.amount:
            return None
        return f"the trials cost {self._spent:g} {self.of}, of {self.amount:g} that are allowed"

    def _cost(self, study: Study, event: Event) -> float:
        if event.trial is None:
            return 0.0
        if event.kind is EventKind.REPORTED:
            # By difference: an objective may report every fifth epoch.
            before, self._epochs[event.trial] = self._epochs.get(event.trial, 0), event.epoch or 0
            if self.of == "epochs":
                return self._epochs[event.trial] - before
            return 0.0 if self.of == "seconds" else self._counted(event.data)
        if self.of == "seconds":
            return self._new_seconds(study, event.trial) if event.kind in _ENDS_OF_RUNS else 0.0
        # What returns a result after its reports has reported its costs.
        is_new = event.kind in _ENDS and event.trial not in self._epochs
        cost = self._counted(event.data.get("metrics", {})) if is_new else 0.0
        if event.kind is EventKind.TRIAL_COMPLETED and self.of != "epochs" and not self._is_known:
            self._check_known(study.history.trial(event.trial))
        return cost

    def _check_known(self, trial: Trial) -> None:
        """Refuse a metric that a completed trial did not report: such a search would not end."""
        # A result that was added, as by a warm start, may be of another objective.
        if trial.proposal is not None:
            raise ObjectiveError(
                f"MaxCost({self.amount:g}, of={self.of!r}) would never end the search: trial {trial.id} "
                f"reported no {self.of!r}, but {', '.join(trial.metrics)}. Name one of these, 'epochs' or "
                f"'seconds'."
            )

    def _counted(self, metrics: Mapping[str, float | str]) -> float:
        """What was reported of the metric that counts."""
        self._is_known |= self.of in metrics
        return metrics_from_json(metrics).get(self.of, 0.0)

    def _new_seconds(self, study: Study, trial: int) -> float:
        # By difference, too: the trial's seconds are those of all its runs.
        before, now = self._seconds.get(trial, 0.0), study.history.seconds(trial)
        self._seconds[trial] = now
        return now - before


class Clock:
    """Measures the seconds that a run may still take.

    Args:
        timeout: how many it may take in all; None for any number.
        now: returns the time in seconds.
    """

    def __init__(self, timeout: float | None, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._end = math.inf if timeout is None else now() + timeout
        self.timeout = timeout

    @property
    def left(self) -> float | None:
        """Seconds, at least 0; None for any number."""
        return None if self.timeout is None else max(0.0, self._end - self._now())

    @property
    def is_over(self) -> bool:
        """Whether none are left."""
        return self._now() >= self._end


_ENDS = (EventKind.TRIAL_COMPLETED, EventKind.TRIAL_STOPPED, EventKind.TRIAL_FAILED)
_ENDS_OF_RUNS = (*_ENDS, EventKind.TRIAL_PAUSED)
