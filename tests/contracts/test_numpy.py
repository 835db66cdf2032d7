from typing import Any

import numpy as np
import pytest

import hpo_numpy as d2l
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
    package = "hpo_numpy"

    def out_of_memory(self) -> list[BaseException]:
        with pytest.raises(MemoryError) as raised:
            np.empty(2**60, np.uint8)
        return [raised.value]


class TestCohort(CohortContract):
    package = "hpo_numpy"


class TestNetwork(NetworkContract):
    package = "hpo_numpy"


class TestBookNetworks(BookNetworkContract):
    package = "hpo_numpy"


class Linear(d2l.Regression):
    def __init__(self, num_outputs: int, lr: float) -> None:
        super().__init__()
        self.lr = lr
        self.parameters = {
            "weight": np.zeros((3, num_outputs), "float32"),
            "bias": np.zeros(num_outputs, "float32"),
        }

    def forward(self, x: Any) -> Any:
        return x @ self.parameters["weight"] + self.parameters["bias"]


class TestRegression(RegressionContract):
    package = "hpo_numpy"

    def linear(self, num_outputs: int, lr: float) -> d2l.Regression:
        return Linear(num_outputs, lr)


class TestBook(BookContract):
    package = "hpo_numpy"


class TestData(DataContract):
    package = "hpo_numpy"


class Normalizing(d2l.Classification):
    def __init__(self, lr: float) -> None:
        super().__init__()
        self.lr = lr
        self.parameters = {
            "first": np.linspace(-1, 1, 36 * 8, dtype="float32").reshape(36, 8) ** 3,
            "second": np.zeros((8, 10), "float32"),
        }

    def forward(self, x: Any) -> Any:
        hidden = x.reshape(len(x), -1) @ self.parameters["first"]
        centred = hidden - hidden.mean(axis=0)
        return centred / ((centred**2).mean(axis=0) + 1e-5) ** 0.5 @ self.parameters["second"]


class TestLastBatches(LastBatchContract):
    package = "hpo_numpy"

    def normalizing(self, lr: float) -> d2l.Classification:
        return Normalizing(lr)


class TestReader(ReaderContract):
    package = "hpo_numpy"
    own_model = """
        class SoftmaxClassification(d2l.Classification):
            def __init__(self, num_outputs, lr):
                super().__init__()
                self.save_hyperparameters()
                self.parameters = {
                    "weight": np.zeros((784, num_outputs), "float32"),
                    "bias": np.zeros(num_outputs, "float32"),
                }

            def forward(self, x):
                return x.reshape(len(x), -1) @ self.parameters["weight"] + self.parameters["bias"]
        """


class Momentum(d2l.SGD):
    """With a state of its own."""

    def __init__(self, lr: float) -> None:
        super().__init__(lr)
        self.velocities: dict[str, Any] = {}

    def step(self, parameters: dict[str, Any], gradients: dict[str, Any]) -> None:
        for name, gradient in gradients.items():
            self.velocities[name] = 0.9 * self.velocities.get(name, 0) + gradient
        super().step(parameters, self.velocities)


class Own(d2l.Classification):
    """With dropout from a generator, and a running mean."""

    def __init__(self) -> None:
        super().__init__()
        self.lr = 0.01
        self.generator = np.random.default_rng(5)
        self.mean = np.zeros(36)
        weight = 0.1 * np.random.default_rng(6).random((36, 10))
        self.parameters = {"weight": weight, "bias": np.zeros(10)}
        self.training = False

    def train(self) -> None:
        self.training = True

    def eval(self) -> None:
        self.training = False

    def training_step(self, batch: Any) -> Any:
        x, y = batch
        flat = x.reshape(len(x), -1)
        self.mean = 0.9 * self.mean + 0.1 * flat.mean(axis=0)
        kept = self.generator.random(flat.shape) < 0.5
        return self.loss(self(flat * kept), y)

    def forward(self, x: Any) -> Any:
        flat = x.reshape(len(x), -1) - self.mean
        return flat @ self.parameters["weight"] + self.parameters["bias"]

    def configure_optimizers(self) -> d2l.SGD:
        return Momentum(self.lr)


class Loop:
    def __init__(self) -> None:
        self.model = Own()
        self.optimizer = Momentum(0.1)
        self.count = np.zeros(2, int)

    def things(self) -> dict[str, Any]:
        return {"model": self.model, "optimizer": self.optimizer, "count": self.count}

    def step(self) -> None:
        noise = {name: self.model.generator.normal(size=p.shape) for name, p in self.model.parameters.items()}
        self.optimizer.step(self.model.parameters, noise)
        self.count += 1


class TestCheckpoints(CheckpointContract):
    package = "hpo_numpy"

    def own_model(self) -> Any:
        return Own()

    def loop(self) -> Loop:
        return Loop()
