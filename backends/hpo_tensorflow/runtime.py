"""Settings that TensorFlow takes only before it starts to compute."""

from __future__ import annotations

import tensorflow as tf


def configure() -> None:
    """One thread for each of TensorFlow's two pools, and memory on GPUs only as it is needed.

    Threads that wait for each other beside a busy neighbour slow a small model down several times; the
    other cores are for other trials. What the program has set itself stays; where it has begun to
    compute, nothing can be set any more, and nothing is.
    """
    threading = tf.config.threading
    try:
        if threading.get_intra_op_parallelism_threads() == 0:
            threading.set_intra_op_parallelism_threads(1)
        if threading.get_inter_op_parallelism_threads() == 0:
            threading.set_inter_op_parallelism_threads(1)
        for gpu in tf.config.list_physical_devices("GPU"):
            tf.config.experimental.set_memory_growth(gpu, True)
    except (RuntimeError, ValueError):
        # TensorFlow has started: the program decided before us.
        return
