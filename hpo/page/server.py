"""Serves the live page of studies until it is interrupted."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import ssl
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hpo.page.address import Address, address_of, is_loopback, listen
from hpo.page.guard import LOCAL_NAMES, Guard, own_names
from hpo.page.sources import Sources

if TYPE_CHECKING:
    import uvicorn

    from hpo.page.feed import Feed

_MOST_CONNECTIONS = 500


def serve(
    target: str | os.PathLike[str],
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    allow_hosts: Sequence[str] = (),
    certificate: str | os.PathLike[str] | None = None,
    key: str | os.PathLike[str] | None = None,
    plain_http: bool = False,
    on_start: Callable[[Address], None],
) -> None:
    """Show studies in the browser while they run, until Ctrl-C.

    The page is that of `hpo.page.save`, and what is committed to a study appears in it within a second. The
    studies are opened to be read only: the server writes nothing, and no search notices it.

    **Who can read it.** On 127.0.0.1, where it listens by default, the users of this machine. Any other host
    opens it to the network, and so does a name in `allow_hosts` that a proxy forwards. Then a token is
    demanded, a new one at each start, and TLS, as a token that goes over the network in the clear is none:
    give a certificate, or let `ssh -L 8765:localhost:8765 machine` carry a page on loopback to where you are.
    Requests under a name that is not this server's, and those of other sites' pages, are refused, on
    loopback too.

    Args:
        target: a storage's file, or a folder: all `*.db`, `*.sqlite` and `*.sqlite3` in it, new ones too.
        host: the name or address to listen at; `0.0.0.0` for all of this machine's addresses.
        port: 0 for a free one; None for 8765 or one of the next ones.
        allow_hosts: more names by which browsers may call the server, such as that of a proxy before it.
        certificate: a file with a certificate and those above it (PEM), for TLS.
        key: the file with its key, if that is another one.
        plain_http: listen beyond loopback without TLS, in a network that is trusted.
        on_start: is called with the address once the page can be opened.

    Raises:
        ImportError: Starlette or uvicorn is not installed; the text says how to install them.
        StorageError: there is no storage, or it cannot be read.
        ValueError: the host is not known, needs TLS, or the certificate cannot be used or is missing beside
            its key.
        OSError: the port is taken.
    """
    _check_installed()
    if key is not None and certificate is None:
        raise ValueError(f"The key {key} is of no use without its certificate: give --certificate, too.")
    with listen(host, port) as listener:
        is_local = is_loopback(listener)
        is_closed = is_local and all(name.lower() in LOCAL_NAMES for name in allow_hosts)
        if not is_local and certificate is None and not plain_http:
            raise ValueError(_NEEDS_TLS.format(host=host))
        guard = Guard(
            names={
                *LOCAL_NAMES,
                host.lower(),
                *map(str.lower, allow_hosts),
                *(() if is_local else own_names()),
            },
            any_address=not is_local,
            token=None if is_closed else secrets.token_urlsafe(32),
            is_secure=certificate is not None or not plain_http,
            port=listener.getsockname()[1],
        )
        address = address_of(listener, host, guard.token, is_encrypted=certificate is not None)
        asyncio.run(_serve(Path(target), listener, guard, certificate, key, lambda: on_start(address)))


async def _serve(
    target: Path,
    listener: socket.socket,
    guard: Guard,
    certificate: str | os.PathLike[str] | None,
    key: str | os.PathLike[str] | None,
    on_start: Callable[[], None],
) -> None:
    import uvicorn

    from hpo.page.application import application
    from hpo.page.connections import PromptConnection
    from hpo.page.feed import Feed

    feed = Feed(Sources(target))
    config = uvicorn.Config(
        application(feed, guard),
        http=PromptConnection,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        # A proxy's headers say nothing that is needed here, and anyone can write them.
        proxy_headers=False,
        server_header=False,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_graceful_shutdown=1,
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )
    try:
        config.load()
    except (OSError, ssl.SSLError) as error:
        raise ValueError(f"The certificate {certificate} and its key cannot be used: {error}.") from error
    await _server(config, feed, on_start).serve(sockets=[listener])


def _server(config: uvicorn.Config, feed: Feed, on_start: Callable[[], None]) -> uvicorn.Server:
    import uvicorn

    class Server(uvicorn.Server):
        """Says when the page can be opened, and ends the viewers' streams before it waits for their ends."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                on_start()

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            feed.close()
            await super().shutdown(sockets)

    return Server(config)


def _check_installed() -> None:
    try:
        import starlette as _starlette  # noqa: F401  # whether it is there
        import uvicorn as _uvicorn  # noqa: F401  # whether it is there
    except ImportError as error:
        raise ImportError(
            f"The live page needs Starlette and uvicorn, and {error.name} is not installed here. Install "
            'them with: pip install "polyhpo[page]". A page in a file needs neither: hpo report.'
        ) from error


_NEEDS_TLS = (
    "At {host} others on the network can reach the page, and without TLS they can read its token, too. Give "
    "--certificate and --key; or leave --host out and reach it through ssh -L 8765:localhost:8765 MACHINE; "
    "or, in a network that you trust, add --plain-http."
)
