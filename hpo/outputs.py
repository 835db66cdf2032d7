"""Files that are there completely or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, TextIO


def check_place(path: Path, what: str) -> None:
    """Check, before any work is done, whether a file could be written.

    Args:
        path: the file.
        what: what it is to be, with an article, such as `the plot`.

    Raises:
        FileNotFoundError: the folder does not exist.
        IsADirectoryError: it is a folder.
        PermissionError: the folder, or the file that is there, cannot be written.
        ValueError: it is a pipe, a device or a socket.
    """
    folder, subject = path.parent, what[0].upper() + what[1:]
    if path.is_dir():
        raise IsADirectoryError(f"{subject} needs the name of a file; {path} is a folder.")
    if not folder.is_dir():
        raise FileNotFoundError(
            f"{subject} cannot be saved as {path}: the folder {folder} does not exist. Create it, or choose "
            "another path."
        )
    # A device would be replaced by a file where the user may do so.
    if path.exists() and not path.is_file():
        raise ValueError(
            f"{subject} needs the name of a file; {path} is a pipe, a device or a socket. Take another."
        )
    for place in (folder, path) if path.exists() else (folder,):
        if not os.access(place, os.W_OK):
            raise PermissionError(
                f"{subject} cannot be saved as {path}: {place} is not writable. Choose another path."
            )


@contextmanager
def whole_file(path: Path) -> Iterator[TextIO]:
    r"""A stream whose text is in the file at the block's end; after an error the file is as it was.

    The text is UTF-8 with plain line ends on every system. Halves of characters are written as `\ud800`. A
    link stays one, and the file that it names is written.

    Args:
        path: the file, in a folder that exists.

    Raises:
        OSError: it cannot be written.
    """
    path = Path(os.path.realpath(path))
    # With a random name, two writers at once do not write into each other.
    with replacement(path, path.with_name(f".{path.name[:80]}-{secrets.token_hex(4)}.tmp")) as file:
        stream = TextIOWrapper(file, encoding="utf-8", errors="backslashreplace", newline="\n")
        yield stream
        stream.flush()
        stream.detach()


@contextmanager
def replacement(path: Path, temporary: Path) -> Iterator[BinaryIO]:
    """A file that takes the place of another one at the block's end, and is gone after an error.

    Args:
        path: what is replaced, or made.
        temporary: where it is written, in the same folder: only within a file system is a rename atomic.

    Raises:
        OSError: it cannot be written, or `temporary` exists.
    """
    try:
        with open(temporary, "xb") as file:
            yield file
            file.flush()
            # Before the rename: else a power cut may leave the name with an empty file.
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
