"""One intra-op thread while a model trains.

Two threads beside a busy neighbour slow small products down by an order of magnitude; the other
cores are for other trials.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_thread() -> Iterator[None]:
    """A context in which torch computes each operation on one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
