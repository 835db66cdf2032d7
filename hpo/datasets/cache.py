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
    """Turn an `OSError` of the block into a `CacheError` that says what can be done."""
    try:
        yield
    except OSError as error:
        raise CacheError(
            f"The cache folder {folder} cannot be written: {error.strerror or error}. Make it writable, "
            f"or set HPO_CACHE to a folder that is."
        ) from error


def write_atomically(path: Path, content: bytes | memoryview) -> None:
    """Write a file so that under its name there is, at any time, the old content or the new.

    Raises:
        CacheError: it cannot be written.
    """
    temporary = path.with_name(f"{path.name}.tmp-{os.getpid()}-{secrets.token_hex(4)}")
    with cache_errors(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
