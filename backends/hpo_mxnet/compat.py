"""MXNet 1.9.1, imported so that it works beside libraries that are younger than it.

It is the last release there will be, and what it stands on went on: NumPy 1.24 dropped the aliases
`numpy.bool`, `numpy.int` and so on, NumPy 2 more than can be given back, Python 3.12 `distutils`, and
SciPy moved `csr_matrix`. Every file of this package takes `mx` from here, so that this comes first. A
program imports this package before MXNet too: after it, `import mxnet` works as usual.

MXNet also reads its number of threads once, while it is imported. A trial computes on one thread: two
beside a busy neighbour slow small products down by an order of magnitude, and the other cores are for
other trials. So `OMP_NUM_THREADS` is 1 during the import unless it is set, and unset again afterwards,
so that neither other libraries nor child processes inherit it. A program that imports MXNet before this
package keeps the number of threads that it chose. The OpenBLAS inside of it, of 2021, takes a processor
that is younger for one of 2004, on which products take twice as long: where there is AVX2 it is told of
one it knows by `OPENBLAS_CORETYPE`, in the same way. The engine stays the default one: `NaiveEngine`
gains nothing for our own models and would change when a user's errors come up.
"""

from __future__ import annotations

import builtins
import importlib.util
import os
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy

from hpo.errors import MissingFrameworkError

_ALIASES = ("bool", "int", "float", "object", "complex", "str")
_THREADS = "OMP_NUM_THREADS"
_KERNELS = "OPENBLAS_CORETYPE"
_ENVIRONMENT = 'In an environment of its own, pip install "polyhpo[mxnet]" brings versions that fit.'


def check_versions() -> None:
    """Refuse versions that cannot work, before MXNet fails with a message that does not help.

    Raises:
        MissingFrameworkError: NumPy 2 or later, or a Python without `distutils`.
    """
    if int(numpy.__version__.partition(".")[0]) >= 2:
        raise MissingFrameworkError(
            f"MXNet 1.9.1, the last release, works with NumPy 1.23 to 1.26; here is NumPy "
            f"{numpy.__version__}. {_ENVIRONMENT}"
        )
    if importlib.util.find_spec("distutils") is None:
        version = ".".join(map(str, sys.version_info[:2]))
        raise MissingFrameworkError(
            f"MXNet 1.9.1, the last release, needs distutils, which Python {version} no longer has and "
            f"setuptools before version 81 brings along: pip install 'setuptools<81'. {_ENVIRONMENT}"
        )


def import_mxnet() -> Any:
    """The module `mxnet`.

    Raises:
        MissingFrameworkError: it is installed but cannot work here.
        ModuleNotFoundError: it is not installed.
    """
    if importlib.util.find_spec("mxnet") is not None:
        check_versions()
        _restore_aliases()
    settings = {_THREADS: "1"} | ({_KERNELS: "Haswell"} if _has_avx2() else {})
    with _environment(settings), warnings.catch_warnings():
        # It looks up functions that NumPy is about to drop or has dropped, and copes with either.
        warnings.simplefilter("ignore", DeprecationWarning)
        return import_module("mxnet")


def _restore_aliases() -> None:
    for name in _ALIASES:
        # hasattr() would make NumPy warn.
        if name not in vars(numpy):
            setattr(numpy, name, getattr(builtins, name))
    import scipy.sparse  # here: only MXNet needs it, and only where its versions were found to fit

    # mx.nd.array asks for the class at its old place each time, and would warn each time.
    scipy.sparse.csr.csr_matrix = scipy.sparse.csr_matrix


def _has_avx2(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    # Where there is no such file, as outside of Linux, OpenBLAS chooses by itself.
    return cpuinfo.exists() and " avx2 " in cpuinfo.read_text()


@contextmanager
def _environment(settings: Mapping[str, str]) -> Iterator[None]:
    """A scope with these environment variables, except those that are set already."""
    added = {name: value for name, value in settings.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]


mx: Any = import_mxnet()
