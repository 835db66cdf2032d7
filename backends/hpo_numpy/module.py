"""The book's models, and any other that is written in NumPy.

autograd is imported where a model trains by its own steps: the fast path does without it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from hpo import training
from hpo.backend import Array
from hpo_numpy.backend import BACKEND
from hpo_numpy.sgd import SGD


class Module(training.Module):
    """A model written in NumPy.

    A subclass fills the dict `parameters` and defines `forward`, `loss` and `configure_optimizers`.
    Gradients come from the package autograd, so what `forward` and `loss` do to the parameters is
    spelled with operators and with `autograd.numpy` in place of `numpy`.

    A checkpoint keeps the parameters, and of the model's and its optimizer's other attributes those that are
    arrays, numbers, NumPy's generators, or lists and dicts of them: running means, momenta, the generator
    that dropout draws from.

    Example:
        A line by a loss of its own, to which outliers matter less than to the squared error:

        >>> import autograd.numpy as np
        >>> import hpo_numpy as d2l
        >>> class Line(d2l.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.parameters = {"slope": np.zeros(1), "offset": np.zeros(1)}
        ...
        ...     def forward(self, x):
        ...         return self.parameters["slope"] * x + self.parameters["offset"]
        ...
        ...     def loss(self, y_hat, y):
        ...         return np.mean(np.log(np.cosh(y_hat[:, 0] - y)))
        ...
        ...     def configure_optimizers(self):
        ...         return d2l.SGD(0.2)
        >>> x = np.linspace(-1, 1, 8).reshape(-1, 1)
        >>> data = d2l.DataModule.from_arrays(x, 3 * x[:, 0] + 1, validation=0.25, batch_size=2)
        >>> line = Line()
        >>> d2l.Trainer(max_epochs=50).fit(line, data)
        >>> {name: round(float(value[0]), 2) for name, value in line.parameters.items()}
        {'slope': 3.0, 'offset': 1.0}
    """

    backend = BACKEND

    def __init__(self) -> None:
        self.parameters: dict[str, Array] = {}

    def __call__(self, *inputs: Any) -> Any:
        """Compute the outputs of a batch."""
        return self.catch(self.forward(*inputs))

    def forward(self, x: Any) -> Any:
        """The outputs of a batch: (examples, outputs)."""
        # As a module of any framework: only one that is called needs it.
        raise NotImplementedError(f"{type(self).__name__} defines no forward(x).")

    def prepare(self, example_shape: tuple[int, ...]) -> None:
        """Make the parameters that depend on the shape of one example; called before training."""

    def train(self) -> None:
        """Does nothing: it is here for code that sets a mode."""

    def eval(self) -> None:
        """Does nothing: it is here for code that sets a mode."""


class Fitted(Module):
    """What models that are trained at one learning rate have in common."""

    lr: float

    def configure_optimizers(self) -> SGD:
        """Plain SGD with the rate `lr`."""
        return SGD(self.lr)


class Classification(training.Classification, Fitted):
    """A model that scores classes, trained on the mean cross-entropy by SGD with the rate `lr`.

    Example:
        >>> import autograd.numpy as np
        >>> import hpo_numpy as d2l
        >>> class Perceptron(d2l.Classification):
        ...     def __init__(self, units, lr):
        ...         super().__init__()
        ...         self.lr = lr
        ...         draw = np.random.default_rng(0).uniform
        ...         self.parameters = {"w": draw(-1, 1, (784, units)) / 28, "v": draw(-1, 1, (units, 10)) / 4}
        ...
        ...     def forward(self, x):
        ...         hidden = np.tanh(x.reshape(len(x), -1) @ self.parameters["w"])
        ...         return hidden @ self.parameters["v"]
        >>> trainer = d2l.Trainer(max_epochs=1)
        >>> model = Perceptron(16, lr=0.5)
        >>> trainer.fit(model, d2l.FashionMNIST(batch_size=256, folder="sample"))
        >>> round(trainer.validate(model, "accuracy"), 1)
        0.6
    """

    def loss(self, y_hat: Any, y: Any) -> Any:
        """The mean cross-entropy of a batch, in nats."""
        import autograd.numpy as anp

        # The largest score becomes 0, so that no exponential overflows.
        shifted = y_hat - anp.max(y_hat, axis=1, keepdims=True)
        picked = shifted[np.arange(len(y)), y]
        return anp.mean(anp.log(anp.sum(anp.exp(shifted), axis=1)) - picked)


class Regression(training.Regression, Fitted):
    """A model that predicts numbers, trained on the mean squared error by SGD with the rate `lr`.

    Example:
        >>> import numpy as np
        >>> import hpo_numpy as d2l
        >>> class Plane(d2l.Regression):
        ...     def __init__(self, lr):
        ...         super().__init__()
        ...         self.lr = lr
        ...         self.parameters = {"w": np.zeros((2, 1))}
        ...
        ...     def forward(self, x):
        ...         return x @ self.parameters["w"]
        >>> x = np.random.default_rng(0).uniform(-1, 1, (100, 2))
        >>> data = d2l.DataModule.from_arrays(x, x @ np.array([2.0, -3.0]), validation=0.2)
        >>> trainer = d2l.Trainer(max_epochs=20)
        >>> plane = Plane(lr=0.1)
        >>> trainer.fit(plane, data)
        >>> plane.parameters["w"].round(1).tolist()
        [[2.0], [-3.0]]
        >>> round(trainer.validate(plane, "r2"), 2)
        1.0
    """

    def loss(self, y_hat: Any, y: Any) -> Any:
        """The mean squared error of a batch."""
        import autograd.numpy as anp

        return anp.mean((y_hat.reshape(y.shape) - y) ** 2)
