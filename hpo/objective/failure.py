"""The kinds of failures, which differ in what is to follow from them."""

from __future__ import annotations

from enum import Enum


class FailureKind(str, Enum):
    """Why a trial has no result."""

    ERROR = "error"
    """Its objective raised."""

    RESULT = "result"
    """What it gave is no result: of a wrong kind, or without the metric that is optimised."""

    NOT_FINITE = "not finite"
    """Its result is NaN or infinite."""

    MEMORY = "memory"
    """It ran out of memory, of the computer or of an accelerator. The same config would again."""

    LOST = "lost"
    """Its process was killed, crashed, or exceeded a limit, each time that it was tried."""
