"""Hyperparameter optimization in PyTorch: the backend, and the book's names (`import hpo_torch as d2l`)."""

from hpo.book import BasicScheduler, HPOScheduler, HPOSearcher, HPOTuner, RandomSearcher
from hpo.training import HyperParameters, add_to_class, numpy
from hpo_torch.backend import BACKEND, cpu, gpu, num_gpus, try_all_gpus, try_gpu
from hpo_torch.models import MLP, LeNet, SoftmaxClassification, SoftmaxRegression, init_cnn
from hpo_torch.module import Classification, Module, Regression
from hpo_torch.module_task import ModuleTask
from hpo_torch.trainer import (
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
    "ModuleTask",
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
