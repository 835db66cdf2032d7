"""What the parent and a worker say to each other.

Both are of one program, so messages are pickled. The parent sends `Setup` first, then a `Group` of
assignments at a time, an answer (`Decision` or `Refusal`) to each `Progress`, `Stop` and `Exit`. A worker
sends `Ready` or `Broken` once its objective is loaded, then `Progress` and, at the end of an assignment,
`Ended`, or `Raised` at the end of all of them; a `Stopped` for each `Stop`; of a cohort what the study is to
remember, `Formed` and `Round`; and a `Beat` every so often, whatever it does.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hpo.checkpoints import CheckpointFolder
from hpo.executors.base import Assignment, Outcome
from hpo.executors.placement import Placement


@dataclass(frozen=True)
class Setup:
    """What a worker needs before its first trial.

    Attributes:
        objective: the file that holds the pickled objective. A file, since a pipe would block the parent
            while a worker is slow to read.
        placement: where the trials of this worker run.
        folder: where their checkpoints go; None keeps none.
        max_paused: how many paused trials keep their generators.
        beat: seconds between two signs of life.
        fuses: whether the trials of a group train together where they are of one shape.
        arguments: the parent's command line, for objectives that read `sys.argv`.
    """

    objective: str
    placement: Placement
    folder: CheckpointFolder | None
    max_paused: int
    beat: float
    fuses: bool
    arguments: list[str] = field(hash=False)


@dataclass(frozen=True)
class Group:
    """Trials to run.

    Attributes:
        assignments: at least one; more than one train together as far as they can.
    """

    assignments: tuple[Assignment, ...]


@dataclass(frozen=True)
class Formed:
    """These trials train together from now on.

    Attributes:
        trials: their ids, in order.
        epoch: the last epoch that is done.
    """

    trials: tuple[int, ...]
    epoch: int


@dataclass(frozen=True)
class Round:
    """The reports of a cohort's epoch begin, or have ended: they are recorded at once.

    Attributes:
        is_open: which of both.
    """

    is_open: bool


@dataclass(frozen=True)
class Ready:
    """The objective is loaded.

    Attributes:
        process: the worker's process id, which is also the id of its process group.
    """

    process: int


@dataclass(frozen=True)
class Broken:
    """The objective cannot be loaded in a worker.

    Attributes:
        reason: why, in one line.
        traceback: where, as Python prints it.
    """

    reason: str
    traceback: str


@dataclass(frozen=True)
class Beat:
    """A sign of life."""


@dataclass(frozen=True)
class Refusal:
    """The trial has failed with what it reported.

    Attributes:
        reason: the text of the `ResultError`.
    """

    reason: str


@dataclass(frozen=True)
class Ended:
    """An assignment has ended.

    Attributes:
        outcome: how.
    """

    outcome: Outcome


@dataclass(frozen=True)
class Raised:
    """The objective raised what ends a whole search, such as KeyboardInterrupt.

    Attributes:
        kind: the name of its type.
        text: its message.
        code: what a SystemExit carried, if it was a number.
    """

    kind: str
    text: str
    code: int | None = None


@dataclass(frozen=True)
class Stop:
    """End a trial, running or paused, without an outcome.

    Attributes:
        trial: its id.
    """

    trial: int


@dataclass(frozen=True)
class Stopped:
    """Nothing of the trial is left in the worker.

    Attributes:
        trial: its id.
    """

    trial: int


@dataclass(frozen=True)
class Exit:
    """End all trials, and then the worker."""
