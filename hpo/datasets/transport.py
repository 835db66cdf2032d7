"""HTTP as downloads need it: a short wait for the connection, a longer one for the bytes.

Apart from `downloading`, nothing imports this module: `urllib.request` takes longer to import than the
data take to load.
"""

from __future__ import annotations

import http.client
import threading
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any


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


def open_url(url: str, patience: RetryPolicy, start: int = 0) -> Any:
    """Open `url`, from byte `start` on if the server can; proxies and redirects are followed.

    Returns:
        The response, an `http.client.HTTPResponse`; to be closed by the caller.

    Raises:
        urllib.error.HTTPError: the server answered with an error.
        OSError, http.client.HTTPException: the connection failed.
    """
    headers = {"User-Agent": "polyhpo", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    opener = urllib.request.build_opener(_Http(patience), _Https(patience))
    return opener.open(urllib.request.Request(url, headers=headers), timeout=patience.stall_seconds)


class _Http(urllib.request.HTTPHandler):
    def __init__(self, patience: RetryPolicy) -> None:
        super().__init__()
        self._patience = patience

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(partial(_Connection, self._patience), req)


class _Https(urllib.request.HTTPSHandler):
    def __init__(self, patience: RetryPolicy) -> None:
        super().__init__()
        self._patience = patience

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(partial(_SecureConnection, self._patience), req)


class _Connection(http.client.HTTPConnection):
    def __init__(self, patience: RetryPolicy, host: str, **options: Any) -> None:
        super().__init__(host, **options)
        self._patience = patience

    def connect(self) -> None:
        _within(self._patience.connect_seconds, super().connect)


class _SecureConnection(http.client.HTTPSConnection):
    def __init__(self, patience: RetryPolicy, host: str, **options: Any) -> None:
        super().__init__(host, **options)
        self._patience = patience

    def connect(self) -> None:
        _within(self._patience.connect_seconds, super().connect)


def _within(seconds: float, action: Callable[[], None]) -> None:
    # A thread, because a socket's timeout bounds neither the name look-up nor the sum over the
    # addresses of a host, of which GitHub has eight.
    failures: list[BaseException] = []

    def act() -> None:
        try:
            action()
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=act, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise TimeoutError(f"no connection within {seconds:g} s")
    if failures:
        raise failures[0]
