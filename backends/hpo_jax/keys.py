"""Keys for what a model draws, of a stream that each trial begins anew."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import jax


def _stream(seed: int) -> Iterator[jax.Array]:
    first = jax.random.key(seed % 2**32)
    return (jax.random.fold_in(first, number) for number in itertools.count())


_keys: Iterator[jax.Array] | None = None


def seed(seed: int) -> None:
    """Begin the stream of `get_key` anew."""
    global _keys
    _keys = _stream(seed)


def get_key() -> jax.Array:
    """A new key, such as `nnx.Rngs(get_key())` takes.

    In a trial the keys follow from the trial's seed and the epoch, and outside of one from the seed 0. Inside
    of `jax.jit` it would be drawn once, when the function is compiled: hand keys on to such a function.

    Raises:
        RuntimeError: it was called while JAX traced a function.

    Example:
        >>> from flax import nnx
        >>> import hpo_jax as d2l
        >>> layer = nnx.Linear(784, 10, rngs=nnx.Rngs(d2l.get_key()))
        >>> layer.kernel.shape
        (784, 10)
    """
    if _keys is None:
        seed(0)
    assert _keys is not None
    key = next(_keys)
    if isinstance(key, jax.core.Tracer):
        raise RuntimeError(
            "get_key() was called inside of a function that JAX compiles, where it would give the same key "
            "each time. Call it outside, and hand the key on as an argument."
        )
    return key
