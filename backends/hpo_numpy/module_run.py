"""One `Module` under training, by the fast path of softmax regression or by autograd."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpo import training
from hpo.port import Array, Scores, Softmax, State
from hpo.training import FastPath, keeps_originals
from hpo.training.rows import mean_scores
from hpo_numpy.module import ORIGINALS, SoftmaxClassification
from hpo_numpy.threads import one_thread


class ModuleRun(training.ModuleRun):
    """A run of one `Module`: see `hpo.training.ModuleRun`."""

    _optimizer: Any = None

    def learn(self, order: NDArray[np.intp]) -> Scores:
        """Train by the model's own steps."""
        if self._optimizer is None:
            self._optimizer = self.model.configure_optimizers()
        return self._pass(self.trainer.train_batches(order), learn=True)

    def score(self) -> Scores:
        """Score the model on all validation examples."""
        return self._pass(self.trainer.val_dataloader, learn=False)

    def state(self) -> list[State]:
        """A copy of the parameters."""
        return [{name: np.array(value) for name, value in self.model.parameters.items()}]

    def load(self, states: Sequence[State]) -> None:
        """Replace the parameters."""
        [state] = states
        for name, value in state.items():
            self.model.parameters[name] = np.array(value, self.model.parameters[name].dtype)

    def fast_path(self) -> FastPath | None:
        """Softmax regression as the library made it."""
        model = self.model
        if not isinstance(model, SoftmaxClassification) or not keeps_originals(model, ORIGINALS):
            return None
        if not model.parameters:
            return None
        shape = Softmax(*model.parameters["layers.0.weight"].shape)
        return FastPath(shape, model.dtype, self.trainer.device)

    def _pass(self, batches: Iterable[Any], *, learn: bool) -> Scores:
        wrong = total_loss = 0.0
        count = 0
        with one_thread(), np.errstate(all="ignore"):
            for batch in batches:
                batch = self.trainer.prepare_batch(batch)
                with self.model.caught_outputs() as outputs:
                    loss = self._learn(batch) if learn else self.model.validation_step(batch)
                # While gradients are taken, autograd keeps arrays in boxes.
                scores = getattr(self.output_of(outputs), "_value", outputs[0])
                wrong += float((scores.argmax(axis=1) != batch[-1]).sum())
                total_loss += float(loss) * len(batch[-1])
                count += len(batch[-1])
        return mean_scores([wrong], [total_loss], count)

    def _learn(self, batch: Any) -> Any:
        from autograd import value_and_grad  # here: the fast path needs no autograd

        model, parameters = self.model, self.model.parameters

        def loss_at(point: dict[str, Array]) -> Any:
            model.parameters = point
            return model.training_step(batch)

        try:
            loss, gradients = value_and_grad(loss_at)(parameters)
        finally:
            model.parameters = parameters
        self._optimizer.step(parameters, gradients)
        return loss
