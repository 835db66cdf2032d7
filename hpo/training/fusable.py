"""What an objective must tell about a config so that several configs can train together."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

from hpo.backend import Arrays, DType, Member, Run, State, registry
from hpo.objective.context import CurrentTrial
from hpo.training.fit import Checkpointable, HasRunState, PlainRun, TrainerFit
from hpo.training.perturb import perturb
from hpo.training.rows import fit_in_rows
from hpo.training.states import complete_state, parameter_shapes
from hpo.training.trainer import train


@dataclass(frozen=True, eq=False)
class Training:
    """The training of one config by the backend.

    Attributes:
        member: the model, how it learns and where it starts.
        arrays: what it learns from: the same object for configs that may share it.
        max_epochs: the last epoch.
    """

    member: Member
    arrays: Arrays
    max_epochs: int

    @property
    def kind(self) -> Hashable:
        """What trainings that may run together have in common."""
        # The arrays by identity: to compare their contents would read the whole data set.
        return (self.member.model, type(self.member.optimizer), id(self.arrays), self.max_epochs)

    @property
    def description(self) -> str:
        """The kind of training, in words that are the same in each process; `kind` is not."""
        optimizer = type(self.member.optimizer).__name__
        return f"{self.member.model} by {optimizer}, batches of {self.arrays.batch_size}"

    @property
    def is_linear(self) -> bool:
        """Whether several such models share one product with each mini-batch."""
        return fit_in_rows([self.member])

    @property
    def size(self) -> int:
        """How many numbers a run holds for it beside the data: parameters, slots, work space and scores."""
        numbers = sum(math.prod(shape) for shape in parameter_shapes(self.member.model).values())
        # A copy for a checkpoint, and work space.
        return numbers * (3 + len(self.member.optimizer.slots)) + self._scores(self.member.model.num_outputs)

    def start(self, dtype: DType) -> State:
        """Where it starts, with the optimizer's slots."""
        return complete_state(self.member, self.member.state, dtype)

    def kept(self, run: HasRunState) -> Checkpointable:
        """What a checkpoint keeps of a run of it."""
        return PlainRun(run)

    def run(self, others: Sequence[Training], states: Sequence[State], trial: CurrentTrial) -> Run:
        """A run of trainings of this kind, this one perhaps among them, from these states."""
        backend = registry.get(trial.backend)
        device = backend.device(registry.resolve_device(backend, trial.device_name))
        members = [replace(one.member, state=state) for one, state in zip(others, states, strict=True)]
        return backend.prepare(members, self.arrays, dtype=trial.dtype, device=device)

    def _scores(self, num_outputs: int) -> int:
        return 4 * 1024 * num_outputs


@runtime_checkable
class Fusable(Protocol):
    """An objective that trains one model by the backend and yields its records (see `hpo.training.train`).

    Called with a config, it trains that config alone. Where several of its trials run at once, they may also
    be trained together, by what `training` returns for each.
    """

    def training(self, config: Mapping[str, Any], *, seed: int, replicate: int) -> Training:
        """How a config is trained.

        Args:
            config: the config.
            seed: decides, with `replicate`, the initial weights and the order of the mini-batches.
            replicate: which of the repeated draws this is.
        """
        ...


def fusable(function: object) -> Fusable | None:
    """An objective whose configs may train together; None if it is none."""
    return function if isinstance(function, Fusable) else None


def train_alone(training: Training, trial: CurrentTrial) -> Iterator[dict[str, float]]:
    """Train one config by itself, from its checkpoint if there is one, and yield each epoch's record."""
    run = training.run([training], [training.start(trial.dtype)], trial)
    perturb(run)
    fitting = TrainerFit(training.kept(run), trial.seed, trial.replicate)
    trial.host.attach({"trainer": fitting})
    for [record] in train(
        run,
        len(training.arrays.train_x),
        max_epochs=training.max_epochs,
        seed=trial.seed,
        replicate=trial.replicate,
        first_epoch=len(fitting.history) + 1,
    ):
        fitting.history.append(record)
        yield record
