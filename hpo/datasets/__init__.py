"""Data sets as NumPy arrays: Fashion-MNIST and its embedded sample, IDX files, checks of arrays."""

from hpo.datasets.cache import Progress
from hpo.datasets.catalogue import CLASSES, FashionMNISTArrays
from hpo.datasets.checks import check_batch_size, check_examples, check_images, check_labels, check_targets
from hpo.datasets.fashion import fashion_mnist, fashion_mnist_or_sample, fetch
from hpo.datasets.idx import encode_idx, read_idx
from hpo.datasets.location import FileState, Location, locations
from hpo.datasets.places import cache_folder
from hpo.datasets.subset import sample

__all__ = [
    "CLASSES",
    "FashionMNISTArrays",
    "Location",
    "Progress",
    "FileState",
    "cache_folder",
    "check_batch_size",
    "check_examples",
    "check_images",
    "check_labels",
    "check_targets",
    "encode_idx",
    "fashion_mnist",
    "fashion_mnist_or_sample",
    "fetch",
    "locations",
    "read_idx",
    "sample",
]
