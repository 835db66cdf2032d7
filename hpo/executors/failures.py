"""How the failure of an objective that raised is described."""

from __future__ import annotations

import os
import sysconfig
import traceback
from collections.abc import Mapping
from types import TracebackType
from typing import Any

import numpy as np

from hpo.backend import registry
from hpo.executors.base import Assignment, Ending, Interruption, Outcome
from hpo.objective.failure import FailureKind
from hpo.objective.function import NotFiniteError, ResultError
from hpo.objective.reads import WatchedConfig
from hpo.space.values import did_you_mean, listing

# With a separator at the end: a folder beside ours whose name begins like it is the user's.
_NOT_THE_USERS = tuple(
    os.path.join(folder, "")
    for folder in (
        os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
        *(sysconfig.get_paths()[key] for key in ("stdlib", "platstdlib", "purelib", "platlib")),
    )
)


FROM_OUTSIDE = (KeyboardInterrupt, Interruption)
"""What is no failure of the objective in which it comes up: Ctrl-C, or an executor's own.

All else that an objective raises costs its trial, even what is no `Exception`, such as SystemExit.
"""


def failed(assignment: Assignment, error: BaseException) -> Outcome:
    """The outcome of an assignment whose objective raised an error, or gave what is no result."""
    trial, attempt, kind = assignment.trial, assignment.attempt, _kind_of(error)
    if isinstance(error, ResultError):
        # Some of its text may be a framework's, with a full stop of its own.
        reason = f"No result: {error}".rstrip(".") + "."
        return Outcome(trial, attempt, Ending.FAILED, reason=reason, kind=kind)
    reason = reason_of(error, assignment.config, trial)
    if kind is FailureKind.MEMORY:
        reason = f"Out of memory: {reason}"
    cause = _cause_of(error) if kind is FailureKind.ERROR else None
    return Outcome(
        trial, attempt, Ending.FAILED, reason=reason, traceback=traceback_of(error), kind=kind, cause=cause
    )


def _kind_of(error: BaseException) -> FailureKind:
    if isinstance(error, ResultError):
        is_finite = not isinstance(error, NotFiniteError)
        return FailureKind.RESULT if is_finite else FailureKind.NOT_FINITE
    return FailureKind.MEMORY if registry.is_out_of_memory(error) else FailureKind.ERROR


def _cause_of(error: BaseException) -> str | None:
    """The type of an error and its lines, the user's and the innermost; None where the config may be why."""
    if isinstance(error, (ArithmeticError, np.linalg.LinAlgError)):
        return None
    kind, frames = type(error), _frames(error)
    lines = [f"{frame.filename}:{frame.lineno}" for frame in (*_users(frames)[-1:], *frames[-1:])]
    return " ".join([f"{kind.__module__}.{kind.__qualname__}", *lines])


def reason_of(error: BaseException, config: Mapping[str, Any] | None = None, trial: int | None = None) -> str:
    """Type, message and the innermost line of the user's own code, in one line.

    Args:
        error: what was raised.
        config: what the objective was called with. Its names are listed if the objective asked for another.
        trial: the number of the trial that raised it; None outside of one.
    """
    [text, *_] = traceback.format_exception_only(type(error), error) or [type(error).__name__]
    frames = _frames(error)
    # Without a line of the user's, as for a builtin: the innermost of all.
    where = (_users(frames) or frames)[-1:]
    place = f" ({os.path.basename(where[0].filename)}:{where[0].lineno})" if where else ""
    asked = error.args[0] if isinstance(error, KeyError) and error.args else None
    if config is not None and isinstance(asked, str) and asked not in config:
        place += f"; the config has {listing(config)}.{did_you_mean(asked, config)}".rstrip(".")
    if WatchedConfig.__name__ in text:  # refused by what looks for the type itself
        place += "; the config is a dict that notes what is read of it, and dict(config) is a plain one"
    if isinstance(error, SystemExit):
        who = "the objective" if trial is None else f"trial {trial}"
        place += f"; {who} ended the program, as argparse does where it refuses a command line"
    return " ".join(text.split()) + place


def _frames(error: BaseException) -> list[traceback.FrameSummary]:
    found = traceback.extract_tb(_own_frames(error))
    return [frame for frame in found if not frame.filename.startswith("<frozen")]


def _users(frames: list[traceback.FrameSummary]) -> list[traceback.FrameSummary]:
    return [frame for frame in frames if not frame.filename.startswith(_NOT_THE_USERS)]


def traceback_of(error: BaseException) -> str:
    """The traceback from the objective on, as Python prints it."""
    return "".join(traceback.format_exception(type(error), error, _own_frames(error)))


def _own_frames(error: BaseException) -> TracebackType | None:
    """The traceback from the objective on, without this library's frames above it."""
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename.startswith(_NOT_THE_USERS[0]):
        frames = frames.tb_next
    return frames
