"""Checkpoints: what a trial had learned after an epoch, in a file, and back in its objects."""

from hpo.backend import Tree
from hpo.checkpoints.attachments import Attachments
from hpo.checkpoints.files import UNWRITTEN
from hpo.checkpoints.folder import Checkpoint, CheckpointFolder
from hpo.checkpoints.models import draw_name, load_into, model_arrays
from hpo.checkpoints.stateful import Stateful, is_stateful
from hpo.checkpoints.states import capture, restore
from hpo.checkpoints.trees import check_array, check_arrays, is_bits, is_plain, tidy

__all__ = [
    "UNWRITTEN",
    "Attachments",
    "Checkpoint",
    "CheckpointFolder",
    "Stateful",
    "Tree",
    "capture",
    "check_array",
    "check_arrays",
    "draw_name",
    "is_bits",
    "is_plain",
    "is_stateful",
    "load_into",
    "model_arrays",
    "restore",
    "tidy",
]
