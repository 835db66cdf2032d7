"""The batch that both models are given, and where its channels are."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from hpo.datasets import sample
from hpo.errors import PortLayoutError
from hpo.inputs import open_table
from hpo.ports.differences import Array

MOST_CHANNELS = 4
"""An axis of at most this length holds channels; height and width are longer."""
LAYOUTS = ("NCHW", "NHWC")
NATURAL = {"torch": "NCHW", "mxnet": "NCHW", "tensorflow": "NHWC", "keras": "NHWC", "jax": "NHWC"}
"""Where each framework has the channels, unless a model says otherwise."""
HOW_TO_ANSWER = (
    "Answer layout='NCHW' if its channels come first, layout='NHWC' if they come last; "
    "layout={'batch': 'NHWC', 'torch': 'NHWC'} where a model takes another one than is usual in its "
    "framework. Images without an axis of channels get one by x[:, None] and layout='NCHW'."
)
SAMPLE, SAMPLE_ROWS = "sample", 32
"""The name of the batch inside the package, and its number of images of Fashion-MNIST."""
Batch = tuple[Any, Any] | str | os.PathLike[str]


def read_inputs(batch: Batch, data: Sequence[tuple[Any, Any]] | None) -> dict[str, Array]:
    """The arrays for the recorder.

    Args:
        batch: (x, y), or an `.npz` file of `x` and `y` and perhaps `train_x`, `train_y`, `val_x`, `val_y`, or
            `sample`.
        data: ((train_x, train_y), (val_x, val_y)) for the epoch.

    Raises:
        ValueError: arrays are missing, or rows and labels are of different numbers.
    """
    if batch == SAMPLE:
        files = sample()
        inputs: dict[str, Array] = {
            "x": files.train_images[:SAMPLE_ROWS, None].astype(np.float32) / 255,
            "y": files.train_labels[:SAMPLE_ROWS].astype(np.int64),
        }
    elif isinstance(batch, (str, os.PathLike)):
        with open_table(batch) as opened, np.load(opened, allow_pickle=False) as file:
            inputs = {name: file[name] for name in file.files}
    else:
        inputs = dict(zip(("x", "y"), map(np.asarray, batch), strict=True))
    if data is not None:
        (inputs["train_x"], inputs["train_y"]), (inputs["val_x"], inputs["val_y"]) = (
            tuple(map(np.asarray, each)) for each in data
        )
    for prefix in ("", "train_", "val_"):
        present = [name for name in (f"{prefix}x", f"{prefix}y") if name in inputs]
        if len(present) == 1 or (not prefix and not present):
            raise ValueError(
                f"{prefix}x and {prefix}y were expected, rows and their labels; received "
                f"{', '.join(inputs) or 'nothing'}."
            )
        if present and len(inputs[present[0]]) != len(inputs[present[1]]):
            raise ValueError(
                f"As many labels as rows were expected; {prefix}x has {len(inputs[present[0]])} rows and "
                f"{prefix}y {len(inputs[present[1]])}."
            )
    return inputs


def layouts(x: Array, layout: str | Mapping[str, str] | None, frameworks: tuple[str, str]) -> str | None:
    """The layout of the batch: as given, or by its one short axis; None where it makes no difference.

    Raises:
        PortLayoutError: it cannot be told, and the frameworks differ in it.
        ValueError: an unknown layout.
    """
    given = layout.get("batch") if isinstance(layout, Mapping) else layout
    values = list(layout.values()) if isinstance(layout, Mapping) else [layout]
    for value in values:
        if value not in (None, *LAYOUTS):
            raise ValueError(f"layout= takes NCHW or NHWC; received {value!r}.")
    if x.ndim != 4:
        return None
    if given is not None:
        return given
    first, last = x.shape[1] <= MOST_CHANNELS, x.shape[3] <= MOST_CHANNELS
    if first != last:
        return "NCHW" if first else "NHWC"
    if NATURAL[frameworks[0]] == NATURAL[frameworks[1]]:
        return None
    raise PortLayoutError(
        f"The batch has the shape {x.shape}: are its channels first or last? {HOW_TO_ANSWER}", kind="layout"
    )
