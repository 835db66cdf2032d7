"""What every source of Fashion-MNIST gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False, repr=False)
class FashionMNISTArrays:
    """Fashion-MNIST, or the embedded sample of it, with a note of where it came from.

    All arrays are uint8 and read-only; take a copy to change one.

    Attributes:
        train_images: Shape (60000, 28, 28), in the sample (6000, 28, 28); 0 is background.
        train_labels: Shape (60000,), in the sample (6000,); an index into `CLASSES`.
        test_images: Shape (10000, 28, 28), in the sample (1000, 28, 28).
        test_labels: Shape (10000,), in the sample (1000,).
        source: What was used: a folder, or "sample".
        why: Why that was used, in a few words.
    """

    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.uint8]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.uint8]
    source: str
    why: str

    def __repr__(self) -> str:
        """One line; the arrays would fill the screen."""
        return (
            f"FashionMNISTArrays({len(self.train_labels):,} training and {len(self.test_labels):,} test "
            f"images, source={self.source!r}, why={self.why!r})"
        )
