"""Ours: a user's own Keras layers in the `Trainer`, by autograd in a compiled loop."""

import keras
from _ours import LEARNING_RATE, time_module

import hpo_tensorflow as d2l

time_module(
    d2l,
    lambda: d2l.Classification(
        keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10)]), lr=LEARNING_RATE
    ),
)
