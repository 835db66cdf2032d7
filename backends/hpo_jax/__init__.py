"""Hyperparameter optimization in JAX: the backend, and the book's names (`import hpo_jax as d2l`)."""

import hpo_jax.runtime  # noqa: F401  # says what is missing, before anything needs it

# isort: split
from hpo.book import BasicScheduler, HPOScheduler, HPOSearcher, HPOTuner, RandomSearcher
from hpo.training import HyperParameters, add_to_class, numpy
from hpo_jax.backend import BACKEND, cpu, gpu, num_gpus, try_all_gpus, try_gpu
from hpo_jax.keys import get_key
from hpo_jax.models import MLP, LeNet, SoftmaxClassification, SoftmaxRegression, init_cnn
from hpo_jax.module import Classification, Module, Regression
from hpo_jax.module_task import ModuleTask
from hpo_jax.trainer import (
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
    "get_key",
    "gpu",
    "hpo_objective_softmax_classification",
    "init_cnn",
    "num_gpus",
    "numpy",
    "try_all_gpus",
    "try_gpu",
]
