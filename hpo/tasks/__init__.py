"""Ready objectives with their spaces, the same on every backend."""

from hpo.tasks.softmax import SoftmaxTask

__all__ = ["SoftmaxTask"]
