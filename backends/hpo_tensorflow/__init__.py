"""Hyperparameter optimization in TensorFlow: the backend, and the book's names (`hpo_tensorflow as d2l`)."""

import hpo_tensorflow.runtime  # noqa: F401  # before TensorFlow, which reads some settings only once

# isort: split
from hpo.book import BasicScheduler, HPOScheduler, HPOSearcher, HPOTuner, RandomSearcher
from hpo.training import HyperParameters, add_to_class, numpy
from hpo_tensorflow.backend import BACKEND, cpu, gpu, num_gpus, try_all_gpus, try_gpu
from hpo_tensorflow.models import MLP, LeNet, SoftmaxClassification, SoftmaxRegression, init_cnn
from hpo_tensorflow.module import Classification, Module, Regression
from hpo_tensorflow.trainer import (
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
