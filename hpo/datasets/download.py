"""Downloads that survive stalls, cuts and lies: retried, resumed, verified, never half-written."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import os
import secrets
import time
import urllib.error
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hpo.datasets.cache import Progress, cache_errors
from hpo.datasets.catalogue import RemoteFile
from hpo.datasets.transport import RetryPolicy, open_url
from hpo.errors import DownloadError

PATIENCE = RetryPolicy()
ABANDONED_SECONDS = 600.0


class _MirrorError(Exception):
    """What one mirror did wrong, once.

    Args:
        reason: For the user.
        final: Asking this mirror again is of no use.
        answered: There is a server; where none answers, the machine has no network.
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
    """Download one file, going on where an earlier download stopped.

    The bytes gather in a partial file in `folder`, which no other process touches meanwhile and which
    stays for the next time if this one fails. The folder is created when the first bytes have come.

    Args:
        file: What to download.
        mirrors: Addresses to which `file.name + ".gz"` is appended, tried in turn.
        folder: Where the partial file is kept.
        progress: Called as `progress(name, received, total)`, in bytes, as they come.
        patience: Time limits and retries; `PATIENCE` by default.

    Returns:
        The packed file, its SHA-256 checked.

    Raises:
        DownloadError: no mirror gave the file; each mirror's reason is in the text.
        CacheError: the partial file cannot be written.
    """
    patience = patience or PATIENCE
    failures: list[str] = []
    answered = False
    hopeful = list(mirrors)
    with _partial_file(folder, f"{file.name}.gz") as part:
        for turn in range(patience.rounds):
            if turn and hopeful:
                time.sleep(patience.backoff_seconds * 2 ** (turn - 1))
            for mirror in tuple(hopeful):
                url = f"{mirror}{file.name}.gz"
                try:
                    return _attempt(url, file, part, patience, progress)
                except _MirrorError as failure:
                    failures.append(f"  {url}: {failure}")
                    answered = answered or failure.answered
                    if failure.final:
                        hopeful.remove(mirror)
            if not answered:
                break
    reason = "no mirror gave the right file" if answered else "no mirror could be reached"
    raise DownloadError("\n".join([f"{file.name}.gz could not be downloaded: {reason}.", *failures]))


def _attempt(
    url: str, file: RemoteFile, part: Path, patience: RetryPolicy, progress: Progress | None
) -> bytes:
    """Ask one mirror once for what is still missing; return the whole file."""
    start = part.stat().st_size if part.exists() else 0
    if start < file.gz_size:
        with _opened(url, patience, start) as response:
            start = _check_offer(response, start, file, part)
            _receive(response, start, file, part, progress)
    content = part.read_bytes()
    if len(content) < file.gz_size:
        raise _MirrorError(f"the connection ended after {len(content):,} of {file.gz_size:,} bytes")
    part.unlink()
    found = hashlib.sha256(content).hexdigest()
    if found != file.gz_sha256:
        # If part of it came in an earlier attempt, this mirror may be innocent.
        raise _MirrorError(
            f"it sent another file: expected {file.gz_size:,} bytes with SHA-256 {file.gz_sha256}, "
            f"found {len(content):,} bytes with SHA-256 {found}",
            final=start == 0,
        )
    return content


@contextlib.contextmanager
def _opened(url: str, patience: RetryPolicy, start: int) -> Iterator[Any]:
    try:
        response = open_url(url, patience, start)
    except urllib.error.HTTPError as error:
        with error:
            passing = error.code >= 500 or error.code in (408, 416, 429)
            raise _MirrorError(f"HTTP {error.code} {error.reason}", final=not passing) from error
    except urllib.error.URLError as error:
        raise _MirrorError(str(error.reason), answered=False) from error
    except TimeoutError as error:
        raise _MirrorError(f"no answer within {patience.stall_seconds:g} s") from error
    except (OSError, http.client.HTTPException) as error:
        raise _MirrorError(f"{type(error).__name__}: {error}") from error
    with response:
        yield response


def _check_offer(response: Any, start: int, file: RemoteFile, part: Path) -> int:
    """Return the position of the first byte that the server is about to send."""
    if response.status == 206:
        sent = response.headers.get("Content-Range", "")
        if sent == f"bytes {start}-{file.gz_size - 1}/{file.gz_size}":
            return start
        part.unlink(missing_ok=True)
        raise _MirrorError(f"it answered a request for the bytes from {start:,} on with {sent!r}")
    offered = response.headers.get("Content-Length")
    if offered is not None and offered != str(file.gz_size):
        raise _MirrorError(
            f"it offers another file: expected {file.gz_size:,} bytes, found {offered}", final=True
        )
    return 0


def _receive(response: Any, start: int, file: RemoteFile, part: Path, progress: Progress | None) -> None:
    with contextlib.ExitStack() as stack:
        with cache_errors(part.parent):
            part.parent.mkdir(parents=True, exist_ok=True)
            target = stack.enter_context(part.open("ab" if start else "wb", buffering=0))
        received = start
        # One byte more than the right file has shows that a server does not know when to stop.
        while received <= file.gz_size:
            try:
                chunk = response.read1(65_536)
            except TimeoutError as error:
                raise _MirrorError(f"it stalled after {received:,} of {file.gz_size:,} bytes") from error
            except (OSError, http.client.HTTPException) as error:
                raise _MirrorError(
                    f"{type(error).__name__} after {received:,} of {file.gz_size:,} bytes: {error}"
                ) from error
            if not chunk:
                break
            with cache_errors(part.parent):
                target.write(chunk)
            received += len(chunk)
            if progress is not None:
                progress(f"{file.name}.gz", min(received, file.gz_size), file.gz_size)


@contextlib.contextmanager
def _partial_file(folder: Path, name: str) -> Iterator[Path]:
    """A file of this process alone, which begins with what an earlier download left.

    Renaming is atomic, so of several processes one gets the earlier bytes and the others start afresh.
    """
    mine = folder / f"{name}.part-{os.getpid()}-{secrets.token_hex(4)}"
    free = folder / f"{name}.part"
    for earlier in (free, *folder.glob(f"{name}.part-*")):
        with contextlib.suppress(OSError):
            # A process that was killed could not give its file back.
            if earlier == free or time.time() - earlier.stat().st_mtime > ABANDONED_SECONDS:
                earlier.replace(mine)
    try:
        yield mine
    finally:
        with contextlib.suppress(OSError):
            mine.replace(free)
