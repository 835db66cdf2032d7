"""Steps of K softmax regressions, with the gradient in closed form."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle

import numpy as np
import torch

from hpo.training.rows import Rules
from hpo_torch.ahead import corrections
from hpo_torch.totals import Labels

EXAMPLES_AT_ONCE = 256
"""Examples that are converted and scored at a time, so that all that is made of them stays in the cache."""


class Descent:
    """Steps on batches of one size, in memory that is reused.

    Args:
        rows: the models, shape (classes, K, width), which move in place.
        velocities: of the same shape, which move, too; None without momentum.
        rules: how the models learn.
        scale: what the inputs are to be multiplied by.
        size: examples in a batch.
        ahead: how many batches one product serves.

    Attributes:
        num_batches: how many batches a call takes at most.
    """

    def __init__(
        self,
        rows: torch.Tensor,
        velocities: torch.Tensor | None,
        rules: Rules,
        scale: float,
        size: int,
        ahead: int,
    ) -> None:
        classes, members, width = rows.shape
        self._rows = rows.view(classes * members, width)
        self._velocities = None if velocities is None else velocities.view(self._rows.shape)
        self._scale, self._size, self._ahead = scale, size, ahead
        self.num_batches = max(1, EXAMPLES_AT_ONCE // (size * ahead)) * ahead
        self._logits = rows.new_empty(self.num_batches, classes, members, size)
        self._probabilities = torch.empty_like(self._logits)
        self._difference = rows.new_empty(classes, members, size)
        products, gradients = rows.new_empty(2, classes, members, ahead, size).unbind()
        self._products = products.view(len(self._rows), -1)
        self._gradients = gradients.view(len(self._rows), -1)
        # Products and gradients serve one block after the other; logits are kept until they are scored.
        # All views are made once: indexing would cost as much as the arithmetic.
        self._steps = list(
            zip(
                cycle(products.unbind(2)),
                cycle(torch.split(self._products, size, dim=1)),
                cycle(gradients.unbind(2)),
                cycle([self._gradients[:, : step * size] for step in range(ahead)]),
                self._logits.unbind(),
                self._logits.view(self.num_batches, -1, size).unbind(),
                self._probabilities.unbind(),
                strict=False,
            )
        )
        self._factor, self._move = self._rule(rules)

    def __call__(self, inputs: torch.Tensor, labels: Labels) -> tuple[torch.Tensor, torch.Tensor]:
        """One step for each batch: the logits before it, and the largest of their probabilities.

        With logits z and p = softmax(z), the gradient of the batch's mean cross-entropy with respect
        to z is (p - onehot(y)) / size, and with respect to the rows that times the inputs.

        Args:
            inputs: whole blocks of `ahead` batches, not scaled yet, shape (examples, width).
            labels: theirs.

        Returns:
            Tensors of shape (batches, classes, K, size) and (batches, K, size), valid until the next call.
        """
        blocks = inputs.view(-1, self._ahead * self._size, inputs.shape[1])
        columns = blocks.transpose(1, 2).unbind()
        steps = iter(zip(self._steps, labels.one_hot.unbind(), strict=False))
        correct_by = self._scale**2
        for block, across, correcting in zip(
            blocks.unbind(), columns, corrections(blocks, self._size), strict=True
        ):
            torch.addmm(self._products, self._rows, across, beta=0, alpha=self._scale, out=self._products)
            # zip() asks `correcting` first, and at its end takes no step from `steps`, which all blocks
            # share.
            for correction, ((made, made_rows, gradient, earlier, z, z_rows, p), target) in zip(
                correcting, steps, strict=False
            ):
                if correction is None:
                    z.copy_(made)
                else:
                    torch.addmm(made_rows, earlier, correction, alpha=correct_by, out=z_rows)
                torch.softmax(z, 0, out=p)
                torch.sub(p, target, out=self._difference)
                torch.mul(self._difference, self._factor, out=gradient)
            self._move(block, self._gradients)
        batches = len(labels.one_hot)
        return self._logits[:batches], self._probabilities[:batches].amax(1)

    def _rule(self, rules: Rules) -> tuple[torch.Tensor, Callable[[torch.Tensor, torch.Tensor], object]]:
        """What the gradient (classes, K, size) is multiplied by, and what moves the rows then.

        The latter takes a block of n examples (n, width) and their gradients (classes * K, n).
        """
        rows, scale = self._rows, self._scale
        members = len(rules.rates)
        rate, decay, momentum = (
            torch.from_numpy(np.tile(numbers, len(rows) // members)[:, None]).to(rows.device)
            for numbers in (rules.rates, rules.decays, rules.momenta)
        )
        keep = 1 - rate * decay

        def plain(block: torch.Tensor, gradient: torch.Tensor) -> object:
            return rows.addmm_(gradient, block, alpha=scale)

        def decayed(block: torch.Tensor, gradient: torch.Tensor) -> object:
            return rows.mul_(keep).addmm_(gradient, block, alpha=scale)

        if self._velocities is None:
            factor = (-rate[:members] / self._size).to(rows.dtype)
            return factor, decayed if rules.has_decay else plain

        velocities = self._velocities
        # The product can multiply by one number on its way.
        shared = float(rules.momenta[0]) if np.ptp(rules.momenta) == 0 else None

        def with_momentum(block: torch.Tensor, gradient: torch.Tensor) -> object:
            if shared is None:
                velocities.mul_(momentum)
            # `or` is for None; 0 does not occur, as there are no velocities where no member has momentum.
            velocities.addmm_(gradient, block, beta=shared or 1, alpha=scale)
            if rules.has_decay:
                velocities.addcmul_(rows, decay)
            return rows.addcmul_(velocities, rate, value=-1)

        return torch.full((), 1 / self._size, dtype=rows.dtype, device=rows.device), with_momentum
