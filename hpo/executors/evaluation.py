"""One evaluation of an objective: its call, its generator, its reports, its failure."""

from __future__ import annotations

import os
import sysconfig
import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import Any

from hpo.context import CurrentTrial, running
from hpo.executors.base import Assignment, OnReport, Outcome
from hpo.objective import Objective, ResultError, read_report, read_result
from hpo.placement import Placement

_NOTHING = object()
_NOT_THE_USERS = tuple(
    os.path.join(folder, "")
    for folder in (
        os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
        *(sysconfig.get_paths()[key] for key in ("stdlib", "platstdlib", "purelib", "platlib")),
    )
)


class Evaluation:
    """One trial under way in this process.

    The current trial is set around the objective's call and around every step of its generator, and is
    never set while other code runs.

    Args:
        objective: what is evaluated.
        assignment: the trial.
        placement: where it runs.
        on_report: gets what it reports.
    """

    def __init__(
        self, objective: Objective, assignment: Assignment, placement: Placement, on_report: OnReport
    ) -> None:
        self._objective = objective
        self._assignment = assignment
        self._placement = placement
        self._on_report = on_report
        self._current: CurrentTrial | None = None
        self._steps: Iterator[Any] | None = None
        self._num_reports = 0
        self._seen = 0
        self._refused: Exception | None = None

    def step(self) -> Outcome | None:
        """Go on to the next report that the objective yields, or to its end; the outcome if it ended.

        Raises:
            Exception: what `on_report` raised, a `ResultError` apart.
            KeyboardInterrupt: whatever the objective raises that is no `Exception`.
        """
        try:
            value = self._advance()
            if value is _NOTHING:
                return None
            outcome = Outcome(self._assignment.trial, result=self._final(value))
            self._raise_refused()
            return outcome
        except Exception as raised:
            # The objective may have swallowed or wrapped what its report was refused with.
            error = self._refused or raised
        self.close()
        if isinstance(error, ResultError):
            # Some of its text may be a framework's, with a full stop of its own.
            return Outcome(self._assignment.trial, reason=f"No result: {error}".rstrip(".") + ".")
        if error is self._refused:
            raise error
        return Outcome(self._assignment.trial, reason=_reason(error), traceback=_traceback_text(error))

    def close(self) -> None:
        """Close the generator; what it still reports or raises is ignored."""
        close = getattr(self._steps, "close", None)
        self._steps = None
        if close is None or self._current is None:
            return
        self._on_report = _ignore
        try:
            with running(self._current):
                close()
        except Exception:
            # The trial's outcome is known by now; a clean-up that fails does not change it.
            return

    def _advance(self) -> object:
        """One step; what the objective returned, or `_NOTHING` after a report that it yielded."""
        if self._current is None:
            config = self._assignment.config
            self._current = self._placement.begin(self._assignment.trial, config, self._receive)
            with running(self._current):
                value = self._objective(config, self._current)
            if not isinstance(value, Iterator):
                return value
            self._steps = value
        assert self._steps is not None
        try:
            with running(self._current):
                value = next(self._steps)
        except StopIteration as end:
            return end.value
        # A bare `yield` after hpo.report(...) only hands over.
        if value is not None or self._num_reports == self._seen:
            self._receive(value, None)
        self._seen = self._num_reports
        self._raise_refused()
        return _NOTHING

    def _final(self, value: object) -> Any:
        if value is None and self._num_reports:
            return None
        if value is None and self._steps is not None:
            raise ResultError("its generator ended without yielding anything")
        return read_result(value)

    def _receive(self, value: Any, epoch: int | None) -> None:
        """Take a report, from a `yield` or from inside of the objective (where it may be swallowed)."""
        self._raise_refused()
        try:
            number, result = read_report(value, epoch)
            self._on_report(self._assignment.trial, number, result)
        except Exception as error:
            self._refused = error
            raise
        self._num_reports += 1

    def _raise_refused(self) -> None:
        if self._refused is not None:
            raise self._refused


def _ignore(trial: int, epoch: int | None, result: object) -> None:
    """After its end nobody listens to a trial."""


def _reason(error: Exception) -> str:
    """Type, message and the innermost line of the user's own code, in one line."""
    [text, *_] = traceback.format_exception_only(type(error), error) or [type(error).__name__]
    frames = [
        frame
        for frame in traceback.extract_tb(_own_frames(error))
        if not frame.filename.startswith("<frozen")
    ]
    users = [frame for frame in frames if not frame.filename.startswith(_NOT_THE_USERS)]
    where = (users or frames)[-1:]
    place = f" ({os.path.basename(where[0].filename)}:{where[0].lineno})" if where else ""
    return " ".join(text.split()) + place


def _traceback_text(error: Exception) -> str:
    return "".join(traceback.format_exception(type(error), error, _own_frames(error)))


def _own_frames(error: Exception) -> TracebackType | None:
    """The traceback from the objective on, without this library's frames above it."""
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename.startswith(_NOT_THE_USERS[0]):
        frames = frames.tb_next
    return frames
