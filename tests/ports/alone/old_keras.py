"""LeNet in the Keras of TensorFlow 1.15 and 2.x, in the syntax of Python 3.6."""

from typing import Any

import tensorflow as tf

layers = tf.keras.layers


def lenet() -> Any:
    return tf.keras.Sequential(
        [
            layers.Conv2D(6, 5, padding="same", activation="sigmoid", input_shape=(28, 28, 1)),
            layers.AveragePooling2D(2),
            layers.Conv2D(16, 5, activation="sigmoid"),
            layers.AveragePooling2D(2),
            layers.Permute((3, 1, 2)),
            layers.Flatten(),
            layers.Dense(120, activation="sigmoid"),
            layers.Dense(84, activation="sigmoid"),
            layers.Dense(10),
        ]
    )
