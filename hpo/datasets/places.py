"""The folders in which Fashion-MNIST may already lie, and the library's own cache."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

SYSTEM_FOLDERS = (("Debian's dataset-fashion-mnist", Path("/usr/share/datasets/fashion-mnist")),)


@dataclass(frozen=True)
class Place:
    """A folder that may hold the four files, with its name and a remedy for messages.

    Attributes:
        name: What messages call the folder, for example "the library's cache".
        folder: The folder itself; it need not exist.
        remedy: What to do if a file in it is corrupt.
    """

    name: str
    folder: Path
    remedy: str = "Delete it, or restore it from where it came."

    def find(self, name: str) -> Path | None:
        """The file of that name, plain or else gzipped; None if there is neither."""
        # os.path, since pathlib raises where a parent folder may not be looked into.
        for path in (self.folder / name, self.folder / f"{name}.gz"):
            if os.path.isfile(path):
                return path
        return None


def cache_folder() -> Path:
    """The folder that the library may write data into; it is created by the first download only.

    `HPO_CACHE`, else `polyhpo` in `XDG_CACHE_HOME` or in the platform's folder for caches
    (`~/.cache`, `~/Library/Caches`, `%LOCALAPPDATA%`).
    """
    if chosen := os.environ.get("HPO_CACHE"):
        return Path(chosen).expanduser().absolute()
    if base := os.environ.get("XDG_CACHE_HOME"):
        return Path(base) / "polyhpo"
    if sys.platform == "win32" and (base := os.environ.get("LOCALAPPDATA")):
        return Path(base) / "polyhpo" / "cache"
    return _home() / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "polyhpo"


def cache() -> Place:
    """The place of Fashion-MNIST in the library's cache."""
    return Place(
        "the library's cache",
        cache_folder() / "fashion-mnist",
        "Run `hpo data --fetch`, which replaces it, or delete it.",
    )


def named(folder: str | os.PathLike[str], name: str) -> Place:
    """The place that a user named, by an argument or by `HPO_DATA`.

    The folder may also be the root that was given to torchvision, or the one that Keras or Gluon
    keep their data sets in.
    """
    root = Path(folder).expanduser().absolute()
    inner = (root / "FashionMNIST" / "raw", root / "fashion-mnist")
    for candidate in (root, *inner):
        place = Place(name, candidate)
        if place.find("train-images-idx3-ubyte"):
            return place
    return Place(name, root)


def others() -> tuple[Place, ...]:
    """Where other tools keep the same files, in the order in which they are looked at."""
    home = _home()
    keras = Path(os.environ.get("KERAS_HOME") or home / ".keras")
    gluon_default = home / ".mxnet"
    if sys.platform == "win32" and (base := os.environ.get("APPDATA")):
        gluon_default = Path(base) / "mxnet"
    gluon = Path(os.environ.get("MXNET_HOME") or gluon_default)
    # torchvision has no default root; its tutorials say data, Dive into Deep Learning says ../data.
    roots = (Path("data"), Path("../data"), home / "data")
    return (
        *(Place(name, folder) for name, folder in SYSTEM_FOLDERS),
        *(Place("torchvision", root / "FashionMNIST" / "raw") for root in roots),
        Place("Keras", keras.expanduser() / "datasets" / "fashion-mnist"),
        Place("Gluon", gluon.expanduser() / "datasets" / "fashion-mnist"),
    )


def _home() -> Path:
    # Not Path.home(), which raises for a user without an entry in the password file, as in containers.
    home = Path(os.path.expanduser("~"))
    return home if home.is_absolute() else Path(os.sep)
