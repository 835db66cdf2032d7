"""Ready objectives with their spaces, the same on every backend."""

from hpo.tasks.base import LabelledImages, Task
from hpo.tasks.curves import LearningCurves
from hpo.tasks.lenet import LeNetTask
from hpo.tasks.mlp import DigitsTask, DropoutMLPTask, MLPTask
from hpo.tasks.registry import TASKS
from hpo.tasks.softmax import SoftmaxTask

__all__ = [
    "DigitsTask",
    "DropoutMLPTask",
    "LabelledImages",
    "LeNetTask",
    "LearningCurves",
    "MLPTask",
    "SoftmaxTask",
    "TASKS",
    "Task",
]
