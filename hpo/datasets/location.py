"""Where Fashion-MNIST lies on this machine: the records behind `hpo data`."""

from __future__ import annotations

import enum
import os
from dataclasses import dataclass

from hpo.datasets import catalogue, places, subset
from hpo.datasets.catalogue import DataFile
from hpo.datasets.fashion import SAMPLE
from hpo.datasets.places import Place
from hpo.datasets.verify import missing, verified_content
from hpo.errors import CorruptFileError


class FileState(enum.Enum):
    """What is known of a folder that may hold Fashion-MNIST."""

    ABSENT = "absent"
    INCOMPLETE = "incomplete"
    PRESENT = "present"
    VERIFIED = "verified"
    CORRUPT = "corrupt"


@dataclass(frozen=True)
class Location:
    """A folder in which Fashion-MNIST is looked for.

    Attributes:
        name: The name of the folder, for example "Keras".
        folder: The folder; it need not exist.
        state: `PRESENT` if all files are there and were not verified.
        detail: The files that are missing, or the error of the first corrupt one; else empty.
        chosen: The next `fashion_mnist()` uses this one, or fails because of its state. If no location
            is chosen, it downloads.
    """

    name: str
    folder: str
    state: FileState
    detail: str
    chosen: bool


def locations(*, verify: bool = True) -> tuple[Location, ...]:
    """All places in the order in which `fashion_mnist` looks at them, the embedded sample last.

    Args:
        verify: Read the files and compare their checksums, which takes about half a second for each
            complete folder; without it they are `PRESENT`.
    """
    files = catalogue.FASHION_MNIST.files
    found = [(place, *_inspect(place, files, verify)) for place in (places.cache(), *places.others())]
    embedded = (subset.PLACE, *_inspect(subset.PLACE, subset.FILES, verify))
    setting = os.environ.get("HPO_DATA")
    if setting == SAMPLE:
        chosen = subset.PLACE
    elif setting:
        chosen = places.named(setting, "HPO_DATA")
        found.insert(0, (chosen, *_inspect(chosen, files, verify)))
    else:
        # A corrupt cache is an error, a corrupt folder of another tool is passed over.
        usable = (FileState.PRESENT, FileState.VERIFIED)
        candidates = (
            place
            for place, state, _ in found
            if state in usable or (place == places.cache() and state is FileState.CORRUPT)
        )
        chosen = next(candidates, Place("none", subset.PLACE.folder))
    return tuple(
        Location(place.name, os.path.abspath(place.folder), state, detail, place == chosen)
        for place, state, detail in (*found, embedded)
    )


def _inspect(place: Place, files: tuple[DataFile, ...], verify: bool) -> tuple[FileState, str]:
    lacking = missing(place, files)
    if lacking:
        if len(lacking) == len(files):
            return FileState.ABSENT, ""
        return FileState.INCOMPLETE, f"lacks {', '.join(lacking)}"
    if not verify:
        return FileState.PRESENT, ""
    try:
        for file in files:
            if path := place.find(file.name):
                verified_content(path, file, place.remedy)
    except (CorruptFileError, OSError) as error:
        return FileState.CORRUPT, str(error)
    return FileState.VERIFIED, ""
