"""`keras.fit` on arrays in memory, as Keras users and KerasTuner do it."""

from __future__ import annotations

import sys
from typing import Any

import keras
import tensorflow as tf
from _clock import now
from _ours import LEARNING_RATE, report

from hpo.datasets import fashion_mnist


class Clock(keras.callbacks.Callback):
    """Seconds of each epoch with its validation."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.started = now()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.seconds.append(now() - self.started)


def time_fit(**compile_options: Any) -> None:
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    files = fashion_mnist()
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10)])
    model.compile(
        keras.optimizers.SGD(LEARNING_RATE),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        **compile_options,
    )
    clock = Clock()
    history = model.fit(
        files.train_images.astype("float32") / 255,
        files.train_labels.astype("int64"),
        batch_size=16,
        epochs=int(sys.argv[1]),
        validation_data=(files.test_images.astype("float32") / 255, files.test_labels.astype("int64")),
        callbacks=[clock],
        verbose=0,
    )
    report(clock.seconds, 1 - history.history["val_accuracy"][-1])
