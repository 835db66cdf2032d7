from __future__ import annotations

from typing import Any

import numpy as np

from hpo.backend.models import State
from hpo.backend.optimizers import SGD, AdamW, Optimizer
from hpo.testing import StockOptimizerContract
from hpo.testing.optimizers import Stock
from hpo_mxnet.arrays import classic_arrays
from hpo_mxnet.compat import mx


class GluonOptimizer:
    def __init__(self, rule: Optimizer, parameters: State) -> None:
        self.arrays = {name: mx.nd.array(value, dtype=np.float64) for name, value in parameters.items()}
        numbers: dict[str, Any] = {"learning_rate": rule.learning_rate, "wd": rule.weight_decay}
        if isinstance(rule, SGD):
            optimizer = mx.optimizer.SGD(momentum=rule.momentum, **numbers)
        else:
            numbers |= {"beta1": rule.beta1, "beta2": rule.beta2, "epsilon": rule.epsilon}
            optimizer = mx.optimizer.Adam(**numbers)
        self.update = mx.optimizer.get_updater(optimizer)

    def step(self, gradients: State) -> None:
        with classic_arrays():
            for index, (name, array) in enumerate(self.arrays.items()):
                self.update(index, mx.nd.array(gradients[name], dtype=np.float64), array)

    def parameters(self) -> State:
        return {name: array.asnumpy() for name, array in self.arrays.items()}


class ContribAdamW:
    """The operator that MXNet ships without an optimizer around it."""

    def __init__(self, rule: Any, parameters: State) -> None:
        self.rule, self.steps = rule, 0
        self.arrays, self.first, self.second = (
            {name: mx.nd.array(value * keep, dtype=np.float64) for name, value in parameters.items()}
            for keep in (1, 0, 0)
        )

    def step(self, gradients: State) -> None:
        self.steps += 1
        rule, one = self.rule, mx.nd.ones(1)
        parts = [1 - beta**self.steps for beta in (rule.beta1, rule.beta2)]
        with classic_arrays():
            for name, array in self.arrays.items():
                mx.nd.contrib.adamw_update(
                    array,
                    mx.nd.array(gradients[name], dtype=np.float64),
                    self.first[name],
                    self.second[name],
                    one,
                    lr=rule.learning_rate * parts[1] ** 0.5 / parts[0],
                    eta=1.0,
                    wd=rule.learning_rate * rule.weight_decay,
                    beta1=rule.beta1,
                    beta2=rule.beta2,
                    epsilon=rule.epsilon,
                    out=array,
                )

    def parameters(self) -> State:
        return {name: array.asnumpy() for name, array in self.arrays.items()}


class TestStockOptimizers(StockOptimizerContract):
    package = "hpo_mxnet"

    def stock(self, rule: Optimizer, parameters: State) -> Stock:
        return (ContribAdamW if isinstance(rule, AdamW) else GluonOptimizer)(rule, parameters)
