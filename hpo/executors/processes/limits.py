"""Limits on a worker, and the watch that tells when it exceeds one."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

from hpo.objective.failure import FailureKind

# A parent that was busy elsewhere does not hold its absence against the workers.
_LONGEST_STEP = 1.0


@dataclass(frozen=True)
class Limits:
    """Limits on each worker.

    Attributes:
        memory: bytes of resident memory of the worker and what it started; pages that they share count
            for each of them. None sets no limit.
        seconds: how long one assignment may take; None sets no limit.
        silence: seconds without a sign of life, after which a worker counts as lost. A framework that
            compiles may hold the interpreter's lock for long.

    Raises:
        ValueError: one of them is not positive.
    """

    memory: int | None = None
    seconds: float | None = None
    silence: float = 60.0

    def __post_init__(self) -> None:
        given: list[tuple[str, Any, str]] = [
            ("memory_limit", self.memory, "bytes"),
            ("trial_timeout", self.seconds, "seconds"),
            ("stale_after", self.silence, "seconds"),
        ]
        for name, value, unit in given:
            if value is None and name != "stale_after":
                continue
            is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not is_number or not 0 < value < math.inf:
                raise ValueError(f"{name}= takes a positive number of {unit}; received {value!r}.")


class Loss(NamedTuple):
    """Why a worker is given up.

    Attributes:
        reason: in one line, with `{trial}` for the number of its trial.
        kind: MEMORY if its trial would do so again; LOST where another try may go well.
    """

    reason: str
    kind: FailureKind = FailureKind.LOST

    def of(self, trial: int) -> str:
        """The reason, as the trial of this number is told it."""
        return self.reason.format(trial=trial)


class LimitWatch:
    """Keeps an eye on one worker.

    Args:
        limits: what it may use.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._trial = self._silence = 0.0

    def begin(self) -> None:
        """An assignment begins."""
        self._trial = 0.0

    def heard(self) -> None:
        """The worker showed a sign of life."""
        self._silence = 0.0

    def exceeded(self, seconds: float, process: int, *, running: bool) -> Loss | None:
        """Which limit is exceeded; None if none is.

        Args:
            seconds: since the last look.
            process: the process below which the worker and all that it started are.
            running: whether a trial is running.
        """
        step = min(seconds, _LONGEST_STEP)
        self._silence += step
        if self._silence > self._limits.silence:
            return Loss(
                f"The worker of trial {{trial}} gave no sign of life for {self._silence:.1f} s "
                f"(the limit is {self._limits.silence:g} s) and was ended."
            )
        if not running:
            return None
        self._trial += step
        if self._limits.seconds is not None and self._trial > self._limits.seconds:
            return Loss(
                f"Trial {{trial}} ran for {self._trial:.1f} s, longer than "
                f"the limit of {self._limits.seconds:g} s."
            )
        if self._limits.memory is None:
            return None
        # Last, as it looks at every process of the worker.
        used = memory_below(process)
        if used <= self._limits.memory:
            return None
        return Loss(
            f"The worker of trial {{trial}} and what that started held {used / 2**20:,.0f} MiB of memory, "
            f"more than the limit of {self._limits.memory / 2**20:,.0f} MiB.",
            FailureKind.MEMORY,
        )


def memory_below(process: int) -> int:
    """Bytes of resident memory of all descendants of a process."""
    import psutil  # only a search with a limit pays for its import

    total = 0
    # A process that ends meanwhile holds nothing.
    with suppress(psutil.NoSuchProcess):
        for one in psutil.Process(process).children(recursive=True):
            with suppress(psutil.Error):
                total += one.memory_info().rss
    return total
