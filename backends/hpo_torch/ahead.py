"""Products of several batches at once, before the rows have moved.

A step of SGD without decay and momentum adds to the rows its gradient times its inputs. So the product of the
rows with a later batch is the product made before, plus that gradient times the inner products of the two
batches' inputs. Wide products are quicker for each batch, and the rows move once for several.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

MOST_EXAMPLES = 64
"""Examples of the batches that one product takes at most: with more, products get no faster."""
HIGHEST_PRICE = 0.05
"""The most that inner products may add to the arithmetic of the steps."""


def batches_ahead(batch_size: int, num_rows: int) -> int:
    """How many batches to take at once: many rows save more than the inner products cost."""
    # For m batches of n examples and r rows these are n * n * m * (m - 1) / 2 beside 2 * r * n * m.
    affordable = 1 + int(4 * HIGHEST_PRICE * num_rows / batch_size)
    return max(1, min(affordable, MOST_EXAMPLES // batch_size))


def parts(num_examples: int, batch_size: int, ahead: int) -> Iterator[tuple[slice, int, int]]:
    """Slices of examples whose steps are of one kind: where, the batch size, and the batches at once.

    First blocks of `ahead` batches, then single batches, then the examples that are left as a smaller batch.
    """
    start = 0
    for size, batches in ((batch_size, ahead), (batch_size, 1), (num_examples % batch_size, 1)):
        length = size * batches
        stop = start + (num_examples - start) // length * length if length else start
        if stop > start:
            yield slice(start, stop), size, batches
        start = stop


def corrections(blocks: torch.Tensor, size: int) -> Iterator[list[torch.Tensor | None]]:
    """For each block, what the gradients of the earlier batches are multiplied by, batch after batch.

    That is (earlier examples, size), not scaled yet; and None for the first of a block. The blocks are
    (n, examples, num_inputs).
    """
    first: list[None] = [None] * len(blocks)
    later = [
        torch.bmm(blocks[:, :start], blocks[:, start : start + size].transpose(1, 2)).unbind()
        for start in range(size, blocks.shape[1], size)
    ]
    return map(list, zip(first, *later, strict=True))
