from __future__ import annotations

import dataclasses
import hashlib
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from hpo.datasets import FashionMNISTArrays, catalogue, fashion_mnist, fashion_mnist_or_sample, fetch
from hpo.errors import CacheError, CorruptFileError, DataNotFoundError, DownloadError

if TYPE_CHECKING:
    from tests.datasets.conftest import Server, Tiny

NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
CACHE = Path(".cache", "polyhpo", "fashion-mnist")


@pytest.fixture
def cache(bare_machine: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(bare_machine / ".cache"))
    return bare_machine / CACHE


def assert_is(data: FashionMNISTArrays, tiny: Tiny) -> None:
    found = (data.train_images, data.train_labels, data.test_images, data.test_labels)
    for array, name in zip(found, NAMES, strict=True):
        np.testing.assert_array_equal(array, tiny.arrays[name])
        assert array.dtype == np.uint8


def flip_a_byte(path: Path) -> str:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("inner", ["", "FashionMNIST/raw", "fashion-mnist"])
def test_the_named_folder_is_used(packed: bool, inner: str, tiny: Tiny, tmp_path: Path, cache: Path) -> None:
    tiny.write(cache)
    tiny.write(tmp_path / "mine" / inner, packed=packed)
    data = fashion_mnist(tmp_path / "mine")
    assert_is(data, tiny)
    assert (data.source, data.why) == (str(tmp_path / "mine" / inner), "the call names it")


def test_the_argument_goes_before_the_variable_and_the_variable_before_the_cache(
    tiny: Tiny, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = tiny.write(tmp_path / "first"), tiny.write(tmp_path / "second")
    tiny.write(cache)
    assert fashion_mnist().source == str(cache)
    monkeypatch.setenv("HPO_DATA", str(second))
    data = fashion_mnist()
    assert (data.source, data.why) == (str(second), "HPO_DATA names it")
    assert fashion_mnist(first).source == str(first)


def test_the_places_of_other_tools_come_in_order_and_after_the_cache(
    tiny: Tiny, bare_machine: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MXNET_HOME", str(bare_machine / "gluon"))
    found = []
    for folder in (
        bare_machine / "gluon/datasets/fashion-mnist",
        bare_machine / ".keras/datasets/fashion-mnist",
        bare_machine / "data/FashionMNIST/raw",
        bare_machine / "work/data/FashionMNIST/raw",
        cache,
    ):
        tiny.write(folder, packed=True)
        data = fashion_mnist(download=False)
        assert_is(data, tiny)
        assert Path(data.source) == folder
        found.append(data.why)
    assert found == [
        "found in the folder of Gluon",
        "found in the folder of Keras",
        "found in the folder of torchvision",
        "found in the folder of torchvision",
        "found in the library's cache",
    ]


def test_a_named_folder_without_the_files_is_an_error_that_lists_them(
    tiny: Tiny, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny.write(cache)
    folder = tiny.write(tmp_path / "mine")
    (folder / NAMES[1]).unlink()
    (folder / NAMES[3]).unlink()
    monkeypatch.setenv("HPO_DATA", str(folder))
    for load in (fashion_mnist, fashion_mnist_or_sample):
        with pytest.raises(DataNotFoundError) as caught:
            load()
        assert str(caught.value).startswith(
            f"The folder {folder} lacks {NAMES[1]}, {NAMES[3]} (each may also end in .gz), and HPO_DATA names"
        )
        assert "'sample' for the embedded sample" in str(caught.value)


def test_an_altered_file_in_the_cache_is_named_with_both_checksums(tiny: Tiny, cache: Path) -> None:
    path = tiny.write(cache) / NAMES[0]
    found = flip_a_byte(path)
    with pytest.raises(CorruptFileError) as caught:
        fashion_mnist()
    file = tiny.files[0]
    assert str(caught.value) == (
        f"{path} is not the original {NAMES[0]}, it was truncated or altered. Expected (unpacked): "
        f"{file.size:,} bytes with SHA-256 {file.sha256}. Found: {file.size:,} bytes with SHA-256 {found}. "
        f"Run `hpo data --fetch`, which replaces it, or delete it."
    )


def test_a_truncated_gzip_file_is_named_with_both_checksums(tiny: Tiny, tmp_path: Path) -> None:
    path = tiny.write(tmp_path / "mine", packed=True) / f"{NAMES[0]}.gz"
    path.write_bytes(rest := path.read_bytes()[:1000])
    with pytest.raises(CorruptFileError) as caught:
        fashion_mnist(tmp_path / "mine")
    text = str(caught.value)
    assert f"{path} is a truncated gzip file" in text
    assert tiny.files[0].sha256 in text
    assert f"1,000 bytes with SHA-256 {hashlib.sha256(rest).hexdigest()}. Delete it, or restore it" in text


def test_a_file_that_unpacks_to_more_is_not_unpacked_further(tiny: Tiny, tmp_path: Path) -> None:
    folder = tiny.write(tmp_path / "mine")
    (folder / NAMES[1]).unlink()
    (folder / f"{NAMES[1]}.gz").write_bytes(tiny.packed[NAMES[0]])
    with pytest.raises(CorruptFileError, match=r"Found: more than 308 bytes with SHA-256"):
        fashion_mnist(folder)


def test_a_corrupt_folder_of_another_tool_is_passed_over_with_a_warning(
    tiny: Tiny, bare_machine: Path
) -> None:
    torchvision = tiny.write(bare_machine / "data/FashionMNIST/raw")
    keras = tiny.write(bare_machine / ".keras/datasets/fashion-mnist", packed=True)
    found = flip_a_byte(torchvision / NAMES[2])
    with pytest.warns(UserWarning, match=rf"folder of torchvision is passed over\. .*{found}"):
        data = fashion_mnist()
    assert_is(data, tiny)
    assert Path(data.source) == keras


def test_a_file_altered_after_the_first_load_is_noticed(tiny: Tiny, tmp_path: Path) -> None:
    folder = tiny.write(tmp_path / "mine")
    first = fashion_mnist(folder)
    assert fashion_mnist(folder).train_images is first.train_images
    (folder / NAMES[0]).write_bytes(tiny.plain[NAMES[0]][:-1])
    with pytest.raises(CorruptFileError):
        fashion_mnist(folder)


@pytest.mark.parametrize("packed", [False, True])
def test_the_arrays_cannot_be_written(packed: bool, tiny: Tiny, tmp_path: Path) -> None:
    images = fashion_mnist(tiny.write(tmp_path / "mine", packed=packed)).train_images
    with pytest.raises(ValueError, match="read-only"):
        images[0] = 0
    with pytest.raises(ValueError, match="WRITEABLE"):
        images.flags.writeable = True


def test_a_download_fills_the_cache_with_unpacked_files(online: Server, tiny: Tiny, cache: Path) -> None:
    data = fashion_mnist()
    assert_is(data, tiny)
    assert (data.source, data.why) == (str(cache), "downloaded into the library's cache")
    assert {path.name: path.read_bytes() for path in cache.iterdir()} == tiny.plain
    assert fashion_mnist().why == "found in the library's cache"
    assert len(online.requests) == 4


def test_only_missing_and_corrupt_files_are_fetched(online: Server, tiny: Tiny, cache: Path) -> None:
    tiny.write(cache)
    (cache / NAMES[1]).unlink()
    flip_a_byte(cache / NAMES[3])
    assert fetch() == str(cache)
    assert set(online.requests) == {f"/{NAMES[1]}.gz", f"/{NAMES[3]}.gz"}
    assert_is(fashion_mnist(), tiny)


def test_fetching_copies_what_another_tool_has(tiny: Tiny, bare_machine: Path, cache: Path) -> None:
    tiny.write(bare_machine / ".keras/datasets/fashion-mnist", packed=True)
    fetch()
    assert {path.name: path.read_bytes() for path in cache.iterdir()} == tiny.plain


def test_without_data_and_network_the_error_lists_the_places_and_the_way_out(
    online: Server, bare_machine: Path, cache: Path
) -> None:
    online.script = [404]
    with pytest.raises(DownloadError) as caught:
        fashion_mnist()
    text = str(caught.value)
    assert text.startswith(
        "Fashion-MNIST is in none of the usual folders, and train-images-idx3-ubyte.gz could"
    )
    assert "HTTP 404" in text
    for place in (
        f"{cache} (the library's cache)",
        f"{bare_machine / '.keras/datasets/fashion-mnist'} (Keras)",
    ):
        assert f"\n  {place}\n" in text
    assert "'sample' for the embedded sample" in text
    assert not cache.exists()


def test_a_forbidden_download_is_an_error_and_no_request(online: Server, cache: Path) -> None:
    with pytest.raises(DataNotFoundError, match=r"the download was forbidden\.\nLooked at:\n") as caught:
        fashion_mnist(download=False)
    assert str(cache) in str(caught.value)
    assert "'sample' for the embedded sample" in str(caught.value)
    assert online.requests == []


def test_the_command_falls_to_the_sample_and_says_why(online: Server) -> None:
    online.script = [404]
    data = fashion_mnist_or_sample()
    assert data.source == "sample"
    assert data.why.startswith("Fashion-MNIST is in none of the usual folders, and train-images")
    assert "\n" not in data.why


def test_the_command_falls_to_the_sample_if_the_cache_cannot_be_written(
    online: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("HPO_CACHE", str(tmp_path / "file"))
    with pytest.raises(CacheError, match=r"cannot be written: .*HPO_CACHE"):
        fashion_mnist()
    assert "set HPO_CACHE" in fashion_mnist_or_sample().why


def test_the_command_does_not_hide_a_corrupt_cache(tiny: Tiny, cache: Path) -> None:
    flip_a_byte(tiny.write(cache) / NAMES[0])
    with pytest.raises(CorruptFileError, match="hpo data --fetch"):
        fashion_mnist_or_sample()


def test_two_processes_may_download_at_once(online: Server, tiny: Tiny, cache: Path) -> None:
    online.script = ["truncate", "truncate", 500, "lie"]
    # The process that meets the lie drops its only mirror, so name it twice.
    table = dataclasses.replace(catalogue.FASHION_MNIST, mirrors=(online.url, online.url))
    program = (
        "from hpo.datasets import catalogue, fashion_mnist, places, download as downloading\n"
        "from hpo.datasets.catalogue import Catalogue, RemoteFile\n"
        "from hpo.datasets.download import RetryPolicy\n"
        f"catalogue.FASHION_MNIST = {table!r}\n"
        "places.SYSTEM_FOLDERS = ()\n"
        "downloading.PATIENCE = RetryPolicy(2.0, 2.0, 3, 0.01)\n"
        "print(fashion_mnist().train_images.sum())\n"
    )
    command = [sys.executable, "-c", program]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    sums = [process.communicate(timeout=60)[0] for process in running]
    assert sums == [f"{tiny.arrays[NAMES[0]].sum()}\n"] * 3
    assert {path.name: path.read_bytes() for path in cache.iterdir()} == tiny.plain
