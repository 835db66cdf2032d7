"""Products of several batches at once, before the rows have moved.

A step of SGD without decay and momentum adds to the rows its gradient times its inputs. So the product of the
rows with a later batch is the product made before, plus that gradient times the inner products of the two
batches' inputs. Wide products are quicker for each batch, and the rows move once for several.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, repeat

import torch

MOST_EXAMPLES = 64
"""With more, products get no quicker."""
HIGHEST_PRICE = 0.06
"""The most that inner products may add to the arithmetic of the steps."""


def batches_ahead(batch_size: int, num_rows: int) -> int:
    """How many batches to take at once: many rows save more than the inner products cost."""
    ahead = 1
    while (ahead + 1) * batch_size <= MOST_EXAMPLES:
        price = (ahead * batch_size) ** 2 / (2 * num_rows * (ahead + 1) * batch_size)
        if price > HIGHEST_PRICE:
            break
        ahead += 1
    return ahead


def parts(num_examples: int, batch_size: int, ahead: int) -> Iterator[tuple[slice, int, int]]:
    """Where steps are of one kind, the size of their batches, and how many of these are taken at once.

    First blocks of `ahead` batches, then single batches, then the examples that are left as a smaller batch.
    """
    start = 0
    for size, batches in ((batch_size, ahead), (batch_size, 1), (num_examples % batch_size, 1)):
        length = size * batches
        stop = start + (num_examples - start) // length * length if length else start
        if stop > start:
            yield slice(start, stop), size, batches
        start = stop


def corrections(blocks: torch.Tensor, size: int) -> Iterator[torch.Tensor | None]:
    """For each batch, what the gradients of the earlier ones in its block are multiplied by.

    That is (earlier examples, size), not scaled yet; and None for the first of a block. The blocks are
    (n, examples, num_inputs).
    """
    by_step: list[Iterable[torch.Tensor | None]] = [repeat(None, len(blocks))]
    if blocks.shape[1] > size:
        inner = torch.bmm(blocks[:, :-size], blocks[:, size:].transpose(1, 2))
        by_step += [
            columns[:, : (step + 1) * size].unbind() for step, columns in enumerate(inner.split(size, dim=2))
        ]
    return chain.from_iterable(zip(*by_step, strict=True))
