"""What a search says once where its user probably meant something else."""

from __future__ import annotations

import logging

from hpo.executors import Assignment, Progress
from hpo.objective.function import Objective
from hpo.storage.events import Event, EventKind
from hpo.study.directions import contradiction
from hpo.study.history import History
from hpo.study.notes import Note
from hpo.study.study import Study

_log = logging.getLogger(__name__)

REPEATED = "repeated epochs"
"""The topic of the note on trials that are trained anew at each promotion."""

_NAMES_METRICS = (EventKind.STUDY_CREATED, EventKind.METRICS_CHOSEN)


def warn_of_directions(event: Event, study: Study) -> None:
    """Warn where a study begins to optimise a metric the wrong way round, by its name. A callback."""
    if event.kind in _NAMES_METRICS:
        for metric in study.history.metrics:
            text = contradiction(metric)
            if text is not None:
                _log.warning("%s", text)


def say_of_retry(trial: int, attempt: int, reason: str | None) -> None:
    """Say that a trial whose process was lost runs again."""
    _log.warning("Trial %d was lost and runs again (start %d): %s", trial, attempt + 1, reason)


class RepeatWatch:
    """Sees where a trial that was paused begins again at its first epoch, which costs what it had done.

    Args:
        history: the study's.
        objective: what is tuned; None where the caller evaluates it.
    """

    def __init__(self, history: History, objective: Objective | None) -> None:
        self._history = history
        self._can_wait = objective is not None and objective.can_wait
        # What is told how long to train reports that length, and not the epochs that it repeats.
        self._always = objective is not None and objective.takes_max_epochs and not objective.can_wait
        self._done: dict[int, int] = {}

    def goes_on(self, assignment: Assignment) -> None:
        """A trial that was paused goes on."""
        if assignment.start is None:
            self._done[assignment.trial] = self._history.last_epoch(assignment.trial)

    def remark(self, progress: Progress) -> Note | None:
        """What to say of a report that is not in the log yet; None if it is nothing, or was said before."""
        done = None if progress.result is None else self._done.pop(progress.trial, None)
        if done is None or not (self._always or progress.epoch <= done):
            return None
        if any(note.topic == REPEATED for note in self._history.notes):
            return None
        kept = "trial.checkpoint(model=..., optimizer=...) before the epochs, in a study with storage="
        if self._can_wait:
            why, mend = "its generator was closed, to make room for others", f"Call {kept}."
        else:
            why = "a function cannot wait"
            mend = f"Yield the metrics once per epoch, in place of a report or a result, or call {kept}."
        return Note(
            REPEATED,
            f"Trial {progress.trial} was paused after epoch {done}, and when it went on its objective began "
            f"again at epoch 1: {why}. So it is with every trial that goes on here. {mend}",
        )
