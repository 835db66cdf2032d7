"""Ready objectives with their spaces, the same on every backend."""

from hpo.tasks.base import LabelledImages, Task
from hpo.tasks.lenet import LeNetTask
from hpo.tasks.mlp import DigitsTask, DropoutMLPTask, MLPTask
from hpo.tasks.registry import TASKS
from hpo.tasks.softmax import SoftmaxTask

__all__ = [
    "DigitsTask",
    "DropoutMLPTask",
    "LabelledImages",
    "LeNetTask",
    "MLPTask",
    "SoftmaxTask",
    "TASKS",
    "Task",
]
