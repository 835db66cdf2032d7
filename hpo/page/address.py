"""Where the live page is served: a socket, and the address that leads to it."""

from __future__ import annotations

import ipaddress
import os
import socket
from dataclasses import dataclass

PORT = 8765
"""The port that is taken unless another is named; if it is in use, one of the next ones."""

_NUM_PORTS = 20


@dataclass(frozen=True)
class Address:
    """Where a server listens, and how its page is reached.

    Attributes:
        url: the page's address, with the token where one is demanded.
        token: the token; None if there is none.
        is_local: whether this machine alone can reach it.
        is_encrypted: whether it speaks TLS.
    """

    url: str
    token: str | None
    is_local: bool
    is_encrypted: bool


def listen(host: str, port: int | None) -> socket.socket:
    """A socket that is bound to the host and port.

    Raises:
        ValueError: the host has no address of this machine.
        OSError: the port, or each of the default ones, is taken.
    """
    try:
        family, kind, proto, _, (address, *_) = socket.getaddrinfo(
            host or None, None, type=socket.SOCK_STREAM
        )[0]
    except (OSError, UnicodeError) as error:
        raise ValueError(
            f"The host {host!r} is not known ({error}); give a name or address of this machine."
        ) from error
    ports = range(PORT, PORT + _NUM_PORTS) if port is None else [port]
    for each in ports:
        listener = socket.socket(family, kind, proto)
        if os.name == "posix":
            # A port that a server has just left can be taken again at once.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((address, each))
            return listener
        except (OSError, OverflowError) as error:
            listener.close()
            last = error
    named = f"port {port}" if port is not None else f"each port from {ports[0]} to {ports[-1]}"
    reason = getattr(last, "strerror", None) or last
    raise OSError(
        f"The page cannot be served at {named} of {host}: {reason}. Give another --port, or 0 for a free one."
    )


def address_of(listener: socket.socket, host: str, token: str | None, *, is_encrypted: bool) -> Address:
    """The address of the page at a socket.

    Args:
        listener: the socket.
        host: what the user called it.
        token: the token that is demanded; None for none.
        is_encrypted: whether TLS is spoken there.
    """
    name, port, *_ = listener.getsockname()
    bound = ipaddress.ip_address(name)
    called = socket.gethostname() if bound.is_unspecified else host
    called = f"[{called}]" if ":" in called else called
    scheme = "https" if is_encrypted else "http"
    url = f"{scheme}://{called}:{port}/{'' if token is None else f'?token={token}'}"
    return Address(url, token, bound.is_loopback, is_encrypted)


def is_loopback(listener: socket.socket) -> bool:
    """Whether this machine alone can reach a socket."""
    return ipaddress.ip_address(listener.getsockname()[0]).is_loopback
