"""K softmax regressions in PyTorch, with the gradient in closed form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from hpo.port import Array, Arrays, DType, Member, Scores, State
from hpo.training.data import EXAMPLES_PER_CHUNK
from hpo.training.rows import check_members, learning_rates, mean_scores, stack, unstack
from hpo_torch.arrays import from_host
from hpo_torch.threads import one_thread


class SoftmaxRun:
    """PyTorch's implementation of `hpo.port.Run`."""

    def __init__(self, members: Sequence[Member], data: Arrays, dtype: DType, device: Any) -> None:
        check_members(members, data)
        self._dtype: DType = dtype
        self._tensor_dtype = getattr(torch, dtype)
        self._device = device
        self._batch_size = data.batch_size
        self._rates = torch.from_numpy(learning_rates(members, dtype)).to(device)
        self._train = self._place(data.train_x, data.train_y)
        self._val = self._place(data.val_x, data.val_y)
        self._scale = 1 / 255 if data.train_x.dtype == np.uint8 else 1.0
        self._chunk = max(1, EXAMPLES_PER_CHUNK // data.batch_size) * data.batch_size
        self._inputs = torch.ones(self._chunk, data.num_inputs + 1, dtype=self._tensor_dtype, device=device)
        self.load([member.state for member in members])

    def load(self, states: Sequence[State]) -> None:
        """Replace the K models' parameters."""
        self._rows = torch.from_numpy(stack(states, self._dtype)).to(self._device)

    def state(self) -> list[State]:
        """Copies of the K models' parameters."""
        return unstack(self._rows.cpu().numpy())

    def drop(self, index: int) -> None:
        """Take one model out; those behind it move up."""
        kept = [member for member in range(len(self._rates)) if member != index]
        self._rows = self._rows[:, kept].contiguous()
        self._rates = self._rates[kept]

    def epoch(self, order: NDArray[np.intp]) -> Scores:
        """Train every model on the examples `order` (see `hpo.port.Run.epoch`)."""
        totals = _Totals(len(self._rates), self._device)
        size = self._batch_size
        with one_thread(), torch.inference_mode():
            for inputs, labels in self._chunks(self._train, torch.from_numpy(order).to(self._device)):
                full = len(inputs) // size * size
                if full:
                    self._descend(inputs[:full], labels[:full], size, totals)
                if full < len(inputs):
                    self._descend(inputs[full:], labels[full:], len(inputs) - full, totals)
        return totals.scores()

    def validate(self) -> Scores:
        """Score every model on all validation examples."""
        totals = _Totals(len(self._rates), self._device)
        everything = torch.arange(len(self._val[1]), device=self._device)
        with one_thread(), torch.inference_mode():
            for inputs, labels in self._chunks(self._val, everything):
                totals.add(torch.tensordot(self._rows, inputs, dims=([2], [1])), labels)
        return totals.scores()

    def _place(self, x: Array, y: Array) -> tuple[torch.Tensor, torch.Tensor]:
        # The images stay uint8, a quarter of the memory, and are converted chunk by chunk.
        flat = from_host(x.reshape(len(x), -1))
        return flat.to(self._device), from_host(y.astype(np.int64)).to(self._device)

    def _chunks(
        self, examples: tuple[torch.Tensor, torch.Tensor], order: torch.Tensor
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Inputs (n, num_inputs + 1), valid until the next chunk, and labels (n,)."""
        x, y = examples
        for chosen in torch.split(order, self._chunk):
            inputs = self._inputs[: len(chosen)]
            inputs[:, :-1].copy_(x.index_select(0, chosen))
            if self._scale != 1:
                inputs[:, :-1].mul_(self._scale)
            yield inputs, y.index_select(0, chosen)

    def _descend(self, inputs: torch.Tensor, labels: torch.Tensor, size: int, totals: _Totals) -> None:
        """One step for each batch of `size` examples.

        With logits z and p = softmax(z), the gradient of the batch's mean cross-entropy with respect
        to z is (p - onehot(y)) / size, and with respect to the rows that times the inputs.
        """
        classes, members, width = self._rows.shape
        rows = self._rows.view(classes * members, width)
        count = len(labels) // size
        logits = inputs.new_empty(count, classes, members, size)
        targets = torch.nn.functional.one_hot(labels, classes).view(count, size, classes)
        targets = targets.transpose(1, 2)[:, :, None].to(inputs.dtype)
        step = (-self._rates / size)[:, None]
        # unbind() makes all views of a chunk in one call: indexing would cost as much as the arithmetic.
        for batch, z, z_flat, target in zip(
            inputs.view(count, size, width).unbind(),
            logits.unbind(),
            logits.view(count, classes * members, size).unbind(),
            targets.unbind(),
            strict=True,
        ):
            torch.mm(rows, batch.t(), out=z_flat)
            gradient = torch.softmax(z, 0).sub_(target).mul_(step)
            rows.addmm_(gradient.view(classes * members, size), batch)
        totals.add(logits.permute(1, 2, 0, 3).reshape(classes, members, -1), labels)


class _Totals:
    """Sums over examples of what K models got wrong and lost, kept on the device."""

    def __init__(self, num_members: int, device: Any) -> None:
        self._wrong = torch.zeros(num_members, dtype=torch.int64, device=device)
        self._losses: list[torch.Tensor] = []
        self._count = 0

    def add(self, logits: torch.Tensor, labels: torch.Tensor) -> None:
        """Add n examples: logits (classes, K, n) and labels (n,)."""
        self._wrong += (logits.argmax(0) != labels).sum(1)
        of_label = logits.gather(0, labels.expand(1, logits.shape[1], -1))[0]
        self._losses.append((torch.logsumexp(logits, 0) - of_label).sum(1))
        self._count += len(labels)

    def scores(self) -> Scores:
        # The chunks' sums are added up on the host in float64, which not every device has.
        loss = torch.stack(self._losses).cpu().numpy().astype(np.float64).sum(axis=0)
        return mean_scores(self._wrong.cpu().numpy(), loss, self._count)
