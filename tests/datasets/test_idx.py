from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from hpo.datasets import encode_idx, read_idx
from hpo.datasets.idx import parse_idx
from hpo.errors import CorruptFileError

TYPES = ["uint8", "int8", "int16", "int32", "float32", "float64"]


@given(
    st.sampled_from(TYPES).flatmap(
        lambda name: arrays.arrays(name, arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
    )
)
def test_every_type_and_shape_survives_the_round_trip(array: NDArray[Any]) -> None:
    back = parse_idx(encode_idx(array), Path("x"))
    assert back.dtype == array.dtype
    np.testing.assert_array_equal(back, array)


def in_two_members(content: bytes) -> bytes:
    return gzip.compress(content[:9]) + gzip.compress(content[9:])


@pytest.mark.parametrize("pack", [bytes, gzip.compress, in_two_members])
def test_plain_and_gzipped_files_are_told_apart_by_their_content(
    pack: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    array = np.arange(24, dtype=np.int32).reshape(2, 3, 4)
    (tmp_path / "file").write_bytes(pack(encode_idx(array)))
    np.testing.assert_array_equal(read_idx(tmp_path / "file"), array)


def test_what_is_read_is_read_only(tmp_path: Path) -> None:
    for dtype in (np.uint8, np.float32):
        (tmp_path / "file").write_bytes(encode_idx(np.zeros(3, dtype)))
        with pytest.raises(ValueError, match="read-only"):
            read_idx(tmp_path / "file")[0] = 1


BYTES = encode_idx(np.zeros(5, np.uint8))
PACKED = gzip.compress(BYTES, mtime=0)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        pytest.param(b"", r"expected it to begin with 00 00, .*; found an empty file\.", id="empty"),
        pytest.param(b"\x89PNG1234", r"is not an IDX file: .*; found 89 50 4e 47\.", id="magic"),
        pytest.param(b"\0\0\x07\x01", r"found 00 00 07 01\.", id="type"),
        pytest.param(b"\0\0\x08\x02\0\0\0\x01", r"its header needs 12 bytes, it has 8\.", id="header"),
        pytest.param(BYTES[:-1], r"is truncated: an array of uint8 and shape \(5,\) needs 13 ", id="short"),
        pytest.param(BYTES + b"x", r"has bytes after its last value: .* the file holds 14\.", id="long"),
        pytest.param(PACKED[:-3], r"is a truncated gzip file: it ends early, after \d+ packed", id="gzip"),
        pytest.param(PACKED + b"junk", r"is a broken gzip file: .*incorrect header check", id="junk"),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_named(content: bytes, text: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(CorruptFileError, match=text) as caught:
        read_idx(tmp_path / "file")
    assert str(tmp_path / "file") in str(caught.value)


def test_a_type_that_the_format_lacks_is_refused() -> None:
    with pytest.raises(ValueError, match=r"holds uint8, int8, .*; received int64\."):
        encode_idx(np.zeros(3, np.int64))
