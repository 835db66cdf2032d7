"""Remarks on a study, and the one that many on checkpoints that could not be written add up to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from hpo.checkpoints import UNWRITTEN

CHECKPOINTS = "checkpoints"
"""The topic of the notes on what went wrong with checkpoints."""

COMMAND = "command"
"""The topic of a note with the command line that made the study, or went on with it. It is no remark on what
the study found, so equal studies may differ in it."""

GAVE_UP = "gave up"
"""The topic of the note that a search was given up, with the failed trials that may run again."""

SEARCH = "search"
"""The topic of the note on what proposes configs, and what decides how long trials run."""

_OF_TRIAL = re.compile(r"trial (\d+): ")


class Note(NamedTuple):
    """A remark on a study as a whole.

    Attributes:
        topic: what it is about, one word such as `data`.
        text: the remark.
    """

    topic: str
    text: str


class Unwritten(NamedTuple):
    """A checkpoint that could not be written.

    Attributes:
        trial: whose it was.
        path: where it was to be.
        reason: what the system said.
    """

    trial: int
    path: str
    reason: str


def search_text(created: Mapping[str, Any]) -> str:
    """Which searcher and scheduler a study uses, by its first event, and why where the searcher says it.

    Example:
        >>> search_text({"searcher": "Auto", "scheduler": "FIFO", "searcher_reason": "it takes tpe: ..."})
        'Auto (it takes tpe: ...), scheduler FIFO'
    """
    why = f" ({created['searcher_reason']})" if created.get("searcher_reason") else ""
    searcher = [f"{created['searcher']}{why}"] if created.get("searcher") else []
    scheduler = [f"scheduler {created['scheduler']}"] if created.get("scheduler") else []
    return ", ".join(searcher + scheduler)


def note_of(trial: int, problem: str) -> Note:
    """The remark on what went wrong with a trial's checkpoint."""
    return Note(CHECKPOINTS, f"trial {trial}: {problem}")


def unwritten_in(note: Note) -> Unwritten | None:
    """The checkpoint that could not be written, if a remark is on one."""
    trial, problem = _OF_TRIAL.match(note.text), UNWRITTEN.search(note.text)
    if note.topic != CHECKPOINTS or trial is None or problem is None:
        return None
    return Unwritten(int(trial[1]), problem["path"], problem["reason"])


def summary(notes: Iterable[Note]) -> list[Note]:
    """The remarks, with one for all checkpoints that could not be written for the same reason.

    It stands where the first of them stood.

    Example:
        >>> problem = "The checkpoint {} could not be written: Full. Nothing that was there was changed."
        >>> [note] = summary(note_of(trial, problem.format("a.npz")) for trial in (0, 0, 3))
        >>> note.text.partition(". ")[0]
        'Checkpoints of 2 trials could not be written: Full'
    """
    shown: dict[object, Note] = {}
    found: dict[str, list[Unwritten]] = {}
    for number, note in enumerate(notes):
        unwritten = unwritten_in(note)
        if unwritten is None:
            shown[number] = note
            continue
        same = found.setdefault(unwritten.reason, [])
        same.append(unwritten)
        shown[unwritten.reason] = note if len(same) == 1 else Note(CHECKPOINTS, _counted(same))
    return list(shown.values())


def _counted(found: list[Unwritten]) -> str:
    trials = {one.trial for one in found}
    whose = f"{len(trials)} trials" if len(trials) > 1 else f"trial {found[0].trial}"
    return (
        f"Checkpoints of {whose} could not be written: {found[0].reason}. The first was {found[0].path}. "
        f"Make room on the disk or let the folder be written; keep='none' does without checkpoints."
    )
