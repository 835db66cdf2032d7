"""Loads tables of learning curves: those that come with the library, and a user's own."""

from __future__ import annotations

import os
from pathlib import Path

from hpo.space.values import did_you_mean
from hpo.tasks.curves.table import LearningCurves

_FOLDER = Path(__file__).parent / "recorded"

SHIPPED: tuple[str, ...] = tuple(sorted(path.stem for path in _FOLDER.glob("*.npz")))
"""The tables that come with the library."""


def replay_curves(name: str | os.PathLike[str]) -> LearningCurves:
    """Load recorded learning curves, as an objective that replays them without training.

    With `workers=hpo.SimulatedExecutor(16)` the recorded seconds of the epochs pass on a virtual clock, on
    any number of workers.

    Args:
        name: one of `hpo.tasks.curves.SHIPPED`, or a file that `hpo.record_curves(study).save(file)` wrote.

    Raises:
        ValueError: there is no such table, or the file is none.

    Example:
        >>> import hpo
        >>> curves = hpo.replay_curves("softmax")
        >>> study = hpo.search(
        ...     curves,
        ...     curves.space,
        ...     minimize="val_error",
        ...     scheduler="asha",
        ...     num_trials=30,
        ...     seed=0,
        ...     workers=hpo.SimulatedExecutor(16),
        ... )
        >>> round(study.best.value, 3), round(curves.best, 3)
        (0.157, 0.156)
        >>> round(study.events[-1].elapsed, 2)  # seconds, as if 16 workers had trained
        2.86
    """
    if str(name) in SHIPPED:
        return LearningCurves.load(_FOLDER / f"{name}.npz")
    if Path(name).is_file():
        return LearningCurves.load(name)
    raise ValueError(
        f"There are no learning curves {str(name)!r}.{did_you_mean(str(name), SHIPPED)} Those that come "
        f"with the library are {', '.join(SHIPPED)}; or name a file that hpo.record_curves(study).save(file) "
        "wrote."
    )
