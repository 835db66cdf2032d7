"""Checks of arrays before anything is trained on them, with errors that name the culprit."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def check_examples(
    images: NDArray[Any],
    labels: NDArray[Any],
    *,
    num_classes: int | None = None,
    image_shape: tuple[int, ...] | None = None,
    what: str = "training",
) -> None:
    """Check a pair of images and labels, the first axis of both being the examples.

    Args:
        images: Shape (examples, ...), any integer or float type, finite.
        labels: Shape (examples,), integers in [0, num_classes).
        num_classes: Number of classes; any if None.
        image_shape: The shape that each image must have; any if None.
        what: The purpose of the examples, for error messages.

    Raises:
        TypeError: images that are no numbers, or labels that are no integers.
        ValueError: a wrong shape, no examples, NaN or infinity, a label outside the classes.
    """
    check_images(images, image_shape=image_shape, what=what)
    if labels.shape != (len(images),):
        raise ValueError(
            f"The {what} labels must have the shape ({len(images)},), one for each image; "
            f"received {labels.shape}."
        )
    if labels.dtype.kind not in "iu":
        raise TypeError(
            f"The {what} labels must be integers, class indices from 0; received {labels.dtype.name}."
        )
    check_labels(labels, num_classes=num_classes, what=what)


def check_labels(labels: NDArray[Any], *, num_classes: int | None = None, what: str = "training") -> None:
    """Check that integer labels are class indices; arguments and errors as `check_examples`."""
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or (num_classes is not None and high >= num_classes):
        culprit = low if low < 0 else high
        position = int(np.flatnonzero(labels == culprit)[0])
        expected = "be at least 0" if num_classes is None else f"lie in 0 to {num_classes - 1}"
        classes = "" if num_classes is None else f" for {num_classes} classes"
        raise ValueError(f"The {what} labels must {expected}{classes}; label {position} is {culprit}.")


def check_targets(targets: NDArray[Any], num_examples: int, *, what: str = "training") -> None:
    """Check the targets of a regression.

    Args:
        targets: Shape (examples,) or (examples, outputs), floating point, finite.
        num_examples: How many examples there are.
        what: What they are for, for the errors.

    Raises:
        TypeError: they are no floating-point numbers.
        ValueError: a wrong shape, NaN or infinity.
    """
    if targets.dtype.kind != "f":
        raise TypeError(
            f"The {what} targets must be floating point; received {targets.dtype.name}. Convert them with "
            f".astype('float32')."
        )
    if targets.ndim not in (1, 2) or len(targets) != num_examples:
        raise ValueError(
            f"The {what} targets must have the shape ({num_examples},) or ({num_examples}, outputs); "
            f"received {targets.shape}."
        )
    finite = np.isfinite(targets.reshape(len(targets), -1)).all(axis=1)
    if not finite.all():
        raise ValueError(
            f"The {what} targets must be finite; target {int(np.flatnonzero(~finite)[0])} is NaN or infinity."
        )


def check_images(
    images: NDArray[Any], *, image_shape: tuple[int, ...] | None = None, what: str = "training"
) -> None:
    """Check images, the first axis being the examples; arguments and errors as `check_examples`."""
    expected = "any shape" if image_shape is None else f"the shape {image_shape}"
    if images.ndim < 2 or (image_shape is not None and images.shape[1:] != image_shape):
        raise ValueError(
            f"The {what} images must be an array of examples, each of {expected}; received the shape "
            f"{images.shape}."
        )
    if len(images) == 0:
        raise ValueError(f"The {what} images must be at least one; received the shape {images.shape}.")
    if images.dtype.kind not in "iuf":
        raise TypeError(f"The {what} images must be integers or floats; received {images.dtype.name}.")
    if images.dtype.kind == "f":
        # A NaN or an infinity makes the sum one, too. So the array of flags is needed only for a sum that is
        # not finite, which may also be an overflow.
        with np.errstate(over="ignore", invalid="ignore"):
            suspicious = not np.isfinite(images.sum())
        if suspicious and not (finite := np.isfinite(images.reshape(len(images), -1)).all(axis=1)).all():
            raise ValueError(
                f"The {what} images must be finite; image {int(np.flatnonzero(~finite)[0])} has NaN or "
                f"infinity, {int((~finite).sum())} image(s) do."
            )


def check_batch_size(batch_size: int, num_examples: int, *, what: str = "training") -> None:
    """Check that mini-batches of `batch_size` can be drawn from `num_examples`.

    Raises:
        TypeError: the batch size is not an integer.
        ValueError: it is below 1 or above the number of examples.
    """
    if isinstance(batch_size, bool) or not isinstance(batch_size, (int, np.integer)):
        raise TypeError(f"A batch size must be an integer; received {batch_size!r}.")
    if not 1 <= batch_size <= num_examples:
        raise ValueError(
            f"The batch size must lie in 1 to {num_examples}, the number of {what} examples; "
            f"received {batch_size}."
        )
