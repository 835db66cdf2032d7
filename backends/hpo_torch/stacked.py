"""K modules of one structure in one computation, by `torch.func`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.func import functional_call, grad_and_value, vmap

from hpo.backend import Arrays, DType, Member, Scores, State
from hpo.training import LastBatch, batch_sizes
from hpo.training.rows import Rules, mean_scores
from hpo_torch.arrays import from_host
from hpo_torch.lone_examples import lone_examples_explained
from hpo_torch.threads import one_thread

MOMENTUM = "momentum."
EXAMPLES_PER_SCORE = 1024
# Sums for each batch would cost a small model as much as its step.
_BATCHES_PER_SUM = 64

Tensors = dict[str, torch.Tensor]


class StackedRun:
    """A `hpo.backend.Run` of K classifiers that a user wrote, whose parameters are stacked.

    A forward pass of all of them is one call (`torch.func.vmap`), and so is their gradient. A run of one
    model does without: it is the lean single step, which a cohort is measured against. The code is the same
    on every device; it was tested on processors only.

    Args:
        module: one of the modules, for its structure.
        members: how each of them learns; their optimizers are `SGD`.
        states: their parameters, and velocities where they have momentum.
        data: what they learn from.
        dtype: what they compute in.
        device: where.
        last_batch: what becomes of the examples that are left at the end of an epoch.
    """

    def __init__(
        self,
        module: nn.Module,
        members: Sequence[Member],
        states: Sequence[State],
        data: Arrays,
        dtype: DType,
        device: Any,
        last_batch: LastBatch = "keep",
    ) -> None:
        self._module, self._members, self._dtype, self._device = module, list(members), dtype, device
        self._batch_size, self._last_batch = data.batch_size, last_batch
        self._scale = 1 / 255 if data.train_x.dtype == np.uint8 else 1.0
        self._train, self._val = (
            (from_host(x).to(device), from_host(y.astype(np.int64)).to(device))
            for x, y in ((data.train_x, data.train_y), (data.val_x, data.val_y))
        )
        self.load(states)

    def load(self, states: Sequence[State]) -> None:
        """Replace the K models' states."""
        names = [name for name in states[0] if not name.startswith(MOMENTUM)]
        self._parameters = {name: self._stack([state[name] for state in states]) for name in names}
        self._velocities: Tensors = {}
        if any(member.optimizer.slots for member in self._members):
            zeros = {name: np.zeros_like(states[0][name]) for name in names}
            self._velocities = {
                name: self._stack([state.get(MOMENTUM + name, zeros[name]) for state in states])
                for name in names
            }

    def state(self) -> list[State]:
        """Copies of the K models' states."""
        parameters = {name: value.cpu().numpy() for name, value in self._parameters.items()}
        velocities = {MOMENTUM + name: value.cpu().numpy() for name, value in self._velocities.items()}
        return [
            {
                name: value[index].copy()
                for name, value in (parameters | (velocities if member.optimizer.slots else {})).items()
            }
            for index, member in enumerate(self._members)
        ]

    def drop(self, index: int) -> None:
        """Take one model out; those behind it move up."""
        states = self.state()
        del self._members[index], states[index]
        self.load(states)

    def epoch(self, order: NDArray[np.intp]) -> Scores:
        """Train every model on the examples `order` (see `hpo.backend.Run.epoch`)."""
        totals, rules = _Totals(len(self._members), self._device), Rules.of(self._members, self._dtype)
        self._module.train()
        sizes = batch_sizes(len(order), self._batch_size, self._last_batch)
        trained = torch.from_numpy(order[: sum(sizes)]).to(self._device)
        with one_thread(), lone_examples_explained():
            for x, y in self._batches(self._train, torch.split(trained, sizes)):
                gradients, scores = self._gradients(x, y)
                totals.add(scores, y)
                self._descend(gradients, rules)
        return totals.scores()

    def validate(self) -> Scores:
        """Score every model on all validation examples."""
        totals = _Totals(len(self._members), self._device)
        everything = torch.arange(len(self._val[1]), device=self._device)
        self._module.eval()
        with one_thread(), torch.no_grad():
            for x, y in self._batches(self._val, torch.split(everything, EXAMPLES_PER_SCORE)):
                totals.add(self._scores(x), y)
        return totals.scores()

    def _stack(self, values: Sequence[Any]) -> torch.Tensor:
        return torch.from_numpy(np.stack(values).astype(self._dtype)).to(self._device)

    def _batches(
        self, examples: tuple[torch.Tensor, torch.Tensor], parts: Iterable[torch.Tensor]
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        x, y = examples
        for chosen in parts:
            inputs = x.index_select(0, chosen).to(getattr(torch, self._dtype))
            yield inputs.mul_(self._scale) if self._scale != 1 else inputs, y.index_select(0, chosen)

    def _scores(self, x: torch.Tensor) -> torch.Tensor:
        """The scores (K, n, classes) of a batch."""
        if len(self._members) == 1:
            return self._call({name: value[0] for name, value in self._parameters.items()}, x)[None]
        result: torch.Tensor = vmap(self._call, in_dims=(0, None))(self._parameters, x)
        return result

    def _gradients(self, x: torch.Tensor, y: torch.Tensor) -> tuple[Tensors, torch.Tensor]:
        """The gradients of all parameters, and the scores (K, n, classes)."""
        if len(self._members) == 1:
            # Views of the stack are leaves for this step; the stack itself records nothing.
            leaves = {name: value[0].requires_grad_() for name, value in self._parameters.items()}
            loss, scores = self._loss(leaves, x, y)
            gradients = torch.autograd.grad(loss, list(leaves.values()))
            stacked = {name: its[None] for name, its in zip(leaves, gradients, strict=True)}
            return stacked, scores.detach()[None]
        gradients_of = vmap(grad_and_value(self._loss, has_aux=True), in_dims=(0, None, None))
        found, (_, scores) = gradients_of(self._parameters, x, y)
        return found, scores

    @torch.no_grad()
    def _descend(self, gradients: Tensors, rules: Rules) -> None:
        for name, parameter in self._parameters.items():
            rate, decay, momentum = (
                torch.from_numpy(numbers).to(self._device).view(-1, *[1] * (parameter.dim() - 1))
                for numbers in (rules.rates, rules.decays, rules.momenta)
            )
            step = gradients[name]
            if rules.has_decay:
                step = step + decay * parameter
            if rules.has_momentum:
                step = self._velocities[name].mul_(momentum).add_(step)
            parameter.addcmul_(step, rate, value=-1)

    def _call(self, parameters: Tensors, x: torch.Tensor) -> torch.Tensor:
        scores: torch.Tensor = functional_call(self._module, parameters, (x,))
        return scores

    def _loss(self, parameters: Tensors, x: torch.Tensor, y: torch.Tensor) -> Any:
        scores = self._call(parameters, x)
        return nn.functional.cross_entropy(scores, y), scores


class _Totals:
    """Running totals of the errors and losses of K models, taken for many batches at a time."""

    def __init__(self, num_members: int, device: Any) -> None:
        self._sums = torch.zeros(2, num_members, dtype=torch.float64)
        self._batches: list[tuple[torch.Tensor, torch.Tensor]] = []
        self._count = 0

    def add(self, scores: torch.Tensor, labels: torch.Tensor) -> None:
        """Add a batch: scores (K, n, classes) and labels (n,)."""
        self._batches.append((scores, labels))
        self._count += len(labels)
        if len(self._batches) == _BATCHES_PER_SUM:
            self._flush()

    def scores(self) -> Scores:
        self._flush()
        wrong, loss = self._sums.numpy()
        return mean_scores(wrong, loss, self._count)

    @torch.no_grad()
    def _flush(self) -> None:
        if self._batches:
            scores = torch.cat([one for one, _ in self._batches], 1)
            labels = torch.cat([its for _, its in self._batches]).expand(len(scores), -1)
            loss = nn.functional.cross_entropy(scores.transpose(1, 2), labels, reduction="none").sum(1)
            wrong = (scores.argmax(2) != labels).sum(1)
            self._sums += torch.stack([wrong.to(loss.dtype), loss]).cpu().double()
            self._batches.clear()
