"""A study's log in memory: columns instead of objects, with about 40 bytes for an event beside its text."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from typing import overload

from hpo.storage.events import Event, EventKind

_KINDS = tuple(EventKind)
# Codes of this process alone: a storage keeps the names, so the order of kinds may change.
_CODES = {kind: code for code, kind in enumerate(_KINDS)}
_NONE = -1


class Log(Sequence[Event]):
    """Events in order. Each is made when it is asked for."""

    def __init__(self) -> None:
        self._kinds = array("b")
        self._trials = array("i")
        self._attempts = array("i")
        self._epochs = array("q")
        self._times = array("d")
        self._elapsed = array("d")
        # All texts in one piece: a string for each would take 50 bytes more.
        self._text = bytearray()
        self._ends = array("q", [0])

    def append(self, event: Event) -> None:
        """Add an event at the end.

        Raises:
            ValueError: a field is of a wrong type or too large.
        """
        try:
            self._trials.append(_NONE if event.trial is None else event.trial)
            self._attempts.append(event.attempt)
            self._epochs.append(_NONE if event.epoch is None else event.epoch)
            self._times.append(event.time)
            self._elapsed.append(event.elapsed)
            # Refuses what is no text, and halves of characters.
            self._text += str.encode(event.text)
        except (TypeError, ValueError, OverflowError) as error:
            self.cut(len(self))
            raise ValueError(
                f"expected whole numbers as trial, attempt and epoch, numbers as times and a text as "
                f"content; received {event!r} ({error})"
            ) from error
        self._ends.append(len(self._text))
        self._kinds.append(_CODES[event.kind])

    def cut(self, length: int) -> None:
        """Take back the events from that number on."""
        for column in (self._kinds, self._trials, self._attempts, self._epochs, self._times, self._elapsed):
            del column[length:]
        del self._ends[length + 1 :]
        del self._text[self._ends[-1] :]

    def kind(self, index: int) -> EventKind:
        """The kind of the event."""
        return _KINDS[self._kinds[index]]

    def trial(self, index: int) -> int | None:
        """Its trial; None if it concerns the study."""
        number = self._trials[index]
        return None if number == _NONE else number

    def attempt(self, index: int) -> int:
        """Its attempt."""
        return self._attempts[index]

    def epoch(self, index: int) -> int:
        """Its epoch; 0 if it has none."""
        return max(self._epochs[index], 0)

    def time(self, index: int) -> float:
        """When it happened, in seconds since 1970."""
        return self._times[index]

    def elapsed(self, index: int) -> float:
        """Seconds that the study had been worked on by then."""
        return self._elapsed[index]

    def text(self, index: int) -> str:
        """Its content, a JSON object."""
        return self._text[self._ends[index] : self._ends[index + 1]].decode()

    def __len__(self) -> int:
        return len(self._kinds)

    @overload
    def __getitem__(self, index: int) -> Event: ...
    @overload
    def __getitem__(self, index: slice) -> list[Event]: ...
    def __getitem__(self, index: int | slice) -> Event | list[Event]:
        numbers = range(len(self))[index]
        if isinstance(numbers, range):
            return [self._event(number) for number in numbers]
        return self._event(numbers)

    def __iter__(self) -> Iterator[Event]:
        return map(self._event, range(len(self)))

    def _event(self, index: int) -> Event:
        trial, epoch = self._trials[index], self._epochs[index]
        return Event(
            kind=_KINDS[self._kinds[index]],
            trial=None if trial == _NONE else trial,
            attempt=self._attempts[index],
            epoch=None if epoch == _NONE else epoch,
            text=self.text(index),
            time=self._times[index],
            elapsed=self._elapsed[index],
        )
