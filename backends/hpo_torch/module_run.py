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
        """One pass over batches; each batch's outputs are caught on their way from the model."""
        totals = _Totals()
        hook = self._model.register_forward_hook(lambda model, inputs, output: totals.catch(output))
        step = self._learn if learn else self._model.validation_step
        try:
            for batch in batches:
                batch = self._trainer.prepare_batch(batch)
                totals.add(step(batch), batch[-1])
        finally:
            hook.remove()
        return totals.scores()

    def _learn(self, batch: Any) -> torch.Tensor:
        assert self._optimizer is not None
        loss: torch.Tensor = self._model.training_step(batch)
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        return loss


class _Totals:
    """Sums over examples of what a model got wrong and lost.

    They are taken for many batches at a time and stay on the device: an operation for each batch would
    cost a small model as much as its step, and reading a number would make an accelerator wait.
    """

    def __init__(self) -> None:
        self._output: torch.Tensor | None = None
        self._batches: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]] = []
        self._sums: list[torch.Tensor] = []
        self._count = 0

    def catch(self, output: torch.Tensor) -> None:
        """Take the outputs of a batch, the first ones if the step calls the model more than once."""
        if self._output is None:
            self._output = output.detach()

    def add(self, loss: torch.Tensor, labels: torch.Tensor) -> None:
        """Add a batch whose outputs were caught, with its mean loss."""
        assert self._output is not None, "the step did not call the model"
        self._batches.append((self._output, labels, loss.detach()))
        self._output = None
        if len(self._batches) == 64:
            self._flush()

    def scores(self) -> Scores:
        self._flush()
        wrong, loss = torch.stack(self._sums).cpu().double().sum(0).tolist()
        return mean_scores([wrong], [loss], self._count)

    def _flush(self) -> None:
        if self._batches:
            outputs, labels, losses = zip(*self._batches, strict=True)
            sizes = torch.tensor([len(part) for part in labels], device=losses[0].device)
            wrong = (torch.cat(outputs).argmax(1) != torch.cat(labels)).sum()
            loss = (torch.stack(losses) * sizes).sum()
            self._sums.append(torch.stack([wrong.to(loss.dtype), loss]))
            self._count += int(sizes.sum())
            self._batches.clear()
