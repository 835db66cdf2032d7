from typing import Any

import numpy as np

import hpo_mxnet as d2l
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
from hpo_mxnet.arrays import numpy_arrays
from hpo_mxnet.compat import mx


class TestBackend(BackendContract):
    package = "hpo_mxnet"

    def out_of_memory(self) -> list[BaseException]:
        return [mx.base.MXNetError("cudaMalloc retry failed: out of memory")]


class TestCohort(CohortContract):
    package = "hpo_mxnet"


class TestNetwork(NetworkContract):
    package = "hpo_mxnet"


class TestBookNetworks(BookNetworkContract):
    package = "hpo_mxnet"


class TestRegression(RegressionContract):
    package = "hpo_mxnet"

    def linear(self, num_outputs: int, lr: float) -> d2l.Regression:
        return d2l.Regression(mx.gluon.nn.Dense(num_outputs), lr)


class TestBook(BookContract):
    package = "hpo_mxnet"


class TestData(DataContract):
    package = "hpo_mxnet"


class TestLastBatches(LastBatchContract):
    package = "hpo_mxnet"

    def normalizing(self, lr: float) -> d2l.Classification:
        nn = mx.gluon.nn
        net = nn.Sequential()
        net.add(nn.Flatten(), nn.Dense(8), nn.BatchNorm(), nn.Dense(10))
        return d2l.Classification(net, lr)


class TestReader(ReaderContract):
    package = "hpo_mxnet"
    imports = """
        from mxnet import autograd
        from mxnet.gluon import nn
        """
    own_model = """
        class SoftmaxClassification(d2l.Classification):
            def __init__(self, num_outputs, lr):
                super().__init__()
                self.save_hyperparameters()
                self.net = nn.Sequential()
                self.net.add(nn.Flatten(), nn.Dense(num_outputs))
                self.net.initialize()

            def forward(self, x):
                return self.net(x)
        """
    without_gradients = "autograd.pause()"


class TestReaderWithNumPySemantics(TestReader):
    imports = """
        from mxnet import autograd, npx
        from mxnet.gluon import nn
        npx.set_np()
        """


def network() -> Any:
    nn = mx.gluon.nn
    net = nn.HybridSequential()
    # Ten layers and more, so that Gluon's order by name is not the order of the layers.
    net.add(nn.Flatten(), nn.Dense(12), nn.BatchNorm(), nn.Activation("relu"), nn.Dropout(0.5))
    for _ in range(10):
        net.add(nn.Dense(10))
    return net


class Own(d2l.Classification):
    def __init__(self) -> None:
        super().__init__(network(), lr=0.01)

    def configure_optimizers(self) -> Any:
        return mx.gluon.Trainer(self.collect_params(), "adam", {"learning_rate": self.lr})


class Loop:
    def __init__(self) -> None:
        mx.random.seed(1)
        np.random.seed(1)
        self.x = mx.nd.array(np.random.random((16, 1, 6, 6)))
        self.y = mx.nd.array(np.arange(16) % 10)
        self.model = network()
        self.model.initialize()
        schedule = mx.lr_scheduler.FactorScheduler(step=2, factor=0.5, base_lr=0.05)
        settings = {"momentum": 0.9, "lr_scheduler": schedule}
        self.optimizer = mx.gluon.Trainer(self.model.collect_params(), "sgd", settings)

    def things(self) -> dict[str, Any]:
        return {"model": self.model, "optimizer": self.optimizer}

    def step(self) -> None:
        with mx.autograd.record():
            loss = mx.gluon.loss.SoftmaxCrossEntropyLoss()(self.model(self.x), self.y)
        loss.backward()
        self.optimizer.step(16)


class TestCheckpoints(CheckpointContract):
    package = "hpo_mxnet"

    def own_model(self) -> Any:
        return Own()

    def loop(self) -> Loop:
        return Loop()


class OwnWithNumPySemantics(Own):
    def __init__(self) -> None:
        with numpy_arrays():
            super().__init__()
            self.initialize()


class TestCheckpointsWithNumPySemantics(TestCheckpoints):
    def own_model(self) -> Any:
        return OwnWithNumPySemantics()
