"""The library's own errors.

Wrong arguments are plain `ValueError` and `TypeError`. Everything else has one root, so that
`except hpo.HpoError` catches all of it and nothing more::

    HpoError
    ├── SpaceError (ValueError)          a space, a domain or a config that is not valid
    ├── BackendError
    │   ├── UnknownBackendError (ValueError)     no backend of that name is registered
    │   ├── MissingFrameworkError (ImportError)  the backend is there, its framework is not
    │   ├── BrokenBackendError (ImportError)     an entry point that does not load
    │   ├── AmbiguousBackendError                two frameworks are loaded and none was chosen
    │   └── DeviceError (ValueError)             a device that is not there
    ├── DataError
    │   ├── DataNotFoundError (FileNotFoundError)  found in no folder and not to be downloaded
    │   ├── CorruptFileError (ValueError)          truncated, altered, or not of the format
    │   ├── DownloadError (OSError)                every mirror failed
    │   └── CacheError (OSError)                   the cache folder cannot be written
    ├── ObjectiveError
    │   └── SearchFailedError                every trial failed, or would
    ├── StorageError
    │   ├── StudyExistsError (ValueError)    a study of that name is there
    │   ├── StudyNotFoundError (KeyError)    no study of that name is there
    │   └── StudyMismatchError (ValueError)  the study is of another space, metric, seed or backend
    ├── CompareError                         frameworks cannot be compared as they were asked to be
    ├── PortError                            a port cannot be held against its original
    │   ├── PortMappingError (ValueError)    it is unclear which parameter corresponds to which
    │   └── PortLayoutError (ValueError)     it is unclear which axis of the batch has the channels
    ├── CheckpointError                      a checkpoint cannot be written, read or put into a model
    └── SealedTestSetError                   the sealed test set was opened before

Beside the tree stands `SearchInterrupted`, a KeyboardInterrupt: Ctrl-C is no failure.
"""

from __future__ import annotations

from typing import Any


class HpoError(Exception):
    """Root of the library's own errors."""


class SpaceError(HpoError, ValueError):
    """A space, a domain or a config that is not valid."""


class BackendError(HpoError):
    """Something is wrong with a backend or with the choice of one."""


class UnknownBackendError(BackendError, ValueError):
    """No backend of that name is registered."""


class MissingFrameworkError(BackendError, ImportError):
    """The backend is registered, but its framework is not installed."""


class BrokenBackendError(BackendError, ImportError):
    """An entry point of the group `hpo.backends` does not load."""


class AmbiguousBackendError(BackendError):
    """Two frameworks are loaded and none was chosen."""


class DeviceError(BackendError, ValueError):
    """The device is not there, or its name cannot be read."""


class DataError(HpoError):
    """Something is wrong with a data set."""


class DataNotFoundError(DataError, FileNotFoundError):
    """The data set was found in no folder and could not be downloaded."""


class CorruptFileError(DataError, ValueError):
    """A data file is truncated, altered, or not of the format that its name says."""


class DownloadError(DataError, OSError):
    """Every mirror failed."""


class CacheError(DataError, OSError):
    """The cache folder cannot be written."""


class ObjectiveError(HpoError):
    """The objective cannot be used, or returned something that is no result."""


class SearchFailedError(ObjectiveError):
    """Every trial of a search failed, or the first ones showed that every other would.

    Attributes:
        study: the study with the failed trials and their reasons.
    """

    def __init__(self, message: str, study: Any = None) -> None:
        super().__init__(message)
        # Not typed as a Study: that room stands above this module, and imports it.
        self.study = study


class SearchInterrupted(KeyboardInterrupt):
    """Ctrl-C during a search. `study` has all that was finished, and `tuner.run()` continues.

    Attributes:
        study: the study up to the interruption.
    """

    def __init__(self, message: str, study: Any = None) -> None:
        super().__init__(message)
        self.study = study

    def _render_traceback_(self) -> list[str]:
        """What IPython and notebooks show in place of a traceback: where it was interrupted says nothing."""
        return [f"{type(self).__name__}: {self}"]


class SealedTestSetError(HpoError):
    """The sealed test set was opened before; a second look would make it a validation set."""


class StorageError(HpoError):
    """A study's log cannot be written or read."""


class StudyExistsError(StorageError, ValueError):
    """A study of that name is there."""


class StudyNotFoundError(StorageError, KeyError):
    """No study of that name is there."""

    # KeyError would show its text with quotation marks around it.
    __str__ = Exception.__str__


class StudyMismatchError(StorageError, ValueError):
    """The study that is there is of another space, metric, seed or backend."""


class CompareError(HpoError):
    """Frameworks cannot be compared as they were asked to be."""


class CheckpointError(HpoError):
    """A checkpoint cannot be written, read or put into a model."""


class PortError(HpoError):
    """A port cannot be held against its original.

    Attributes:
        kind: what it is about: an argument's name, `failure` of the user's code or `death` of its process.
    """

    def __init__(self, message: str, *, kind: str = "failure") -> None:
        super().__init__(message)
        self.kind = kind


class PortMappingError(PortError, ValueError):
    """It is unclear which parameter of a port corresponds to which one of its original; name them."""


class PortLayoutError(PortError, ValueError):
    """It is unclear which axis of a batch has the channels; name it."""
