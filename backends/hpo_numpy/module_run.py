"""One `Module` under training, by the backend's fast path or by autograd."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpo import training
from hpo.backend import Array, Scores, State, Tree
from hpo.backend.threads import one_thread
from hpo.checkpoints import is_stateful
from hpo.training.rows import mean_scores
from hpo_numpy.checkpoints import ATTRIBUTES, attributes, set_attributes
from hpo_numpy.models import ORIGINALS


class ModuleRun(training.ModuleRun):
    """A run of one `Module`: see `hpo.training.ModuleRun`."""

    originals = ORIGINALS

    def learn(self, order: NDArray[np.intp]) -> Scores:
        """Train by the model's own steps."""
        self.optimizer()
        self.model.train()
        return self._pass(self.trainer.train_batches(order), learn=True)

    def model_state(self) -> dict[str, Tree]:
        """The parameters, and the other attributes that training may change."""
        return {**super().model_state(), ATTRIBUTES: attributes(self.model)}

    def optimizer_state(self) -> Tree:
        """The optimizer's attributes: it need not be a class of this package."""
        return super().optimizer_state() if is_stateful(self._optimizer) else attributes(self._optimizer)

    def load_optimizer_state(self, state: Tree) -> None:
        """Make the optimizer's attributes what they were."""
        if is_stateful(self.optimizer()):
            super().load_optimizer_state(state)
        else:
            set_attributes(self._optimizer, state)

    def score(self) -> Scores:
        """Score the model on all validation examples."""
        self.model.eval()
        return self._pass(self.trainer.val_dataloader, learn=False)

    def state(self) -> list[State]:
        """A copy of the parameters."""
        return [{name: np.array(value) for name, value in self.model.parameters.items()}]

    def load(self, states: Sequence[State]) -> None:
        """Replace the parameters."""
        [state] = states
        for name, value in state.items():
            self.model.parameters[name] = np.array(value, self.model.parameters[name].dtype)

    def _pass(self, batches: Iterable[Any], *, learn: bool) -> Scores:
        wrong = total_loss = 0.0
        count = 0
        # A model that diverges has NaN for a score; it is no reason to warn.
        with one_thread(), np.errstate(all="ignore"):
            for batch in batches:
                batch = self.trainer.prepare_batch(batch)
                with self.model.caught_outputs() as outputs:
                    loss = self._learn(batch) if learn else self.model.validation_step(batch)
                # While gradients are taken, autograd keeps arrays in boxes.
                scores = getattr(self.output_of(outputs), "_value", outputs[0])
                wrong += _misses(scores, batch[-1])
                total_loss += float(loss) * len(batch[-1])
                count += len(batch[-1])
        return mean_scores([wrong], [total_loss], count)

    def _learn(self, batch: Any) -> Any:
        from autograd import value_and_grad  # here: the fast path needs no autograd

        model, parameters = self.model, self.model.parameters

        def loss_at(point: dict[str, Array]) -> Any:
            # autograd hands over parameters in boxes; the model reads them under their usual name.
            model.parameters = point
            return model.training_step(batch)

        try:
            loss, gradients = value_and_grad(loss_at)(parameters)
        finally:
            model.parameters = parameters
        self._optimizer.step(parameters, gradients)
        return loss


def _misses(outputs: Array, labels: Array) -> float:
    """How many examples are classified wrongly; in regression the sum of their absolute errors."""
    if labels.dtype.kind != "f":
        return float((outputs.argmax(axis=1) != labels).sum())
    # Several outputs of an example count as their mean: mean_scores divides the sum by the examples only.
    return float(np.abs(outputs.reshape(labels.shape) - labels).sum() * len(labels) / labels.size)
