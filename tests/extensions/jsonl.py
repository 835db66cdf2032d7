"""Studies in a file of JSON lines, which any editor shows."""

from __future__ import annotations

import fcntl
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from hpo.errors import StorageError, StudyExistsError, StudyNotFoundError
from hpo.storage.base import ClaimedError
from hpo.storage.events import Event, EventKind
from hpo.storage.names import check_name, folder_name

Line = dict[str, Any]

_FIELDS = ("trial", "attempt", "epoch", "text", "time", "elapsed")


class JsonLines:
    """Studies in a file, a line for each event and each heartbeat: a `Storage`.

    Args:
        path: the file.
        create: whether it is made if it is not there.
        read_only: whether nothing is written to it.

    Raises:
        StorageError: it is not there, and not to be made.
    """

    def __init__(self, path: Path, *, create: bool = True, read_only: bool = False) -> None:
        if not create and not path.exists():
            raise StorageError(f"There is no storage {path}.")
        self.path = path
        self._read_only = read_only
        self._closed = False
        self._threads = threading.Lock()

    def __repr__(self) -> str:
        return f"<JsonLines {self.path}>"

    def __reduce__(self) -> tuple[Any, ...]:
        # The lock is of this process alone.
        return partial(JsonLines, read_only=self._read_only), (self.path.absolute(),)

    def studies(self) -> list[str]:
        """The names of the studies, in the order of their creation."""
        with self.lines() as (lines, _):
            return list(dict.fromkeys(line["study"] for line in lines))

    def create(self, name: str, created: Event) -> JsonLog:
        """A new study whose log begins with `created`."""
        check_name(name)
        with self.lines(to_write=True) as (lines, file):
            if any(line["study"] == name for line in lines):
                raise StudyExistsError(
                    f"There is a study {name!r} in {self.path} already. Give the new one another name."
                )
            _write(file, [_line(name, created)])
        return JsonLog(self, name)

    def open(self, name: str) -> JsonLog:
        """The log of a study."""
        names = self.studies() if check_name(name) else []
        if name not in names:
            listed = ", ".join(map(repr, names)) or "none"
            raise StudyNotFoundError(
                f"There is no study {name!r} in {self.path}. The studies in it: {listed}."
            )
        return JsonLog(self, name)

    def close(self) -> None:
        """Let no log be read or written any more."""
        self._closed = True

    @contextmanager
    def lines(self, *, to_write: bool = False) -> Iterator[tuple[list[Line], TextIO]]:
        """All lines, and the file at its end. Nothing else reads or writes the file in the block."""
        if self._closed:
            raise StorageError(f"The storage {self.path} was closed; open it again.")
        if to_write and self._read_only:
            raise StorageError(
                f"The storage {self.path} was opened to be read only, so nothing is written to it. To write, "
                f"open it without read_only=True."
            )
        with self._threads, self.path.open("r" if self._read_only else "a+", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            yield [json.loads(line) for line in file], file


class JsonLog:
    """The log of one study in a file: a `StudyLog`. Made by `JsonLines`."""

    def __init__(self, storage: JsonLines, name: str) -> None:
        self._storage = storage
        self._name = name

    @property
    def name(self) -> str:
        """What the study is called."""
        return self._name

    @property
    def place(self) -> str:
        """The file."""
        return str(self._storage.path)

    @property
    def folder(self) -> Path:
        """Where the study's checkpoints and its workers' output go; not created unasked."""
        path = self._storage.path
        return path.with_name(f"{path.name}.files").absolute() / folder_name(self._name)

    def append(self, events: Sequence[Event], seen: int) -> list[Event]:
        """Append events, all or none, and give those of others that came in between."""
        with self._storage.lines(to_write=True) as (lines, file):
            log = self._events(lines)
            if seen > len(log):
                raise StorageError(
                    f"The log of {self._name!r} has {len(log)} events, and its writer knew {seen}, so it is "
                    f"not the log that was read: open the study again."
                )
            claims = [_claim(event) for event in events if event.kind is not EventKind.NOTED]
            taken = {_claim(event) for event in log}
            for event in events:
                if event.kind is not EventKind.NOTED and _claim(event) in taken:
                    raise ClaimedError(f"The log of {self._name!r} has this event already: {event}.")
            if len(set(claims)) < len(claims):
                raise ValueError(f"Two of these events claim the same: {list(events)}.")
            _write(file, [_line(self._name, event) for event in events])
            return log[seen:]

    def events(self, since: int = 0) -> list[Event]:
        """The log from event number `since` on."""
        with self._storage.lines() as (lines, _):
            return self._events(lines)[since:]

    def beat(self, owner: str) -> None:
        """Say that the tuner `owner` is alive."""
        with self._storage.lines(to_write=True) as (_, file):
            _write(file, [{"study": self._name, "beat": owner}])

    def beats(self) -> Mapping[str, int]:
        """For each tuner how often it said so."""
        counts: dict[str, int] = {}
        with self._storage.lines() as (lines, _):
            for line in lines:
                if line["study"] == self._name and "beat" in line:
                    counts[line["beat"]] = counts.get(line["beat"], 0) + 1
        return counts

    def _events(self, lines: list[Line]) -> list[Event]:
        own = (line for line in lines if line["study"] == self._name and "kind" in line)
        return [Event(EventKind(line["kind"]), *(line[name] for name in _FIELDS)) for line in own]


def _write(file: TextIO, lines: Sequence[Line]) -> None:
    """Append lines."""
    file.write("".join(f"{json.dumps(line)}\n" for line in lines))
    file.flush()


def _claim(event: Event) -> tuple[object, ...]:
    return event.kind, event.trial, event.attempt, event.epoch


def _line(study: str, event: Event) -> Line:
    return {"study": study, "kind": event.kind.value, **{name: getattr(event, name) for name in _FIELDS}}
