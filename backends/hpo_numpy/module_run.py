"""One `Module` under training, by the fast path of softmax regression or by autograd."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpo.port import SGD, Array, Member, Run, Scores, Softmax, State
from hpo.training import Trainer, keeps_originals
from hpo.training.rows import mean_scores
from hpo_numpy.backend import BACKEND
from hpo_numpy.module import ORIGINALS, Module, SoftmaxClassification
from hpo_numpy.threads import one_thread


class ModuleRun:
    """A `hpo.port.Run` of one model that people wrote."""

    def __init__(self, model: Module, trainer: Trainer) -> None:
        self._model = model
        self._trainer = trainer
        self._optimizer: Any = None

    def epoch(self, order: NDArray[np.intp]) -> Scores:
        """Train on the examples `order`, or once through a loader that has an order of its own."""
        fast = self._fast()
        if fast is not None:
            scores = fast.epoch(order)
            self.load(fast.state())
            return scores
        if self._optimizer is None:
            self._optimizer = self._model.configure_optimizers()
        return self._pass(self._trainer.train_batches(order), learn=True)

    def validate(self) -> Scores:
        """Score the model on all validation examples."""
        fast = self._fast()
        return fast.validate() if fast is not None else self._pass(self._trainer.val_dataloader, learn=False)

    def state(self) -> list[State]:
        """A copy of the parameters."""
        return [{name: np.array(value) for name, value in self._model.parameters.items()}]

    def load(self, states: Sequence[State]) -> None:
        """Replace the parameters."""
        [state] = states
        for name, value in state.items():
            self._model.parameters[name] = np.array(value, self._model.parameters[name].dtype)

    def drop(self, index: int) -> None:
        """There is one model, and a run of none is no run."""
        raise IndexError(f"A run of one model has none to drop; received {index}.")

    def _fast(self) -> Run | None:
        model, arrays = self._model, self._trainer.arrays
        if (
            arrays is None
            or not isinstance(model, SoftmaxClassification)
            or not keeps_originals(model, ORIGINALS)
        ):
            return None
        member = Member(Softmax(arrays.num_inputs, model.num_outputs), SGD(model.lr), self.state()[0])
        return BACKEND.prepare([member], arrays, dtype=model.dtype, device=self._trainer.device)

    def _pass(self, batches: Iterable[Any], *, learn: bool) -> Scores:
        wrong = total_loss = 0.0
        count = 0
        with one_thread(), np.errstate(all="ignore"):
            for batch in batches:
                batch = self._trainer.prepare_batch(batch)
                y_hat = self._model(*batch[:-1])
                loss = self._learn(batch) if learn else self._model.validation_step(batch)
                wrong += float((y_hat.argmax(axis=1) != batch[-1]).sum())
                total_loss += float(loss) * len(batch[-1])
                count += len(batch[-1])
        return mean_scores([wrong], [total_loss], count)

    def _learn(self, batch: Any) -> Any:
        from autograd import value_and_grad  # here: the fast path needs no autograd

        model, parameters = self._model, self._model.parameters

        def loss_at(point: dict[str, Array]) -> Any:
            model.parameters = point
            return model.training_step(batch)

        try:
            loss, gradients = value_and_grad(loss_at)(parameters)
        finally:
            model.parameters = parameters
        self._optimizer.step(parameters, gradients)
        return loss
