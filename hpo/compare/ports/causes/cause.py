"""A cause, in words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cause:
    """Why original and port part.

    Attributes:
        name: what it is called; `accept` takes it.
        text: what the numbers say of each side.
        mend: what to change.
    """

    name: str
    text: str
    mend: str

    def __str__(self) -> str:
        return f"{self.name}: {self.text} {self.mend}"
