"""The library's own optimizers, as records; each backend computes their update rules itself.

All of them follow the gradient of the mean loss of a mini-batch. With g the gradient of a parameter w,
biases included, and `weight_decay` as d:

- `SGD`: g += d w; v = momentum v + g; w -= learning_rate v, from v = 0.
- `Adam`: g += d w; m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2;
  w -= learning_rate (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon), t counting steps from 1.
- `AdamW`: w -= learning_rate d w, then as `Adam` without d.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias


@dataclass(frozen=True)
class SGD:
    """Mini-batch stochastic gradient descent, with momentum (Polyak 1964) and coupled weight decay.

    Attributes:
        learning_rate: the step size, a finite number of at least 0.
        momentum: the share of the last step that is kept, in [0, 1).
        weight_decay: this times the parameter is added to its gradient; at least 0.

    Raises:
        ValueError: a number out of its range.

    Example:
        >>> from hpo.backend import SGD
        >>> SGD(0.1, momentum=0.9).slots  # what a checkpoint has to keep for each parameter
        ('momentum',)
        >>> SGD(0.1, momentum=1)
        Traceback (most recent call last):
            ...
        ValueError: momentum of SGD must lie in [0, 1); received 1.
    """

    learning_rate: float
    momentum: float = 0.0
    weight_decay: float = 0.0

    # The step counters that a state holds, see `hpo.backend.protocol`.
    counts: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        _check(self, at_least_0=("learning_rate", "weight_decay"), below_1=("momentum",))

    @property
    def slots(self) -> tuple[str, ...]:
        """What it keeps for each parameter, by the prefix that it has in a state."""
        # Without momentum the velocity is the gradient, and there is nothing to keep.
        return ("momentum",) if self.momentum else ()


@dataclass(frozen=True)
class Adam:
    """Adam (Kingma and Ba 2015, algorithm 1), with coupled weight decay.

    Attributes:
        learning_rate: the step size, a finite number of at least 0.
        beta1: decay of the first moment, in [0, 1).
        beta2: decay of the second moment, in [0, 1).
        epsilon: added to the root of the corrected second moment; at least 0.
        weight_decay: this times the parameter is added to its gradient; at least 0.

    Raises:
        ValueError: a number out of its range.

    Example:
        >>> import hpo
        >>> from hpo.backend import Adam
        >>> from hpo.datasets import sample
        >>> from hpo.tasks import SoftmaxTask
        >>> class ByAdam(SoftmaxTask):
        ...     def optimizer(self, config):
        ...         return Adam(config["learning_rate"])
        >>> task = ByAdam(max_epochs=1, batch_size=256, data=sample())
        >>> study = hpo.search(task, {"learning_rate": 1e-3}, minimize="val_error", num_trials=1, seed=0)
        >>> round(study.best.value, 1)
        0.3
    """

    learning_rate: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    weight_decay: float = 0.0

    counts: ClassVar[tuple[str, ...]] = ("adam.steps",)
    slots: ClassVar[tuple[str, ...]] = ("adam.first", "adam.second")
    decoupled: ClassVar[bool] = False

    def __post_init__(self) -> None:
        _check(self, at_least_0=("learning_rate", "epsilon", "weight_decay"), below_1=("beta1", "beta2"))


@dataclass(frozen=True)
class AdamW:
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2, schedule 1).

    The decay is multiplied by the learning rate, as frameworks have it.

    Attributes:
        learning_rate: the step size, a finite number of at least 0.
        beta1: decay of the first moment, in [0, 1).
        beta2: decay of the second moment, in [0, 1).
        epsilon: added to the root of the corrected second moment; at least 0.
        weight_decay: this times the learning rate is the share of a parameter that a step takes away.

    Raises:
        ValueError: a number out of its range.

    Example:
        An input of zeros gives the weights no gradient, so that only the decay moves them:

        >>> import numpy as np
        >>> from hpo.backend import AdamW, Arrays, Member, Softmax, registry
        >>> zeros, labels = np.zeros((1, 3)), np.array([0])
        >>> model, rule = Softmax(3, 2), AdamW(0.1, weight_decay=0.5)
        >>> member = Member(model, rule, model.initial_state(seed=0))
        >>> data = Arrays(zeros, labels, zeros, labels, batch_size=1)
        >>> run = registry.get("numpy").prepare([member], data, dtype="float64", device="cpu")
        >>> scores = run.epoch(np.array([0]))
        >>> [state] = run.state()
        >>> (state["layers.0.weight"] / member.state["layers.0.weight"]).round(6).tolist()
        [[0.95, 0.95], [0.95, 0.95], [0.95, 0.95]]
    """

    learning_rate: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    weight_decay: float = 0.01

    counts: ClassVar[tuple[str, ...]] = ("adam.steps",)
    slots: ClassVar[tuple[str, ...]] = ("adam.first", "adam.second")
    decoupled: ClassVar[bool] = True

    def __post_init__(self) -> None:
        _check(self, at_least_0=("learning_rate", "epsilon", "weight_decay"), below_1=("beta1", "beta2"))


Optimizer: TypeAlias = SGD | Adam | AdamW


def _check(record: Any, *, at_least_0: tuple[str, ...], below_1: tuple[str, ...]) -> None:
    for name in (*at_least_0, *below_1):
        value = getattr(record, name)
        if not math.isfinite(value) or value < 0 or (name in below_1 and value >= 1):
            expected = "lie in [0, 1)" if name in below_1 else "be a finite number of at least 0"
            raise ValueError(f"{name} of {type(record).__name__} must {expected}; received {value!r}.")
