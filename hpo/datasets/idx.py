"""The IDX file format of MNIST and its kin, read and written.

A file is two zero bytes, a byte for the type, a byte for the number of dimensions, the dimensions as
big-endian 32-bit integers, and the values in big-endian row-major order; often the whole is gzipped.
"""

from __future__ import annotations

import math
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpo.errors import CorruptFileError
from hpo.inputs import open_regular

DTYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
GZIP_MAGIC = b"\x1f\x8b"


def read_idx(path: str | os.PathLike[str]) -> NDArray[Any]:
    """Read an IDX file, gzipped or not, whatever its name ends in.

    Returns:
        A read-only array in the machine's own byte order, of the shape and type that the file says.

    Raises:
        CorruptFileError: the file is not IDX, is truncated, or goes on after its last value.
        OSError: the file cannot be opened.
    """
    path = Path(path)
    return parse_idx(read_content(path), path)


def parse_idx(content: bytes | memoryview, path: Path) -> NDArray[Any]:
    """Turn the (unpacked) content of an IDX file into a read-only array; `path` is for the errors.

    Bytes are not copied: an array of uint8 is a view of `content`.

    Raises:
        CorruptFileError: as `read_idx`.
    """
    head = bytes(content[:4])
    if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in DTYPES:
        raise CorruptFileError(
            f"{path} is not an IDX file: expected it to begin with 00 00, one of the types "
            f"{' '.join(f'{code:02x}' for code in DTYPES)} and the number of dimensions; "
            f"found {head.hex(' ') or 'an empty file'}."
        )
    dtype = np.dtype(DTYPES[head[2]])
    start = 4 + 4 * head[3]
    if len(content) < start:
        raise CorruptFileError(f"{path} is truncated: its header needs {start} bytes, it has {len(content)}.")
    shape = struct.unpack(f">{head[3]}I", content[4:start])
    expected = start + math.prod(shape) * dtype.itemsize
    if len(content) != expected:
        fault = "is truncated" if len(content) < expected else "has bytes after its last value"
        raise CorruptFileError(
            f"{path} {fault}: an array of {dtype.name} and shape {shape} needs {expected:,} bytes, "
            f"the file holds {len(content):,}."
        )
    # The offset is a slice, since frombuffer refuses one that leaves nothing, as in an empty array.
    array = np.frombuffer(content, np.uint8)[start:].view(dtype).reshape(shape)
    array = array.astype(dtype.newbyteorder("="), copy=False)
    array.flags.writeable = False
    return array


def read_content(path: Path, limit: int | None = None) -> bytes | memoryview:
    """Read a file into memory, gunzipped if it is gzip (told by its first bytes), read-only.

    Args:
        path: The file.
        limit: Unpack at most this many bytes, so that no file can fill the memory.

    Raises:
        CorruptFileError: the gzip stream is broken.
        OSError: the file cannot be opened.
    """
    with open_regular(path) as file:
        # NumPy asks the system for large pages, which halves the time of a fresh 47 MB buffer.
        buffer = np.empty(os.fstat(file.fileno()).st_size, np.uint8)
        view = buffer.data
        filled = 0
        while filled < len(view) and (count := file.readinto(view[filled:])):
            filled += count
    content = view[:filled].toreadonly()
    return _gunzip(content, path, limit) if content[:2] == GZIP_MAGIC else content


def _gunzip(packed: memoryview, path: Path, limit: int | None) -> bytes:
    content, rest = b"", bytes(packed)
    # A gzip file may be several streams, one after the other.
    while rest and (limit is None or len(content) < limit):
        unpacker = zlib.decompressobj(wbits=31)
        try:
            content += unpacker.decompress(rest, limit - len(content) if limit else 0)
        except zlib.error as error:
            raise CorruptFileError(f"{path} is a broken gzip file: {error}.") from error
        if not unpacker.eof and (limit is None or len(content) < limit):
            raise CorruptFileError(
                f"{path} is a truncated gzip file: it ends early, after {len(packed):,} packed "
                f"and {len(content):,} unpacked bytes."
            )
        rest = unpacker.unused_data
    return content


def encode_idx(array: NDArray[Any]) -> bytes:
    """Write an array as the content of an IDX file: the inverse of `read_idx`.

    Raises:
        ValueError: the format has no such type, or the array has more than 255 dimensions.
    """
    codes = {np.dtype(name).newbyteorder("="): code for code, name in DTYPES.items()}
    native = array.dtype.newbyteorder("=")
    if native not in codes:
        raise ValueError(
            f"An IDX file holds {', '.join(dtype.name for dtype in codes)}; received {array.dtype.name}."
        )
    header = struct.pack(f">HBB{array.ndim}I", 0, codes[native], array.ndim, *array.shape)
    return header + array.astype(native.newbyteorder(">")).tobytes()
