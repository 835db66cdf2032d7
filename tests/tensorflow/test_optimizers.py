from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from hpo.backend.models import State
from hpo.backend.optimizers import SGD, Adam, AdamW, Optimizer
from hpo.testing import StockOptimizerContract
from hpo.testing.optimizers import Stock


class KerasOptimizer:
    """Keras' own rules; its decay is decoupled in all of them, so a coupled one is added to the gradient."""

    def __init__(self, rule: Optimizer, parameters: State) -> None:
        self.variables = {name: keras.Variable(value, dtype="float64") for name, value in parameters.items()}
        self.coupled = 0.0 if isinstance(rule, AdamW) else rule.weight_decay
        if isinstance(rule, SGD):
            self.optimizer: Any = keras.optimizers.SGD(rule.learning_rate, rule.momentum)
            return
        numbers = (rule.learning_rate, rule.beta1, rule.beta2, rule.epsilon)
        if isinstance(rule, Adam):
            self.optimizer = keras.optimizers.Adam(*numbers)
        else:
            rate, *others = numbers
            self.optimizer = keras.optimizers.AdamW(rate, rule.weight_decay, *others)

    def step(self, gradients: State) -> None:
        coupled = [
            tf.constant(gradients[name]) + self.coupled * variable
            for name, variable in self.variables.items()
        ]
        self.optimizer.apply(coupled, list(self.variables.values()))

    def parameters(self) -> State:
        return {name: variable.numpy().copy() for name, variable in self.variables.items()}


class TestStockOptimizers(StockOptimizerContract):
    package = "hpo_tensorflow"

    def stock(self, rule: Optimizer, parameters: State) -> Stock:
        return KerasOptimizer(rule, parameters)
