"""What reads a study and keeps what it made of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any


class StudyReader(ABC):
    """Is pickled as it was before it read anything: what was read can be read again, and may be large."""

    @abstractmethod
    def _start_over(self) -> None:
        """Set all that is kept of a study to what it is before one was read."""

    def __getstate__(self) -> dict[str, Any]:
        fresh = object.__new__(type(self))
        fresh.__dict__.update(self.__dict__)
        fresh._start_over()
        return fresh.__dict__
