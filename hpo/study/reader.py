"""The base of searchers and models that read a study and keep what they made of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any


class StudyReader(ABC):
    """Is pickled as it was before it read a study, as what it keeps can be read again and may be large."""

    @abstractmethod
    def _start_over(self) -> None:
        """Set all that is kept of a study to what it was before one was read."""

    def __getstate__(self) -> dict[str, Any]:
        # On a copy: the object itself keeps what it read.
        fresh = object.__new__(type(self))
        fresh.__dict__.update(self.__dict__)
        fresh._start_over()
        return fresh.__dict__
