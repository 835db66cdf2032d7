"""How long trials take that several lanes work off."""

from __future__ import annotations

from collections.abc import Sequence


def seconds_of(busy: Sequence[float], num_lanes: int, jobs: float, seconds: float) -> float:
    """When the last of equal jobs is done, each taken up by the lane that is free first.

    Args:
        busy: for how long each busy lane still is, ascending.
        num_lanes: how many lanes there are, those that are free included.
        jobs: how many jobs wait; a part of one takes that part of the time.
        seconds: how long one takes.

    Example:
        >>> seconds_of([1.0, 2.0], 2, 3, 4.0)  # the lanes end at 9 and 6
        9.0
    """
    lanes = [0.0] * (num_lanes - len(busy)) + list(busy)
    whole = int(jobs)
    # A job for each lane makes all of them later by one job.
    rounds, rest = divmod(whole, len(lanes))
    ends = [lane + seconds for lane in lanes[:rest]] + lanes[rest:]
    if jobs > whole:
        ends[rest] += (jobs - whole) * seconds
    return rounds * seconds + max(ends)
