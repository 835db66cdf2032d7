"""A leaf of a pytree as a checkpoint holds it: an array, a random key, a number or a string."""

from __future__ import annotations

import functools
import types
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from hpo.backend import Array, Tree
from hpo.checkpoints import check_array, is_bits, is_plain
from hpo.errors import CheckpointError

PLAIN = (bool, int, float, str)

_NARROW = frozenset({"int32", "float32", "complex64"})
"""The dtypes that Python's numbers have outside of the mode for 64 bits."""

_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, types.MethodType, functools.partial, np.ufunc)
_FUNCTION_MODULES = frozenset({"jax", "jaxlib", "flax", "optax", "equinox"})


class Leaf:
    """A leaf out of a checkpoint.

    Args:
        tree: what `read` returned.
        weak: whether its dtype gives way to those that it meets, as a Python number's does.
        implementation: of random keys, where it is their data.
        of_numpy: whether it was NumPy's.
    """

    def __init__(
        self, tree: Tree, *, weak: bool = False, implementation: str | None = None, of_numpy: bool = False
    ) -> None:
        self._value = tree["bits"].view(jnp.dtype(tree["dtype"])) if is_bits(tree) else tree
        self._weak = weak
        self._of_numpy = of_numpy
        if implementation is not None:
            self._value = _keys(self._value, implementation)
        self.blank = blank(self._value)

    def like(self, now: Any) -> Any:
        """It, on the devices where an array is now.

        Raises:
            CheckpointError: it is of another shape or dtype.
        """
        value = self._value
        if self._of_numpy:
            return value.copy() if value.ndim or isinstance(now, np.ndarray) else value[()]
        if type(value) in PLAIN:
            return value
        if isinstance(now, jax.Array):
            check_array(now, value)
        # An array that was put nowhere in particular stays free to move.
        placed = isinstance(now, jax.Array) and getattr(now, "committed", True)
        return _on_devices(value, now.sharding if placed else None, weak=self._weak)


def is_leaf(value: Any) -> bool:
    """Whether a checkpoint keeps such a leaf, or takes it from the pytree that is there."""
    array = isinstance(value, (jax.Array, np.ndarray, np.generic))
    return array or type(value) in PLAIN or is_function(value)


def is_function(value: Any) -> bool:
    """Whether a leaf is a function, which is no part of a state."""
    if isinstance(value, _FUNCTIONS):
        return True
    return callable(value) and type(value).__module__.partition(".")[0] in _FUNCTION_MODULES


def is_weak(value: Any) -> bool:
    """Whether the dtype of an array is that of a Python number, and gives way to those that it meets."""
    return isinstance(value, jax.Array) and bool(getattr(value, "weak_type", False))


def is_key(value: Any) -> bool:
    """Whether it holds random keys."""
    return isinstance(value, jax.Array) and jnp.issubdtype(value.dtype, jax.dtypes.prng_key)


def implementation(keys: jax.Array) -> str:
    """The name of the generator that random keys are for, such as `threefry2x32`."""
    return str(jax.random.key_impl(keys))


def blank(leaf: Any) -> Array:
    """An array of a leaf's shape, without memory of that size."""
    return np.broadcast_to(0, np.shape(leaf))


def read(leaf: Any) -> Tree:
    """A copy of a leaf; of random keys their data.

    Raises:
        CheckpointError: it cannot be kept.
    """
    if isinstance(leaf, jax.core.Tracer):
        raise CheckpointError(
            f"A traced value has no numbers; received {leaf}. Call trial.checkpoint() and report outside of "
            f"jax.jit and the like, with what the jitted function returned."
        )
    if isinstance(leaf, jax.Array):
        _check_readable(leaf)
        return _packed(np.array(jax.random.key_data(leaf) if is_key(leaf) else leaf))
    if isinstance(leaf, (np.ndarray, np.generic)) and leaf.dtype.kind != "O":
        return _packed(np.array(leaf))
    if type(leaf) in PLAIN:
        return leaf
    raise CheckpointError(
        f"Of a pytree a checkpoint keeps JAX's arrays and random keys, NumPy's arrays, numbers and strings; "
        f"received a {type(leaf).__name__}."
    )


def _check_readable(array: jax.Array) -> None:
    what = f"An array of the shape {array.shape} and dtype {array.dtype}"
    if array.is_deleted():
        raise CheckpointError(
            f"{what} was deleted: it was donated to a jitted function (donate_argnums). Put what that "
            f"function returned in its place before the epoch is reported."
        )
    if not array.is_fully_addressable:
        raise CheckpointError(
            f"{what} lies on devices of several processes: {array.sharding}. Gather it in one "
            f"(jax.experimental.multihost_utils.process_allgather)."
        )


def _packed(host: Array) -> Tree:
    if is_plain(host):
        return host
    return {"bits": host.view(f"uint{8 * host.itemsize}"), "dtype": host.dtype.name}


def _on_devices(value: Any, sharding: Any, *, weak: bool) -> Any:
    if isinstance(value, jax.Array):
        return value if sharding is None else jax.device_put(value, sharding)
    # Only while it is made: the mode is the whole program's. Of NumPy's array a copy, as JAX may share it.
    with jax.enable_x64(value.dtype.name not in _NARROW):
        if not weak:
            return jax.device_put(value.copy(), sharding)
        zero: Any = {"f": 0.0, "c": 0j}.get(value.dtype.kind, 0)
        array = jnp.full(value.shape, zero).at[...].set(value.copy())
        return array if sharding is None else jax.device_put(array, sharding)


def _keys(data: Array, implementation: str) -> jax.Array:
    try:
        keys: jax.Array = jax.random.wrap_key_data(jnp.asarray(data.copy()), impl=implementation)
    except (TypeError, ValueError) as error:
        raise CheckpointError(
            f"The checkpoint holds random keys of the kind {implementation!r}, which this JAX does not have: "
            f"{error}."
        ) from error
    return keys
