"""What lies on the disk at every instant of a search: before and after each step that changes it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hpo.storage import leases
from hpo.storage.sql import SqlLog

STEPS = [(os, name) for name in ("mkdir", "fsync", "replace", "unlink", "rmdir")] + [(SqlLog, "append")]


@contextmanager
def at_every_instant(act: Callable[[], None]) -> Iterator[None]:
    """In the block `act` is called before and after each step. The steps of `act` itself are no instants."""
    acting = [False]

    def instant() -> None:
        if not acting[0]:
            acting[0] = True
            try:
                act()
            finally:
                acting[0] = False

    def watched(step: Callable[..., Any]) -> Callable[..., Any]:
        def stepping(*arguments: Any, **options: Any) -> Any:
            instant()
            result = step(*arguments, **options)
            instant()
            return result

        return stepping

    with pytest.MonkeyPatch.context() as patch:
        # Beside the first beat none comes, which would be written by another thread.
        patch.setattr(leases, "BEAT_SECONDS", 3600.0)
        for place, name in STEPS:
            patch.setattr(place, name, watched(getattr(place, name)))
        yield


@contextmanager
def photographed(folder: Path, album: Path) -> Iterator[list[Path]]:
    """In the block a copy of the folder is made at every instant, as a kill would leave it."""
    copies: list[Path] = []

    def photograph() -> None:
        copies.append(album / f"{len(copies):06d}")
        shutil.copytree(folder, copies[-1])

    album.mkdir()
    with at_every_instant(photograph):
        yield copies
