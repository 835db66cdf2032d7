"""Make the sample of Fashion-MNIST that ships in `hpo/datasets/embedded`.

Run `python scripts/make_sample.py` wherever the full set can be had. From each class it takes the
first 600 training images and the first 100 test images, in the order of the official files, so there
is nothing random in it. It prints the lines for `hpo/datasets/subset.py`. The unpacked content is the
same everywhere; the packed bytes are the same wherever Python is built with the same zlib.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpo.datasets import encode_idx, fashion_mnist

FOLDER = Path(__file__).parents[1] / "hpo" / "datasets" / "embedded"


def first_of_each_class(labels: NDArray[np.uint8], count: int) -> NDArray[np.intp]:
    """The positions of the first `count` examples of each class, in ascending order."""
    return np.sort(np.concatenate([np.flatnonzero(labels == label)[:count] for label in np.unique(labels)]))


def write(folder: Path, name: str, array: NDArray[Any]) -> str:
    """Write one gzipped IDX file; return its line for `subset.py`."""
    content = encode_idx(array)
    # No name and no date in the header, so that the bytes depend on the content alone.
    (folder / f"{name}.gz").write_bytes(gzip.compress(content, 9, mtime=0))
    return f'    DataFile("{name}", {array.shape}, "{hashlib.sha256(content).hexdigest()}"),'


def main() -> None:
    """Write the four files and print what `subset.py` must know of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where to write")
    folder = parser.parse_args().folder
    data = fashion_mnist()
    train = first_of_each_class(data.train_labels, 600)
    test = first_of_each_class(data.test_labels, 100)
    print(write(folder, "train-images-idx3-ubyte", data.train_images[train]))
    print(write(folder, "train-labels-idx1-ubyte", data.train_labels[train]))
    print(write(folder, "t10k-images-idx3-ubyte", data.test_images[test]))
    print(write(folder, "t10k-labels-idx1-ubyte", data.test_labels[test]))


if __name__ == "__main__":
    main()
