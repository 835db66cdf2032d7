"""What a search says once: its user probably meant something else, or a disk is full."""

from __future__ import annotations

import logging

from hpo.executors import Assignment, Progress
from hpo.objective.function import Objective
from hpo.storage.events import Event, EventKind
from hpo.study.directions import contradiction
from hpo.study.history import History
from hpo.study.notes import Note, note_of, unwritten_in
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


class RepeatWatch:
    """Sees where a plain function begins again at its first epoch, each time that its trial goes on.

    That costs what the trial had done. A generator waits where it is; if it is closed all the same, to make
    room or with its process, it goes on from its checkpoint, and there is nothing that its user did wrong.

    Args:
        history: the study's.
        objective: what is tuned; None where the caller evaluates it.
    """

    def __init__(self, history: History, objective: Objective | None) -> None:
        self._history = history
        self._is_plain = objective is not None and not objective.can_wait
        # What is told how long to train reports that length, and not the epochs that it repeats.
        self._is_told = objective is not None and objective.takes_max_epochs
        self._done: dict[int, int] = {}

    def goes_on(self, assignment: Assignment) -> None:
        """A trial that was paused goes on."""
        if self._is_plain and assignment.start is None:
            self._done[assignment.trial] = self._history.last_epoch(assignment.trial)

    def remark(self, progress: Progress) -> Note | None:
        """What to say of a report that is not in the log yet; None if it is nothing, or was said before."""
        done = None if progress.result is None else self._done.pop(progress.trial, None)
        if done is None or not (self._is_told or progress.epoch <= done):
            return None
        if any(note.topic == REPEATED for note in self._history.notes):
            return None
        # Without a number: a study that was interrupted on the way is to say the same.
        return Note(
            REPEATED,
            "A trial that was paused begins again at epoch 1 when it goes on, since a plain function cannot "
            "wait. Yield the metrics once per epoch, in place of a report or a result, or call "
            "trial.checkpoint(model=..., optimizer=...) before the epochs, in a study that has a storage.",
        )


class ProblemWatch:
    """Warns of the first problem with checkpoints for each reason, and notes the first of each trial.

    Args:
        history: the study's.
    """

    def __init__(self, history: History) -> None:
        self._history = history
        self._warned_of: set[str | None] = set()

    def remark(self, trial: int, problem: str) -> Note | None:
        """What to note of a problem with a trial's checkpoint; None if it is in the notes."""
        note = note_of(trial, problem)
        unwritten = unwritten_in(note)
        reason = None if unwritten is None else unwritten.reason
        if reason not in self._warned_of:
            self._warned_of.add(reason)
            _log.warning(
                "Trial %d: %s The search goes on. What else is of this kind is in the study's notes.",
                trial,
                problem,
            )
        # Once for each trial: on a full disk every epoch of every trial meets the same.
        return note if reason is None or self._history.unwritten.get(trial) != reason else None
