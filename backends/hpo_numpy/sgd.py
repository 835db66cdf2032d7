"""The optimizer of models that are written in NumPy."""

from __future__ import annotations

import numpy as np

from hpo.backend import Array


class SGD:
    """Stochastic gradient descent in place, on a dict of parameters.

    Example:
        >>> import numpy as np
        >>> from hpo_numpy import SGD
        >>> parameters = {"w": np.array([1.0, 2.0])}
        >>> SGD(lr=0.5).step(parameters, {"w": np.array([1.0, -1.0])})
        >>> parameters["w"].tolist()
        [0.5, 2.5]
    """

    def __init__(self, lr: float) -> None:
        self.lr = lr

    def step(self, parameters: dict[str, Array], gradients: dict[str, Array]) -> None:
        """Take one step against the gradients."""
        for name, gradient in gradients.items():
            parameters[name] -= np.asarray(self.lr * gradient, parameters[name].dtype)
