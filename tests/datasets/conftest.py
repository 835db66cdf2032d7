"""Four tiny files in place of the real ones, and a server that can misbehave."""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from hpo.datasets import catalogue, encode_idx, places
from hpo.datasets import download as downloading
from hpo.datasets.catalogue import Catalogue, RemoteFile
from hpo.datasets.download import RetryPolicy

SHAPES = {
    "train-images-idx3-ubyte": (300, 28, 28),
    "train-labels-idx1-ubyte": (300,),
    "t10k-images-idx3-ubyte": (50, 28, 28),
    "t10k-labels-idx1-ubyte": (50,),
}


class Tiny:
    """The contents of the four files and the catalogue that describes them."""

    def __init__(self) -> None:
        draw = np.random.default_rng(0)
        self.arrays = {
            name: draw.integers(0, 10 if len(shape) == 1 else 256, shape, np.uint8)
            for name, shape in SHAPES.items()
        }
        self.plain = {name: encode_idx(array) for name, array in self.arrays.items()}
        self.packed = {name: gzip.compress(content, mtime=0) for name, content in self.plain.items()}
        self.files = tuple(
            RemoteFile(
                name,
                shape,
                hashlib.sha256(self.plain[name]).hexdigest(),
                len(self.packed[name]),
                hashlib.sha256(self.packed[name]).hexdigest(),
            )
            for name, shape in SHAPES.items()
        )

    def write(self, folder: Path, *, packed: bool = False) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        for name in SHAPES:
            if packed:
                (folder / f"{name}.gz").write_bytes(self.packed[name])
            else:
                (folder / name).write_bytes(self.plain[name])
        return folder


class Server:
    """A mirror on this machine; `script` says what it does with the next requests, then it is honest."""

    def __init__(self, tiny: Tiny) -> None:
        self.script: list[str | int] = []
        self.requests: list[str] = []
        self.stalled = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: object) -> None:
                """Keep the test's output clean."""

            def do_GET(self) -> None:
                server.requests.append(self.path)
                deed = server.script.pop(0) if server.script else "serve"
                name = self.path.removeprefix("/").removesuffix(".gz")
                server.answer(self, tiny.packed[name], deed)

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}/"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def answer(self, handler: BaseHTTPRequestHandler, content: bytes, deed: str | int) -> None:
        if isinstance(deed, int):
            handler.send_error(deed)
            return
        body = bytes(255 - byte for byte in content) if deed == "lie" else content
        if deed == "portal":
            body = b"<html>Log in</html>"
        handler.send_response(200)
        if deed == "endless":
            body = content + b"more" * 100_000
        else:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body[: len(content) // 2] if deed in ("truncate", "stall") else body)
        if deed == "stall":
            self.stalled.wait(10)

    def close(self) -> None:
        self.stalled.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


@pytest.fixture(scope="session")
def tiny() -> Tiny:
    return Tiny()


@pytest.fixture
def server(tiny: Tiny) -> Iterator[Server]:
    mirror = Server(tiny)
    yield mirror
    mirror.close()


@pytest.fixture(autouse=True)
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tiny: Tiny) -> Path:
    """A home without any data, a catalogue of tiny files without mirrors, no proxies, little patience."""
    for variable in ("HPO_DATA", "HPO_CACHE", "XDG_CACHE_HOME", "KERAS_HOME", "MXNET_HOME"):
        monkeypatch.delenv(variable, raising=False)
    home = tmp_path / "home"
    (home / "work").mkdir(parents=True)
    for variable in ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA"):
        monkeypatch.setenv(variable, str(home))
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.chdir(home / "work")
    monkeypatch.setattr(places, "SYSTEM_FOLDERS", ())
    monkeypatch.setattr(catalogue, "FASHION_MNIST", Catalogue(tiny.files, ()))
    monkeypatch.setattr(downloading, "PATIENCE", RetryPolicy(2.0, 0.2, rounds=3, backoff_seconds=0.001))
    return home


@pytest.fixture
def online(monkeypatch: pytest.MonkeyPatch, server: Server, tiny: Tiny) -> Server:
    """The server, as the only mirror of the catalogue."""
    monkeypatch.setattr(catalogue, "FASHION_MNIST", Catalogue(tiny.files, (server.url,)))
    return server
