"""Before the application of the live page: the guard, and the headers of every answer."""

from __future__ import annotations

import html
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from hpo.page.guard import HEADERS, PASS, Guard, parameters

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[Any], Awaitable[None]]


class GuardedApp:
    """Lets those requests pass that its guard lets pass, and puts the same headers into every answer.

    Args:
        app: the application behind it.
        guard: the rules.
    """

    def __init__(self, app: Any, guard: Guard) -> None:
        self._app = app
        self._guard = guard

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, _with_headers(send))
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _answer(self, scope: Any, receive: Receive, send: Send) -> None:
        headers: dict[str, list[str]] = {}
        for name, value in Headers(scope=scope).items():
            headers.setdefault(name, []).append(value)
        query = scope["query_string"].decode("latin-1")
        ruling = self._guard.judge(scope["method"], headers, query)
        if ruling is PASS:
            await self._app(scope, receive, send)
            return
        answer: Response = PlainTextResponse(f"{ruling.text}\n", ruling.status)
        if ruling.cookie is not None:
            answer = HTMLResponse(_on(_without_token(scope["path"], query)))
            answer.headers["Set-Cookie"] = ruling.cookie
        elif ruling.status == 405:
            answer.headers["Allow"] = "GET, HEAD"
        elif ruling.status == 401:
            answer.headers["WWW-Authenticate"] = 'Bearer realm="hpo"'
        await answer(scope, receive, send)


def _with_headers(send: Send) -> Send:
    async def sending(message: Any) -> None:
        if message["type"] == "http.response.start":
            headers = message.setdefault("headers", [])
            there = {name.lower() for name, _ in headers}
            wanted = HEADERS | {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}
            pairs = ((name.lower().encode(), value.encode()) for name, value in wanted.items())
            headers += [pair for pair in pairs if pair[0] not in there]
        await send(message)

    return sending


def _on(address: str) -> str:
    """A page that leads on. After a redirect, a click in another site would come without the cookie."""
    target = html.escape(address)
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>hpo</title>'
        f'<meta http-equiv="refresh" content="0; url={target}"></head>'
        f'<body><p><a href="{target}">To the page</a></p></body></html>'
    )


def _without_token(path: str, query: str) -> str:
    # From this server's own root: a path such as //host leads elsewhere.
    rest = urlencode([(name, value) for name, value in parameters(query) if name != "token"])
    return f"/{path.strip('/')}" + (f"?{rest}" if rest else "")
