"""LeNet on Fashion-MNIST."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from hpo.backend import SGD, Arrays, LeNet
from hpo.space import Choice, Float, Space
from hpo.tasks import ranges
from hpo.tasks.base import Task


class LeNetTask(Task):
    """LeNet by SGD with momentum: see `hpo.tasks.Task`.

    Attributes:
        space: learning rate, batch size, momentum and activation. The rate goes beyond the typical range:
            sigmoids let so little of the gradient through that the book trains at 0.9.

    Example:
        >>> from dataclasses import replace
        >>> import hpo
        >>> from hpo.datasets import sample
        >>> from hpo.tasks import LeNetTask
        >>> full = sample()
        >>> few = replace(full, train_images=full.train_images[:64], train_labels=full.train_labels[:64])
        >>> few = replace(few, test_images=full.test_images[:32], test_labels=full.test_labels[:32])
        >>> task = LeNetTask(max_epochs=1, data=few)
        >>> first = [task.default_config]
        >>> study = hpo.search(
        ...     task, task.space, minimize=task.metric, points_to_evaluate=first, num_trials=3, seed=0
        ... )
        >>> study.trials[0].config
        {'learning_rate': 0.05, 'batch_size': 64, 'momentum': 0.9, 'activation': 'tanh'}
    """

    name: ClassVar[str] = "lenet"
    space: ClassVar[Space] = Space(
        {
            "learning_rate": Float(1e-4, 1, log=True),
            "batch_size": ranges.BATCH_SIZE,
            "momentum": ranges.MOMENTUM,
            "activation": Choice(["sigmoid", "tanh", "relu"]),
        }
    )
    default_config: ClassVar[Mapping[str, Any]] = {
        "learning_rate": 0.05,
        "batch_size": 64,
        "momentum": 0.9,
        "activation": "tanh",
    }

    def model(self, config: Mapping[str, Any], arrays: Arrays) -> LeNet:
        """LeNet for the shape of the images."""
        shape = arrays.train_x.shape[1:]
        channels, height, width = (1, *shape) if len(shape) == 2 else shape
        return LeNet((channels, height, width), self.num_classes, config["activation"])

    def optimizer(self, config: Mapping[str, Any]) -> SGD:
        """SGD with momentum."""
        return SGD(config["learning_rate"], momentum=config["momentum"])
