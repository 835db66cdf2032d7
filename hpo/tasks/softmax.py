"""The book's job: the learning rate of softmax regression on Fashion-MNIST."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from hpo.backend import SGD, Arrays, Softmax
from hpo.space import Float, Space
from hpo.tasks.base import Task


class SoftmaxTask(Task):
    """Softmax regression by plain SGD: see `hpo.tasks.Task`.

    Attributes:
        space: a learning rate between 1e-4 and 1, log-uniform.

    Example:
        >>> import hpo
        >>> from hpo.datasets import sample
        >>> from hpo.tasks import SoftmaxTask
        >>> task = SoftmaxTask(max_epochs=2, batch_size=256, data=sample())
        >>> study = hpo.search(task, task.space, minimize=task.metric, scheduler="asha", num_trials=4, seed=0)
        >>> round(study.best.config["learning_rate"], 3), round(study.best.value, 1)
        (0.047, 0.3)
    """

    name: ClassVar[str] = "softmax"
    space: ClassVar[Space] = Space({"learning_rate": Float(1e-4, 1, log=True)})
    default_config: ClassVar[Mapping[str, Any]] = {"learning_rate": 0.1}

    def model(self, config: Mapping[str, Any], arrays: Arrays) -> Softmax:
        """Softmax regression."""
        return Softmax(arrays.num_inputs, self.num_classes)

    def optimizer(self, config: Mapping[str, Any]) -> SGD:
        """Plain SGD."""
        return SGD(config["learning_rate"])
