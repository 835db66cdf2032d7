from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hpo.datasets import download as downloading
from hpo.datasets.download import RetryPolicy, download
from hpo.errors import CacheError, DownloadError

if TYPE_CHECKING:
    from tests.datasets.conftest import Server, Tiny


def files(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_file()]


def test_an_honest_mirror_is_asked_once_and_nothing_is_left(
    server: Server, tiny: Tiny, tmp_path: Path
) -> None:
    file = tiny.files[0]
    calls: list[tuple[str, int, int]] = []
    content = download(file, [server.url], tmp_path, progress=lambda *call: calls.append(call))
    assert content == tiny.packed[file.name]
    assert server.requests == [f"/{file.name}.gz"]
    assert calls[-1] == (f"{file.name}.gz", file.gz_size, file.gz_size)
    assert [call[1] for call in calls] == sorted(call[1] for call in calls)
    assert files(tmp_path) == []


@pytest.mark.parametrize("fault", ["truncate", "stall"])
def test_a_download_that_is_cut_or_stalls_begins_again(
    fault: str, server: Server, tiny: Tiny, tmp_path: Path
) -> None:
    file = tiny.files[0]
    server.script = [fault]
    assert download(file, [server.url], tmp_path) == tiny.packed[file.name]
    assert len(server.requests) == 2


@pytest.mark.parametrize(("fault", "reason"), [("truncate", "the connection ended"), ("stall", "it stalled")])
def test_how_much_came_before_a_cut_is_told_and_nothing_is_left(
    fault: str, reason: str, server: Server, tiny: Tiny, tmp_path: Path
) -> None:
    file = tiny.files[0]
    server.script = [fault, 404]
    told = rf"{reason} after {file.gz_size // 2:,} of {file.gz_size:,} bytes"
    with pytest.raises(DownloadError, match=told):
        download(file, [server.url], tmp_path)
    assert files(tmp_path) == []


@pytest.mark.parametrize("fault", [500, 503, 429, 408])
def test_a_passing_error_is_tried_again(fault: int, server: Server, tiny: Tiny, tmp_path: Path) -> None:
    server.script = [fault, fault]
    assert download(tiny.files[1], [server.url], tmp_path) == tiny.packed[tiny.files[1].name]


@pytest.mark.parametrize(
    ("deed", "reason"),
    [
        ("lie", "it sent another file: expected {size} bytes with SHA-256 {sha256}, found {size} bytes with"),
        ("portal", "it offers another file: expected {size} bytes, found 19"),
        ("endless", "it sent another file: expected {size} bytes with SHA-256 {sha256}, found"),
        (404, "HTTP 404 Not Found"),
        (403, "HTTP 403 Forbidden"),
    ],
)
def test_a_mirror_without_the_file_is_not_asked_again(
    deed: str | int, reason: str, server: Server, tiny: Tiny, tmp_path: Path
) -> None:
    file = tiny.files[0]
    server.script = [deed]
    with pytest.raises(DownloadError) as caught:
        download(file, [server.url], tmp_path)
    first, second = str(caught.value).splitlines()
    assert first == f"{file.name}.gz could not be downloaded: no mirror gave the right file."
    expected = reason.format(size=f"{file.gz_size:,}", sha256=file.gz_sha256)
    assert second.startswith(f"  {server.url}{file.name}.gz: {expected}")
    assert files(tmp_path) == []


def test_the_next_mirror_is_asked_when_the_first_one_is_cut(
    server: Server, tiny: Tiny, tmp_path: Path
) -> None:
    file = tiny.files[0]
    server.script = ["truncate", "serve"]
    mirrors = [server.url, server.url.replace("127.0.0.1", "localhost")]
    assert download(file, mirrors, tmp_path) == tiny.packed[file.name]
    assert len(server.requests) == 2


def test_a_machine_without_a_network_is_told_at_once_and_nothing_is_created(
    tiny: Tiny, tmp_path: Path
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/"
    with pytest.raises(DownloadError, match="no mirror could be reached") as caught:
        download(tiny.files[0], [url], tmp_path / "cache")
    assert str(caught.value).count("refused") == 1
    assert not (tmp_path / "cache").exists()


def test_a_name_server_that_does_not_answer_is_not_waited_for(
    tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Server
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: server.stalled.wait(10) or [])
    patience = RetryPolicy(0.02, 0.02, rounds=3, backoff_seconds=0.0)
    with pytest.raises(DownloadError, match=r"no connection within 0\.02 s"):
        download(tiny.files[0], ["http://example.invalid/"], tmp_path, patience=patience)


def test_an_unwritable_cache_is_named(server: Server, tiny: Tiny, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way of a folder")
    folder = tmp_path / "file" / "fashion-mnist"
    with pytest.raises(CacheError) as caught:
        download(tiny.files[0], [server.url], folder)
    assert str(caught.value).startswith(f"The cache folder {folder} cannot be written: ")
    assert "set HPO_CACHE to a folder that is" in str(caught.value)


def test_an_interrupt_ends_the_download_and_leaves_nothing(
    server: Server, tiny: Tiny, tmp_path: Path
) -> None:
    def interrupt(name: str, received: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(tiny.files[0], [server.url], tmp_path, progress=interrupt)
    assert files(tmp_path) == []


def test_the_default_patience_gives_up_an_offline_machine_within_seconds() -> None:
    # The tests run with less; this is the promise to users: both mirrors, one try each.
    assert 2 * RetryPolicy().connect_seconds <= 6
    assert downloading.PATIENCE.rounds > 1
