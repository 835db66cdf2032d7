"""Where a search shows its progress: what `progress=` says, and what there is."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from typing import Any, ClassVar, Literal, TypeAlias

from hpo.objective.context import current_trial
from hpo.schedulers import Scheduler, described
from hpo.searchers import Searcher
from hpo.searchers.base import reason_of
from hpo.space import Space
from hpo.study.notes import search_text
from hpo.study.numbers import counted
from hpo.study.screen import in_notebook, is_terminal
from hpo.study.study import Study
from hpo.study.tables import printable
from hpo.tuner.progress.callback import SearchProgress
from hpo.tuner.progress.deferred import DeferredDisplay
from hpo.tuner.progress.display import Display
from hpo.tuner.progress.lines import Lines, LinesApart
from hpo.tuner.progress.price import price_of
from hpo.tuner.progress.status import Status

ShownProgress: TypeAlias = "bool | Literal['auto'] | SearchProgress"
"""What `progress=` takes."""

LOGGER = logging.getLogger("hpo")
"""The logger through which a search speaks where nothing can be drawn."""

DELAY = 0.4
"""Seconds that a search lasts before it is shown: what is over at once leaves no trace."""


def checked_progress(progress: Any) -> ShownProgress:
    """What `progress=` was given.

    Raises:
        ValueError: it is nothing that it takes.
    """
    if isinstance(progress, (bool, SearchProgress)) or progress == "auto":
        chosen: ShownProgress = progress
        return chosen
    raise ValueError(
        f"progress= is 'auto' (shown in a terminal, in a notebook and through the logger 'hpo'), True or "
        f"False; received {progress!r}."
    )


def display_for(progress: bool | Literal["auto"]) -> Display | None:
    """Where a search is shown that starts now; None if it is not.

    Args:
        progress: `"auto"` shows nothing where the logger `hpo` is silenced, nor inside of a trial.
    """
    # A search inside of a trial, as for nested cross-validation, would draw over that of the trial.
    if progress is False or (progress == "auto" and (_is_silenced() or current_trial().id is not None)):
        return None
    if in_notebook():
        from hpo.tuner.progress.notebook import NotebookDisplay

        return NotebookDisplay(delay=DELAY)
    # Standard output may go to a file, and belongs to the program.
    if is_terminal(sys.stderr) and os.environ.get("TERM", "").lower() not in ("dumb", "unknown"):
        return DeferredDisplay(_terminal, delay=DELAY, interval=0.25)
    return _lines(is_forced=progress is True)


def progress_of(
    chosen: ShownProgress,
    study: Study,
    *,
    searcher: Searcher,
    scheduler: Scheduler,
    num_trials: int | None,
    epochs: int | None,
    timeout: float | None,
    is_simulated: bool,
) -> SearchProgress | None:
    """What shows a search that starts now; None if it is not shown.

    Args:
        chosen: what `progress=` says.
        study: the study.
        searcher: what proposes configs.
        scheduler: what decides how long each trial runs.
        num_trials: how many trials there will be; None where it is not known.
        epochs: reports of each; None where it is not known.
        timeout: seconds that the search may take; None for any number.
        is_simulated: whether the study's clock is a virtual one.
    """
    if isinstance(chosen, SearchProgress):
        return chosen
    display = display_for(chosen)
    if display is None:
        return None
    price = price_of(scheduler, num_trials, epochs)
    status = Status(
        num_trials=num_trials,
        epochs=epochs,
        timeout=None if is_simulated else timeout,
        price=price,
        clock=time.monotonic if is_simulated else None,
    )
    header = _header(study, search_text(_said_of(searcher, scheduler, study.space)), num_trials)
    return SearchProgress(
        display, status, price=price, header=[header], finished=_finished(study, num_trials)
    )


def _said_of(searcher: Searcher, scheduler: Scheduler, space: Space) -> dict[str, str | None]:
    """What a log says of the two. A study that goes on may have been begun with others."""
    return {
        "searcher": type(searcher).__name__,
        "searcher_reason": reason_of(searcher, space),
        "scheduler": described(scheduler),
    }


def _header(study: Study, search: str, num_trials: int | None) -> str:
    """What runs, in one line: the study, who proposes, who decides, what is optimised, from which seed."""
    goals = [f"{metric.direction.value} {metric.name}" for metric in study.metrics]
    ended = study.num_completed + study.num_failed + study.history.num_stopped
    of = "" if num_trials is None else f" of {num_trials}"
    resumed = [f"goes on after {ended}{of} trials"] if study.history.num_trials else []
    parts = [f"searcher {search}", *goals, f"seed {study.seed}", *resumed]
    return f"Study {study.name!r}: {', '.join(parts)}"


def _finished(study: Study, num_trials: int | None) -> str | None:
    """What is said of a study that has nothing left to do; None if it has."""
    history = study.history
    is_open = history.running or history.paused or history.given_up
    if num_trials is None or not history.num_proposals or history.num_proposals < num_trials or is_open:
        return None
    return (
        f"The study {study.name!r} was finished before: {counted(history.num_proposals, 'trial')} had run. "
        f"With a larger num_trials= it goes on."
    )


def _terminal() -> Display:
    from hpo.tuner.progress.console import open_console
    from hpo.tuner.progress.terminal import TerminalDisplay

    return TerminalDisplay(open_console(to_stderr=True), keeps_summary=True)


def _lines(*, is_forced: bool) -> Display | None:
    if _OwnHandler.is_there() or (not LOGGER.hasHandlers() and not _is_silenced()):
        handler = _OwnHandler()
        return LinesApart(handler.write, release=handler.remove, delay=DELAY)
    if LOGGER.isEnabledFor(logging.INFO):
        return Lines(_log)
    return LinesApart(_print, delay=DELAY) if is_forced else None


def _is_silenced() -> bool:
    """Whether the user has told the logger to be silent; a root logger that was left alone says nothing."""
    is_quiet = LOGGER.level > logging.INFO or LOGGER.disabled
    return is_quiet or LOGGER.manager.disable >= logging.INFO


def _log(text: str, is_warning: bool) -> None:
    LOGGER.log(logging.WARNING if is_warning else logging.INFO, "%s", printable(text))


def _print(text: str, is_warning: bool) -> None:
    print(printable(text), file=sys.stderr)


class _OwnHandler:
    """Lets the logger `hpo` write to standard error, from the first line of a search to its end.

    Searches of several threads share one handler, and the last of them to end leaves the logger as it was.
    """

    _lock = threading.Lock()
    _users: ClassVar[set[_OwnHandler]] = set()
    _handler: ClassVar[logging.Handler] = logging.NullHandler()
    _level: ClassVar[int] = logging.NOTSET

    @classmethod
    def is_there(cls) -> bool:
        """Whether the logger has a handler of ours now."""
        return bool(cls._users)

    def write(self, text: str, is_warning: bool) -> None:
        """Write a line."""
        kind = type(self)
        with self._lock:
            if not self._users:
                kind._handler, kind._level = logging.StreamHandler(), LOGGER.level
                LOGGER.addHandler(self._handler)
                LOGGER.setLevel(logging.INFO)
            self._users.add(self)
        _log(text, is_warning)

    def remove(self) -> None:
        """Do without it from now on."""
        with self._lock:
            if self in self._users:
                self._users.remove(self)
                if not self._users:
                    LOGGER.removeHandler(self._handler)
                    LOGGER.setLevel(self._level)
