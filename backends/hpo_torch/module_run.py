"""One `Module` under training, by the backend's fast path or by autograd."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from hpo import training
from hpo.backend import Scores, State
from hpo.training.rows import mean_scores
from hpo_torch.lone_examples import lone_examples_explained
from hpo_torch.models import ORIGINALS
from hpo_torch.plain_sgd import PlainSGD, plain_sgd
from hpo_torch.states import canonical_state, load_canonical_state
from hpo_torch.threads import one_thread


class ModuleRun(training.ModuleRun):
    """A run of one `Module`: see `hpo.training.ModuleRun`."""

    originals = ORIGINALS
    _plain: PlainSGD | None = None

    def learn(self, order: NDArray[np.intp]) -> Scores:
        """Train by the model's own steps."""
        self._plain = plain_sgd(self.optimizer(), self.model)
        self.model.train()
        with one_thread(), lone_examples_explained():
            return self._pass(self.trainer.train_batches(order), learn=True)

    def score(self) -> Scores:
        """Score the model on all validation examples."""
        self.model.eval()
        with one_thread(), torch.inference_mode():
            return self._pass(self.trainer.val_dataloader, learn=False)

    def state(self) -> list[State]:
        """A copy of the parameters and buffers in the canonical layout."""
        return [canonical_state(self.model)]

    def load(self, states: Sequence[State]) -> None:
        """Replace the parameters and buffers."""
        [state] = states
        load_canonical_state(self.model, state)

    def _pass(self, batches: Iterable[Any], *, learn: bool) -> Scores:
        """One pass over batches; each batch's outputs are caught on their way from the model."""
        totals = _Totals()
        step = self._learn if learn else self.model.validation_step
        with self.model.caught_outputs() as outputs:
            for batch in batches:
                batch = self.trainer.prepare_batch(batch)
                loss = step(batch)
                totals.add(self.output_of(outputs).detach(), batch[-1], loss.detach())
                outputs.clear()
        return totals.scores()

    def _learn(self, batch: Any) -> torch.Tensor:
        loss: torch.Tensor = self.model.training_step(batch)
        if self._plain is not None:
            self._plain.descend(loss)
        else:
            self._optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch's own
            self._optimizer.step()
        return loss


class _Totals:
    """Running totals of a model's errors and losses.

    They are taken for many batches at a time and stay on the device: an operation for each batch would
    cost a small model as much as its step, and reading a number would make an accelerator wait.
    """

    def __init__(self) -> None:
        self._batches: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]] = []
        self._sums: list[torch.Tensor] = []
        self._count = 0

    def add(self, outputs: torch.Tensor, labels: torch.Tensor, loss: torch.Tensor) -> None:
        """Add a batch: outputs (n, classes), labels (n,) and the mean loss."""
        self._batches.append((outputs, labels, loss))
        if len(self._batches) == 64:
            self._flush()

    def scores(self) -> Scores:
        self._flush()
        # The parts' sums are added up on the host in float64, which not every device has.
        wrong, loss = torch.stack(self._sums).cpu().double().sum(0).tolist()
        return mean_scores([wrong], [loss], self._count)

    def _flush(self) -> None:
        if self._batches:
            outputs, labels, losses = zip(*self._batches, strict=True)
            sizes = torch.tensor([len(part) for part in labels], device=losses[0].device)
            wrong = _misses(torch.cat(outputs), torch.cat(labels))
            loss = (torch.stack(losses) * sizes).sum()
            self._sums.append(torch.stack([wrong.to(loss.dtype), loss]))
            self._count += int(sizes.sum())
            self._batches.clear()


def _misses(outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """How many examples are classified wrongly; in regression the sum of their absolute errors."""
    if not labels.is_floating_point():
        return (outputs.argmax(1) != labels).sum()
    # Several outputs of an example count as their mean: mean_scores divides the sum by the examples only.
    return (outputs.reshape(labels.shape) - labels).abs().sum() * (len(labels) / labels.numel())
