"""The arrays of Fashion-MNIST, and its official files by names, shapes, checksums and mirrors."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
"""The names of the ten classes of Fashion-MNIST, in the order of their labels 0 to 9."""


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


@dataclass(frozen=True)
class DataFile:
    """One IDX file of unsigned bytes, known by what it must contain.

    The checksum is that of the unpacked content, so a file counts as the original however it was
    gzipped: Debian, for one, strips the names and dates from the gzip headers.
    """

    name: str
    shape: tuple[int, ...]
    sha256: str

    @property
    def size(self) -> int:
        """Unpacked bytes, IDX header included."""
        # Four bytes of type and rank, four for each dimension, one for each value.
        return 4 + 4 * len(self.shape) + math.prod(self.shape)


@dataclass(frozen=True)
class RemoteFile(DataFile):
    """A `DataFile` with what a mirror sends for it: `name + ".gz"`, `gz_size` bytes."""

    gz_size: int
    gz_sha256: str


@dataclass(frozen=True)
class Catalogue:
    """The four files, in the order training images, training labels, test images, test labels."""

    files: tuple[RemoteFile, ...]
    mirrors: tuple[str, ...]


FASHION_MNIST = Catalogue(
    files=(
        RemoteFile(
            "train-images-idx3-ubyte",
            (60_000, 28, 28),
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            26_421_880,
            "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        ),
        RemoteFile(
            "train-labels-idx1-ubyte",
            (60_000,),
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            29_515,
            "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        ),
        RemoteFile(
            "t10k-images-idx3-ubyte",
            (10_000, 28, 28),
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            4_422_102,
            "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        ),
        RemoteFile(
            "t10k-labels-idx1-ubyte",
            (10_000,),
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
            5_148,
            "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        ),
    ),
    # Both are Zalando's own. The encrypted one first: captive portals and proxies answer for the other.
    mirrors=(
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    ),
)
