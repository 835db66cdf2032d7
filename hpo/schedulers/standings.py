"""Where each trial of a study stands, for schedulers.

This is the one place where schedulers read the log. Each event is read once, so that a decision costs the
same in a study of thousands of trials as in a small one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from hpo.storage.events import Event, EventKind, metrics_from_json
from hpo.study.history import History
from hpo.study.logged import STATES
from hpo.study.reader import StudyReader
from hpo.study.study import Study
from hpo.study.trial import TrialInfo, TrialState
from hpo.study.value import value_after


@dataclass
class Standing:
    """Where a trial stands.

    Attributes:
        trial: its id.
        state: its state.
        until: the last epoch that it was granted; None where none was granted.
        bracket: the bracket that it belongs to, from 0.
        epoch: the epoch of its last report; 0 before the first.
        reported: what it reported then; small is good. Infinite for NaN and infinity, which rank last.
        best: the best that it reported so far.
        value: its value then, as the study has it: what it reported, or with `value="best"` the best so far.
        before: the epoch of the report before that one.
        attempt: how many times it was started again.
    """

    trial: int
    state: TrialState = TrialState.RUNNING
    until: int | None = None
    bracket: int = 0
    epoch: int = 0
    reported: float = math.inf
    best: float = math.inf
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
        self._history: History | None = None
        self._edition: object = None
        self._num_read = 0
        self._metric: tuple[str, int] | None = None
        self._standings: dict[int, Standing] = {}
        self._running: set[int] = set()

    @property
    def num_running(self) -> int:
        """How many of the trials run."""
        return len(self._running)

    def is_of(self, study: Study) -> bool:
        """Whether what was read so far is of this study, and is still in its place there."""
        return self._study is study and self._edition is study.history.edition

    def read_on(self, study: Study) -> Iterable[tuple[EventKind, Standing]]:
        """The events since the last call, one by one, each with where its trial stands after it.

        Args:
            study: the study; what was read of another one is forgotten.
        """
        if not self.is_of(study):
            self._start_over()
            self._study, self._history = study, study.history
            self._edition = study.history.edition
        assert self._history is not None
        events, self._num_read = self._history.effective_since(self._num_read)
        for event in events:
            standing = self._take(study, event)
            if standing is not None:
                yield event.kind, standing

    def __getitem__(self, trial: int) -> Standing:
        if trial not in self._standings and self._history is not None:
            start = f"Event {self._history.place_of_start(trial)} (trial_started)"
            raise self._history.damaged(
                f"{start} is malformed: expected 'proposal', as the trial reports epochs"
            )
        return self._standings[trial]

    def _take(self, study: Study, event: Event) -> Standing | None:
        if event.kind is EventKind.TRIAL_STARTED:
            self._start(event)
        standing = None if event.trial is None else self._standings.get(event.trial)
        if standing is None:
            return None
        if event.kind in STATES:
            standing.state = STATES[event.kind]
            move = self._running.add if standing.state is TrialState.RUNNING else self._running.discard
            move(standing.trial)
        elif event.kind is EventKind.REPORTED:
            if self._metric is None:
                self._metric = study.metric.name, study.metric.sign
            name, sign = self._metric
            value = sign * metrics_from_json(event.data)[name]
            standing.before, standing.epoch = standing.epoch, event.epoch or 0
            standing.reported = value if math.isfinite(value) else math.inf
            standing.value = value_after(standing.reported, standing.best, study.value_of)
            standing.best = min(standing.best, standing.reported)
        else:
            return None
        return standing

    def _start(self, event: Event) -> None:
        data, trial = event.data, event.trial or 0
        # Without a proposal a first start is of a config whose result the user added.
        if "proposal" in data:
            info: TrialInfo = data.get("info", {})
            self._standings[trial] = Standing(trial, bracket=info.get("bracket", 0))
        if trial in self._standings:
            self._standings[trial].attempt, self._standings[trial].until = event.attempt, data.get("until")
