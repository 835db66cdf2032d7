"""Downloads that survive stalls, cuts and wrong files: tried again, verified, never half-written.

Only a download imports this module: `urllib.request` takes longer to import than the data take to load.
"""

from __future__ import annotations

import hashlib
import http.client
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from hpo.datasets.cache import Progress, cache_errors
from hpo.datasets.catalogue import RemoteFile
from hpo.errors import DownloadError


@dataclass(frozen=True)
class RetryPolicy:
    """How long a download waits, and how often it tries.

    Attributes:
        connect_seconds: For the name look-up, the connection and the TLS handshake together. It is
            short, so that a machine without a network knows within seconds.
        stall_seconds: For the next bytes, once connected.
        rounds: How often each mirror is tried.
        backoff_seconds: Pause before the second round; it doubles with each further one.
    """

    connect_seconds: float = 3.0
    stall_seconds: float = 15.0
    rounds: int = 4
    backoff_seconds: float = 1.0


PATIENCE = RetryPolicy()


class _MirrorError(Exception):
    """One attempt at one mirror that failed.

    Args:
        reason: The text for the user.
        final: Whether asking this mirror again is of no use.
        answered: Whether a server answered; if none does, the machine has no network.
    """

    def __init__(self, reason: str, *, final: bool = False, answered: bool = True) -> None:
        super().__init__(reason)
        self.final = final
        self.answered = answered


def download(
    file: RemoteFile,
    mirrors: Sequence[str],
    folder: Path,
    *,
    progress: Progress | None = None,
    patience: RetryPolicy | None = None,
) -> bytes:
    """Download one file.

    Args:
        file: What to download.
        mirrors: Addresses to which `file.name + ".gz"` is appended, tried in turn.
        folder: Where the file is to go; made, and tried, as soon as a mirror offers it.
        progress: Called as `progress(name, received, total)`, in bytes, as they come.
        patience: Time limits and retries; `PATIENCE` by default.

    Returns:
        The packed file, its SHA-256 checked.

    Raises:
        DownloadError: no mirror gave the file; each mirror's reason is in the text.
        CacheError: the folder cannot be written.
    """
    patience = patience or PATIENCE
    failures: list[str] = []
    answered = False
    hopeful = list(mirrors)
    for turn in range(patience.rounds):
        if turn and hopeful:
            time.sleep(patience.backoff_seconds * 2 ** (turn - 1))
        for mirror in tuple(hopeful):
            url = f"{mirror}{file.name}.gz"
            try:
                return _attempt(url, file, folder, patience, progress)
            except _MirrorError as failure:
                failures.append(f"  {url}: {failure}")
                answered = answered or failure.answered
                if failure.final:
                    hopeful.remove(mirror)
        # Without a network more rounds would only delay the embedded sample.
        if not answered:
            break
    reason = "no mirror gave the right file" if answered else "no mirror could be reached"
    raise DownloadError("\n".join([f"{file.name}.gz could not be downloaded: {reason}.", *failures]))


def _attempt(
    url: str, file: RemoteFile, folder: Path, patience: RetryPolicy, progress: Progress | None
) -> bytes:
    """Ask one mirror once."""
    with _opened(url, patience) as response:
        offered = response.headers.get("Content-Length")
        if offered not in (None, str(file.gz_size)):
            raise _MirrorError(
                f"it offers another file: expected {file.gz_size:,} bytes, found {offered}", final=True
            )
        with cache_errors(folder):
            # Before the bytes come, and not before a mirror has some: an unwritable folder is an error at
            # once, and a machine without a network gets no empty folder.
            folder.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=folder).close()
        content = _received(response, file, progress)
    if len(content) < file.gz_size:
        raise _MirrorError(f"the connection ended after {len(content):,} of {file.gz_size:,} bytes")
    found = hashlib.sha256(content).hexdigest()
    if found != file.gz_sha256:
        raise _MirrorError(
            f"it sent another file: expected {file.gz_size:,} bytes with SHA-256 {file.gz_sha256}, "
            f"found {len(content):,} bytes with SHA-256 {found}",
            final=True,
        )
    return content


@contextmanager
def _opened(url: str, patience: RetryPolicy) -> Iterator[Any]:
    """The response of a mirror; proxies and redirects are followed."""
    # No encoding on the way: the size and checksum are those of the .gz file as it lies on the mirror.
    headers = {"User-Agent": "polyhpo", "Accept-Encoding": "identity"}
    opener = urllib.request.build_opener(_Handler(patience.connect_seconds))
    try:
        response = opener.open(urllib.request.Request(url, headers=headers), timeout=patience.stall_seconds)
    except urllib.error.HTTPError as error:
        with error:
            # A timeout and too many requests pass, as server errors do; other client errors stay.
            passing = error.code >= 500 or error.code in (408, 429)
            raise _MirrorError(f"HTTP {error.code} {error.reason}", final=not passing) from error
    except urllib.error.URLError as error:
        raise _MirrorError(str(error.reason), answered=False) from error
    except TimeoutError as error:
        raise _MirrorError(f"no answer within {patience.stall_seconds:g} s") from error
    except (OSError, http.client.HTTPException) as error:
        raise _MirrorError(f"{type(error).__name__}: {error}") from error
    with response:
        yield response


def _received(response: Any, file: RemoteFile, progress: Progress | None) -> bytes:
    content = bytearray()
    # One byte more than the right file has shows that a server does not know when to stop.
    while len(content) <= file.gz_size:
        so_far = f"after {len(content):,} of {file.gz_size:,} bytes"
        try:
            chunk = response.read1(65_536)
        except TimeoutError as error:
            raise _MirrorError(f"it stalled {so_far}") from error
        except (OSError, http.client.HTTPException) as error:
            raise _MirrorError(f"{type(error).__name__} {so_far}: {error}") from error
        if not chunk:
            break
        content += chunk
        if progress is not None:
            progress(f"{file.name}.gz", min(len(content), file.gz_size), file.gz_size)
    return bytes(content)


class _Handler(urllib.request.HTTPSHandler, urllib.request.HTTPHandler):
    """Opens connections with a limit on the seconds until they stand."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(partial(_Connection, self._seconds), req)

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(partial(_SecureConnection, self._seconds), req)


class _Connection(http.client.HTTPConnection):
    def __init__(self, seconds: float, host: str, **options: Any) -> None:
        super().__init__(host, **options)
        self._seconds = seconds

    def connect(self) -> None:
        _within(self._seconds, super().connect)


class _SecureConnection(_Connection, http.client.HTTPSConnection):
    """With TLS, whose handshake counts, too."""


def _within(seconds: float, action: Callable[[], None]) -> None:
    # A thread, because a socket's timeout bounds neither the name look-up nor the sum over the
    # addresses of a host, of which GitHub has eight.
    failures: list[BaseException] = []

    def act() -> None:
        try:
            action()
        # All of them: raised again in the thread that waits.
        except BaseException as error:
            failures.append(error)

    # A daemon, so that a look-up that hangs does not keep the process from ending.
    thread = threading.Thread(target=act, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise TimeoutError(f"no connection within {seconds:g} s")
    if failures:
        raise failures[0]
