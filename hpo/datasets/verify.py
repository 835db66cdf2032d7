"""Reads data files, after comparing their checksums."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hpo.datasets.catalogue import DataFile, FashionMNISTArrays
from hpo.datasets.idx import parse_idx, read_content
from hpo.datasets.places import Place
from hpo.errors import CorruptFileError
from hpo.inputs import open_regular

_memory: dict[Path, tuple[tuple[object, ...], FashionMNISTArrays]] = {}


def missing(place: Place, files: Sequence[DataFile]) -> list[str]:
    """The names of the files that `place` does not hold."""
    return [file.name for file in files if place.find(file.name) is None]


def read_place(place: Place, files: Sequence[DataFile], why: str) -> FashionMNISTArrays:
    """Read and verify all files of a place that holds them all.

    The arrays are kept for the life of the process, since unpacking takes half a second, and returned again
    while the files keep their size and date.

    Raises:
        CorruptFileError: a file is not the original; its checksum and the expected one are named.
        OSError: a file cannot be read.
    """
    paths = [path for file in files if (path := place.find(file.name))]
    stats = [path.stat() for path in paths]
    # The checksums too: the same folder read for other contents must not answer from memory.
    key = (*((stat.st_size, stat.st_mtime_ns) for stat in stats), *paths, *(file.sha256 for file in files))
    known = _memory.get(place.folder)
    if known is None or known[0] != key:
        train_images, train_labels, test_images, test_labels = (
            read_verified(path, file, place.remedy) for path, file in zip(paths, files, strict=True)
        )
        arrays = FashionMNISTArrays(
            train_images,
            train_labels,
            test_images,
            test_labels,
            source=os.path.abspath(place.folder),
            why=why,
        )
        known = _memory[place.folder] = (key, arrays)
    return dataclasses.replace(known[1], why=why)


def read_verified(path: Path, file: DataFile, remedy: str) -> NDArray[np.uint8]:
    """Read one file, gzipped or not, as a read-only array; every byte goes through SHA-256.

    Raises:
        CorruptFileError: the content is not that of `file`; the text ends in `remedy`.
        OSError: the file cannot be read.
    """
    array: NDArray[np.uint8] = parse_idx(verified_content(path, file, remedy), path)
    return array


def verified_content(path: Path, file: DataFile, remedy: str) -> bytes | memoryview:
    """The unpacked content of one file, which is certain to be that of `file`.

    Raises:
        CorruptFileError: the content is another; the text ends in `remedy`.
        OSError: the file cannot be read.
    """
    expected = f"Expected (unpacked): {file.size:,} bytes with SHA-256 {file.sha256}."
    # One byte more than it should have, to tell a file that is too long.
    try:
        content = read_content(path, limit=file.size + 1)
    except CorruptFileError as error:
        with open_regular(path) as opened:
            packed = opened.read()
        raise CorruptFileError(
            f"{error} {expected} Found (packed): {len(packed):,} bytes with SHA-256 "
            f"{hashlib.sha256(packed).hexdigest()}. {remedy}"
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != file.sha256:
        size = f"{len(content):,}" if len(content) <= file.size else f"more than {file.size:,}"
        raise CorruptFileError(
            f"{path} is not the original {file.name}, it was truncated or altered. {expected} "
            f"Found: {size} bytes with SHA-256 {found}. {remedy}"
        )
    return content
