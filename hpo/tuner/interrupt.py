"""Ctrl-C during a search: what is said, and how little of a traceback."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeAlias

from hpo.errors import SearchInterrupted
from hpo.study.numbers import counted
from hpo.study.screen import is_terminal
from hpo.study.study import Study
from hpo.study.tables import printable
from hpo.tuner.progress.words import best_text

EXIT_CODE = 130
"""What a shell calls the end by Ctrl-C: 128, and the number of SIGINT."""

_Hook: TypeAlias = "Callable[[type[BaseException], BaseException, TracebackType | None], Any]"


def interrupted(study: Study) -> SearchInterrupted:
    """What a search raises at Ctrl-C; where it is not caught, Python prints its text without a traceback."""
    if not isinstance(sys.excepthook, _BriefHook):
        sys.excepthook = _BriefHook(sys.excepthook)
    return SearchInterrupted(_text(study), study)


class _BriefHook:
    """Prints the text of a `SearchInterrupted` and exits with 130; leaves every other error as it was.

    Args:
        before: the hook that was there.
    """

    def __init__(self, before: _Hook) -> None:
        self._before = before

    def __call__(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """What Python calls with an error that nothing caught."""
        if not isinstance(error, SearchInterrupted):
            self._before(kind, error, trace)
            return
        print(f"\n{_wrapped(printable(str(error)))}", file=sys.stderr)
        # Python would exit with 1: of the KeyboardInterrupts it knows the class itself, and not this one.
        if not sys.flags.interactive and not hasattr(sys, "ps1"):
            sys.exit(EXIT_CODE)


def _wrapped(text: str) -> str:
    """Text for standard error, wrapped between words in a terminal."""
    if not is_terminal(sys.stderr):
        return text
    width = shutil.get_terminal_size().columns
    return textwrap.fill(text, width, break_on_hyphens=False, break_long_words=False)


def _text(study: Study) -> str:
    """What was finished, the best so far, and how to go on, in one paragraph."""
    ended = study.num_completed + study.num_failed + study.history.num_stopped
    failed = f", of which {study.num_failed} failed" if study.num_failed else ""
    under_way = len(study.history.running) + len(study.history.paused)
    left = f"; {under_way} more {'was' if under_way == 1 else 'were'} under way" if under_way else ""
    said = [f"The search was interrupted after {counted(ended, 'trial')}{failed}{left}."]
    if len(study.metrics) == 1 and study.num_completed:
        said.append(f"So far the {best_text(study.metric, study.best)}.")
    store = study.history.store
    if store is not None:
        said.append(f"All of it is in {store.place}. The same call with resume=True goes on from there.")
    else:
        # A notebook and a prompt have the exception; a program that does not catch it is over.
        has_it = "`sys.last_value.study` has it" if hasattr(sys, "ps1") else "Nothing of it is kept"
        said.append(f"{has_it}; with storage='study.db' a search is kept, and can go on later.")
    return " ".join(said)
