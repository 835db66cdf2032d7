"""Files that are there completely or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO


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
    # In the same folder, since os.replace() is atomic within one file system only.
    path = Path(os.path.realpath(path))
    temporary = path.with_name(f".{path.name[:80]}-{secrets.token_hex(4)}.tmp")
    try:
        # With a random name and mode x, two writers at once do not write into each other.
        with open(temporary, "x", encoding="utf-8", errors="backslashreplace", newline="\n") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
