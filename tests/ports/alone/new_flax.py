"""LeNet in Flax NNX."""

from __future__ import annotations

from typing import Any

from flax import nnx


def lenet() -> Any:
    rngs = nnx.Rngs(0)

    def pool(x: Any) -> Any:
        return nnx.avg_pool(x, (2, 2), (2, 2))

    def flatten(x: Any) -> Any:
        return x.transpose(0, 3, 1, 2).reshape(len(x), -1)

    return nnx.Sequential(
        nnx.Conv(1, 6, (5, 5), rngs=rngs),
        nnx.sigmoid,
        pool,
        nnx.Conv(6, 16, (5, 5), padding="VALID", rngs=rngs),
        nnx.sigmoid,
        pool,
        flatten,
        nnx.Linear(400, 120, rngs=rngs),
        nnx.sigmoid,
        nnx.Linear(120, 84, rngs=rngs),
        nnx.sigmoid,
        nnx.Linear(84, 10, rngs=rngs),
    )
