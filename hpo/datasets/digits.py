"""The handwritten digits that come with scikit-learn: real images without a download."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hpo.errors import DataNotFoundError

NUM_TEST = 297


@dataclass(frozen=True, eq=False)
class DigitsArrays:
    """1,797 images of 8 by 8 in ten classes (Alpaydin and Kaynak 1998), read-only.

    Attributes:
        train_images: (1500, 8, 8) float32 in [0, 1].
        train_labels: (1500,) the digit.
        test_images: (297, 8, 8).
        test_labels: (297,).
    """

    train_images: NDArray[np.float32]
    train_labels: NDArray[np.int64]
    test_images: NDArray[np.float32]
    test_labels: NDArray[np.int64]


def digits() -> DigitsArrays:
    """The digits in the order in which they come, the last 297 for testing.

    Raises:
        DataNotFoundError: scikit-learn is not installed.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise DataNotFoundError(
            'The digits come with scikit-learn, which is not installed: pip install "polyhpo[sklearn]".'
        ) from error
    bunch = load_digits()
    # Pixels are counts from 0 to 16.
    images, labels = (bunch.images / 16).astype(np.float32), bunch.target.astype(np.int64)
    images.flags.writeable = labels.flags.writeable = False
    return DigitsArrays(images[:-NUM_TEST], labels[:-NUM_TEST], images[-NUM_TEST:], labels[-NUM_TEST:])
