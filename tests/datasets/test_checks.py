from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from hpo.datasets import check_batch_size, check_examples, check_images

IMAGES = np.zeros((4, 2, 2), np.float32)
ONE_NAN = np.where(np.arange(4)[:, None, None] == 1, np.nan, IMAGES)
LABELS = np.array([0, 1, 2, 1])


def test_good_examples_pass() -> None:
    check_examples(IMAGES, LABELS, num_classes=3, image_shape=(2, 2))
    check_images(np.full((2, 3), np.finfo(np.float32).max))


@pytest.mark.parametrize(
    ("labels", "error", "text"),
    [
        (LABELS[:3], ValueError, r"labels must have the shape \(4,\), one for each image; received \(3,\)"),
        (LABELS[:, None], ValueError, r"received \(4, 1\)"),
        (LABELS / 1.0, TypeError, r"must be integers, class indices from 0; received float64"),
        (np.array([0, 3, 2, 1]), ValueError, r"must lie in 0 to 2 for 3 classes; label 1 is 3\."),
        (np.array([0, 1, -1, 1]), ValueError, r"must lie in 0 to 2 for 3 classes; label 2 is -1\."),
    ],
)
def test_bad_labels_are_named(labels: NDArray[Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        check_examples(IMAGES, labels, num_classes=3)


@pytest.mark.parametrize(
    ("images", "error", "text"),
    [
        (IMAGES[0, 0], ValueError, r"validation images must be an array of examples, .* shape \(2,\)"),
        (IMAGES[:, :1], ValueError, r"each of the shape \(2, 2\); received the shape \(4, 1, 2\)"),
        (IMAGES[:0], ValueError, r"must be at least one; received the shape \(0, 2, 2\)"),
        (IMAGES.astype(str), TypeError, r"must be integers or floats; received str"),
        (ONE_NAN, ValueError, r"must be finite; image 1 has NaN or infinity, 1 image"),
        (IMAGES + np.inf, ValueError, r"must be finite; image 0 has NaN or infinity, 4 image\(s\) do"),
    ],
)
def test_bad_images_are_named(images: NDArray[Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        check_images(images, image_shape=None if images.ndim < 3 else (2, 2), what="validation")


@pytest.mark.parametrize(
    ("batch_size", "error", "text"),
    [
        (0, ValueError, r"must lie in 1 to 10, the number of training examples; received 0\."),
        (11, ValueError, r"received 11\."),
        (2.0, TypeError, r"A batch size must be an integer; received 2\.0\."),
        (True, TypeError, r"received True\."),
    ],
)
def test_bad_batch_sizes_are_named(batch_size: int, error: type[Exception], text: str) -> None:
    check_batch_size(10, 10)
    with pytest.raises(error, match=text):
        check_batch_size(batch_size, 10)
