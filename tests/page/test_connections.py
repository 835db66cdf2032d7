"""Connections of the live page that ask for nothing are ended; those that asked may stay."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from hpo.page.connections import PromptConnection
from tests.page.loops import finished

REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n"


class HastyConnection(PromptConnection):
    patience = 0.3


async def slow(scope: Any, receive: Any, send: Any) -> None:
    """Answers after more time than a request may take."""
    await asyncio.sleep(4 * HastyConnection.patience)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


def talk(*parts: bytes) -> bytes:
    """What comes back until the end, where each part is sent a little after the one before it."""

    async def talking() -> bytes:
        config = uvicorn.Config(slow, log_config=None, lifespan="off")
        config.load()
        state = ServerState()
        server = await asyncio.get_running_loop().create_server(
            lambda: HastyConnection(config=config, server_state=state, app_state={}), "127.0.0.1", 0
        )
        try:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            with closing(writer):
                for part in parts:
                    writer.write(part)
                    await asyncio.sleep(HastyConnection.patience / 2)
                return await asyncio.wait_for(reader.read(), 20)
        except ConnectionError:  # it was ended while more was sent
            return b""
        finally:
            server.close()

    return finished(talking())


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [REQUEST],
        [b"G", b"E", b"T", b" "],
        [b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n"],
    ],
    ids=["nothing", "half of a head", "a letter now and then", "no body"],
)
def test_a_connection_whose_request_does_not_arrive_is_ended(parts: list[bytes]) -> None:
    assert b"ok" not in talk(*parts)


@pytest.mark.parametrize("end", [b"\r\n", b"Connection: close\r\n\r\n"])
def test_a_request_that_has_arrived_may_take_its_time(end: bytes) -> None:
    assert talk(REQUEST, end).endswith(b"ok")
