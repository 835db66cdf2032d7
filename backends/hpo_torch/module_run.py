"""One `Module` under training, by the fast path of softmax regression or by autograd."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from hpo.port import SGD, DType, Member, Run, Scores, Softmax, State
from hpo.training import Trainer
from hpo.training.rows import mean_scores
from hpo_torch.backend import BACKEND
from hpo_torch.module import Module, canonical_state, load_canonical_state, softmax_layer
from hpo_torch.threads import one_thread

_DTYPES: dict[torch.dtype, DType] = {torch.float32: "float32", torch.float64: "float64"}


class ModuleRun:
    """A `hpo.port.Run` of one model that people wrote."""

    def __init__(self, model: Module, trainer: Trainer) -> None:
        self._model = model
        self._trainer = trainer
        self._optimizer: torch.optim.Optimizer | None = None

    def epoch(self, order: NDArray[np.intp]) -> Scores:
        """Train on the examples `order`, or once through a loader that has an order of its own."""
        fast = self._fast()
        if fast is not None:
            scores = fast.epoch(order)
            self.load(fast.state())
            return scores
        if self._optimizer is None:
            self._optimizer = self._model.configure_optimizers()
        self._model.train()
        with one_thread():
            return self._pass(self._trainer.train_batches(order), learn=True)

    def validate(self) -> Scores:
        """Score the model on all validation examples."""
        fast = self._fast()
        if fast is not None:
            return fast.validate()
        self._model.eval()
        with one_thread(), torch.inference_mode():
            return self._pass(self._trainer.val_dataloader, learn=False)

    def state(self) -> list[State]:
        """A copy of the parameters and buffers in the canonical layout."""
        return [canonical_state(self._model)]

    def load(self, states: Sequence[State]) -> None:
        """Replace the parameters and buffers."""
        [state] = states
        load_canonical_state(self._model, state)

    def drop(self, index: int) -> None:
        """There is one model, and a run of none is no run."""
        raise IndexError(f"A run of one model has none to drop; received {index}.")

    def _fast(self) -> Run | None:
        arrays, layer = self._trainer.arrays, softmax_layer(self._model)
        if arrays is None or layer is None:
            return None
        dtype = _DTYPES.get(layer.weight.dtype)
        if dtype is None:
            return None
        num_outputs, num_inputs = layer.weight.shape
        shape = Softmax(num_inputs, num_outputs)
        member = Member(shape, SGD(self._model.lr), self.state()[0])  # type: ignore[arg-type]  # see softmax_layer
        return BACKEND.prepare([member], arrays, dtype=dtype, device=layer.weight.device)

    def _pass(self, batches: Iterable[Any], *, learn: bool) -> Scores:
        outputs: list[Any] = []
        hook = self._model.register_forward_hook(lambda model, inputs, output: outputs.append(output))
        wrong: Any = 0
        total_loss: Any = 0.0
        count = 0
        try:
            for batch in batches:
                batch = self._trainer.prepare_batch(batch)
                labels = batch[-1]
                outputs.clear()
                loss = self._learn(batch) if learn else self._model.validation_step(batch)
                # Sums stay on the device: reading one would make an accelerator wait at each step.
                wrong = wrong + (outputs[0].detach().argmax(1) != labels).sum()
                total_loss = total_loss + loss.detach() * len(labels)
                count += len(labels)
        finally:
            hook.remove()
        return mean_scores([float(wrong)], [float(total_loss)], count)

    def _learn(self, batch: Any) -> torch.Tensor:
        assert self._optimizer is not None
        loss: torch.Tensor = self._model.training_step(batch)
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        return loss
