"""One `Module` under training, by the fast path of softmax regression or by autograd."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpo.port import SGD, DType, Member, Run, Scores, Softmax, State
from hpo.training import Trainer
from hpo.training.rows import mean_scores
from hpo_mxnet.arrays import arrays_of
from hpo_mxnet.backend import BACKEND
from hpo_mxnet.compat import mx
from hpo_mxnet.module import Module, canonical_state, load_canonical_state, softmax_layer

_DTYPES: dict[Any, DType] = {np.float32: "float32", np.float64: "float64"}

BATCHES_PER_READING = 64
"""Batches whose results are read at a time: waiting for each would leave MXNet's engine idle."""


class ModuleRun:
    """A `hpo.port.Run` of one model that people wrote."""

    def __init__(self, model: Module, trainer: Trainer) -> None:
        self._model = model
        self._trainer = trainer
        self._optimizer: Any = None
        self._prepared: tuple[Any, Any, Run] | None = None

    def epoch(self, order: NDArray[np.intp]) -> Scores:
        """Train on the examples `order`, or once through a loader that has an order of its own."""
        fast = self._fast()
        if fast is not None:
            scores = fast.epoch(order)
            self.load(fast.state())
            return scores
        with arrays_of(self._model):
            if self._optimizer is None:
                self._optimizer = self._model.configure_optimizers()
            return self._pass(self._trainer.train_batches(order), learn=True)

    def validate(self) -> Scores:
        """Score the model on all validation examples."""
        fast = self._fast()
        if fast is not None:
            return fast.validate()
        with arrays_of(self._model), mx.autograd.pause():
            return self._pass(self._trainer.val_dataloader, learn=False)

    def state(self) -> list[State]:
        """A copy of the parameters in the canonical layout."""
        return [canonical_state(self._model)]

    def load(self, states: Sequence[State]) -> None:
        """Replace the parameters."""
        [state] = states
        load_canonical_state(self._model, state)

    def drop(self, index: int) -> None:
        """There is one model, and a run of none is no run."""
        raise IndexError(f"A run of one model has none to drop; received {index}.")

    def _fast(self) -> Run | None:
        """The port's run of this model, from the parameters that it has now."""
        arrays, layer = self._trainer.arrays, softmax_layer(self._model)
        if arrays is None or layer is None:
            return None
        dtype = _DTYPES.get(np.dtype(layer.weight.dtype).type)
        if dtype is None:
            return None
        num_outputs, num_inputs = layer.weight.shape
        [device] = layer.weight.list_ctx()
        member = Member(Softmax(num_inputs, num_outputs), SGD(self._model.lr), self.state()[0])
        settings = (member.model, member.optimizer, dtype, device)
        # The examples go to the device and the graphs are built once, not in each epoch.
        if self._prepared is not None and self._prepared[0] is arrays and self._prepared[1] == settings:
            run = self._prepared[2]
            run.load([member.state])
            return run
        run = BACKEND.prepare([member], arrays, dtype=dtype, device=device)
        self._prepared = arrays, settings, run
        return run

    def _pass(self, batches: Iterable[Any], *, learn: bool) -> Scores:
        outputs: list[Any] = []
        hook = self._model.register_forward_hook(lambda model, inputs, output: outputs.append(output))
        totals = _Totals()
        try:
            for batch in batches:
                batch = self._trainer.prepare_batch(batch)
                outputs.clear()
                loss = self._learn(batch) if learn else _mean(self._model.validation_step(batch))
                totals.add(outputs[0].detach(), batch[-1], loss.detach())
        finally:
            hook.detach()
        return totals.scores()

    def _learn(self, batch: Any) -> Any:
        with mx.autograd.record():
            loss = _mean(self._model.training_step(batch))
        loss.backward()
        self._optimizer.step(1)
        return loss


def _mean(loss: Any) -> Any:
    """The loss of a batch: Gluon's own losses have a number for each example."""
    return loss if loss.size == 1 else loss.mean()


class _Totals:
    """Sums over examples of what the model got wrong and lost."""

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
            predicted = scores.asnumpy().reshape(n, -1).argmax(axis=1)
            self._wrong += int((predicted != labels.asnumpy().reshape(-1)).sum())
            self._loss += loss.asnumpy().item() * n
            self._count += n
        self._pending.clear()
