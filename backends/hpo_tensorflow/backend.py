"""TensorFlow behind the backend protocol (`hpo.backend.Backend`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from hpo.backend import Array, Arrays, DType, Member, Run, Tree
from hpo.training import Devices
from hpo.training.in_turn import RunsInTurn
from hpo.training.rows import check_members, fit_in_rows
from hpo_tensorflow.checkpoints import capture, is_immutable, restore
from hpo_tensorflow.examples import place
from hpo_tensorflow.network import NetworkRun
from hpo_tensorflow.softmax import SoftmaxRun


class TensorFlowBackend:
    """TensorFlow on the processor and on GPUs."""

    name = "tensorflow"
    version = str(tf.__version__)
    modules = ("tensorflow", "hpo_tensorflow")

    def devices(self) -> list[str]:
        """`cpu`, then `gpu:<i>`, then further processors (logical devices) as `cpu:<i>`."""
        gpus = [f"gpu:{i}" for i, _ in enumerate(tf.config.list_logical_devices("GPU"))]
        processors = [f"cpu:{i}" for i, _ in enumerate(tf.config.list_logical_devices("CPU"))]
        return ["cpu", *gpus, *processors[1:]]

    def device(self, name: str) -> tf.DeviceSpec:
        """The `tf.DeviceSpec` of that name, for `tf.device`."""
        kind, _, number = name.partition(":")
        return tf.DeviceSpec(device_type=kind.upper(), device_index=int(number or 0))

    def seed(self, seed: int) -> None:
        """Seed TensorFlow's, NumPy's and Python's global generators.

        A Keras initialiser or dropout layer without a seed draws one from Python's, so that
        `tf.random.set_seed` alone would not make a user's model repeatable.
        """
        keras.utils.set_random_seed(seed % 2**32)

    def is_out_of_memory(self, error: BaseException) -> bool:
        """Whether a tensor found no room."""
        return isinstance(error, tf.errors.ResourceExhaustedError)

    def is_compiling(self, value: Any = None) -> bool:
        """Whether a `tf.function` is traced, or a tensor is of its graph."""
        if value is None:
            return bool(tf.inside_function())
        return isinstance(value, tf.Tensor) and not hasattr(value, "numpy")

    def to_numpy(self, array: Any) -> Array:
        """A NumPy array on the host with the numbers of a tensor."""
        return np.asarray(array)

    def from_numpy(self, array: Array, device: Any) -> tf.Tensor:
        """A tensor on `device`."""
        with tf.device(device):
            return tf.constant(array)

    def prepare(self, members: Sequence[Member], data: Arrays, *, dtype: DType, device: Any) -> Run:
        """Put K models of one shape and their data on a device, ready to train."""
        check_members(members, data)
        if fit_in_rows(members):
            return SoftmaxRun(members, data, dtype, device)
        train = place(data.train_x, data.train_y, dtype, device)
        validation = place(data.val_x, data.val_y, dtype, device)
        size = data.batch_size
        runs = [NetworkRun(member, train, validation, size, dtype, device) for member in members]
        return RunsInTurn(runs)

    def is_immutable(self, thing: Any) -> bool:
        """Whether it is a tensor; variables change in place."""
        return is_immutable(thing)

    def capture(self, thing: Any) -> Tree:
        """The state of a variable, a generator, or anything that Keras or `tf.Module` keeps variables in."""
        return capture(thing)

    def restore(self, thing: Any, tree: Tree) -> Any:
        """Put a captured state back into an object of the same kind."""
        return restore(thing, tree)


BACKEND = TensorFlowBackend()

_devices = Devices(BACKEND)
cpu, gpu, num_gpus = _devices.cpu, _devices.gpu, _devices.num_gpus
try_gpu, try_all_gpus = _devices.try_gpu, _devices.try_all_gpus
