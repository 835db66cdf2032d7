"""Every random stream of the library, each a pure function of a seed and a path.

Only `Generator.random` is drawn from (its bits are the same in every NumPy since 1.17), so that a
seed means the same on every version, platform and framework. Integers and permutations
are derived from these uniforms.
"""

from __future__ import annotations

import secrets
import zlib

import numpy as np
from numpy.typing import NDArray


def draw_seed() -> int:
    """Draw a fresh seed in [0, 2^32), for a study without a given one; the study records it."""
    return secrets.randbits(32)


def check_seed(seed: int) -> int:
    """Return `seed` as a plain `int`.

    Raises:
        TypeError: it is not an integer.
        ValueError: it is negative.
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
        raise TypeError(f"A seed is an integer of at least 0, for example seed=0; received {seed!r}.")
    if seed < 0:
        raise ValueError(f"A seed is an integer of at least 0; received {seed}.")
    return int(seed)


def stream(seed: int, *path: str | int) -> np.random.Generator:
    """The generator that belongs to `seed` and a path such as `("searcher", 3)`.

    Streams of different paths are independent; the same path always has the same stream.
    """
    # Not hash(), which Python salts anew in each process.
    key = [zlib.crc32(part.encode()) if isinstance(part, str) else part for part in path]
    # The bit generator is named: the one of `default_rng` may change with a version of NumPy.
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *key])))


def uniforms(seed: int, *path: str | int, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Uniform numbers in [0, 1), float64, of the given shape."""
    return stream(seed, *path).random(shape)


def batch_order(seed: int, replicate: int, epoch: int, num_examples: int) -> NDArray[np.intp]:
    """The order in which epoch `epoch` (1-based) visits the training examples.

    It depends on the study's seed and the replicate, not on the trial, so that all configurations of
    a study see the same mini-batches (common random numbers).
    """
    draws = uniforms(seed, "training", replicate, "order", epoch, shape=(num_examples,))
    # Not `Generator.permutation`, whose algorithm NumPy may change. A stable sort leaves equal draws in one
    # order whatever the algorithm behind it.
    return np.argsort(draws, kind="stable")


def dropout_mask(
    seed: int, replicate: int, step: int, layer: int, rate: float, shape: tuple[int, int]
) -> NDArray[np.bool_]:
    """Which outputs of a layer a training step keeps: each with probability 1 - rate.

    The mask depends on the number of the step and on nothing that came before, so a run that continues
    from a state draws the same masks.

    Args:
        seed: the study's seed.
        replicate: which of the repeated draws this is.
        step: the number of the step since the beginning of training, from 0.
        layer: the number of the layer.
        rate: the share that is set to zero.
        shape: examples in the mini-batch, and outputs of the layer.
    """
    return uniforms(seed, "training", replicate, "dropout", layer, step, shape=shape) >= rate
