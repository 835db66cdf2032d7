from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

import hpo_tensorflow as d2l
from hpo.testing import (
    BackendContract,
    BookContract,
    BookNetworkContract,
    CheckpointContract,
    CohortContract,
    DataContract,
    LastBatchContract,
    NetworkContract,
    ReaderContract,
    RegressionContract,
)


class TestBackend(BackendContract):
    package = "hpo_tensorflow"

    def out_of_memory(self) -> list[BaseException]:
        text = "OOM when allocating tensor with shape[1024,1024]"
        return [tf.errors.ResourceExhaustedError(None, None, text)]

    def compiled(self, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        compiled: Callable[[Any], Any] = tf.function(function)
        return compiled


class TestCohort(CohortContract):
    package = "hpo_tensorflow"


class TestNetwork(NetworkContract):
    package = "hpo_tensorflow"


class TestBookNetworks(BookNetworkContract):
    package = "hpo_tensorflow"


class TestRegression(RegressionContract):
    package = "hpo_tensorflow"

    def linear(self, num_outputs: int, lr: float) -> d2l.Regression:
        return d2l.Regression(keras.layers.Dense(num_outputs), lr)


class TestBook(BookContract):
    package = "hpo_tensorflow"


class TestData(DataContract):
    package = "hpo_tensorflow"


class TestLastBatches(LastBatchContract):
    package = "hpo_tensorflow"

    def normalizing(self, lr: float) -> d2l.Classification:
        layers = [keras.layers.Flatten(), keras.layers.Dense(8), keras.layers.BatchNormalization()]
        return d2l.Classification(keras.Sequential([*layers, keras.layers.Dense(10)]), lr)


class TestReader(ReaderContract):
    package = "hpo_tensorflow"
    imports = "import tensorflow as tf"
    own_model = """
        class SoftmaxClassification(d2l.Classification):
            def __init__(self, num_outputs, lr):
                super().__init__()
                self.save_hyperparameters()
                self.net = tf.keras.Sequential()
                self.net.add(tf.keras.layers.Flatten())
                self.net.add(tf.keras.layers.Dense(num_outputs))

            def forward(self, x):
                return self.net(x)
        """


def network() -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Flatten(),
            layers.Dense(12),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Dropout(0.5),
            layers.Dense(10),
        ]
    )


class Own(d2l.Classification):
    def __init__(self) -> None:
        super().__init__(network(), lr=0.01)

    def configure_optimizers(self) -> Any:
        return keras.optimizers.Adam(self.lr)


class Loop:
    def __init__(self) -> None:
        keras.utils.set_random_seed(1)
        self.x, self.y = np.random.random((16, 1, 6, 6)).astype("float32"), np.arange(16) % 10
        self.model = network()
        self.optimizer = keras.optimizers.Adam(keras.optimizers.schedules.ExponentialDecay(0.01, 2, 0.5))

    def things(self) -> dict[str, Any]:
        return {"model": self.model, "optimizer": self.optimizer}

    def step(self) -> None:
        with tf.GradientTape() as tape:
            scores = self.model(self.x, training=True)
            loss = keras.losses.sparse_categorical_crossentropy(self.y, scores, from_logits=True)
            loss = tf.reduce_mean(loss)
        variables = self.model.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)


class TestCheckpoints(CheckpointContract):
    package = "hpo_tensorflow"

    def own_model(self) -> Any:
        return Own()

    def loop(self) -> Loop:
        return Loop()

    def variable(self, array: Any) -> Any:
        return tf.Variable(array)
