"""LeNet's weights for ports that bring their own, in the layout of torch and MXNet."""

from __future__ import annotations

from typing import Any

import numpy as np

SHAPES = {
    "conv1": (6, 1, 5, 5),
    "conv2": (16, 6, 5, 5),
    "fc1": (120, 400),
    "fc2": (84, 120),
    "fc3": (10, 84),
}


def lenet_weights() -> dict[str, tuple[Any, Any]]:
    """Weight and bias of each layer."""
    draws = np.random.default_rng(3)
    return {
        name: (
            (draws.normal(size=shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32),
            draws.uniform(-0.1, 0.1, shape[0]).astype(np.float32),
        )
        for name, shape in SHAPES.items()
    }
