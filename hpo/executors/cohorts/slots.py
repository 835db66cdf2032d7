"""The places of a cohort, and the runs in which they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hpo.backend import State
from hpo.objective.context import CurrentTrial, running
from hpo.objective.function import Traits
from hpo.training import train
from hpo.training.fit import TrainerFit
from hpo.training.fusable import Fusable, Training
from hpo.training.perturb import perturb


class Slot(Iterator[dict[str, float]]):
    """One draw of one trial, as a place in a run of several models.

    The trial's objective returns it: an iterator over the records of its epochs, each of which is there once
    its lane has trained the epoch.

    Args:
        training: how the trial's config is trained.
        trial: the current trial of that draw.
    """

    def __init__(self, training: Training, trial: CurrentTrial) -> None:
        self.training = training
        self.trial = trial
        self.record: dict[str, float] = {}
        self.fitting = TrainerFit(training.kept(self), trial.seed, trial.replicate)
        self._state = training.start(trial.dtype)
        self._lane: Lane | None = None

    @property
    def epoch(self) -> int:
        """The last epoch that is done."""
        return len(self.fitting.history)

    @property
    def is_over(self) -> bool:
        """Whether its last epoch is done."""
        return self.epoch >= self.training.max_epochs

    def state(self) -> list[State]:
        """A copy of the model's state, as of a run of one."""
        return [self._state if self._lane is None else self._lane.state_of(self)]

    def load(self, states: Sequence[State]) -> None:
        """Replace the model's state, before it trains."""
        [self._state] = states

    def enter(self, lane: Lane) -> None:
        """Train in this lane from now on."""
        self._lane = lane

    def leave(self) -> None:
        """Keep the state that the model has now, and train no more."""
        # Before it leaves the lane, which has the state.
        [self._state] = self.state()
        self._lane = None

    def __next__(self) -> dict[str, float]:
        """The record of the epoch that was trained last."""
        if self.is_over:
            raise StopIteration
        self.fitting.history.append(self.record)
        return self.record


class SlotObjective:
    """An objective whose trials do not train by themselves but take a place for it.

    Args:
        function: the objective that says how a config is trained.

    Attributes:
        takes_framework_random: as that objective declares it (see `hpo.objective.function.Traits`).
    """

    def __init__(self, function: Fusable) -> None:
        self.takes_framework_random = Traits.of(function).takes_framework_random
        self._function = function
        self._taken: dict[int, list[Slot]] = {}

    def __call__(self, config: Mapping[str, Any], trial: CurrentTrial) -> Slot:
        """A place for one draw of a trial, with the state of its checkpoint if there is one."""
        slot = self.empty(config, trial)
        perturb(slot)
        trial.host.attach({"trainer": slot.fitting})
        self._taken.setdefault(-1 if trial.id is None else trial.id, []).append(slot)
        return slot

    def empty(self, config: Mapping[str, Any], trial: CurrentTrial) -> Slot:
        """A place for a config whose results are not asked for."""
        training = self._function.training(config, seed=trial.seed, replicate=trial.replicate)
        return Slot(training, trial)

    def collect(self, trial: int) -> list[Slot]:
        """The places that a trial took, one for each of its draws."""
        return self._taken.pop(trial, [])


class Lane:
    """One draw of all trials of a cohort: a run in which each has its place.

    Args:
        slots: the places, of one shape and at the same epoch.
    """

    def __init__(self, slots: Sequence[Slot]) -> None:
        self._slots = list(slots)
        self._states: list[State] | None = None
        first = slots[0]
        trial, training = first.trial, first.training
        states = [slot.state()[0] for slot in slots]
        self._run = training.run([slot.training for slot in slots], states, trial)
        self._records = train(
            self._run,
            len(training.arrays.train_x),
            max_epochs=training.max_epochs,
            seed=trial.seed,
            replicate=trial.replicate,
            # The place of a trial that is not there any more is at its start.
            first_epoch=max(slot.epoch for slot in slots) + 1,
        )
        for slot in slots:
            slot.enter(self)

    def train_epoch(self) -> None:
        """Train all of them for an epoch."""
        self._states = None
        with running(self._slots[0].trial):  # a model that draws does so as it would alone
            records = next(self._records)
        for slot, record in zip(self._slots, records, strict=True):
            slot.record = record

    def state_of(self, slot: Slot) -> State:
        """A copy of one model's state."""
        # The run copies the states of all its models at once: once an epoch, for all that ask.
        if self._states is None:
            self._states = self._run.state()
        return self._states[self._slots.index(slot)]

    def drop(self, slot: Slot) -> None:
        """Take one out; it keeps its state. The last one stays in the run, which is not used any more."""
        slot.leave()
        index = self._slots.index(slot)
        if len(self._slots) > 1:
            self._run.drop(index)
            del self._slots[index]
            self._states = None
