"""What a framework must offer: the protocol of a backend and the records that cross it."""

from hpo.backend.models import (
    ACTIVATIONS,
    MLP,
    Activation,
    Array,
    Convolution,
    Dense,
    Layer,
    LeNet,
    Model,
    Softmax,
    State,
)
from hpo.backend.optimizers import SGD, Adam, AdamW, Optimizer
from hpo.backend.protocol import CANONICAL, PARAMETERS, Arrays, Backend, DType, Member, Run, Scores, Tree

__all__ = [
    "ACTIVATIONS",
    "MLP",
    "SGD",
    "Activation",
    "Adam",
    "AdamW",
    "Array",
    "Arrays",
    "Backend",
    "CANONICAL",
    "Convolution",
    "DType",
    "Dense",
    "Layer",
    "LeNet",
    "Member",
    "Model",
    "Optimizer",
    "PARAMETERS",
    "Run",
    "Scores",
    "Softmax",
    "State",
    "Tree",
]
