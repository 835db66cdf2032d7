"""The files in which a search keeps what trials print."""

from __future__ import annotations

from pathlib import Path


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.txt"))
