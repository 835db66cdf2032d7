"""What the parent and a worker say to each other.

Both are of one program, so messages are pickled. Each way keeps their order. A worker runs one group of
trials at a time, and reads the next message that is not for the running group when that group has ended.

    the parent sends              when the worker is      the worker owes
    Setup                         new                     Ready, or Broken and its end
    Group(n)                      free                    Ended for each trial of the group, or Halted(n),
                                                          or one Raised for all that have not ended
    Decision or Refusal           at a Progress           nothing: it goes on
    Halt(n)                       in group n, or past it  Halted(n), after which nothing of n follows
    Close(trial)                  free or in a group      Closed(trial), once it is in no group
    Exit                          anything                its end

A trial is paused by the `Decision` on its `Progress`: its assignment has `Ended`, although the group may run
on, and its generator stays in the worker. So `Close` does not end the group that runs there, even where the
trial was one of it. Only `Halt` does, and it names the group. Without that difference the parent would wait
for the rest of a group that the worker has given up.

Unasked, a worker sends `Progress`, for which it waits; of a cohort what the study is to remember, `Formed`
and `Round`; and a `Beat` every so often, whatever it does. A beat says which group ended last. If that is the
group for which the parent still waits, no answer will come: what is left of the group is lost, and the parent
does not wait for ever.
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
        has_marks: whether marks in the output say up to where it belongs to what was answered.
        log_level: the level of the parent's root logger; None where the parent did not configure logging.
    """

    objective: str
    placement: Placement
    folder: CheckpointFolder | None
    max_paused: int
    beat: float
    fuses: bool
    arguments: list[str] = field(hash=False)
    has_marks: bool = False
    log_level: int | None = None


@dataclass(frozen=True)
class Group:
    """Trials to run.

    Attributes:
        number: counts the groups of the worker, from 1.
        assignments: at least one; more than one train together as far as they can.
    """

    number: int
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
    """A sign of life.

    Attributes:
        ended: the number of the group that ended last; 0 before the first one. All that is owed for it was
            sent before.
    """

    ended: int


@dataclass(frozen=True)
class Refusal:
    """The trial has failed with what it reported.

    Attributes:
        reason: the text of the `ResultError`.
        is_finite: whether it is for another reason than NaN or infinity.
    """

    reason: str
    is_finite: bool


@dataclass(frozen=True)
class Ended:
    """An assignment has ended.

    Attributes:
        outcome: how.
        mark: the number of the mark in the output behind all that the trial printed; 0 where there is none.
    """

    outcome: Outcome
    mark: int = 0


@dataclass(frozen=True)
class Raised:
    """The objective raised what ends a whole search, such as KeyboardInterrupt.

    Attributes:
        kind: the name of its type.
        text: its message.
    """

    kind: str
    text: str


@dataclass(frozen=True)
class Halt:
    """End what still runs of a group, without an outcome.

    Attributes:
        number: the group's number.
    """

    number: int


@dataclass(frozen=True)
class Halted:
    """Nothing of the group runs any more.

    Attributes:
        number: the group's number.
    """

    number: int


@dataclass(frozen=True)
class Close:
    """Close the generator of a paused trial.

    Attributes:
        trial: its id.
    """

    trial: int


@dataclass(frozen=True)
class Closed:
    """Nothing of the trial is left in the worker.

    Attributes:
        trial: its id.
    """

    trial: int


@dataclass(frozen=True)
class Exit:
    """End all trials, and then the worker."""
