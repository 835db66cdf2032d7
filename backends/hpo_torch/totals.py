"""Running totals of the errors and losses of K models."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch

from hpo.backend import Scores
from hpo.training.rows import mean_scores


class Labels(NamedTuple):
    """Labels of batches of n examples in three forms, the second and third numbers like the models' own.

    Attributes:
        numbers: shape (batches, 1, 1, n).
        one_hot: shape (batches, classes, 1, n).
        unless_before: 0 at the classes before the label, else minus infinity, shape (batches, classes, 1, n).
    """

    numbers: torch.Tensor
    one_hot: torch.Tensor
    unless_before: torch.Tensor

    @classmethod
    def of(cls, numbers: torch.Tensor, rows: torch.Tensor) -> Labels:
        """The three forms of labels (batches, n) for rows (classes, K, width)."""
        numbers = numbers[:, None, None]
        places = numbers.to(rows.dtype)
        classes = torch.arange(len(rows), dtype=rows.dtype, device=rows.device)[:, None, None]
        return cls(numbers, (classes == places).to(rows.dtype), (classes < places).to(rows.dtype).log_())

    def split(self, num_batches: int) -> list[Labels]:
        """The same labels in pieces of `num_batches` batches."""
        return [
            Labels(*each) for each in zip(*(torch.split(part, num_batches) for part in self), strict=True)
        ]


class Totals:
    """Running totals of the errors and losses of K models, kept on the device."""

    def __init__(self, num_members: int, device: Any) -> None:
        self._wrong = torch.zeros(num_members, dtype=torch.int64, device=device)
        self._losses: list[torch.Tensor] = []
        self._count = 0

    def add(self, logits: torch.Tensor, likeliest: torch.Tensor, labels: Labels) -> None:
        """Add batches of n examples.

        The logits are (batches, classes, K, n), and the largest of their probabilities (batches, K, n).
        """
        of_label = logits.gather(1, labels.numbers.expand(-1, 1, logits.shape[2], -1))[:, 0]
        highest = logits.amax(1)
        # The first of the largest logits says the class. argmax() and any() take several times as long.
        wrong = (of_label < highest) | ((logits + labels.unless_before).amax(1) >= of_label)
        self._wrong += wrong.sum(0).sum(1)
        # The largest probability is never too small for its logarithm; logsumexp() takes longer.
        self._losses.append((highest - likeliest.log() - of_label).sum(0).sum(1))
        self._count += labels.numbers.numel()

    def scores(self) -> Scores:
        """The means for each model."""
        # The parts' sums are added up on the host in float64, which not every device has.
        loss = torch.stack(self._losses).cpu().numpy().astype(np.float64).sum(axis=0)
        return mean_scores(self._wrong.cpu().numpy(), loss, self._count)
