"""What a storage is: a few methods, as the log is all that there is to keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from hpo.storage.events import Event


class ClaimedError(Exception):
    """Another writer was first: an event of this kind, trial, attempt and epoch is in the log.

    Nothing was appended. The caller reads on and decides again.

    Example:
        >>> import tempfile
        >>> from hpo.storage import ClaimedError, open_storage
        >>> from hpo.study import Event, EventKind
        >>> start = Event(EventKind.TRIAL_STARTED, trial=0)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     storage = open_storage(f"{folder}/study.db")
        ...     log = storage.create("first", Event(EventKind.STUDY_CREATED))
        ...     others = log.append([start], seen=1)
        ...     try:
        ...         log.append([start], seen=1)
        ...     except ClaimedError:
        ...         print("trial 0 has begun, after", len(log.events()), "events")
        ...     storage.close()
        trial 0 has begun, after 2 events
    """

    # No StorageError: nothing is wrong with the storage.


class StudyLog(Protocol):
    """The log of one study in a storage. Several processes may append to it at once.

    A log can be pickled: the process that beats for a tuner opens it again.

    Example:
        >>> from collections import Counter
        >>> from pathlib import Path
        >>> from hpo.storage import ClaimedError
        >>> from hpo.study import Event, EventKind
        >>> class ListLog:
        ...     name, place, folder = "first", "memory", Path("first.files")
        ...
        ...     def __init__(self):
        ...         self.written, self.counts = [], Counter()
        ...
        ...     def append(self, events, seen):
        ...         taken = {(one.kind, one.trial, one.attempt, one.epoch) for one in self.written}
        ...         for one in events:
        ...             if one.kind != "noted" and (one.kind, one.trial, one.attempt, one.epoch) in taken:
        ...                 raise ClaimedError(f"trial {one.trial}: another writer was first")
        ...         others = self.written[seen:]
        ...         self.written += events
        ...         return others
        ...
        ...     def events(self, since=0):
        ...         return self.written[since:]
        ...
        ...     def beat(self, owner):
        ...         self.counts[owner] += 1
        ...
        ...     def beats(self):
        ...         return self.counts
        >>> log, start = ListLog(), Event(EventKind.TRIAL_STARTED, trial=0)
        >>> log.append([Event(EventKind.STUDY_CREATED), start], seen=0)
        []
        >>> log.append([start], seen=1)  # another tuner, which has read the first event only
        Traceback (most recent call last):
            ...
        hpo.storage.base.ClaimedError: trial 0: another writer was first
    """

    @property
    def name(self) -> str:
        """What the study is called."""
        ...

    @property
    def place(self) -> str:
        """What to call its storage in an error: a path, or a URL without its password."""
        ...

    @property
    def folder(self) -> Path:
        """Where the study's checkpoints and its workers' output go; not created unasked."""
        ...

    def append(self, events: Sequence[Event], seen: int) -> list[Event]:
        """Append events, all or none, and return what others appended since the writer read.

        Args:
            events: what happened, in order.
            seen: how many events of the log the writer knew. It is kept beside each event.

        Returns:
            The events that others appended before these, from number `seen` on.

        Raises:
            ClaimedError: the log has one of them already (notes apart).
            StorageError: the storage cannot be written; the text says why.
        """
        ...

    def events(self, since: int = 0) -> list[Event]:
        """The log from event number `since` on.

        Raises:
            StorageError: the storage cannot be read.
        """
        ...

    def beat(self, owner: str) -> None:
        """Say that the tuner `owner` is alive."""
        ...

    def beats(self) -> Mapping[str, int]:
        """The number of beats of each tuner. Where it stands still, the tuner is gone."""
        ...


@runtime_checkable
class Storage(Protocol):
    """Where studies live: one of them holds many.

    Example:
        >>> import tempfile
        >>> from hpo.storage import open_storage
        >>> from hpo.study import Event, EventKind
        >>> class OfOneUser:
        ...     def __init__(self, storage, user):
        ...         self.storage, self.prefix = storage, f"{user}/"
        ...
        ...     def studies(self):
        ...         names = self.storage.studies()
        ...         return [name.removeprefix(self.prefix) for name in names if name.startswith(self.prefix)]
        ...
        ...     def create(self, name, created):
        ...         return self.storage.create(self.prefix + name, created)
        ...
        ...     def open(self, name):
        ...         return self.storage.open(self.prefix + name)
        ...
        ...     def close(self):
        ...         self.storage.close()
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     shared = open_storage(f"{folder}/study.db")
        ...     for user in ("ada", "grace"):
        ...         log = OfOneUser(shared, user).create("first", Event(EventKind.STUDY_CREATED))
        ...     print(OfOneUser(shared, "ada").studies(), shared.studies())
        ...     shared.close()
        ['first'] ['ada/first', 'grace/first']
    """

    def studies(self) -> list[str]:
        """The names of the studies, in the order of their creation."""
        ...

    def create(self, name: str, created: Event) -> StudyLog:
        """A new study whose log begins with `created`.

        Raises:
            StudyExistsError: there is one of that name.
            StorageError: the storage cannot be written.
        """
        ...

    def open(self, name: str) -> StudyLog:
        """The log of a study.

        Raises:
            StudyNotFoundError: there is none of that name; the text lists those that are.
            StorageError: the storage cannot be read.
        """
        ...

    def close(self) -> None:
        """Release files and connections."""
        ...
