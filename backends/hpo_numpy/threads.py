"""One BLAS thread while a model trains.

Two threads beside a busy neighbour slow small products down by an order of magnitude; the other
cores are for other trials.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController


@cache
def _controller() -> ThreadpoolController:
    # Made once, and only when SciPy's BLAS is loaded too: looking for the libraries costs milliseconds.
    return ThreadpoolController()


def one_thread() -> AbstractContextManager[Any]:
    """A context in which the BLAS libraries of this process compute on one thread."""
    limiter: AbstractContextManager[Any] = _controller().limit(limits=1, user_api="blas")
    return limiter
