"""MXNet's two kinds of arrays, and scopes that choose between them.

`mx.nd` arrays are the classic ones; `mx.np` arrays come with NumPy semantics, which `npx.set_np()`
turns on for a whole thread. Gluon's layers follow the semantics in force, and so does this package.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from hpo.backend import Array
from hpo_mxnet.compat import mx


@contextmanager
def classic_arrays() -> Iterator[None]:
    """A scope in which operators and layers make and take `mx.nd` arrays."""
    # MXNet refuses to have NumPy's arrays without NumPy's shapes, on the way in and on the way out.
    with mx.util.np_array(False), mx.util.np_shape(False):
        yield


@contextmanager
def numpy_arrays() -> Iterator[None]:
    """A scope in which operators and layers make and take `mx.np` arrays."""
    with mx.util.np_shape(True), mx.util.np_array(True):
        yield


def arrays_like(array: Any) -> AbstractContextManager[None]:
    """A scope in which operators and layers make the kind of arrays that `array` is."""
    return numpy_arrays() if isinstance(array, mx.np.ndarray) else classic_arrays()


def arrays_of(model: Any) -> AbstractContextManager[None]:
    """A scope in which operators and layers make the kind of arrays that a block's parameters are.

    For a block without parameters the semantics in force stay, and decide what its parameters become.
    """
    first = next(_parameter_arrays(model), None)
    return nullcontext() if first is None else arrays_like(first)


def from_host(array: Array, device: Any) -> Any:
    """A copy on `device`: an `mx.np` array where NumPy semantics is on, else an `mx.nd` array."""
    there = mx.nd.array(array, ctx=device, dtype=array.dtype)
    return there.as_np_ndarray() if mx.util.is_np_array() else there


def in_force(array: Any) -> Any:
    """The same numbers, not copied, as the kind of array that is in force."""
    return array.as_np_ndarray() if mx.util.is_np_array() else array.as_nd_ndarray()


def is_initialized(parameter: Any) -> bool:
    """Whether a parameter has values, which it gets once its shape is known."""
    return parameter._data is not None  # Gluon has no public question that does not raise


def _parameter_arrays(model: Any) -> Iterator[Any]:
    for parameter in model.collect_params().values():
        if is_initialized(parameter):
            yield from parameter.list_data()
