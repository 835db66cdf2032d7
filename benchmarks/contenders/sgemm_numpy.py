"""How fast numpy multiplies large matrices: seconds for as many operations as an epoch has."""

import numpy as np
from _clock import now
from _ours import report

SIZE = 1024
FLOATING_POINT_OPERATIONS = 2 * 2 * 785 * 10 * 60_000
"""Of one configuration's epoch: scores and gradients."""

one = np.random.default_rng(0).random((SIZE, SIZE), dtype=np.float32)
product = np.empty_like(one)


def multiply() -> None:
    np.dot(one, one, out=product)


seconds = []
for _ in range(30):
    began = now()
    multiply()
    seconds.append((now() - began) * FLOATING_POINT_OPERATIONS / (2 * SIZE**3))
report(seconds, 0.0)
