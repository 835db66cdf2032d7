from __future__ import annotations

import torch

from hpo.backend.models import State
from hpo.backend.optimizers import SGD, Adam, Optimizer
from hpo.testing import StockOptimizerContract
from hpo.testing.optimizers import Stock


class TorchOptimizer:
    def __init__(self, rule: Optimizer, parameters: State) -> None:
        self.tensors = {name: torch.tensor(value) for name, value in parameters.items()}
        tensors, decay = list(self.tensors.values()), rule.weight_decay
        if isinstance(rule, SGD):
            self.optimizer: torch.optim.Optimizer = torch.optim.SGD(
                tensors, rule.learning_rate, rule.momentum, weight_decay=decay
            )
        else:
            kind = torch.optim.Adam if isinstance(rule, Adam) else torch.optim.AdamW
            betas = (rule.beta1, rule.beta2)
            self.optimizer = kind(tensors, rule.learning_rate, betas, rule.epsilon, weight_decay=decay)

    def step(self, gradients: State) -> None:
        for name, gradient in gradients.items():
            self.tensors[name].grad = torch.tensor(gradient)
        self.optimizer.step()

    def parameters(self) -> State:
        return {name: tensor.numpy().copy() for name, tensor in self.tensors.items()}


class TestStockOptimizers(StockOptimizerContract):
    package = "hpo_torch"

    def stock(self, rule: Optimizer, parameters: State) -> Stock:
        return TorchOptimizer(rule, parameters)
