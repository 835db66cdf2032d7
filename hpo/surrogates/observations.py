"""The trials of a study as arrays, for models.

This is the one place where searchers read trials. Everything is a function of the study. A trial that has
ended is read once, because it does not change any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from hpo.errors import ObjectiveError
from hpo.study.reader import StudyReader
from hpo.study.study import Study
from hpo.study.trial import Trial, TrialInfo
from hpo.study.value import values_after
from hpo.surrogates.cube import Cube, Mask, Points
from hpo.surrogates.fidelity import Curve, comparable_values, num_advanced
from hpo.surrogates.penalties import penalties

_MOST_NEEDED = 10
"""So many trials are enough to set the scale of a rung, however many hyperparameters there are."""

RANDOM = "random"
INITIAL_DESIGN = "initial design"
BY_CHANCE = (RANDOM, INITIAL_DESIGN)
"""The `by` of proposals that no model made. A proposal without `by` is the user's own, and counts as one."""

_ENDED = ("completed", "failed", "stopped")


@dataclass(frozen=True)
class Observations:
    """The trials of a study by id, as a model sees them.

    Attributes:
        points: their configs in the unit cube, shape (n, d).
        values: their results on one scale over all fidelities, shape (n,); small is good, whatever the
            metric's direction. NaN for a trial that has none.
        failed: which trials ended without a result, or with a penalty in its place.
        pending: which trials have no result and did not fail.
        num_partial: how many trials were cut off before the full fidelity.
        num_advanced: how many trials got beyond the lowest epoch at which one was cut off, or came to their
            own end.
        share_by_chance: the share of all epochs that went to trials which no model proposed; 1 before any.
    """

    points: Points
    values: NDArray[np.float64]
    failed: Mask
    pending: Mask
    num_partial: int = 0
    num_advanced: int = 0
    share_by_chance: float = 1.0

    def __len__(self) -> int:
        return len(self.points)

    @property
    def known(self) -> Mask:
        """Which trials have a value."""
        return ~(self.failed | self.pending)

    def with_pending(self, points: Points) -> Observations:
        """The same and more trials that are on their way."""
        count = len(points)
        return Observations(
            points=np.concatenate([self.points, points]),
            values=np.concatenate([self.values, np.full(count, np.nan)]),
            failed=np.concatenate([self.failed, np.zeros(count, dtype=bool)]),
            pending=np.concatenate([self.pending, np.ones(count, dtype=bool)]),
            num_partial=self.num_partial,
            num_advanced=self.num_advanced,
            share_by_chance=self.share_by_chance,
        )


class Observer(StudyReader):
    """Reads a study into observations, each ended trial once.

    A searcher keeps one. It starts over when it is given another study.

    Attributes:
        cube: the unit cube of the study's space.
    """

    cube: Cube

    def __init__(self) -> None:
        self._start_over()

    def _start_over(self) -> None:
        self._study: Study | None = None
        self._edition: object = None
        self._open: list[int] = []
        self._points: list[NDArray[np.float64]] = []
        self._curves: list[Curve] = []
        self._by_chance: list[bool] = []
        self._sign = 0

    def read(self, study: Study) -> Observations:
        """The study's trials so far. Without exactly one metric, none has a value."""
        if self._study is not study or self._edition is not study.history.edition:
            self._start_over()
            self._study, self._edition, self.cube = study, study.history.edition, Cube(study.space)
        self._read_on(study, _sign(study))
        values, num_partial = comparable_values(self._curves, fewest=min(len(self.cube) + 1, _MOST_NEEDED))
        # To a model, a penalty is a failure by another name.
        is_penalty = penalties(values)
        values[is_penalty] = np.nan
        failed = np.array([curve.failed for curve in self._curves], dtype=bool) | is_penalty
        return Observations(
            points=np.array(self._points).reshape(-1, len(self.cube)),
            values=values,
            failed=failed,
            pending=np.isnan(values) & ~failed,
            num_partial=num_partial,
            num_advanced=num_advanced(self._curves),
            share_by_chance=self._share_by_chance(),
        )

    def _share_by_chance(self) -> float:
        epochs = np.array([curve.num_epochs for curve in self._curves], dtype=np.float64)
        total = epochs.sum()
        return float(epochs[self._by_chance].sum() / total) if total else 1.0

    def _read_on(self, study: Study, sign: int) -> None:
        if sign != self._sign:  # the first result named the metric
            self._sign, self._open = sign, list(range(len(self._points)))
        trials, still_open = study.trials, []
        for number in [*self._open, *range(len(self._points), len(trials))]:
            trial = trials[number]
            curve = _curve(study, trial, sign)
            if number == len(self._points):
                self._points.append(study.space.encode([trial.config])[0])
                self._curves.append(curve)
                self._by_chance.append(cast(TrialInfo, trial.info).get("by", RANDOM) in BY_CHANCE)
            else:
                self._curves[number] = curve
            if trial.state.value not in _ENDED:
                still_open.append(number)
        self._open = still_open


def _sign(study: Study) -> int:
    """1 or -1 for the metric's direction; 0 while there is no metric, or if there are several."""
    return study.metrics[0].sign if len(study.metrics) == 1 else 0


def _curve(study: Study, trial: Trial, sign: int) -> Curve:
    state = trial.state.value
    if state == "failed" or not sign:
        return Curve(failed=state == "failed")
    if state == "completed":
        return Curve(
            final=sign * float(trial.metrics[study.metric.name]), reports=_reports(study, trial, sign)
        )
    if state == "running":
        return Curve()
    return Curve(reports=_reports(study, trial, sign))


def _reports(study: Study, trial: Trial, sign: int) -> tuple[tuple[int, float], ...]:
    """The trial's values after its epochs, where they are finite."""
    name = study.metric.name
    reported = [sign * float(report.metrics.get(name, np.nan)) for report in trial.reports]
    epochs = (report.epoch for report in trial.reports)
    found = zip(epochs, values_after(reported, study.value_of), strict=True)
    return tuple((epoch, value) for epoch, value in found if np.isfinite(value))


def check_one_metric(study: Study, reader: str) -> None:
    """Refuse a study of several metrics.

    Raises:
        ObjectiveError: it has several.
    """
    if len(study.metrics) > 1:
        names = ", ".join(metric.name for metric in study.metrics)
        raise ObjectiveError(
            f"{reader} optimises one metric; the study {study.name!r} has {len(study.metrics)}: {names}. "
            "Name one of them with minimize= or maximize=, or use searcher='random'."
        )
