"""The ready objectives by the names that commands and logs use."""

from __future__ import annotations

from hpo.tasks.base import Task
from hpo.tasks.lenet import LeNetTask
from hpo.tasks.mlp import DigitsTask, DropoutMLPTask, MLPTask
from hpo.tasks.softmax import SoftmaxTask

TASKS: dict[str, type[Task]] = {
    task.name: task for task in (SoftmaxTask, MLPTask, LeNetTask, DropoutMLPTask, DigitsTask)
}
"""Each task's class by its name."""
