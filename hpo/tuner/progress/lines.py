"""A search in a pipe or a file: lines, of which there may be thousands."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from hpo.study.numbers import counted
from hpo.tuner.progress.display import Display
from hpo.tuner.progress.status import EndedTrial, Status

MOST_LINES = 20
LINES_APART = 1.0
"""Seconds between two lines where the user has not configured logging."""

MOST_NAMED = 8


class Lines(Display):
    """A line for each trial that ends.

    Args:
        write: receives each line, and whether it is a warning.
        release: is called at the end.
    """

    interval: float | None = None
    delay = 0.0
    is_live = False

    def __init__(
        self, write: Callable[[str, bool], None], *, release: Callable[[], None] = lambda: None
    ) -> None:
        self._write = write
        self._release = release

    def begin(self, status: Status, header: Sequence[str]) -> None:
        """Write the header."""
        for line in header:
            self._write(line, False)

    def print_above(self, text: str, *, is_warning: bool = False) -> None:
        """Write text."""
        self._write(text, is_warning)

    def forecast_known(self, text: str) -> None:
        """Write it."""
        self._write(text, False)

    def trial_ended(self, ended: EndedTrial) -> None:
        """Write its line."""
        self._write(ended.text(), ended.reason is not None)

    def tick(self) -> None:
        """Nothing: each line was written when it was due."""

    def close(self, summary: str | None) -> None:
        """Write the summary."""
        if summary is not None:
            self._write(summary, False)
        self._release()


class FewLines(Lines):
    """At most `MOST_LINES` lines for trials, where their number is known: for a file that a person reads."""

    _total: int | None = None

    def begin(self, status: Status, header: Sequence[str]) -> None:
        """Write the header."""
        super().begin(status, header)
        self._total = status.pace.num_trials

    def trial_ended(self, ended: EndedTrial) -> None:
        """Write its line if it is one of the few."""
        if self._is_worth_a_line(ended.number):
            self._write(ended.text(), False)

    def close(self, summary: str | None) -> None:
        """Nothing: what comes after the search says how it ended."""

    def _is_worth_a_line(self, finished: int) -> bool:
        if self._total is None:  # each of the first ten, each tenth of the first hundred, and so on
            return set(str(finished)[1:]) <= {"0"}
        # Rounded up, so that there are no more than MOST_LINES.
        return finished % -(-self._total // MOST_LINES) == 0 or finished == self._total


class LinesApart(Lines):
    """A line a second at most: for a user who has not asked for any. Every failure is told.

    Args:
        write: as for `Lines`.
        release: as for `Lines`.
        delay: seconds that a search must last before it says anything.
        clock: returns seconds.
    """

    interval: float | None = LINES_APART / 4

    def __init__(
        self,
        write: Callable[[str, bool], None],
        *,
        release: Callable[[], None] = lambda: None,
        delay: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(write, release=release)
        self.delay = delay
        self._clock = clock
        self._has_begun = False
        self._next = 0.0
        self._untold: list[EndedTrial] = []

    def begin(self, status: Status, header: Sequence[str]) -> None:
        """Write the header."""
        self._has_begun = True
        super().begin(status, header)

    def trial_ended(self, ended: EndedTrial) -> None:
        """Write its line, unless there was one just now."""
        self._untold.append(ended)
        self.tick()

    def tick(self) -> None:
        """Write what has waited for long enough."""
        if self._untold and self._clock() >= self._next:
            self._tell()

    def close(self, summary: str | None) -> None:
        """Write what waits and the summary doesn't say, and the summary, if the search was shown at all."""
        if self._untold and summary is None:
            self._tell()
        self._tell_failures()
        self._untold = []
        super().close(summary if self._has_begun else None)
        self._has_begun = False

    def _tell(self) -> None:
        """Write the newest state, and before it the failures since the last line."""
        self._tell_failures()
        untold, self._untold = self._untold, []
        more = f" ({counted(len(untold), 'trial')} since the last line)" if len(untold) > 1 else ""
        self._write(untold[-1].text() + more, untold[-1].reason is not None)
        self._next = self._clock() + LINES_APART

    def _tell_failures(self) -> None:
        # The first failure of all was told in full when it happened.
        failed = [ended for ended in self._untold if ended.reason is not None and ended.num_failed > 1]
        if failed:
            self._write(_failures(failed), True)


def _failures(failed: Sequence[EndedTrial]) -> str:
    """The failures since the last line, each by its trial."""
    reason = failed[-1].reason
    if len(failed) == 1:
        return f"Trial {failed[0].trial} failed: {reason}"
    named = [str(ended.trial) for ended in failed[:MOST_NAMED]]
    named += [f"{len(failed) - MOST_NAMED} more"] if len(failed) > MOST_NAMED else []
    return f"Trials {', '.join(named[:-1])} and {named[-1]} failed, the last one: {reason}"
