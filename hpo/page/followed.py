"""A study of a storage that is followed while other processes write to it."""

from __future__ import annotations

import logging
import pickle
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from hpo.checkpoints import CheckpointFolder
from hpo.errors import StorageError
from hpo.page.analysis import analysis
from hpo.page.head import head
from hpo.page.index import Index
from hpo.page.json_values import to_script
from hpo.page.rows import row
from hpo.page.snapshot import Snapshot
from hpo.storage import StudyLog
from hpo.study.history import History
from hpo.study.study import Study

_log = logging.getLogger(__name__)

RETRY_SECONDS = 5.0
"""A study that cannot be read is tried again after so long: it is read from its beginning each time."""


class Update(NamedTuple):
    """What changed in a study, as JSON texts that can stand in a script.

    Attributes:
        key: what the page knows the study by.
        label: what to call it beside others.
        head: the study's head; None where nothing of it can be read.
        rows: the trials that changed, by id.
        analysis: a new analysis, if there is one.
        error: why the study cannot be read now.
        reset: whether all trials that were known before are to be forgotten.
        gone: whether there is no such thing any more.
    """

    key: str
    label: str
    head: str | None = None
    rows: Mapping[int, str] = MappingProxyType({})
    analysis: str | None = None
    error: str | None = None
    reset: bool = False
    gone: bool = False


class Followed:
    """One study. Each call of `read` reads and folds only what was appended since the last one.

    Args:
        log: its log, in a storage that is open to be read.
        key: what the page is to know it by.
        label: what to call it beside others.
    """

    def __init__(self, log: StudyLog, *, key: str, label: str) -> None:
        self._log = log
        self._key = key
        self._label = label
        self._known: _Reading | None = None
        self._changed: set[int] = set()
        self._num_shown = 0
        self._is_reset = False
        self._error: str | None = None
        self._retry = 0.0
        self.is_analysed = True
        """Whether nothing happened since the last analysis."""
        self.is_to_be_tried = False
        """Whether the last call of `read` put off what a malformed log may have become."""

    @property
    def name(self) -> str:
        """What the study is called."""
        return self._log.name

    def reopen(self, log: StudyLog) -> None:
        """Go on with a log of the same name, in a storage that was opened again."""
        self._log = log
        self._retry = 0.0

    def read(self) -> Update | None:
        """What changed since the last call; None if nothing did."""
        self.is_to_be_tried = time.monotonic() < self._retry
        if self.is_to_be_tried:
            return None
        try:
            self._follow()
        except StorageError as malformed:
            self._retry = time.monotonic() + RETRY_SECONDS
            return self.say(str(malformed))
        return self.say(None)

    def say(self, error: str | None) -> Update | None:
        """What is to be said of the study now; None if all of it was.

        Args:
            error: why it cannot be read; None if it can.
        """
        try:
            return self._update(error)
        # A mistake of ours in one study must not end the others' updates.
        except Exception as mistake:
            self._retry = time.monotonic() + RETRY_SECONDS
            return self._mistaken(mistake)

    def snapshot(self) -> bytes | None:
        """The study as it is now, for `analysed` in another thread; None if there is none to analyse."""
        self.is_analysed = True
        return None if self._known is None else pickle.dumps(self._known.study.history)

    def analysed(self, snapshot: bytes) -> Update:
        """An analysis of the study as it was at that moment."""
        # A history must not grow while it is looked at. The bytes are our own, of this process.
        study = Snapshot(Study(pickle.loads(snapshot)))
        return Update(self._key, self._label, analysis=to_script(analysis(study)))

    def _follow(self) -> None:
        """Fold what is new in the log, and note which trials changed."""
        if self._known is None:
            self._begin()
            return
        history = self._known.study.history
        number = len(history.events)
        # From the last known one on: it tells an older copy of the log that was written over this one.
        events = self._log.events(number - 1)
        if events[:1] != [history.events[number - 1]]:
            self._begin()
            return
        best = history.best
        try:
            for event in events[1:]:
                history.append(event)
        finally:
            # What came before a malformed event is shown.
            self._changed |= self._known.index.read_on()
        # Its checkpoints may be removed now, of which its own events do not tell.
        if best is not None and history.best != best:
            self._changed.add(best)

    def _begin(self) -> None:
        self._known, self._num_shown = None, 0
        events = self._log.events()
        study = Study(History(events, folder=CheckpointFolder(self._log.folder), store=self._log))
        self._known = _Reading(study, Index(study))
        self._changed, self._is_reset = set(range(study.history.num_trials)), True

    def _update(self, error: str | None) -> Update | None:
        num_events = 0 if self._known is None else len(self._known.study.history.events)
        if num_events == self._num_shown and error == self._error:
            return None
        update = Update(self._key, self._label, error=error)
        if self._known is not None:
            study, index = self._known.study, self._known.index
            changed = sorted(self._changed)
            rows = {number: to_script(row(study, number, index=index)) for number in changed}
            shown = to_script(head(study, index=index))
            update = update._replace(head=shown, rows=rows, reset=self._is_reset)
            self._changed, self._is_reset = set(), False
        self.is_analysed = self.is_analysed and num_events == self._num_shown
        self._num_shown, self._error = num_events, error
        return update

    def _mistaken(self, mistake: Exception) -> Update | None:
        """Say that the study cannot be shown; what is to be shown stays noted."""
        error = f"The study {self.name!r} cannot be shown. ({type(mistake).__name__}: {mistake})"
        if error == self._error:
            return None
        _log.error("%s", error, exc_info=mistake)
        self._error = error
        return Update(self._key, self._label, error=error)


@dataclass(frozen=True)
class _Reading:
    """What was read of a study."""

    study: Study
    index: Index
