"""What a trial is to do after a report."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property


class Verdict(str, Enum):
    """How a trial goes on."""

    CONTINUE = "continue"
    PAUSE = "pause"
    """It keeps what it learned and waits; it may go on later."""

    STOP = "stop"
    """It ends here before its time."""

    COMPLETE = "complete"
    """It trained as long as any trial may: its last report is its result."""


@dataclass(frozen=True)
class Decision:
    """A verdict on a trial, and why.

    Attributes:
        verdict: how the trial goes on.
        reason: why, in one line for the study's log; may be empty for CONTINUE and COMPLETE.
        standing: how a trial that pauses stands among others that wait; small is good, None is not known.
            Where room is short, the trials that stand worst lose their generators first.
    """

    verdict: Verdict
    reason: str = ""
    standing: float | None = None

    # Cached, as `CONTINUE` is asked several times after each epoch of each trial.
    @cached_property
    def goes_on(self) -> bool:
        """Whether the trial continues."""
        return self.verdict is Verdict.CONTINUE


CONTINUE = Decision(Verdict.CONTINUE)
"""Go on, for no particular reason."""
