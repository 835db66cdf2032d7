"""Filling the library's cache: from folders on this machine where they have a file, else from a mirror."""

from __future__ import annotations

import zlib

from hpo.datasets import catalogue, places
from hpo.datasets.cache import Progress, cache_errors, write_atomically
from hpo.datasets.catalogue import RemoteFile
from hpo.datasets.places import Place
from hpo.datasets.verify import verified_content
from hpo.errors import CorruptFileError


def fetch(progress: Progress | None = None) -> str:
    """Bring Fashion-MNIST into the library's cache, unpacked and verified.

    This is what a user asks for with `hpo data --fetch`. Files already there stay if they are right and
    are replaced if they are corrupt. What another tool has on this machine is copied, the rest is
    downloaded, so it also makes the next load as fast as it can be (see `fashion_mnist`). Calls at the
    same time, from one process or several, do no harm.

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
                # A gzipped twin may be the corrupt file that is being replaced; a partial one is the
                # remains of another download, since a process that still writes to one renames it.
                (target.folder / f"{file.name}.gz").unlink(missing_ok=True)
                (target.folder / f"{file.name}.gz.part").unlink(missing_ok=True)
    return str(target.folder)


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
    return zlib.decompress(packed, wbits=31, bufsize=file.size)
