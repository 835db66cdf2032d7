"""Writing into the library's cache: whole files or nothing."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

from hpo.errors import CacheError

Progress = Callable[[str, int, int], None]
"""Called as `progress(name, received, total)`, in bytes, while a file is downloaded."""


@contextlib.contextmanager
def cache_errors(folder: Path) -> Iterator[None]:
    """Turn an `OSError` of the block into a `CacheError` that says what to do."""
    try:
        yield
    except OSError as error:
        raise CacheError(
            f"The cache folder {folder} cannot be written: {error.strerror or error}. Make it writable, "
            f"or set HPO_CACHE to a folder that is."
        ) from error


def write_atomically(path: Path, content: bytes | memoryview) -> None:
    """Write a file so that its name stands for the old content or the new at any time, and nothing between.

    Raises:
        CacheError: it cannot be written.
    """
    # In the same folder, since only within one file system a rename is atomic.
    temporary = path.with_name(f"{path.name}.tmp-{os.getpid()}-{secrets.token_hex(4)}")
    with cache_errors(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("wb") as file:
                file.write(content)
                file.flush()
                # Else the name may reach the disk before the content does.
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
