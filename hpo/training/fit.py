"""One training under way, as a checkpoint keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from hpo.backend import CANONICAL, Run, State, Tree
from hpo.checkpoints import check_arrays
from hpo.errors import CheckpointError


class Checkpointable(Protocol):
    """A model under training whose whole state can be kept."""

    def checkpoint_state(self) -> dict[str, Tree]:
        """The model's state and the optimizer's."""
        ...

    def load_checkpoint_state(self, state: Tree) -> None:
        """Become what `checkpoint_state` returned."""
        ...


class CheckpointableRun(Run, Checkpointable, Protocol):
    """A run of one model whose whole state can be kept."""


class HasRunState(Protocol):
    """A `hpo.backend.Run` as far as its state goes."""

    def state(self) -> list[State]:
        """All that is needed to go on exactly."""
        ...

    def load(self, states: Sequence[State]) -> None:
        """Replace it."""
        ...


class PlainRun:
    """The checkpoint of one model's run by the backend: its state, which has the optimizer's slots in it.

    Args:
        run: from `Backend.prepare`, with one member.
    """

    def __init__(self, run: HasRunState) -> None:
        self._run = run

    def checkpoint_state(self) -> dict[str, Tree]:
        """The state in the canonical layout."""
        [state] = self._run.state()
        return {"model": {CANONICAL: state}, "optimizer": None}

    def load_checkpoint_state(self, state: Tree) -> None:
        """Replace the state.

        Raises:
            CheckpointError: it is that of another model or optimizer.
        """
        [own], found = self._run.state(), state["model"][CANONICAL]
        check_arrays("model", own, found)
        self._run.load([found])


class TrainerFit:
    """A model under training by a `Trainer`: what `Trainer.epochs` attaches to the trial.

    Each call makes its own, so that an objective may train several models, or one model several times.

    Args:
        run: the model's run, a `ModuleRun` or a `PlainRun`.
        seed: decides, with `replicate`, the order of the mini-batches.
        replicate: which of the repeated draws this is.

    Attributes:
        history: a record of each epoch that is done.
    """

    def __init__(self, run: Checkpointable, seed: int, replicate: int) -> None:
        self.history: list[dict[str, Any]] = []
        self._run = run
        self._draws = {"seed": seed, "replicate": replicate}

    def checkpoint_state(self) -> dict[str, Tree]:
        """Weights, optimizer, the epochs that are done, and what decides the order of the next ones."""
        return {**self._run.checkpoint_state(), "history": list(self.history), **self._draws}

    def load_checkpoint_state(self, state: Tree) -> None:
        """Go on after the last epoch that the state has.

        Raises:
            CheckpointError: it is of another model, or of a training that visits the examples otherwise.
        """
        if not isinstance(state, dict) or not {"model", "optimizer", "history", *self._draws} <= state.keys():
            raise CheckpointError("The checkpoint holds something else here than the training of a Trainer.")
        draws = {name: state[name] for name in self._draws}
        if draws != self._draws:
            raise CheckpointError(
                f"The checkpoint is of a training in the order of {_spelled(draws)}; this Trainer has "
                f"{_spelled(self._draws)}. Make it as it was made in the trial."
            )
        self._run.load_checkpoint_state(state)
        # In place: the Trainer's `history` is the same list.
        self.history[:] = state["history"]


def _spelled(draws: dict[str, int]) -> str:
    return ", ".join(f"{name} {number}" for name, number in draws.items())
