"""One `Module` under training, by the backend's fast path or by autograd."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpo import training
from hpo.backend import Array, Scores, State
from hpo.training.rows import mean_scores
from hpo_mxnet.arrays import arrays_of
from hpo_mxnet.compat import mx
from hpo_mxnet.models import ORIGINALS
from hpo_mxnet.states import canonical_state, load_canonical_state

BATCHES_PER_READING = 64
"""Batches whose results are read at a time: waiting for each would leave MXNet's engine idle."""


class ModuleRun(training.ModuleRun):
    """A run of one `Module`: see `hpo.training.ModuleRun`."""

    originals = ORIGINALS

    def learn(self, order: NDArray[np.intp]) -> Scores:
        """Train by the model's own steps."""
        with arrays_of(self.model):
            self.optimizer()
            return self._pass(self.trainer.train_batches(order), learn=True)

    def optimizer(self) -> Any:
        """The model's own optimizer, for arrays of the kind that its parameters are."""
        with arrays_of(self.model):
            return super().optimizer()

    def score(self) -> Scores:
        """Score the model on all validation examples."""
        with arrays_of(self.model), mx.autograd.pause():
            return self._pass(self.trainer.val_dataloader, learn=False)

    def state(self) -> list[State]:
        """A copy of the parameters in the canonical layout."""
        return [canonical_state(self.model)]

    def load(self, states: Sequence[State]) -> None:
        """Replace the parameters."""
        [state] = states
        load_canonical_state(self.model, state)

    def _pass(self, batches: Iterable[Any], *, learn: bool) -> Scores:
        totals = _Totals()
        with self.model.caught_outputs() as outputs:
            for batch in batches:
                batch = self.trainer.prepare_batch(batch)
                loss = self._learn(batch) if learn else _mean(self.model.validation_step(batch))
                totals.add(self.output_of(outputs).detach(), batch[-1], loss.detach())
                outputs.clear()
        return totals.scores()

    def _learn(self, batch: Any) -> Any:
        with mx.autograd.record():
            loss = _mean(self.model.training_step(batch))
        loss.backward()
        # The loss is a mean already: step(batch_size) would divide its gradients once more.
        self._optimizer.step(1)
        return loss


def _mean(loss: Any) -> Any:
    """The loss of a batch: Gluon's own losses have a number for each example."""
    return loss if loss.size == 1 else loss.mean()


class _Totals:
    """Running totals of the model's errors and losses."""

    def __init__(self) -> None:
        self._pending: list[tuple[Any, Any, Any]] = []
        self._wrong = self._loss = 0.0
        self._count = 0

    def add(self, scores: Any, labels: Any, loss: Any) -> None:
        """Add a batch: scores (n, classes), labels (n,), and its mean loss."""
        self._pending.append((scores, labels, loss))
        if len(self._pending) == BATCHES_PER_READING:
            self._read()

    def scores(self) -> Scores:
        self._read()
        return mean_scores([self._wrong], [self._loss], self._count)

    def _read(self) -> None:
        for scores, labels, loss in self._pending:
            n = len(labels)
            self._wrong += _misses(scores.asnumpy().reshape(n, -1), labels.asnumpy())
            self._loss += loss.asnumpy().item() * n
            self._count += n
        self._pending.clear()


def _misses(outputs: Array, labels: Array) -> float:
    """How many examples are classified wrongly; in regression the sum of their absolute errors."""
    if labels.dtype.kind != "f":
        return float((outputs.argmax(axis=1) != labels.reshape(-1)).sum())
    # Several outputs of an example count as their mean: mean_scores divides the sum by the examples only.
    return float(np.abs(outputs.reshape(labels.shape) - labels).sum() * len(labels) / labels.size)
