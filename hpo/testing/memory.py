"""A storage in this process, whose logs can be cut: for tests of what resuming makes of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from hpo.errors import StudyExistsError, StudyNotFoundError
from hpo.storage import ClaimedError
from hpo.storage.events import Event, EventKind


class MemoryLog:
    """A `hpo.storage.StudyLog` in this process.

    Args:
        name: what the study is called.
        folder: where its checkpoints go.
        events: what it begins with.
    """

    def __init__(self, name: str, folder: Path, events: Iterable[Event]) -> None:
        self.name = name
        self.folder = folder
        self.place = "this process"
        self._events = list(events)
        self._beats: dict[str, int] = {}

    def append(self, events: Sequence[Event], seen: int) -> list[Event]:
        """Append events, all or none; those of others that came in between.

        Raises:
            ClaimedError: the log has one of them.
        """
        taken = {_key(event) for event in self._events}
        for event in events:
            if event.kind is not EventKind.NOTED and _key(event) in taken:
                raise ClaimedError(f"The log has {event}.")
        others = self._events[seen:]
        self._events += events
        return others

    def events(self, since: int = 0) -> list[Event]:
        """The log from that event on."""
        return self._events[since:]

    def beat(self, owner: str) -> None:
        """Count a beat."""
        self._beats[owner] = self._beats.get(owner, 0) + 1

    def beats(self) -> Mapping[str, int]:
        """The counts."""
        return dict(self._beats)


class MemoryStorage:
    """A `hpo.storage.Storage` in this process.

    Args:
        folder: where checkpoints go.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._logs: dict[str, MemoryLog] = {}

    def studies(self) -> list[str]:
        """The names of the studies."""
        return list(self._logs)

    def create(self, name: str, created: Event) -> MemoryLog:
        """A new study.

        Raises:
            StudyExistsError: there is one of that name.
        """
        return self.put(name, [created])

    def put(self, name: str, events: Iterable[Event]) -> MemoryLog:
        """A study with a log that is there already, such as the beginning of another one.

        Raises:
            StudyExistsError: there is one of that name.
        """
        if name in self._logs:
            raise StudyExistsError(f"A study {name!r} is there.")
        self._logs[name] = MemoryLog(name, self._folder / name, events)
        return self._logs[name]

    def open(self, name: str) -> MemoryLog:
        """The log of a study.

        Raises:
            StudyNotFoundError: there is none of that name.
        """
        if name not in self._logs:
            raise StudyNotFoundError(f"There is no study {name!r}, but {list(self._logs)}.")
        return self._logs[name]

    def close(self) -> None:
        """Nothing to let go of."""


def _key(event: Event) -> tuple[object, ...]:
    return event.kind, event.trial, event.attempt, event.epoch
