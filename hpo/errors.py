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
    """Root of the library's own errors.

    Example:
        >>> import hpo
        >>> try:
        ...     hpo.search(lambda config: config["x"], {"x": hpo.Float(1, 0)}, num_trials=3)
        ... except hpo.HpoError as error:
        ...     print(f"{type(error).__name__}: {error}")
        SpaceError: The lower bound of Float(1.0, 0.0) is above the upper one; write Float(0.0, 1.0).
    """


class SpaceError(HpoError, ValueError):
    """A space, a domain or a config that is not valid.

    Example:
        >>> import hpo
        >>> hpo.Float(0, 1, log=True)  # doctest: +NORMALIZE_WHITESPACE
        Traceback (most recent call last):
            ...
        hpo.errors.SpaceError: A Float with log=True needs a lower bound above 0; received low=0.0.
        Raise it, or use log=False.
    """


class BackendError(HpoError):
    """Something is wrong with a backend or with the choice of one.

    Example:
        >>> import hpo
        >>> for wanted in {"backend": "numpy", "device": "cuda:0"}, {"backend": "caffe"}:
        ...     try:
        ...         hpo.search(lambda config: config["x"], {"x": hpo.Float(0, 1)}, num_trials=1, **wanted)
        ...     except hpo.errors.BackendError as error:
        ...         print(wanted, type(error).__name__)
        {'backend': 'numpy', 'device': 'cuda:0'} DeviceError
        {'backend': 'caffe'} UnknownBackendError
    """


class UnknownBackendError(BackendError, ValueError):
    """No backend of that name is registered.

    Example:
        >>> import hpo
        >>> with hpo.use_backend("caffe"):  # doctest: +ELLIPSIS, +NORMALIZE_WHITESPACE
        ...     study = hpo.search(lambda config: config["x"], {"x": hpo.Float(0, 1)}, num_trials=3)
        Traceback (most recent call last):
            ...
        hpo.errors.UnknownBackendError: use_backend() names the backend 'caffe', which is not registered.
        Registered are: ...
    """


class MissingFrameworkError(BackendError, ImportError):
    """The backend is registered, but its framework is not installed.

    Example:
        >>> import hpo, sys
        >>> from unittest import mock
        >>> with mock.patch.dict(sys.modules, mxnet=None):  # doctest: +ELLIPSIS, +NORMALIZE_WHITESPACE
        ...     # As where MXNet is not installed.
        ...     hpo.search(lambda config: config["x"], {"x": hpo.Float(0, 1)}, num_trials=3, backend="mxnet")
        Traceback (most recent call last):
            ...
        hpo.errors.MissingFrameworkError: The backend 'mxnet' needs mxnet, which is not installed here.
        Install it with: pip install ...
    """


class BrokenBackendError(BackendError, ImportError):
    """An entry point of the group `hpo.backends` does not load.

    Example:
        >>> import hpo, sys, types
        >>> from unittest import mock
        >>> damaged = types.ModuleType("hpo_mxnet")  # without the backend that the entry point names
        >>> with mock.patch.dict(sys.modules, hpo_mxnet=damaged):  # doctest: +ELLIPSIS, +NORMALIZE_WHITESPACE
        ...     hpo.search(lambda config: config["x"], {"x": hpo.Float(0, 1)}, num_trials=3, backend="mxnet")
        Traceback (most recent call last):
            ...
        hpo.errors.BrokenBackendError: The backend 'mxnet' is registered by ... as 'hpo_mxnet:BACKEND', which
        does not load: AttributeError: module 'hpo_mxnet' has no attribute 'BACKEND'. Reinstall ...
    """


class AmbiguousBackendError(BackendError):
    """Two frameworks are loaded and none was chosen.

    Example:
        >>> import hpo
        >>> def searched(backend=None):
        ...     return hpo.search(lambda c: c["x"], {"x": hpo.Float(0, 1)}, num_trials=3, backend=backend)
        >>> try:
        ...     study = searched()
        ... except hpo.errors.AmbiguousBackendError:  # in a program that has imported torch and tensorflow
        ...     study = searched("numpy")
        >>> study.backend
        'numpy'
    """


class DeviceError(BackendError, ValueError):
    """The device is not there, or its name cannot be read.

    Example:
        >>> import hpo
        >>> space = {"x": hpo.Float(0, 1)}
        >>> hpo.search(
        ...     lambda config: config["x"], space, num_trials=3, backend="numpy", device="cuda:0"
        ... )  # doctest: +NORMALIZE_WHITESPACE
        Traceback (most recent call last):
            ...
        hpo.errors.DeviceError: device='cuda:0': the backend 'numpy' has no such device here.
        Available: cpu; or 'auto' for the best of them.
    """


class DataError(HpoError):
    """Something is wrong with a data set.

    Example:
        >>> import hpo
        >>> try:
        ...     images = hpo.datasets.fashion_mnist("downloads/fashion")
        ... except hpo.errors.DataError:  # not there, damaged, or not to be downloaded
        ...     images = hpo.datasets.sample()
        >>> images.train_images.shape
        (6000, 28, 28)
    """


class DataNotFoundError(DataError, FileNotFoundError):
    """The data set was found in no folder and could not be downloaded.

    Example:
        >>> import hpo
        >>> hpo.datasets.fashion_mnist("downloads/fashion")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
            ...
        hpo.errors.DataNotFoundError: The folder .../downloads/fashion lacks train-images-idx3-ubyte, ...
    """


class CorruptFileError(DataError, ValueError):
    """A data file is truncated, altered, or not of the format that its name says.

    Example:
        >>> import hpo, pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:  # doctest: +ELLIPSIS, +NORMALIZE_WHITESPACE
        ...     path = pathlib.Path(folder, "labels-idx1-ubyte")
        ...     _ = path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 60]))  # the header of 60 labels alone
        ...     hpo.datasets.read_idx(path)
        Traceback (most recent call last):
            ...
        hpo.errors.CorruptFileError: ...labels-idx1-ubyte is truncated: an array of uint8 and shape (60,)
        needs 68 bytes, the file holds 8.
    """


class DownloadError(DataError, OSError):
    """Every mirror failed.

    Example:
        >>> import pathlib, tempfile
        >>> from hpo.datasets.catalogue import FASHION_MNIST
        >>> from hpo.datasets.download import download
        >>> with tempfile.TemporaryDirectory() as folder:  # doctest: +ELLIPSIS, +NORMALIZE_WHITESPACE
        ...     download(FASHION_MNIST.files[0], ["file:///no/such/mirror/"], pathlib.Path(folder))
        Traceback (most recent call last):
            ...
        hpo.errors.DownloadError: train-images-idx3-ubyte.gz could not be downloaded: no mirror could be
        reached.
          file:///no/such/mirror/train-images-idx3-ubyte.gz: ...
    """


class CacheError(DataError, OSError):
    """The cache folder cannot be written.

    Example:
        >>> import pathlib, tempfile
        >>> from hpo.datasets.cache import write_atomically
        >>> with tempfile.NamedTemporaryFile() as file:  # doctest: +ELLIPSIS, +NORMALIZE_WHITESPACE
        ...     write_atomically(pathlib.Path(file.name, "labels-idx1-ubyte"), b"")  # below what is no folder
        Traceback (most recent call last):
            ...
        hpo.errors.CacheError: The cache folder ... cannot be written: ... Make it writable,
        or set HPO_CACHE to a folder that is.
    """


class ObjectiveError(HpoError):
    """The objective cannot be used, or returned something that is no result.

    Example:
        >>> import hpo
        >>> def objective(config):
        ...     return {"loss": config["x"] ** 2, "accuracy": 1 - config["x"]}
        >>> hpo.search(objective, {"x": hpo.Float(0, 1)}, num_trials=3)  # doctest: +NORMALIZE_WHITESPACE
        Traceback (most recent call last):
            ...
        hpo.errors.ObjectiveError: The objective returned several metrics (loss, accuracy), and the search
        does not say which one to optimise. Name it: minimize='loss', or maximize=.
    """


class SearchFailedError(ObjectiveError):
    """Every trial of a search failed, or the first ones showed that every other would.

    Attributes:
        study: the study with the failed trials and their reasons.

    Example:
        >>> import hpo
        >>> def objective(config):
        ...     config["x"] ** 2  # without a return
        >>> try:
        ...     study = hpo.search(objective, {"x": hpo.Float(0, 1)}, num_trials=9)
        ... except hpo.errors.SearchFailedError as error:
        ...     study = error.study
        >>> study.trials[0].reason  # doctest: +ELLIPSIS
        'No result: it gave None without a report, where a number, ... was expected.'
    """

    def __init__(self, message: str, study: Any = None) -> None:
        super().__init__(message)
        # Not typed as a Study: that room stands above this module, and imports it.
        self.study = study


class SearchInterrupted(KeyboardInterrupt):
    """Ctrl-C during a search. `study` has all that was finished, and `tuner.run()` continues.

    Attributes:
        study: the study up to the interruption.

    Example:
        >>> import hpo
        >>> def objective(config):
        ...     if config["x"] > 0.9:
        ...         raise KeyboardInterrupt  # as if Ctrl-C came here
        ...     return config["x"]
        >>> try:
        ...     study = hpo.search(objective, {"x": hpo.Float(0, 1)}, num_trials=50, seed=0)
        ... except hpo.SearchInterrupted as interrupted:
        ...     study = interrupted.study
        >>> study.num_completed
        21
    """

    def __init__(self, message: str, study: Any = None) -> None:
        super().__init__(message)
        self.study = study

    def _render_traceback_(self) -> list[str]:
        """What IPython and notebooks show in place of a traceback: where it was interrupted says nothing."""
        return [f"{type(self).__name__}: {self}"]


class SealedTestSetError(HpoError):
    """The sealed test set was opened before; a second look would make it a validation set.

    Example:
        >>> import hpo
        >>> data = hpo.datasets.sample()
        >>> task = hpo.tasks.SoftmaxTask(max_epochs=1, batch_size=256, data=data, validation="holdout")
        >>> study = hpo.search(task, task.space, minimize=task.metric, num_trials=1, seed=0)
        >>> error = hpo.final_test(study)
        >>> hpo.final_test(study)  # doctest: +ELLIPSIS, +NORMALIZE_WHITESPACE
        Traceback (most recent call last):
            ...
        hpo.errors.SealedTestSetError: The test set of the study 'study' was opened before, for trial 0:
        val_error = 0... Looking again after more trials would make it a validation set.
    """


class StorageError(HpoError):
    """A study's log cannot be written or read.

    Example:
        >>> import hpo
        >>> hpo.load_study("sutdy.db")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
            ...
        hpo.errors.StorageError: There is no storage ...sutdy.db; ...
    """


class StudyExistsError(StorageError, ValueError):
    """A study of that name is there.

    Example:
        >>> import hpo, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:  # doctest: +ELLIPSIS, +NORMALIZE_WHITESPACE
        ...     storage = f"{folder}/study.db"
        ...     for _ in range(2):
        ...         hpo.search(lambda c: c["x"], {"x": hpo.Float(0, 1)}, num_trials=3, storage=storage)
        Traceback (most recent call last):
            ...
        hpo.errors.StudyExistsError: There is a study 'study' in ...study.db already. ...
        To go on with it, pass resume=True; ...
    """


class StudyNotFoundError(StorageError, KeyError):
    """No study of that name is there.

    Example:
        >>> import hpo, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:  # doctest: +ELLIPSIS
        ...     storage, space = f"{folder}/study.db", {"x": hpo.Float(0, 1)}
        ...     study = hpo.search(lambda c: c["x"], space, num_trials=3, storage=storage, name="mlp")
        ...     hpo.load_study(storage, "lenet")
        Traceback (most recent call last):
            ...
        hpo.errors.StudyNotFoundError: There is no study 'lenet' in ...study.db. The studies in it: 'mlp'.
    """

    # KeyError would show its text with quotation marks around it.
    __str__ = Exception.__str__


class StudyMismatchError(StorageError, ValueError):
    """The study that is there is of another space, metric, seed or backend.

    Example:
        >>> import hpo, tempfile
        >>> def searched(high, storage):
        ...     space = {"x": hpo.Float(0, high)}
        ...     return hpo.search(lambda c: c["x"], space, num_trials=3, storage=storage, resume=True)
        >>> with tempfile.TemporaryDirectory() as folder:  # doctest: +ELLIPSIS, +NORMALIZE_WHITESPACE
        ...     study = searched(1, f"{folder}/study.db")
        ...     study = searched(2, f"{folder}/study.db")
        Traceback (most recent call last):
            ...
        hpo.errors.StudyMismatchError: The study 'study' that is there is another one. x: Float(0.0, 1.0)
        there, Float(0.0, 2.0) here. To go on with it, give what it was created with; ...
    """


class CompareError(HpoError):
    """Frameworks cannot be compared as they were asked to be.

    Example:
        >>> import hpo
        >>> hpo.compare_backends("softmax", backends=["numpy"])  # doctest: +NORMALIZE_WHITESPACE
        Traceback (most recent call last):
            ...
        hpo.errors.CompareError: A comparison takes at least two backends, each once, for example numpy,torch;
        received numpy.
    """


class CheckpointError(HpoError):
    """A checkpoint cannot be written, read or put into a model.

    Example:
        >>> import hpo, numpy as np
        >>> def objective(config):
        ...     for epoch in range(1, 4):
        ...         yield config["x"] / epoch
        >>> study = hpo.search(objective, {"x": hpo.Float(0, 1)}, num_trials=3, seed=0)
        >>> study.best.load_into(np.zeros(3))  # doctest: +ELLIPSIS, +NORMALIZE_WHITESPACE
        Traceback (most recent call last):
            ...
        hpo.errors.CheckpointError: Trial 1 has no checkpoint of epoch 3, of which its value is; kept are
        those of: none. Models are kept by a study with storage=, ...
    """


class PortError(HpoError):
    """A port cannot be held against its original.

    Attributes:
        kind: what it is about: an argument's name, `failure` of the user's code or `death` of its process.

    Example:
        >>> import hpo, pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:  # doctest: +ELLIPSIS
        ...     path = pathlib.Path(folder, "lenet.npz")
        ...     _ = path.write_text("no trace")
        ...     hpo.check_port(path, "torch:new.nets:lenet")
        Traceback (most recent call last):
            ...
        hpo.errors.PortError: ...lenet.npz is no trace of a recorder: ...
    """

    def __init__(self, message: str, *, kind: str = "failure") -> None:
        super().__init__(message)
        self.kind = kind


class PortMappingError(PortError, ValueError):
    """It is unclear which parameter of a port corresponds to which one of its original; name them.

    Example:
        >>> import hpo
        >>> def answer(error):
        ...     mends = {"mapping": "say which parameter is which", "layout": "say where the channels are"}
        ...     return mends.get(error.kind, "look at the model")
        >>> answer(hpo.errors.PortMappingError("Two layers have one shape.", kind="mapping"))
        'say which parameter is which'
    """


class PortLayoutError(PortError, ValueError):
    """It is unclear which axis of a batch has the channels; name it.

    Example:
        >>> import hpo, numpy as np
        >>> batch = np.zeros((2, 8, 8, 8)), np.zeros(2, int)
        >>> hpo.check_port(
        ...     "torch:old.nets:net", "tensorflow:new.nets:net", batch=batch
        ... )  # doctest: +ELLIPSIS, +NORMALIZE_WHITESPACE
        Traceback (most recent call last):
            ...
        hpo.errors.PortLayoutError: The batch has the shape (2, 8, 8, 8): are its channels first or last?
        Answer layout='NCHW' if its channels come first, layout='NHWC' if they come last; ...
    """
