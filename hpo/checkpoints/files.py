"""One checkpoint as a file that is there completely or not at all.

It is an uncompressed `.npz`: the arrays as `.npy`, and `checkpoint.json` for what is no array. It
holds no program, so reading a file from elsewhere runs none. The archive's checksums show whether a file
was cut or altered.

Writing softmax regression (32 kB) takes 0.2 ms. Flushing it to a disk twice (the file, then its name in the
folder) takes 5 to 15 ms on ext4. For that price no log ever names a file that a power cut undoes.
"""

from __future__ import annotations

import io
import json
import os
import re
import secrets
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from hpo.backend import Array, Tree
from hpo.checkpoints.trees import insert_arrays, replace_arrays, tidy
from hpo.errors import CheckpointError
from hpo.inputs import check_stored, open_regular
from hpo.outputs import replacement

FORMAT = 1
CONTENTS = "checkpoint.json"
TEMPORARY = ".tmp"
# Older logs hold this text, too.
UNWRITTEN = re.compile(
    r"The checkpoint (?P<path>.+?) could not be written: (?P<reason>.+?)\. Nothing that was there was ",
    re.DOTALL,
)
"""What is said of a checkpoint that could not be written."""

# The same states make the same bytes. ZIP knows no earlier date.
_DATE = (1980, 1, 1, 0, 0, 0)
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    AttributeError,
    IndexError,
    KeyError,
    MemoryError,
    NotImplementedError,  # zipfile: a compression or a version that it does not know
    OSError,
    OverflowError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
)
"""What `zipfile`, `json` and NumPy raise on bytes that are not what they should be."""


def write(path: Path, states: Mapping[str, Tree], about: Mapping[str, Any]) -> None:
    """Write a checkpoint, on the disk when this returns.

    The file is written under another name in the same folder, flushed and renamed. If anything goes wrong,
    `path` is as it was and nothing else is left behind.

    Raises:
        CheckpointError: the disk is full, the folder cannot be written, or a state cannot be kept.
    """
    # Before the file is opened: a state that cannot be kept leaves nothing behind.
    states = {name: tidy(state, name) for name, state in states.items()}
    notes = _notes(about)
    try:
        try:
            _write_file(path, states, notes)
        except FileNotFoundError:
            # The folder vanished meanwhile: another process may sweep away those that are empty.
            _write_file(path, states, notes)
    except OSError as error:
        raise CheckpointError(
            f"The checkpoint {path} could not be written: {_reason(error, path)}. Nothing that was there "
            f"was changed. Make room on the disk or let the folder be written; keep='none' does without "
            f"checkpoints."
        ) from error


def read(path: Path) -> tuple[dict[str, Tree], dict[str, Any]]:
    """The states and the notes of a checkpoint.

    Raises:
        CheckpointError: it is not there, was cut or altered, or is no checkpoint of this library.
    """
    try:
        with open_regular(path) as file, _explained(path):
            return _read_archive(file, path)
    except OSError as error:
        if isinstance(error, FileNotFoundError) and _obstacle(path) is None:
            raise CheckpointError(
                f"There is no checkpoint {path}. It was deleted, or the folder beside the study was moved: "
                f"put it back, or train again."
            ) from error
        raise CheckpointError(
            f"The checkpoint {path} cannot be read: {_reason(error, path)}. Put back what was there "
            f"or let it be read, or train again."
        ) from error


def _notes(about: Mapping[str, Any]) -> dict[str, Any]:
    try:
        json.dumps(about)
    except (TypeError, ValueError) as error:
        raise CheckpointError(
            f"The notes in a checkpoint are values of JSON; {error}. Received {about!r}."
        ) from error
    return dict(about)


def _write_file(path: Path, states: Mapping[str, Tree], about: dict[str, Any]) -> None:
    _make_folder(path.parent)
    # With a token, as a writer that was killed may have left its file.
    with replacement(path, path.with_name(f"{path.name}-{secrets.token_hex(4)}{TEMPORARY}")) as file:
        _write_archive(file, states, about)
    _sync_folder(path.parent)


def _reason(error: OSError, path: Path) -> str:
    """Why the system refused a file, in words."""
    return _obstacle(path) or error.strerror or str(error)


def _obstacle(path: Path) -> str | None:
    """What stands in the place of one of the folders above a file; None if nothing does."""
    for folder in reversed(path.parents):
        if os.path.lexists(folder) and not os.path.isdir(folder):
            kind = "a link that leads nowhere" if os.path.islink(folder) else "a file"
            return f"{folder} is {kind}, and no folder"
    return None


def _write_archive(file: BinaryIO, states: Mapping[str, Tree], about: dict[str, Any]) -> None:
    arrays: list[Array] = []

    def put(array: Array) -> int:
        arrays.append(array)
        return len(arrays) - 1

    contents = {
        "format": FORMAT,
        "about": about,
        "states": {name: replace_arrays(state, put) for name, state in states.items()},
    }
    text = json.dumps(contents, separators=(",", ":"))
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo(CONTENTS, _DATE), text)
        for index, array in enumerate(arrays):
            # force_zip64, as the size of an array is not known to the archive before it is written.
            with archive.open(zipfile.ZipInfo(f"{index}.npy", _DATE), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def _read_archive(file: BinaryIO, path: Path) -> tuple[dict[str, Tree], dict[str, Any]]:
    with zipfile.ZipFile(file) as archive:
        check_stored(archive, path)
        if CONTENTS not in archive.namelist():
            raise CheckpointError(f"{path} is no checkpoint of a study: it lacks {CONTENTS}.")
        contents = json.loads(archive.read(CONTENTS))
        if contents["format"] != FORMAT:
            raise CheckpointError(
                f"The checkpoint {path} has the format {contents['format']}; this version of polyhpo reads "
                f"{FORMAT}. Install the version that wrote it."
            )

        def take(index: int) -> Array:
            # The whole member first: its checksum is looked at before anything in it is believed.
            member = io.BytesIO(archive.read(f"{index}.npy"))
            array: Array = np.lib.format.read_array(member, allow_pickle=False)
            return array

        states = {name: insert_arrays(state, take) for name, state in contents["states"].items()}
        return states, contents["about"]


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except _BROKEN as error:
        raise CheckpointError(
            f"The checkpoint {path} was cut or altered since it was written, or is none "
            f"({type(error).__name__}: {error}). Delete it: the trial then goes on from an older one or from "
            f"its start."
        ) from error


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        # A new folder is a name, too, which its parent has to hold after a power cut.
        folder.mkdir(parents=True, exist_ok=True)
        _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    """Flush a folder, so that its new names are on the disk, where the system can do that."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
