"""Hyperparameter optimization in MXNet: the backend, and the book's names (`import hpo_mxnet as d2l`).

MXNet has two kinds of arrays, `mx.nd` and, where `npx.set_np()` or a scope turned NumPy semantics on,
`mx.np`. Importing this package changes neither; see `hpo_mxnet.Trainer` for which one a model gets.
"""

from hpo.book import BasicScheduler, HPOScheduler, HPOSearcher, HPOTuner, RandomSearcher
from hpo.training import HyperParameters, add_to_class, numpy
from hpo_mxnet.backend import BACKEND, cpu, gpu, num_gpus, try_all_gpus, try_gpu
from hpo_mxnet.models import MLP, LeNet, SoftmaxClassification, SoftmaxRegression, init_cnn
from hpo_mxnet.module import Classification, Module, Regression
from hpo_mxnet.trainer import (
    DataModule,
    FashionMNIST,
    HPOTrainer,
    Trainer,
    hpo_objective_softmax_classification,
)

__all__ = [
    "BACKEND",
    "BasicScheduler",
    "Classification",
    "DataModule",
    "FashionMNIST",
    "HPOScheduler",
    "HPOSearcher",
    "HPOTrainer",
    "HPOTuner",
    "HyperParameters",
    "LeNet",
    "MLP",
    "Module",
    "RandomSearcher",
    "Regression",
    "SoftmaxClassification",
    "SoftmaxRegression",
    "Trainer",
    "add_to_class",
    "cpu",
    "gpu",
    "hpo_objective_softmax_classification",
    "init_cnn",
    "num_gpus",
    "numpy",
    "try_all_gpus",
    "try_gpu",
]
