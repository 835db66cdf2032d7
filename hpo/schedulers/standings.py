"""Where each trial of a study stands, for schedulers.

This is the one place where schedulers read the log. Each event is read once, so that a decision costs the
same in a study of thousands of trials as in a small one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from hpo.storage.events import Event, EventKind, metrics_from_json
from hpo.study.reader import StudyReader
from hpo.study.study import Study
from hpo.study.trial import TrialInfo, TrialState


@dataclass
class Standing:
    """Where a trial stands.

    Attributes:
        trial: its id.
        state: its state.
        until: the last epoch that it was granted; None where none was granted.
        bracket: the bracket that it belongs to, from 0.
        epoch: the epoch of its last report; 0 before the first.
        value: what it reported then; small is good. Infinite for NaN and infinity, which rank last.
        before: the epoch of the report before that one.
        attempt: how many times it was started again.
    """

    trial: int
    state: TrialState = TrialState.RUNNING
    until: int | None = None
    bracket: int = 0
    epoch: int = 0
    value: float = math.inf
    before: int = 0
    attempt: int = 0

    @property
    def is_over(self) -> bool:
        """Whether it can never go on."""
        return self.state not in (TrialState.RUNNING, TrialState.PAUSED)


class Standings(StudyReader):
    """Reads a study's log as it grows; the scheduler's own trials only.

    Configs whose results a user added were never scheduled, and are left out.
    """

    def __init__(self) -> None:
        self._start_over()

    def _start_over(self) -> None:
        self._study: Study | None = None
        self._num_read = 0
        self._metric: tuple[str, int] | None = None
        self._standings: dict[int, Standing] = {}
        self.num_running = 0

    def is_of(self, study: Study) -> bool:
        """Whether what was read so far is of this study."""
        return self._study is study

    def read_on(self, study: Study) -> Iterable[tuple[EventKind, Standing]]:
        """The events since the last call, one by one, each with where its trial stands after it.

        Args:
            study: the study; the standings of another one than last time are forgotten.
        """
        if self._study is not study:
            self._start_over()
            self._study = study
        events = study.events_since(self._num_read)
        self._num_read += len(events)
        for event in events:
            standing = self._take(study, event)
            if standing is not None:
                yield event.kind, standing

    def __getitem__(self, trial: int) -> Standing:
        return self._standings[trial]

    def _take(self, study: Study, event: Event) -> Standing | None:
        if event.trial is None:
            return None
        if event.kind is EventKind.TRIAL_STARTED:
            return self._start(event, event.trial)
        standing = self._standings.get(event.trial)
        # Late events have no effect: those of an attempt that another start replaced, those after the end.
        if standing is None or standing.is_over or event.attempt != standing.attempt:
            return None
        if event.kind is EventKind.REPORTED:
            if self._metric is None:
                self._metric = study.metric.name, study.metric.sign
            name, sign = self._metric
            value = sign * metrics_from_json(event.data)[name]
            standing.before, standing.epoch = standing.epoch, event.epoch or 0
            standing.value = value if math.isfinite(value) else math.inf
            return standing
        if event.kind not in _STATES:
            return None
        self.num_running -= standing.state is TrialState.RUNNING
        standing.state = _STATES[event.kind]
        return standing

    def _start(self, event: Event, trial: int) -> Standing | None:
        data = event.data
        standing = self._standings.get(trial)
        if standing is None:
            # Without a proposal it is a config with a result that the user added.
            if event.attempt or "proposal" not in data:
                return None
            info: TrialInfo = data.get("info", {})
            standing = self._standings[trial] = Standing(trial, bracket=info.get("bracket", 0))
        elif standing.is_over or event.attempt <= standing.attempt:
            return None
        else:
            self.num_running -= standing.state is TrialState.RUNNING
        standing.state, standing.attempt, standing.until = (
            TrialState.RUNNING,
            event.attempt,
            data.get("until"),
        )
        self.num_running += 1
        return standing


_STATES = {
    EventKind.TRIAL_PAUSED: TrialState.PAUSED,
    EventKind.TRIAL_STOPPED: TrialState.STOPPED,
    EventKind.TRIAL_COMPLETED: TrialState.COMPLETED,
    EventKind.TRIAL_FAILED: TrialState.FAILED,
}
