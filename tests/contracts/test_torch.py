from typing import Any

import pytest
import torch
from torch import nn

import hpo_torch as d2l
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
    package = "hpo_torch"

    def out_of_memory(self) -> list[BaseException]:
        with pytest.raises(RuntimeError) as raised:
            torch.empty(2**60)
        return [raised.value, torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")]


class TestCohort(CohortContract):
    package = "hpo_torch"


class TestNetwork(NetworkContract):
    package = "hpo_torch"


class TestBookNetworks(BookNetworkContract):
    package = "hpo_torch"


class TestRegression(RegressionContract):
    package = "hpo_torch"

    def linear(self, num_outputs: int, lr: float) -> d2l.Regression:
        return d2l.Regression(nn.Linear(3, num_outputs), lr)


class TestBook(BookContract):
    package = "hpo_torch"


class TestData(DataContract):
    package = "hpo_torch"


class TestLastBatches(LastBatchContract):
    package = "hpo_torch"

    def normalizing(self, lr: float) -> d2l.Classification:
        net = nn.Sequential(nn.Flatten(), nn.Linear(36, 8), nn.BatchNorm1d(8), nn.Linear(8, 10))
        return d2l.Classification(net, lr)

    def test_a_batch_of_one_example_is_refused_with_the_mend(self) -> None:
        with pytest.raises(
            ValueError, match=r"more than 1 value per channel.*last_batch='merge'.*'drop'.*drop_last=True"
        ) as raised:
            d2l.Trainer(max_epochs=1).fit(self.normalizing(0.1), self.module("keep"))
        assert "last_batch" not in str(raised.value.__cause__)


class TestReader(ReaderContract):
    package = "hpo_torch"
    imports = """
        import torch
        from torch import nn
        """
    own_model = """
        class SoftmaxClassification(d2l.Classification):
            def __init__(self, num_outputs, lr):
                super().__init__()
                self.save_hyperparameters()
                self.net = nn.Sequential(nn.Flatten(), nn.LazyLinear(num_outputs))

            def forward(self, x):
                return self.net(x)
        """
    without_gradients = "torch.no_grad()"


def network() -> nn.Sequential:
    return nn.Sequential(
        nn.Flatten(), nn.LazyLinear(12), nn.BatchNorm1d(12), nn.ReLU(), nn.Dropout(0.5), nn.LazyLinear(10)
    )


class Own(d2l.Classification):
    def __init__(self) -> None:
        super().__init__(network(), lr=0.01)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), lr=self.lr)


class Loop:
    def __init__(self) -> None:
        torch.manual_seed(1)
        self.x, self.y = torch.rand(16, 1, 6, 6), torch.arange(16) % 10
        self.model = network()
        self.model(self.x)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=0.01)
        self.schedule = torch.optim.lr_scheduler.MultiStepLR(self.optimizer, [2, 4], gamma=0.5)

    def things(self) -> dict[str, Any]:
        return {"model": self.model, "optimizer": self.optimizer, "schedule": self.schedule}

    def step(self) -> None:
        self.optimizer.zero_grad()
        loss = nn.functional.cross_entropy(self.model(self.x), self.y)
        loss.backward()  # type: ignore[no-untyped-call]  # torch has not typed it
        self.optimizer.step()
        self.schedule.step()


class TestCheckpoints(CheckpointContract):
    package = "hpo_torch"

    def own_model(self) -> Any:
        return Own()

    def loop(self) -> Loop:
        return Loop()
