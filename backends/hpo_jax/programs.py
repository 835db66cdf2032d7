"""Functions of arrays that are compiled once for each shape, and kept for the next process.

What compiling depends on in JAX is set for the program around: whether float64 is known, how precisely
accelerators multiply, where compiled programs are kept. A `Program` is compiled under settings of its own.
Those of the program around are as before afterwards.
"""

from __future__ import annotations

import os
import stat
import threading
import time
import warnings
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import cache
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jax.experimental.compilation_cache import compilation_cache

from hpo.backend import Array
from hpo.datasets import cache_folder
from hpo_jax.runtime import start

MOST_BYTES = 512 * 2**20
"""What compiled programs may take of the cache folder; the ones that were not used for longest go first."""

_SETTINGS = {
    "jax_persistent_cache_min_compile_time_secs": 0.0,
    "jax_persistent_cache_min_entry_size_bytes": -1,
}
_lock = threading.RLock()


def put(array: Array, device: Any) -> jax.Array:
    """An array on a device, of its own dtype whether the program knows float64 or not."""
    start()
    with jax.enable_x64(True):
        return jax.device_put(array, device)


def put_tree(tree: Any, device: Any) -> Any:
    """The arrays of a tree on a device, of their own dtypes."""
    return jax.tree.map(lambda leaf: put(leaf, device), tree)


def fetched(array: jax.Array) -> Array:
    """The numbers of an array that a program makes, on the host.

    JAX's own way to wait hears no Ctrl-C before the program is done, which an epoch may take long to be.
    """
    began = time.perf_counter()
    while not array.is_ready():
        # Too long a pause by a fiftieth of the wait at most.
        time.sleep(min(0.02, 0.02 * (time.perf_counter() - began)))
    return np.asarray(array)


def knowing_float64(needed: bool) -> AbstractContextManager[Any]:
    """A scope in which JAX knows float64 if that is needed, or the program has it so."""
    scope: AbstractContextManager[Any] = jax.enable_x64(needed or jax.config.jax_enable_x64)
    return scope


class Program:
    """A function that is compiled when it meets arguments of new shapes.

    Args:
        function: of arrays and trees of them.
        donated: which arguments' memory the results may take.
        knows_float64: whether its arrays may be of 64 bits; None where the program around decides.
        precision: how accelerators multiply; None where the program around decides.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        donated: Sequence[int] = (),
        knows_float64: bool | None = True,
        precision: str | None = "float32",
    ) -> None:
        self._function = jax.jit(function, donate_argnums=tuple(donated))
        self._knows_float64, self._precision = knows_float64, precision
        self._compiled: dict[Hashable, Any] = {}

    def __call__(self, *arguments: Any) -> Any:
        """The results of the function, as arrays on the device of the arguments."""
        leaves, structure = jax.tree.flatten(arguments)
        key = (structure, tuple((leaf.shape, leaf.dtype, getattr(leaf, "sharding", None)) for leaf in leaves))
        if key not in self._compiled:
            self._compiled[key] = self._compile(arguments)
        return self._compiled[key](*arguments)

    def _compile(self, arguments: Sequence[Any]) -> Any:
        float64 = jax.config.jax_enable_x64 if self._knows_float64 is None else self._knows_float64
        precise: AbstractContextManager[Any] = (
            nullcontext() if self._precision is None else jax.default_matmul_precision(self._precision)
        )
        with jax.enable_x64(float64), precise:
            lowered = self._function.lower(*arguments)
            with kept_programs():
                return lowered.compile()


def of_each(function: Callable[..., Any], axes: tuple[int | None, ...]) -> Callable[..., Any]:
    """A function of one model as one of K, whose results are stacked.

    One model goes without the axis of the stack: products of stacks of one take longer.

    Args:
        function: of trees of arrays.
        axes: for each argument 0 where it is stacked; None where all share it.
    """

    def each(*arguments: Any) -> Any:
        in_stacks = [one for one, axis in zip(arguments, axes, strict=True) if axis == 0]
        if len(jax.tree.leaves(in_stacks)[0]) > 1:
            return jax.vmap(function, in_axes=axes)(*arguments)
        own = (
            jax.tree.map(lambda leaf: leaf[0], one) if axis == 0 else one
            for one, axis in zip(arguments, axes, strict=True)
        )
        return jax.tree.map(lambda leaf: leaf[None], function(*own))

    return each


@contextmanager
def kept_programs() -> Iterator[None]:
    """A scope in which what is compiled is kept in the library's cache folder, for the next process.

    A folder that the user chose for JAX stays the one. Programs are machine code: a folder that others may
    write to is not used.
    """
    folder = cache_folder() / "jax"
    if jax.config.jax_compilation_cache_dir is not None or not _is_private(folder):
        yield
        return
    _forget_old_programs(folder)
    with _lock, warnings.catch_warnings():
        # A file that a killed process left half written is compiled anew.
        warnings.filterwarnings("ignore", "Error (reading|writing) persistent compilation cache entry")
        before = {name: getattr(jax.config, name) for name in _SETTINGS}
        compilation_cache.reset_cache()
        try:
            jax.config.update("jax_compilation_cache_dir", str(folder))
            for name, value in _SETTINGS.items():
                jax.config.update(name, value)
            yield
        finally:
            jax.config.update("jax_compilation_cache_dir", None)
            for name, value in before.items():
                jax.config.update(name, value)
            compilation_cache.reset_cache()


def _is_private(folder: Path) -> bool:
    """Whether the folder is there, or can be made, and nothing in it can come from another user."""
    try:
        if not folder.is_dir():
            folder.mkdir(mode=0o700, parents=True)
        about = os.stat(folder)
    except OSError:
        return False
    mine = not hasattr(os, "getuid") or about.st_uid == os.getuid()
    others = about.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return mine and not others and os.access(folder, os.W_OK)


@cache
def _forget_old_programs(folder: Path) -> None:
    """Delete the programs that were not used for longest, until the others take `MOST_BYTES` at most.

    Once in a process: it takes longer than compiling a small program where there are many.
    """
    with suppress(OSError):
        files = [(entry.stat(), entry.path) for entry in os.scandir(folder) if entry.is_file()]
        total = sum(about.st_size for about, _ in files)
        for about, path in sorted(files, key=lambda pair: pair[0].st_atime):
            if total <= MOST_BYTES:
                break
            os.unlink(path)
            total -= about.st_size
