"""Event loops of tests, beside that of the browser."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

Result = TypeVar("Result")


def finished(work: Coroutine[Any, Any, Result], *, within: float = 60.0) -> Result:
    """What the work returns or raises, in a thread of its own and in so many seconds.

    In the main thread the loop of playwright runs on while its browser is open, and a thread has one loop.
    """

    async def in_time() -> Result:
        return await asyncio.wait_for(work, within)

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(in_time())).result()
