"""The files that a live page shows: which are there, which changed, and the studies in them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

from hpo.errors import StorageError
from hpo.page.followed import Followed, Update
from hpo.storage import Storage, open_storage

SUFFIXES = (".db", ".sqlite", ".sqlite3")
"""By them storages are found in a folder."""

PATIENCE_SECONDS = 2.0
"""How long one file may keep the others waiting, while a writer locks it."""

# A file that changed a moment ago may change again without another time of its own.
_CLOCK_SECONDS = 2.0

_Stamp = list[tuple[int, int, int]]


class Sources:
    """The storages of one file, or of all the files of a folder, to read from a thread at a time.

    Args:
        target: the file or the folder.

    Raises:
        StorageError: it is not there, or a file that is no storage.
    """

    def __init__(self, target: Path) -> None:
        self._target = target.absolute()
        self._keys = map(str, count())
        self._sources: dict[Path, _Source] = {}
        self._is_folder = self._target.is_dir()
        if not self._is_folder:
            # A mistake in a single path is told at once; in a folder it is shown beside what can be read.
            open_storage(self._target, read_only=True, timeout=PATIENCE_SECONDS).close()

    @property
    def title(self) -> str:
        """What to call all of it."""
        return self._target.name or str(self._target)

    def read(self) -> list[Update]:
        """What changed since the last call."""
        for path in self._paths():
            if path not in self._sources:
                prefix = f"{path.name}: " if path != self._target else ""
                self._sources[path] = _Source(path, prefix, lambda: next(self._keys))
        return [update for source in self._sources.values() for update in source.read()]

    def studies(self) -> Iterator[Followed]:
        """All studies that are followed."""
        return (study for source in self._sources.values() for study in source.studies.values())

    def _paths(self) -> list[Path]:
        if not self._is_folder:
            return [self._target]
        with suppress(OSError):  # a folder that is gone: its files say so, each for itself
            return sorted(
                path for path in self._target.iterdir() if path.suffix in SUFFIXES and path.is_file()
            )
        return []


class _Source:
    """One file, and the studies that were found in it."""

    def __init__(self, path: Path, prefix: str, new_key: Callable[[], str]) -> None:
        self._path = path
        self._prefix = prefix
        self._new_key = new_key
        self._storage: Storage | None = None
        self._names: list[str] = []
        self._stamp: _Stamp | None = None
        self._trouble: Update | None = None
        self.studies: dict[str, Followed] = {}

    def read(self) -> list[Update]:
        """What changed since the last call. A file that did not change is not opened."""
        stamp = self._look()
        if stamp is not None and stamp == self._stamp:
            return []
        try:
            updates = self._read()
        except StorageError as error:
            updates = self._fail(str(error))
        is_read = not any(study.is_to_be_tried for study in self.studies.values())
        self._stamp = stamp if is_read else None
        return updates

    def _read(self) -> list[Update]:
        was_open = self._storage is not None
        try:
            return [*self._welcome(), *self._follow()]
        except StorageError as lost:
            self._close()
            if not was_open:
                raise
            try:
                return [*self._welcome(), *self._follow()]
            except StorageError:
                raise lost from None

    def _look(self) -> _Stamp | None:
        """What the file and its newest part are by their times; None while these may not tell all."""
        stamp: _Stamp = []
        for path in (self._path, self._path.with_name(f"{self._path.name}-wal")):
            try:
                found = os.stat(path)
            except OSError:
                continue
            stamp.append((found.st_mtime_ns, found.st_size, found.st_ino))
        is_fresh = any(abs(time.time() - each[0] / 1e9) < _CLOCK_SECONDS for each in stamp)
        return None if is_fresh else stamp

    def _welcome(self) -> list[Update]:
        """Open the file, if it is not, and take in the studies that are new in it."""
        is_new = self._storage is None
        storage = self._storage or open_storage(self._path, read_only=True, timeout=PATIENCE_SECONDS)
        self._storage = storage
        self._names = storage.studies()
        for name in self._names:
            if name not in self.studies:
                label = f"{self._prefix}{name}"
                self.studies[name] = Followed(storage.open(name), key=self._new_key(), label=label)
            elif is_new:
                self.studies[name].reopen(storage.open(name))
        trouble, self._trouble = self._trouble, None
        return [] if trouble is None else [trouble._replace(error=None, gone=True)]

    def _follow(self) -> list[Update]:
        missing = f"{self._path} was replaced by another file, in which there is no such study."
        updates = [
            study.read() if name in self._names else study.say(missing)
            for name, study in self.studies.items()
        ]
        return [update for update in updates if update is not None]

    def _fail(self, error: str) -> list[Update]:
        self._close()
        if self.studies:
            failed = (study.say(error) for study in self.studies.values())
            return [update for update in failed if update is not None]
        if self._trouble is not None and self._trouble.error == error:
            return []
        key = self._new_key() if self._trouble is None else self._trouble.key
        self._trouble = Update(key, self._path.name, error=error)
        return [self._trouble]

    def _close(self) -> None:
        if self._storage is not None:
            self._storage.close()
            self._storage = None
