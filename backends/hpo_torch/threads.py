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


@contextmanager
def flush_denormals() -> Iterator[None]:
    """A context in which this thread takes denormal numbers (below 1.2e-38) for zero.

    Processors take a hundred times as long over them, and a softmax that is sure of itself makes many.
    """
    before = float(torch.tensor(1e-39) * 1) == 0  # torch has no question for it
    changed = not before and torch.set_flush_denormal(True)
    try:
        yield
    finally:
        if changed:
            torch.set_flush_denormal(False)
