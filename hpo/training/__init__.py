"""The framework-free halves of the classes that a backend's package offers to users.

Each backend derives its `Module`, `DataModule` and `Trainer` from these, and adds only what its framework
has to do.
"""

from hpo.training.batches import ArrayBatches, LastBatch, OrderedBatches, batch_sizes
from hpo.training.data import DataModule, FashionMNIST, check_arrays, split
from hpo.training.devices import Devices
from hpo.training.fit import PlainRun, TrainerFit
from hpo.training.hyperparameters import HyperParameters, add_to_class
from hpo.training.module import TRAINING_METHODS, Classification, Fitted, Module, Originals, Regression
from hpo.training.module_run import FastPath, ModuleRun
from hpo.training.network_run import NetworkRun
from hpo.training.networks import (
    BookLeNet,
    BookMLP,
    Network,
    SoftmaxClassification,
    image_shape_of,
    xavier_state,
)
from hpo.training.objective import softmax_objective
from hpo.training.scalar import Scalar, numpy
from hpo.training.trainer import HPOTrainer, Trainer, train

__all__ = [
    "TRAINING_METHODS",
    "ArrayBatches",
    "Classification",
    "DataModule",
    "Devices",
    "FashionMNIST",
    "FastPath",
    "Fitted",
    "TrainerFit",
    "HPOTrainer",
    "HyperParameters",
    "LastBatch",
    "BookLeNet",
    "BookMLP",
    "Module",
    "ModuleRun",
    "Network",
    "NetworkRun",
    "OrderedBatches",
    "Originals",
    "PlainRun",
    "Regression",
    "Scalar",
    "SoftmaxClassification",
    "Trainer",
    "add_to_class",
    "batch_sizes",
    "check_arrays",
    "image_shape_of",
    "numpy",
    "softmax_objective",
    "split",
    "train",
    "xavier_state",
]
