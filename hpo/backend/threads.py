"""One thread for the arithmetic of a trial, or of a searcher that thinks.

Two threads beside a busy neighbour slow small products down by an order of magnitude; the other
cores are for other trials.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "MXNET_CPU_WORKER_NTHREADS",
    "PJRT_NPROC",
)
"""How many threads one operation uses; libraries read these from the environment while they are imported."""


@cache
def _controller() -> ThreadpoolController:
    # Made once, as the search for the libraries costs milliseconds. SciPy's BLAS must be loaded before that:
    # a controller knows only the libraries that it found.
    import scipy.linalg  # noqa: F401  # for the BLAS that it loads
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def one_thread() -> AbstractContextManager[Any]:
    """A context in which the BLAS libraries of this process compute on one thread."""
    limiter: AbstractContextManager[Any] = _controller().limit(limits=1, user_api="blas")
    return limiter
