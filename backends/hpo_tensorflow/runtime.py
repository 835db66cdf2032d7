"""What TensorFlow takes only before it starts, and what it must be for this package to work.

The package imports this module first. `KERAS_BACKEND`, `TF_NUM_INTRAOP_THREADS` and the other variables
that TensorFlow and Keras read themselves are the user's, and stay as they are.
"""

from __future__ import annotations

import os
from contextlib import suppress

from hpo.errors import MissingFrameworkError


def quieten() -> None:
    """Show nothing but warnings and errors of TensorFlow's kernels, unless the user chose otherwise.

    Its first line, on oneDNN, comes before it reads any setting.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")


quieten()

import tensorflow as tf  # noqa: E402  # before Keras, so that its absence is what is reported

# isort: split
import keras  # noqa: E402  # reads what quieten() set


def check() -> None:
    """Refuse what cannot work, before it fails with a message that does not help.

    Raises:
        MissingFrameworkError: Keras is older than 3, or computes with another framework.
    """
    if int(keras.__version__.partition(".")[0]) < 3:
        raise MissingFrameworkError(
            f"hpo_tensorflow needs Keras 3, which TensorFlow brings along from 2.16 on; here are TensorFlow "
            f'{tf.__version__} and Keras {keras.__version__}. pip install "polyhpo[tensorflow]" brings '
            f"versions that fit."
        )
    framework = keras.config.backend()
    if framework != "tensorflow":
        raise MissingFrameworkError(
            f"hpo_tensorflow needs Keras on TensorFlow; here it computes with {framework!r}. Set "
            f"KERAS_BACKEND=tensorflow before Keras is imported, or change it in ~/.keras/keras.json."
        )


def configure() -> None:
    """One thread for each of TensorFlow's two pools, and memory on GPUs only as it is needed.

    Threads that wait for each other beside a busy neighbour slow a small model down several times; the
    other cores are for other trials. What the program or its environment (`TF_NUM_INTRAOP_THREADS`,
    `TF_NUM_INTEROP_THREADS`) has set stays; where TensorFlow has begun to compute, nothing can be set
    any more.
    """
    threading = tf.config.threading
    try:
        if not (threading.get_intra_op_parallelism_threads() or os.environ.get("TF_NUM_INTRAOP_THREADS")):
            threading.set_intra_op_parallelism_threads(1)
        if not (threading.get_inter_op_parallelism_threads() or os.environ.get("TF_NUM_INTEROP_THREADS")):
            threading.set_inter_op_parallelism_threads(1)
    except RuntimeError:
        return  # TensorFlow has started: the program decided before us
    for gpu in tf.config.list_physical_devices("GPU"):
        with suppress(ValueError):  # the program has divided this one into parts of fixed sizes
            tf.config.experimental.set_memory_growth(gpu, True)


check()
configure()
