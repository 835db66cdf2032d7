"""The global generators of random numbers that a trial may draw from."""

from __future__ import annotations

import random

import numpy as np

from hpo.backend import keras_engine
from hpo.backend.protocol import Backend


def seed_generators(backend: Backend, seed: int) -> None:
    """Seed Python's and NumPy's global generators, Keras' where it was imported, and the framework's.

    A program on any framework may shuffle, augment or initialise by the first two. A Keras layer without a
    seed draws one from Python's, whatever Keras computes with.

    Args:
        backend: the framework's.
        seed: at least 0.
    """
    random.seed(seed)
    np.random.seed(seed % 2**32)
    keras_engine.forget_generator()
    backend.seed(seed)
