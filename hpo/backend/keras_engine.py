"""What Keras computes with, and which frameworks it and TensorFlow import of their own accord."""

from __future__ import annotations

import sys
from typing import Any

KERAS = "keras"

_OFTEN_BESIDE = {
    # TensorFlow and Keras import JAX where it is installed, whatever they compute with.
    "jax": (KERAS, "tensorflow"),
    # With Keras on another engine it reads the data.
    "tensorflow": (KERAS,),
}


def engine() -> str | None:
    """The framework that Keras computes with; None where Keras was not imported."""
    keras: Any = sys.modules.get(KERAS)
    # One whose import is under way, or failed, cannot tell yet.
    tells = getattr(getattr(keras, "config", None), "backend", None)
    return None if tells is None else str(tells())


def came_along(framework: str) -> bool:
    """Whether an imported framework says nothing of what the program computes with.

    That is so where Keras computes with another one, and was there first.
    """
    found = engine()
    if found is None or found == framework or framework not in _OFTEN_BESIDE:
        return False
    # In `sys.modules` a package follows what it imported; the first of its modules tells when it was begun.
    packages = (module.partition(".")[0] for module in list(sys.modules))
    return next(one for one in packages if one in (framework, *_OFTEN_BESIDE[framework])) != framework


def forget_generator() -> None:
    """Have Keras make its global generator anew, with a seed that it draws from Python's.

    `keras.utils.set_random_seed` does so too. But it also imports TensorFlow wherever that is installed, and
    older versions keep the generator.
    """
    state: Any = sys.modules.get("keras.src.backend.common.global_state")
    if state is not None:
        state.set_global_attribute("global_seed_generator", None)
