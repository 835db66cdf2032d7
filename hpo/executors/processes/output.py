"""What a worker printed, as its log file has it."""

from __future__ import annotations

import os
from pathlib import Path

from hpo.executors.processes.spoken import header, is_mark

_LINES = 30
_BYTES = 2**16


def last_lines(log: Path, trial: int, attempt: int) -> str:
    """The last lines that a trial printed, without those of the trials before it; empty if there are none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _BYTES))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    # Without its header, as of a trial that printed a lot, all of it is the trial's own.
    own = text.rpartition(header(trial, attempt))[2]
    lines = [line for line in own.strip("\n").splitlines() if not is_mark(line)]
    return "\n".join(lines[-_LINES:])
