"""The live page as an ASGI application: the page, its events, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from hpo.page.feed import Feed
from hpo.page.guard import Guard
from hpo.page.html import LIST, STUDIES, Layout, policy, render
from hpo.page.middleware import GuardedApp
from hpo.page.viewed import ViewedStudy

HEARTBEAT_SECONDS = 15.0
"""After so long a silence a stream says that it is still there, which keeps proxies from ending it."""

RETRY_MILLISECONDS = 1000
"""After so long a browser whose connection was lost tries again."""

MOST_ON_ONE_PAGE = 12
"""Of more studies a list is shown first, which grows with them."""


def application(feed: Feed, guard: Guard) -> Starlette:
    """The application: `/` is the page, `/events` what changes in it.

    `/?study=` once or more names the studies to show; without it all are there, or a list of them where they
    are many.

    Args:
        feed: what is shown. It is read as long as the application runs.
        guard: what requests have to look like.
    """

    @asynccontextmanager
    async def reading(app: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(feed.run())
        yield
        feed.close()
        task.cancel()

    async def page(request: Request) -> Response:
        await feed.read()
        return _page(feed, request)

    async def events(request: Request) -> Response:
        return _events(feed, request)

    async def icon(request: Request) -> Response:
        # Browsers ask for it unasked, and tell their user where there is none.
        return Response(status_code=204)

    return Starlette(
        routes=[Route("/", page), Route("/events", events), Route("/favicon.ico", icon)],
        middleware=[Middleware(GuardedApp, guard=guard)],
        exception_handlers={404: _not_found},
        lifespan=reading,
    )


def _page(feed: Feed, request: Request) -> Response:
    names = request.query_params.getlist("study")
    found = _chosen(feed, names)
    if found is None:
        return _unknown(feed, names)
    if not names and len(feed.studies) > MOST_ON_ONE_PAGE:
        return _live(LIST, feed.contents(), feed.title, [("list", "")])
    keys = {shown.key for shown in found} if names else None
    query = [("since", feed.mark()), *(("key", key) for key in sorted(keys or ()))]
    title = found[0].label if len(found) == 1 else feed.title
    return _live(STUDIES, feed.document(keys, title), title, query)


def _live(layout: Layout, document: str, title: str, query: list[tuple[str, str]]) -> Response:
    text = render(document, title=title, events_url=f"events?{urlencode(query)}", layout=layout)
    content_policy = f"{policy(layout, live=True)}; frame-ancestors 'none'"
    return HTMLResponse(text, headers={"Content-Security-Policy": content_policy})


def _events(feed: Feed, request: Request) -> Response:
    # A browser that connects again says what it got last.
    mark = request.headers.get("last-event-id") or request.query_params.get("since", "")
    keys = set(request.query_params.getlist("key")) or None
    kind = "text/event-stream"
    if request.method == "HEAD":
        return Response(media_type=kind)
    changes = _list_changes(feed) if "list" in request.query_params else partial(feed.changes, keys=keys)
    # Proxies are asked not to wait until there is more of it.
    return StreamingResponse(
        _stream(feed, feed.version_of(mark), changes), media_type=kind, headers={"X-Accel-Buffering": "no"}
    )


def _list_changes(feed: Feed) -> Callable[[int], list[str]]:
    """What a viewer of the list is sent: the whole of it at first, and then whenever it is another one."""
    sent = ""

    def changes(since: int) -> list[str]:
        nonlocal sent
        before, sent = sent, feed.contents()
        return [] if sent == before else [sent]

    return changes


async def _stream(feed: Feed, since: int, news: Callable[[int], list[str]]) -> AsyncIterator[str]:
    yield f"retry: {RETRY_MILLISECONDS}\n\n"
    with feed.viewer():
        while not feed.is_closed:
            changes, mark = news(since), feed.mark()
            since = feed.version
            for change in changes[:-1]:
                yield f"event: change\ndata: {change}\n\n"
            # The mark comes with the last of them: if the connection ends before it, all are sent again.
            for change in changes[-1:]:
                yield f"event: change\nid: {mark}\ndata: {change}\n\n"
            if not await feed.newer(since, HEARTBEAT_SECONDS) and not feed.is_closed:
                yield ": still here\n\n"


def _chosen(feed: Feed, names: list[str]) -> list[ViewedStudy] | None:
    """The studies of these names, all of them where there is no name; None if one is not known."""
    if any(all(name not in shown.names for shown in feed.studies) for name in names):
        return None
    return [shown for shown in feed.studies if not names or shown.names & set(names)]


def _unknown(feed: Feed, names: list[str]) -> Response:
    there = ", ".join(repr(shown.label) for shown in feed.studies[:100]) or "none"
    asked = ", ".join(map(repr, names))[:1000]
    return PlainTextResponse(f"There is no study {asked} here. The studies here: {there}.\n", 404)


def _not_found(request: Request, error: Exception) -> Response:
    return PlainTextResponse("There is nothing here. The page is at /.\n", 404)
