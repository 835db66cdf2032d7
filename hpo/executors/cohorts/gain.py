"""Measures whether models train faster together on this machine, once, and keeps it in the cache folder."""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np

from hpo.backend import Arrays, Run
from hpo.datasets.places import cache_folder
from hpo.inputs import read_text

MEMBERS = 8
"""Models in the cohort that is timed."""

BATCHES = 24
ROUNDS = 3


def measured_gain(kind: str, prepare: Callable[[int, Arrays], Run], arrays: Arrays) -> float:
    """Measure how many times as fast models train together as one after the other, once for each kind.

    Args:
        kind: what is measured, the key under which it is kept.
        prepare: makes a run of a number of models on some data.
        arrays: the data, of which a few batches are used.
    """
    path = cache_folder() / "cohorts.json"
    known = _read(path)
    if kind not in known:
        known[kind] = _measure(prepare, few_of(arrays))
        _write(path, known)
    return known[kind]


def few_of(arrays: Arrays) -> Arrays:
    """The first few batches."""
    count = BATCHES * arrays.batch_size
    train_x, train_y, val_x, val_y = (
        part[:count] for part in (arrays.train_x, arrays.train_y, arrays.val_x, arrays.val_y)
    )
    return replace(arrays, train_x=train_x, train_y=train_y, val_x=val_x, val_y=val_y)


def _measure(prepare: Callable[[int, Arrays], Run], arrays: Arrays) -> float:
    """The median gain of a few rounds, as machines are noisy."""
    order = np.arange(len(arrays.train_x))
    together, alone = prepare(MEMBERS, arrays), prepare(1, arrays)
    gains = []
    # Ratios within a round: a machine that is busy for a while slows both ways down.
    for _ in range(ROUNDS + 1):
        seconds = [_seconds(lambda run=run: run.epoch(order)) for run in (alone, together)]  # type: ignore[misc]  # a default has no type
        gains.append(MEMBERS * seconds[0] / seconds[1])
    return statistics.median(gains[1:])  # the first round compiles


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _read(path: Path) -> dict[str, float]:
    try:
        found = json.loads(read_text(path))
    except (OSError, ValueError):
        return {}  # not measured yet, or not readable: measure again
    return {str(kind): float(gain) for kind, gain in found.items()} if isinstance(found, dict) else {}


def _write(path: Path, gains: dict[str, float]) -> None:
    """Keep them for the next time; where that cannot be, the next time measures again."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        # Renamed into its place: another process may read the file, or write it, at this moment.
        new = path.with_suffix(f".{os.getpid()}")
        new.write_text(json.dumps(gains, indent=1))
        new.replace(path)
