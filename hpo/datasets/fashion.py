"""Fashion-MNIST: found on this machine or downloaded, verified, as read-only arrays."""

from __future__ import annotations

import dataclasses
import os
import warnings
import zlib
from collections.abc import Sequence

from hpo.datasets import catalogue, places
from hpo.datasets.cache import Progress, cache_errors, write_atomically
from hpo.datasets.catalogue import FashionMNISTArrays, RemoteFile
from hpo.datasets.places import Place
from hpo.datasets.subset import sample
from hpo.datasets.verify import missing, read_place, verified_content
from hpo.errors import CacheError, CorruptFileError, DataNotFoundError, DownloadError

SAMPLE = "sample"
WAY_OUT = (
    "Name a folder that holds the four files, or 'sample' for the embedded sample of 6,000 training and "
    "1,000 test images, by HPO_DATA=... or data=."
)


def fashion_mnist(
    folder: str | os.PathLike[str] | None = None,
    *,
    download: bool = True,
    progress: Progress | None = None,
) -> FashionMNISTArrays:
    """The full Fashion-MNIST: 60,000 training and 10,000 test images of clothes, in ten classes.

    The first of these that holds all four IDX files, plain or gzipped, is used: `folder`; the folder in
    `HPO_DATA`; the library's cache; the folders in which Debian, torchvision, Keras and Gluon keep them;
    a download into the cache.

    Every byte goes through SHA-256 when it is first loaded in a process; a second call answers from
    memory. From the cache, where the files lie unpacked, a load takes little longer than hashing 55 MB;
    gzipped files elsewhere take several times that, in every process, until `fetch` has copied them.
    Only a download and `fetch` write, and only into the cache. The data never change silently: a call
    gives the full set or an error, unless `folder` or `HPO_DATA` is "sample".

    Args:
        folder: A folder with the files (or torchvision's root), or "sample"; goes before `HPO_DATA`.
        download: False forbids the download.
        progress: Called as `progress(name, received, total)`, in bytes, while a file is downloaded.

    Raises:
        DataNotFoundError: the named folder lacks files, or no folder has them and `download` is False.
        CorruptFileError: a file in the named folder or in the cache is not the original. In another
            tool's folder that is a warning, and the search goes on.
        DownloadError: no mirror gave the files.
        CacheError: the cache cannot be written.
    """
    chosen, reason = (folder, "the call") if folder is not None else (os.environ.get("HPO_DATA"), "HPO_DATA")
    if chosen == SAMPLE:
        return dataclasses.replace(sample(), why=f"{reason} names it")
    if chosen:
        return _load_named(places.named(chosen, reason))
    found = _load_found()
    if found is not None:
        return found
    looked_at = [places.cache(), *places.others()]
    if not download:
        raise DataNotFoundError(
            f"Fashion-MNIST is in none of the usual folders, and the download was forbidden.\n"
            f"{_listed(looked_at)}\n{WAY_OUT}"
        )
    try:
        fetch(progress)
    except DownloadError as error:
        raise DownloadError(
            f"Fashion-MNIST is in none of the usual folders, and {error}\n{_listed(looked_at)}\n{WAY_OUT}"
        ) from error
    return _load(places.cache(), "downloaded into the library's cache")


def fashion_mnist_or_sample(
    folder: str | os.PathLike[str] | None = None, *, progress: Progress | None = None
) -> FashionMNISTArrays:
    """The full Fashion-MNIST where it can be had, else the embedded sample; `why` says which and why.

    For commands that must work anywhere and show `source` and `why` to their user. A machine without a
    network takes the sample within seconds. Arguments as in `fashion_mnist`.

    Raises:
        DataNotFoundError, CorruptFileError: as `fashion_mnist`; these are for the user to decide.
    """
    try:
        return fashion_mnist(folder, progress=progress)
    except (DownloadError, CacheError) as error:
        return dataclasses.replace(sample(), why=str(error).splitlines()[0])


def fetch(progress: Progress | None = None) -> str:
    """Bring Fashion-MNIST into the library's cache, unpacked and verified, for `hpo data --fetch`.

    Files already there stay if they are right, and are replaced if they are corrupt. Files that another tool
    has on this machine are copied, the rest is downloaded. Afterwards a load is as fast as it can be (see
    `fashion_mnist`). Calls at the same time, from one process or several, do no harm.

    Args:
        progress: Called as `progress(name, received, total)`, in bytes, while a file is downloaded.

    Returns:
        The folder that now holds the four files.

    Raises:
        DownloadError: no mirror gave one of the files; each mirror's reason is in the text.
        CacheError: the cache cannot be written.
    """
    target = places.cache()
    for file in catalogue.FASHION_MNIST.files:
        if not _holds(target, file):
            content = _from_this_machine(file) or _from_a_mirror(target, file, progress)
            write_atomically(target.folder / file.name, content)
            with cache_errors(target.folder):
                # A gzipped twin may be the corrupt file that is being replaced.
                (target.folder / f"{file.name}.gz").unlink(missing_ok=True)
    return str(target.folder)


def _load_named(place: Place) -> FashionMNISTArrays:
    lacking = missing(place, catalogue.FASHION_MNIST.files)
    if lacking:
        raise DataNotFoundError(
            f"The folder {place.folder} lacks {', '.join(lacking)} (each may also end in .gz), and "
            f"{place.name} names it. "
            f"{WAY_OUT}"
        )
    return _load(place, f"{place.name} names it")


def _load_found() -> FashionMNISTArrays | None:
    files = catalogue.FASHION_MNIST.files
    cache = places.cache()
    if not missing(cache, files):
        return _load(cache, f"found in {cache.name}")
    for place in places.others():
        if missing(place, files):
            continue
        try:
            return _load(place, f"found in the folder of {place.name}")
        except (CorruptFileError, OSError) as error:
            warnings.warn(f"A folder of {place.name} is passed over. {error}", stacklevel=3)
    return None


def _load(place: Place, why: str) -> FashionMNISTArrays:
    return read_place(place, catalogue.FASHION_MNIST.files, why)


def _listed(looked_at: Sequence[Place]) -> str:
    return "\n".join(["Looked at:", *(f"  {place.folder} ({place.name})" for place in looked_at)])


def _holds(place: Place, file: RemoteFile) -> bool:
    # Unpacked only: a gzipped file is right but not as fast as this function promises.
    path = place.folder / file.name
    try:
        return bool(verified_content(path, file, place.remedy))
    except (CorruptFileError, OSError):
        return False


def _from_this_machine(file: RemoteFile) -> bytes | memoryview | None:
    for place in (places.cache(), *places.others()):
        if path := place.find(file.name):
            try:
                return verified_content(path, file, place.remedy)
            except (CorruptFileError, OSError):
                continue
    return None


def _from_a_mirror(target: Place, file: RemoteFile, progress: Progress | None) -> bytes:
    from hpo.datasets.download import download

    packed = download(file, catalogue.FASHION_MNIST.mirrors, target.folder, progress=progress)
    # 31 is the largest window plus 16, zlib's sign for a gzip header.
    return zlib.decompress(packed, wbits=31, bufsize=file.size)
