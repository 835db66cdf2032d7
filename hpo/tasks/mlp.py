"""Multilayer perceptrons on Fashion-MNIST: of any depth, and with dropout as the book has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from hpo.backend import MLP, SGD, Arrays
from hpo.space import Float, Int, Space
from hpo.tasks import ranges
from hpo.tasks.base import Task


class MLPTask(Task):
    """A multilayer perceptron by SGD with momentum: see `hpo.tasks.Task`.

    Attributes:
        space: learning rate, batch size, momentum, activation, the number of hidden layers, and the width
            of each that there is.

    Example:
        >>> import hpo
        >>> from hpo.datasets import sample
        >>> from hpo.tasks import MLPTask
        >>> task = MLPTask(max_epochs=1, data=sample())
        >>> for config in task.space.sample(seed=0, n=2):
        ...     print(config["num_layers"], [name for name in config if name.startswith("units")])
        5 ['units_0', 'units_1', 'units_2', 'units_3', 'units_4']
        3 ['units_0', 'units_1', 'units_2']

        A search that keeps to the default config, except for the width of its layer:

        >>> space = {**task.default_config, "batch_size": 256, "units_0": hpo.Int(8, 32)}
        >>> study = hpo.search(task, space, minimize=task.metric, num_trials=2, seed=0)
        >>> study.best.config["units_0"], round(study.best.value, 1)
        (21, 0.3)
    """

    name: ClassVar[str] = "mlp"
    space: ClassVar[Space] = Space(
        {
            "learning_rate": ranges.LEARNING_RATE,
            "batch_size": ranges.BATCH_SIZE,
            "momentum": ranges.MOMENTUM,
            "activation": ranges.ACTIVATION,
            "num_layers": ranges.NUM_LAYERS,
            **ranges.widths(),
        }
    )
    default_config: ClassVar[Mapping[str, Any]] = {
        "learning_rate": 0.05,
        "batch_size": 64,
        "momentum": 0.9,
        "activation": "relu",
        "num_layers": 1,
        "units_0": 256,
    }

    def model(self, config: Mapping[str, Any], arrays: Arrays) -> MLP:
        """The perceptron with the config's layers."""
        hidden = tuple(config[f"units_{layer}"] for layer in range(config["num_layers"]))
        return MLP(arrays.num_inputs, self.num_classes, hidden, config["activation"])

    def optimizer(self, config: Mapping[str, Any]) -> SGD:
        """SGD with momentum."""
        return SGD(config["learning_rate"], momentum=config["momentum"])


class DropoutMLPTask(Task):
    """A perceptron with two hidden layers and dropout behind each, by SGD: see `hpo.tasks.Task`.

    Attributes:
        space: learning rate, batch size, two widths and two rates of dropout.

    Example:
        >>> import hpo
        >>> from hpo.datasets import sample
        >>> from hpo.tasks import DropoutMLPTask
        >>> task = DropoutMLPTask(max_epochs=1, data=sample(), validation="holdout")
        >>> space = {**task.default_config, "batch_size": 128, "units_0": 32, "units_1": 32}
        >>> space.update(dropout_0=hpo.Float(0, 0.5), dropout_1=0.0)
        >>> study = hpo.search(task, space, minimize=task.metric, num_trials=2, seed=0)
        >>> round(study.best.value, 1), round(hpo.final_test(study), 1)
        (0.5, 0.5)
    """

    name: ClassVar[str] = "dropout_mlp"
    space: ClassVar[Space] = Space(
        {
            "learning_rate": ranges.LEARNING_RATE,
            "batch_size": ranges.BATCH_SIZE,
            "units_0": ranges.UNITS,
            "units_1": ranges.UNITS,
            "dropout_0": Float(0, 0.95),
            "dropout_1": Float(0, 0.95),
        }
    )
    default_config: ClassVar[Mapping[str, Any]] = {
        "learning_rate": 0.1,
        "batch_size": 64,
        "units_0": 256,
        "units_1": 256,
        "dropout_0": 0.5,
        "dropout_1": 0.5,
    }

    def model(self, config: Mapping[str, Any], arrays: Arrays) -> MLP:
        """The perceptron with relu and dropout."""
        hidden = (config["units_0"], config["units_1"])
        dropout = (config["dropout_0"], config["dropout_1"])
        return MLP(arrays.num_inputs, self.num_classes, hidden, dropout=dropout)

    def optimizer(self, config: Mapping[str, Any]) -> SGD:
        """Plain SGD."""
        return SGD(config["learning_rate"])


class DigitsTask(MLPTask):
    """`MLPTask` on scikit-learn's handwritten digits, which are small and come without a download.

    Args:
        options: the arguments of `hpo.tasks.Task`, without `data`.

    Attributes:
        space: that of `MLPTask` with fewer layers and units, for images of 8 by 8.

    Raises:
        DataNotFoundError: scikit-learn is not installed.

    Example:
        >>> import hpo
        >>> from hpo.tasks import DigitsTask
        >>> task = DigitsTask(max_epochs=3)
        >>> first = [task.default_config]
        >>> study = hpo.search(
        ...     task, task.space, minimize=task.metric, points_to_evaluate=first, num_trials=2, seed=0
        ... )
        >>> study.best.id, round(study.best.value, 1)
        (0, 0.1)
    """

    name: ClassVar[str] = "digits"
    dataset: ClassVar[str] = "digits"
    space: ClassVar[Space] = Space(
        {
            "learning_rate": Float(1e-3, 1, log=True),
            "batch_size": ranges.BATCH_SIZE,
            "momentum": ranges.MOMENTUM,
            "activation": ranges.ACTIVATION,
            "num_layers": Int(1, 2),
            **ranges.widths(2, units=Int(8, 128, log=True)),
        }
    )
    default_config: ClassVar[Mapping[str, Any]] = {**MLPTask.default_config, "units_0": 32}

    def __init__(self, **options: Any) -> None:
        from hpo.datasets.digits import digits

        super().__init__(data=digits(), **options)
