"""What torch says to a mini-batch of one example, with the mend."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

_COMPLAINT = "Expected more than 1 value per channel when training"


@contextmanager
def lone_examples_explained() -> Iterator[None]:
    """Name the mend where a layer such as BatchNorm refuses to learn from one example.

    Raises:
        ValueError: a layer refused.
    """
    try:
        yield
    except ValueError as error:
        if _COMPLAINT not in str(error):
            raise
        raise ValueError(
            f"{error}. A mini-batch had one example, from which such a layer learns nothing. Give the "
            f"DataModule last_batch='merge', which adds an epoch's last examples to the batch before, or "
            f"last_batch='drop', which leaves them out; a DataLoader of your own takes drop_last=True. A "
            f"batch_size of 1 is too small."
        ) from error
