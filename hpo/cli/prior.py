"""What the storage holds before a search, and how the search starts from it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hpo.cli.failures import UsageError, wrong_arguments
from hpo.cli.run_options import RunOptions
from hpo.cli.studies import states_text, wrong_storage
from hpo.storage import open_storage
from hpo.study.excerpt import states_of
from hpo.study.origin import load_study
from hpo.study.study import Study


@dataclass(frozen=True)
class Stored:
    """A storage as a search finds it.

    Attributes:
        storage: the file as the user named it; None for a search in memory.
        name: what the search's study is called.
        studies: the names of the studies that are there.
        before: the study that goes on; None for a new one.
        before_num_trials: how many trials it had.
        warm_start: the study from whose results a new one starts, if it does.
        resumed: what the JSON document says of the study that goes on.
    """

    storage: str | None
    name: str
    studies: tuple[str, ...] = ()
    before: Study | None = None
    before_num_trials: int = 0
    warm_start: Study | None = None
    resumed: dict[str, Any] | None = None

    def fields(self, total: int | None) -> list[tuple[str, str]]:
        """Lines of the header, labels and texts."""
        if self.storage is None:
            return []
        count = len(self.studies)
        there = ", ".join(map(repr, self.studies))
        holds = f"{count} {'study' if count == 1 else 'studies'} before: {there}" if count else "empty before"
        return [("storage", f"{self.storage} ({holds})"), ("study", self._study(total))]

    def _study(self, total: int | None) -> str:
        if self.before is None:
            start = "" if self.warm_start is None else f", from the results of {self.warm_start.name!r}"
            return f"{self.name!r}, new{start}"
        states = f" ({states_text(self.before)})" if self.before_num_trials else ""
        end = "" if total is None else f" of {total}"
        trials = "trial is" if self.before_num_trials == 1 else "trials are"
        return f"{self.name!r}, resumed: {self.before_num_trials}{end} {trials} there already{states}"


def look_into(options: RunOptions, name: str) -> Stored:
    """Look into the storage that the user named, before anything is written there.

    Args:
        options: what the user wants.
        name: what the study is called.

    Raises:
        UsageError: the storage cannot be used; it has the study and --resume was not given; it lacks
            the study to start from.
    """
    if options.storage is None:
        return Stored(None, name)
    place = options.storage
    with wrong_storage():
        if not _is_there(place):
            _refuse_unknown(options, ())
            return Stored(place, name)
        with wrong_arguments():
            storage = open_storage(place)
        try:
            studies = tuple(storage.studies())
            if name in studies and not options.resume:
                raise _taken(options, name, len(load_study(storage, name).trials))
            _refuse_unknown(options, studies)
            before = load_study(storage, name) if name in studies else None
            # A study that goes on has its warm start in its log.
            is_warm = options.warm_start is not None and before is None
            start = load_study(storage, options.warm_start) if is_warm else None
        finally:
            storage.close()
    if before is None:
        return Stored(place, name, studies, warm_start=start)
    resumed = {"trials": len(before.trials), "states": states_of(before.history)}
    return Stored(place, name, studies, before, len(before.trials), resumed=resumed)


def _is_there(place: str) -> bool:
    """Whether there is something to open; an empty file will be made a storage."""
    if "://" in place:
        return True
    path = Path(place)
    return path.exists() and (not path.is_file() or path.stat().st_size > 0)


def _taken(options: RunOptions, name: str, num_trials: int) -> UsageError:
    place, quoted = shlex.quote(str(options.storage)), shlex.quote(name)
    return UsageError(
        f"{options.storage} has a study {name!r} already, of {num_trials} trials. To go on with it, add "
        f"--resume; to read it: hpo show {place} {quoted}; for a new one, add --name NAME, and to start "
        f"that from the old results --warm-start {quoted}."
    )


def _refuse_unknown(options: RunOptions, studies: tuple[str, ...]) -> None:
    """Refuse to start from a study that is not there."""
    if options.warm_start is not None and options.warm_start not in studies:
        there = ", ".join(map(repr, studies)) or "none"
        raise UsageError(
            f"--warm-start {options.warm_start} names no study of {options.storage}. The studies in it: "
            f"{there}."
        )
