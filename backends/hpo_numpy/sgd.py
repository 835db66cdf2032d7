"""The optimizer of models that are written in NumPy."""

from __future__ import annotations

import numpy as np

from hpo.backend import Array


class SGD:
    """Stochastic gradient descent in place, on a dict of parameters."""

    def __init__(self, lr: float) -> None:
        self.lr = lr

    def step(self, parameters: dict[str, Array], gradients: dict[str, Array]) -> None:
        """Take one step against the gradients."""
        for name, gradient in gradients.items():
            parameters[name] -= np.asarray(self.lr * gradient, parameters[name].dtype)
