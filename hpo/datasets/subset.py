"""The sample of Fashion-MNIST that ships inside the package, for machines without a network."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from hpo.datasets.catalogue import DataFile, FashionMNISTArrays
from hpo.datasets.places import Place
from hpo.datasets.verify import read_place

# `scripts/make_sample.py` makes the files and prints these lines.
FILES = (
    DataFile(
        "train-images-idx3-ubyte",
        (6000, 28, 28),
        "cf313073c7eb485392848071d5c433571d7166043e971e3345b095cc30518084",
    ),
    DataFile(
        "train-labels-idx1-ubyte", (6000,), "097b93fbcf9bd5bc648b1a457ddc55c9e4ab49afb33f9ecae8ce068399a75e3a"
    ),
    DataFile(
        "t10k-images-idx3-ubyte",
        (1000, 28, 28),
        "7cee33c3c6414b1b86c25e665a6c4f41584269de3b7cc9768b1d351922845eef",
    ),
    DataFile(
        "t10k-labels-idx1-ubyte", (1000,), "3128d790775889812b73c4f13923559c8b9e281d112c6ea7862acf60a206a909"
    ),
)
PLACE = Place(
    "the embedded sample", Path(__file__).with_name("embedded"), "Install polyhpo again, which restores it."
)


def sample() -> FashionMNISTArrays:
    """The embedded sample: the first 600 training and 100 test images of each class.

    It needs no network and no folder, for demonstrations, tests and continuous integration. Errors
    measured on it are not comparable with those on the full set.

    Returns:
        6,000 training images and 1,000 of the official test images, in their original order.

    Raises:
        CorruptFileError: the installed package was damaged.
    """
    return dataclasses.replace(read_place(PLACE, FILES, "it was asked for"), source="sample")
