"""How fast torch multiplies large matrices: seconds for as many operations as an epoch has."""

import torch
from _clock import now
from _ours import report

SIZE = 1024
FLOATING_POINT_OPERATIONS = 2 * 2 * 785 * 10 * 60_000
"""Of one configuration's epoch: scores and gradients."""

torch.set_num_threads(1)
one = torch.rand(SIZE, SIZE)
product = torch.empty(SIZE, SIZE)


def multiply() -> None:
    torch.mm(one, one, out=product)


seconds = []
for _ in range(30):
    began = now()
    multiply()
    seconds.append((now() - began) * FLOATING_POINT_OPERATIONS / (2 * SIZE**3))
report(seconds, 0.0)
