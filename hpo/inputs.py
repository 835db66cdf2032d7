"""Files that a user or a log names: only regular ones of a sane size are read.

A pipe or a device in the place of a file would hang its reader or fill the memory.
"""

from __future__ import annotations

import errno
import os
import stat
import zipfile
from io import BufferedReader
from pathlib import Path

TEXT_LIMIT = 16 * 2**20
"""Bytes of a file that people write, such as TOML or JSON."""

TABLE_LIMIT = 2**30
"""Bytes of all arrays in a file of tables, unpacked."""

_KINDS = (
    (stat.S_ISDIR, "folder"),
    (stat.S_ISFIFO, "pipe"),
    (stat.S_ISSOCK, "socket"),
    (stat.S_ISCHR, "device"),
    (stat.S_ISBLK, "device"),
)


def irregular(mode: int) -> str | None:
    """What a file is that is no regular one; None for a regular one.

    Args:
        mode: the `st_mode` that `os.stat` gives of it.
    """
    if stat.S_ISREG(mode):
        return None
    return next((name for is_one, name in _KINDS if is_one(mode)), "thing of another kind")


def open_regular(path: str | os.PathLike[str], most: int | None = None) -> BufferedReader:
    """Open a file to read its bytes.

    Args:
        path: the file.
        most: how many bytes it may have; None for any number.

    Raises:
        OSError: it cannot be opened, is no regular file, or is larger.
    """
    # Without waiting for the other end of a pipe.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        found = os.fstat(descriptor)
        kind = irregular(found.st_mode)
        if kind is not None:
            raise OSError(errno.EINVAL, f"It is a {kind}, and no regular file", os.fspath(path))
        if most is not None and found.st_size > most:
            raise OSError(
                errno.EFBIG,
                f"It has {found.st_size} bytes, and {most} are the most that are read",
                os.fspath(path),
            )
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def read_text(path: str | os.PathLike[str]) -> str:
    """The text of a file that people write, in UTF-8.

    Raises:
        OSError: as for `open_regular`; it may have `TEXT_LIMIT` bytes.
        UnicodeDecodeError: it is no text.
    """
    with open_regular(path, TEXT_LIMIT) as file:
        return file.read().decode("utf-8")


def open_table(path: str | os.PathLike[str]) -> BufferedReader:
    """Open an `.npz` file whose arrays do not unpack to more than `TABLE_LIMIT` bytes.

    Raises:
        OSError: as for `open_regular`, or it unpacks to more.
    """
    file = open_regular(path, TABLE_LIMIT)
    try:
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as archive:
                size = sum(member.file_size for member in archive.infolist())
            if size > TABLE_LIMIT:
                text = f"It unpacks to {size} bytes, and {TABLE_LIMIT} are the most that are read"
                raise OSError(errno.EFBIG, text, os.fspath(path))
        file.seek(0)
        return file
    except BaseException:
        file.close()
        raise


def check_stored(archive: zipfile.ZipFile, path: Path) -> None:
    """Refuse an archive that unpacks to more than it holds.

    Raises:
        ValueError: a member is compressed, or they claim more bytes than the file has.
    """
    members = archive.infolist()
    for member in members:
        if member.compress_type != zipfile.ZIP_STORED or member.file_size != member.compress_size:
            raise ValueError(f"{member.filename} in it is compressed, which this library never does")
    total, size = sum(member.file_size for member in members), path.stat().st_size
    if total > size:
        raise ValueError(f"its {len(members)} parts claim {total} bytes, and the file has {size}")
