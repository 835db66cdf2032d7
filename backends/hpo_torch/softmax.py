"""K softmax regressions in PyTorch, with the gradient in closed form."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from hpo.backend import Array, Arrays, DType, Member, Scores, State
from hpo.training.batches import EXAMPLES_PER_CHUNK
from hpo.training.rows import Rules, check_members, from_rows, to_rows
from hpo_torch.ahead import batches_ahead, parts
from hpo_torch.arrays import from_host
from hpo_torch.descent import EXAMPLES_AT_ONCE, Descent
from hpo_torch.threads import flush_denormals, one_thread
from hpo_torch.totals import Labels, Totals


class SoftmaxRun:
    """PyTorch's implementation of `hpo.backend.Run`."""

    def __init__(self, members: Sequence[Member], data: Arrays, dtype: DType, device: Any) -> None:
        check_members(members, data)
        self._members = list(members)
        self._dtype: DType = dtype
        self._device = device
        self._batch_size = data.batch_size
        self._train = self._place(data.train_x, data.train_y)
        self._val = self._place(data.val_x, data.val_y)
        # Pixels are multiplied as they are, and the products scaled: that is fewer numbers.
        white = 255 if data.train_x.dtype == np.uint8 else 1
        self._scale = 1 / white
        self._chunk = max(1, EXAMPLES_PER_CHUNK // data.batch_size) * data.batch_size
        shape = (max(EXAMPLES_AT_ONCE, data.batch_size), data.num_inputs + 1)
        self._inputs = _aligned(torch.full(shape, white, dtype=getattr(torch, dtype), device=device))
        self.load([member.state for member in members])

    def load(self, states: Sequence[State]) -> None:
        """Replace the K models' states."""
        rows, velocities = to_rows(self._members, states, self._dtype)
        self._rows = _aligned(torch.from_numpy(rows).to(self._device))
        self._velocities = None
        if velocities is not None:
            self._velocities = _aligned(torch.from_numpy(velocities).to(self._device))

    def state(self) -> list[State]:
        """Copies of the K models' states."""
        velocities = None if self._velocities is None else self._velocities.cpu().numpy()
        return from_rows(self._members, self._rows.cpu().numpy(), velocities)

    def drop(self, index: int) -> None:
        """Take one model out; those behind it move up."""
        states = self.state()
        del self._members[index], states[index]
        self.load(states)

    def epoch(self, order: NDArray[np.intp]) -> Scores:
        """Train every model on the examples `order` (see `hpo.backend.Run.epoch`)."""
        totals = Totals(len(self._members), self._device)
        rules = Rules.of(self._members, self._dtype)
        plain = not (rules.has_decay or rules.has_momentum)
        ahead = batches_ahead(self._batch_size, self._rows[..., 0].numel()) if plain else 1

        # For one epoch, since `load` and `drop` make new rows.
        @functools.cache
        def descent_of(size: int, ahead: int) -> Descent:
            return Descent(self._rows, self._velocities, rules, self._scale, size, ahead)

        with one_thread(), flush_denormals(), torch.inference_mode():
            for chosen in torch.split(torch.from_numpy(order).to(self._device), self._chunk):
                pixels, numbers = (each.index_select(0, chosen) for each in self._train)
                for part, size, batches in parts(len(chosen), self._batch_size, ahead):
                    descend = descent_of(size, batches)
                    labels = Labels.of(numbers[part].view(-1, size), self._rows).split(descend.num_batches)
                    pieces = torch.split(pixels[part], descend.num_batches * size)
                    for some, theirs in zip(pieces, labels, strict=True):
                        totals.add(*descend(self._as_inputs(some), theirs), theirs)
        return totals.scores()

    def validate(self) -> Scores:
        """Score every model on all validation examples."""
        totals = Totals(len(self._members), self._device)
        with one_thread(), flush_denormals(), torch.inference_mode():
            for pixels, numbers in zip(
                *(torch.split(each, len(self._inputs)) for each in self._val), strict=True
            ):
                logits = torch.tensordot(self._rows, self._as_inputs(pixels), dims=([2], [1]))[None]
                likeliest = torch.softmax(logits.mul_(self._scale), 1).amax(1)
                totals.add(logits, likeliest, Labels.of(numbers[None], self._rows))
        return totals.scores()

    def _place(self, x: Array, y: Array) -> tuple[torch.Tensor, torch.Tensor]:
        # The images stay uint8, a quarter of the memory, and are converted few by few.
        flat = from_host(x.reshape(len(x), -1))
        return flat.to(self._device), from_host(y.astype(np.int64)).to(self._device)

    def _as_inputs(self, pixels: torch.Tensor) -> torch.Tensor:
        """Inputs (n, num_inputs + 1) of a few examples, not scaled yet and valid until the next call."""
        inputs = self._inputs[: len(pixels)]
        inputs[:, :-1].copy_(pixels)
        return inputs


def _aligned(rows: torch.Tensor) -> torch.Tensor:
    """A copy whose every row begins at a multiple of 64 bytes: what adds to rows is up to a third faster."""
    per_line = 64 // rows.element_size()
    width = rows.shape[-1]
    padded = rows.new_zeros(*rows.shape[:-1], -(-width // per_line) * per_line)
    return padded[..., :width].copy_(rows)
