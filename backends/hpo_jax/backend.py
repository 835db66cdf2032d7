"""JAX behind the backend protocol (`hpo.backend.Backend`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from jax import lax

from hpo.backend import Array, Arrays, DType, Member, Run, Tree
from hpo.training import Devices
from hpo.training.in_turn import RunsInTurn
from hpo.training.rows import check_members, fit_in_rows
from hpo_jax import keys
from hpo_jax.checkpoints import capture, is_immutable, restore
from hpo_jax.examples import place
from hpo_jax.network import NetworkRun
from hpo_jax.programs import put
from hpo_jax.runtime import start
from hpo_jax.softmax import SoftmaxRun

_ONE = np.float32(1)


class JaxBackend:
    """JAX on the processor, GPUs and TPUs."""

    name = "jax"
    version = str(jax.__version__)
    modules = ("jax", "jaxlib", "flax", "optax", "chex", "equinox", "hpo_jax")

    def devices(self) -> list[str]:
        """`cpu`, then `gpu:<i>` or `tpu:<i>`, then further processors (virtual devices) as `cpu:<i>`."""
        processors, others = _devices()
        return ["cpu", *others, *(f"cpu:{i}" for i in range(1, len(processors)))]

    def device(self, name: str) -> Any:
        """The `jax.Device` of that name."""
        processors, others = _devices()
        kind, _, number = name.partition(":")
        return others[name] if kind != "cpu" else processors[int(number or 0)]

    def seed(self, seed: int) -> None:
        """Begin the keys of `hpo_jax.get_key()` anew: JAX itself has no generator."""
        keys.seed(seed)

    def is_out_of_memory(self, error: BaseException) -> bool:
        """Whether an array found no room."""
        return isinstance(error, jax.errors.JaxRuntimeError) and "RESOURCE_EXHAUSTED" in str(error)

    def is_compiling(self, value: Any = None) -> bool:
        """Whether `jax.jit`, `jax.grad` or the like trace, or have made a value."""
        # Of constants, too, an operation makes a stand-in there.
        return isinstance(lax.add(_ONE, _ONE) if value is None else value, jax.core.Tracer)

    def to_numpy(self, array: Any) -> Array:
        """A NumPy array on the host with the numbers of an array."""
        return np.asarray(array)

    def from_numpy(self, array: Array, device: Any) -> jax.Array:
        """An array on `device`.

        Floating-point numbers keep their type. Integers are of 32 bits where the program knows no others, as
        all that JAX makes.
        """
        start()
        return jax.device_put(array, device) if array.dtype.kind in "iu" else put(array, device)

    def prepare(self, members: Sequence[Member], data: Arrays, *, dtype: DType, device: Any) -> Run:
        """Put K models of one shape and their data on a device, ready to train."""
        check_members(members, data)
        if fit_in_rows(members):
            return SoftmaxRun(members, data, dtype, device)
        train, validation = (
            place(x.reshape(len(x), -1), y, dtype, device)
            for x, y in ((data.train_x, data.train_y), (data.val_x, data.val_y))
        )
        settings = (train, validation, data.batch_size, dtype, device)
        if device.platform != "cpu":
            return NetworkRun(members, *settings)
        # A processor computes several networks no sooner together than one after the other.
        return RunsInTurn([NetworkRun([member], *settings) for member in members])

    def capture(self, thing: Any) -> Tree:
        """The state of an array, a key, an object of Flax's NNX, or any tree of arrays."""
        return capture(thing)

    def restore(self, thing: Any, tree: Tree) -> Any:
        """Put a captured state into an object of the same kind, or into a new one where it cannot change."""
        return restore(thing, tree)

    def is_immutable(self, thing: Any) -> bool:
        """Whether it cannot change, as an array or a tree of them."""
        return is_immutable(thing)


def _devices() -> tuple[list[Any], dict[str, Any]]:
    """The processors, and the accelerators by name."""
    start()
    best = jax.local_devices()
    processors = [device for device in best if device.platform == "cpu"] or jax.local_devices(backend="cpu")
    others = [device for device in best if device.platform != "cpu"]
    # CUDA's and ROCm's are both called gpu.
    return processors, {f"{device.platform.lower()}:{i}": device for i, device in enumerate(others)}


BACKEND = JaxBackend()

_book = Devices(BACKEND)
cpu, gpu, num_gpus = _book.cpu, _book.gpu, _book.num_gpus
try_gpu, try_all_gpus = _book.try_gpu, _book.try_all_gpus
