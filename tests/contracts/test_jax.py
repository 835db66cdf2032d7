from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax
from flax import nnx

import hpo_jax as d2l
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
    package = "hpo_jax"

    def out_of_memory(self) -> list[BaseException]:
        return [jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 4000000000 bytes.")]

    def compiled(self, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        compiled: Callable[[Any], Any] = jax.jit(function)
        return compiled


class TestCohort(CohortContract):
    package = "hpo_jax"


class TestNetwork(NetworkContract):
    package = "hpo_jax"


class TestBookNetworks(BookNetworkContract):
    package = "hpo_jax"


class TestRegression(RegressionContract):
    package = "hpo_jax"

    def linear(self, num_outputs: int, lr: float) -> d2l.Regression:
        return d2l.Regression(nnx.Linear(3, num_outputs, rngs=nnx.Rngs(0)), lr)


class TestBook(BookContract):
    package = "hpo_jax"


class TestData(DataContract):
    package = "hpo_jax"


def flattened(x: Any) -> Any:
    return x.reshape(len(x), -1)


class TestLastBatches(LastBatchContract):
    package = "hpo_jax"

    def normalizing(self, lr: float) -> d2l.Classification:
        rngs = nnx.Rngs(0)
        layers = [nnx.Linear(36, 8, rngs=rngs), nnx.BatchNorm(8, rngs=rngs), nnx.Linear(8, 10, rngs=rngs)]
        return d2l.Classification(nnx.Sequential(flattened, *layers), lr)


class TestReader(ReaderContract):
    package = "hpo_jax"
    imports = "from flax import nnx"
    own_model = """
        class SoftmaxClassification(d2l.Classification):
            def __init__(self, num_outputs, lr):
                super().__init__()
                self.save_hyperparameters()
                self.net = nnx.Linear(28 * 28, num_outputs, rngs=nnx.Rngs(0))

            def forward(self, x):
                return self.net(x.reshape(len(x), -1))
        """


class TestReaderOfLinen(TestReader):
    imports = "from flax import linen as nn"
    own_model = """
        class SoftmaxClassification(d2l.Classification):
            num_outputs: int
            lr: float

            @nn.compact
            def __call__(self, x):
                x = x.reshape((x.shape[0], -1))
                return nn.Dense(self.num_outputs)(x)
        """


def network() -> nnx.Sequential:
    rngs = nnx.Rngs(params=0, dropout=1)
    return nnx.Sequential(
        flattened,
        nnx.Linear(36, 12, rngs=rngs),
        nnx.BatchNorm(12, rngs=rngs),
        nnx.relu,
        nnx.Dropout(0.5, rngs=rngs),
        nnx.Linear(12, 10, rngs=rngs),
    )


class Own(d2l.Classification):
    def __init__(self) -> None:
        super().__init__(network(), lr=0.01)

    def configure_optimizers(self) -> optax.GradientTransformation:
        return optax.adam(self.lr)


class Loop:
    def __init__(self) -> None:
        self.x = jax.random.uniform(jax.random.key(1), (16, 1, 6, 6))
        self.y = jnp.arange(16) % 10
        self.model = network()
        schedule = optax.exponential_decay(0.01, 2, 0.5)
        self.optimizer = nnx.Optimizer(self.model, optax.adam(schedule), wrt=nnx.Param)

    def things(self) -> dict[str, Any]:
        return {"model": self.model, "optimizer": self.optimizer}

    def step(self) -> None:
        def loss(model: nnx.Module) -> Any:
            scores = model(self.x)
            return optax.softmax_cross_entropy_with_integer_labels(scores, self.y).mean()

        self.optimizer.update(self.model, nnx.grad(loss)(self.model))


class TestCheckpoints(CheckpointContract):
    package = "hpo_jax"

    def own_model(self) -> Any:
        return Own()

    def loop(self) -> Loop:
        return Loop()

    def variable(self, array: Any) -> Any:
        return nnx.Variable(array)
