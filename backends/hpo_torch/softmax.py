"""K softmax regressions in PyTorch, with the gradient in closed form."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from hpo.port import Array, Arrays, DType, Member, Scores, State
from hpo.training.data import EXAMPLES_PER_CHUNK
from hpo.training.rows import Rules, check_members, from_rows, mean_scores, to_rows
from hpo_torch.ahead import batches_ahead, corrections, parts
from hpo_torch.arrays import from_host
from hpo_torch.threads import flush_denormals, one_thread

EXAMPLES_AS_NUMBERS = 256
"""So many are converted to inputs at once: they stay in the cache until the rows have moved."""


class SoftmaxRun:
    """PyTorch's implementation of `hpo.port.Run`."""

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
        shape = (max(EXAMPLES_AS_NUMBERS, data.batch_size), data.num_inputs + 1)
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
        """Train every model on the examples `order` (see `hpo.port.Run.epoch`)."""
        totals = _Totals(len(self._members), self._device)
        size = self._batch_size
        rules = Rules.of(self._members, self._dtype)
        plain = not (rules.has_decay or rules.has_momentum)
        ahead = batches_ahead(size, self._rows[..., 0].numel()) if plain else 1
        with one_thread(), flush_denormals(), torch.inference_mode():
            for pixels, labels in self._chunks(self._train, torch.from_numpy(order).to(self._device)):
                for part, batch_size, batches in parts(len(labels), size, ahead):
                    self._descend(pixels[part], labels[part], batch_size, batches, totals)
        return totals.scores()

    def validate(self) -> Scores:
        """Score every model on all validation examples."""
        totals = _Totals(len(self._members), self._device)
        everything = torch.arange(len(self._val[1]), device=self._device)
        with one_thread(), flush_denormals(), torch.inference_mode():
            for pixels, labels in self._chunks(self._val, everything):
                logits = self._rows.new_empty(*self._rows.shape[:2], len(labels))
                columns = torch.split(logits.view(-1, len(labels)), len(self._inputs), dim=1)
                for inputs, out in zip(self._as_numbers(pixels, len(self._inputs)), columns, strict=True):
                    torch.addmm(out, self._rows.flatten(0, 1), inputs.T, beta=0, alpha=self._scale, out=out)
                totals.add(logits[None], torch.softmax(logits, 0).amax(0)[None], labels[None])
        return totals.scores()

    def _place(self, x: Array, y: Array) -> tuple[torch.Tensor, torch.Tensor]:
        # The images stay uint8, a quarter of the memory, and are converted chunk by chunk.
        flat = from_host(x.reshape(len(x), -1))
        return flat.to(self._device), from_host(y.astype(np.int64)).to(self._device)

    def _chunks(
        self, examples: tuple[torch.Tensor, torch.Tensor], order: torch.Tensor
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Pixels (n, num_inputs), as they are stored, and labels (n,)."""
        for chosen in torch.split(order, self._chunk):
            yield tuple(each.index_select(0, chosen) for each in examples)

    def _as_numbers(self, pixels: torch.Tensor, most: int) -> Iterator[torch.Tensor]:
        """Inputs (n, num_inputs + 1) of at most so many examples, not scaled yet, valid until the next."""
        for some in torch.split(pixels, most):
            inputs = self._inputs[: len(some)]
            inputs[:, :-1].copy_(some)
            yield inputs

    def _blocks(
        self, pixels: torch.Tensor, size: int, ahead: int
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor, list[torch.Tensor | None]]]:
        """Inputs of blocks of `ahead` batches, the same transposed, and a block's corrections."""
        length = size * ahead
        for inputs in self._as_numbers(pixels, max(1, len(self._inputs) // length) * length):
            blocks = inputs.view(-1, length, inputs.shape[1])
            yield from zip(
                blocks.unbind(), blocks.transpose(1, 2).unbind(), corrections(blocks, size), strict=True
            )

    def _descend(
        self, pixels: torch.Tensor, labels: torch.Tensor, size: int, ahead: int, totals: _Totals
    ) -> None:
        """One step for each batch of `size` examples, the products made for `ahead` batches at once.

        With logits z and p = softmax(z), the gradient of the batch's mean cross-entropy with respect
        to z is (p - onehot(y)) / size, and with respect to the rows that times the inputs.
        """
        classes, members, width = self._rows.shape
        rows = self._rows.view(classes * members, width)
        labels = labels.view(-1, size)
        targets = torch.nn.functional.one_hot(labels, classes).transpose(1, 2)[:, :, None].to(rows.dtype)
        logits = rows.new_empty(len(labels), classes, members, size)
        likeliest = rows.new_empty(len(labels), members, size)
        products, gradients = rows.new_empty(2, classes, members, ahead, size).unbind()
        product_rows, gradient_rows = products.view(len(rows), -1), gradients.view(len(rows), -1)
        # unbind() makes all views of a chunk in one call: indexing would cost as much as the arithmetic.
        steps = list(
            zip(
                products.unbind(2),
                torch.split(product_rows, size, dim=1),
                gradients.unbind(2),
                [gradient_rows[:, : step * size] for step in range(ahead)],
                strict=True,
            )
        )
        batches = zip(
            logits.unbind(),
            logits.view(len(labels), len(rows), size).unbind(),
            likeliest.unbind(),
            targets.unbind(),
            strict=True,
        )
        scale, correct_by = self._scale, self._scale**2
        factor, move = self._rule(size)
        for block, columns, block_corrections in self._blocks(pixels, size, ahead):
            torch.addmm(product_rows, rows, columns, beta=0, alpha=scale, out=product_rows)
            for (made, made_rows, gradient, earlier), correction, (z, z_rows, top, target) in zip(
                steps, block_corrections, batches, strict=False
            ):
                if correction is None:
                    z.copy_(made)
                else:
                    torch.addmm(made_rows, earlier, correction, alpha=correct_by, out=z_rows)
                p = torch.softmax(z, 0)
                torch.amax(p, 0, out=top)
                torch.mul(p.sub_(target), factor, out=gradient)
            move(block, gradient_rows)
        totals.add(logits, likeliest, labels)

    def _rule(self, size: int) -> tuple[torch.Tensor, Callable[[torch.Tensor, torch.Tensor], object]]:
        """What the gradient (classes, K, size) is multiplied by, and what moves the rows then.

        The latter takes a block of n examples (n, num_inputs + 1) and their gradients (classes * K, n).
        """
        classes, members, width = self._rows.shape
        rules = Rules.of(self._members, self._dtype)
        rows, scale = self._rows.view(classes * members, width), self._scale
        rate, decay, momentum = (
            torch.from_numpy(np.tile(numbers, classes)[:, None]).to(self._device)
            for numbers in (rules.rates, rules.decays, rules.momenta)
        )
        keep = 1 - rate * decay

        def plain(block: torch.Tensor, gradient: torch.Tensor) -> object:
            return rows.addmm_(gradient, block, alpha=scale)

        def decayed(block: torch.Tensor, gradient: torch.Tensor) -> object:
            return rows.mul_(keep).addmm_(gradient, block, alpha=scale)

        if self._velocities is None:
            factor = (-rate[:members] / size).to(rows.dtype)
            return factor, decayed if rules.has_decay else plain

        velocities = self._velocities.view(rows.shape)
        # The product can multiply by one number on its way.
        shared = float(rules.momenta[0]) if np.ptp(rules.momenta) == 0 else None

        def with_momentum(block: torch.Tensor, gradient: torch.Tensor) -> object:
            if shared is None:
                velocities.mul_(momentum)
            velocities.addmm_(gradient, block, beta=shared or 1, alpha=scale)
            if rules.has_decay:
                velocities.addcmul_(rows, decay)
            return rows.addcmul_(velocities, rate, value=-1)

        return torch.full((), 1 / size, dtype=rows.dtype, device=self._device), with_momentum


def _aligned(rows: torch.Tensor) -> torch.Tensor:
    """A copy whose every row begins at a multiple of 64 bytes: what adds to rows is up to a third faster."""
    per_line = 64 // rows.element_size()
    width = rows.shape[-1]
    padded = rows.new_zeros(*rows.shape[:-1], -(-width // per_line) * per_line)
    return padded[..., :width].copy_(rows)


class _Totals:
    """Sums over examples of what K models got wrong and lost, kept on the device."""

    def __init__(self, num_members: int, device: Any) -> None:
        self._wrong = torch.zeros(num_members, dtype=torch.int64, device=device)
        self._losses: list[torch.Tensor] = []
        self._count = 0

    def add(self, logits: torch.Tensor, likeliest: torch.Tensor, labels: torch.Tensor) -> None:
        """Add batches of n examples.

        The logits are (batches, classes, K, n), the largest of their probabilities (batches, K, n), and the
        labels (batches, n).
        """
        chosen = labels[:, None, None]
        of_label, highest = logits.gather(1, chosen.expand(-1, 1, logits.shape[2], -1))[:, 0], logits.amax(1)
        # The first of the largest logits says the class. argmax() and any() take several times as long.
        classes = torch.arange(logits.shape[1], device=labels.device)[:, None, None]
        unless_before = torch.where(classes < chosen, 0, -torch.inf).to(logits.dtype)
        wrong = (of_label < highest) | ((logits + unless_before).amax(1) >= of_label)
        self._wrong += wrong.sum(0).sum(1)
        # The largest probability is never too small for its logarithm; logsumexp() takes longer.
        self._losses.append((highest - likeliest.log() - of_label).sum(0).sum(1))
        self._count += labels.numel()

    def scores(self) -> Scores:
        # The chunks' sums are added up on the host in float64, which not every device has.
        loss = torch.stack(self._losses).cpu().numpy().astype(np.float64).sum(axis=0)
        return mean_scores(self._wrong.cpu().numpy(), loss, self._count)
