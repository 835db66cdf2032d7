"""The framework-free half of training one model: by the backend where it can, else by the model's steps."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hpo.backend import CANONICAL, SGD, Arrays, DType, Member, Model, Run, Scores, State, Tree
from hpo.checkpoints import capture, restore
from hpo.training.module import Originals
from hpo.training.trainer import Trainer


class FastPath(NamedTuple):
    """What the backend must know to train a model in its own place.

    Attributes:
        model: its shape.
        dtype: what it computes in.
        device: where it is.
    """

    model: Model
    dtype: DType
    device: Any


class ModuleRun(ABC):
    """A `hpo.backend.Run` of one model that a user wrote.

    A model of the library trains by the backend as long as it is what the library made. That is checked in
    each epoch, since a notebook may replace a method at any time. Every other model trains by its own steps.

    Attributes:
        originals: the methods of the library's models, which the fast path stands in for.
    """

    originals: ClassVar[Originals]

    def __init__(self, model: Any, trainer: Trainer) -> None:
        self.model = model
        self.trainer = trainer
        self._prepared: tuple[Any, Any, Run] | None = None
        self._optimizer: Any = None
        # What the backend's run keeps beside the parameters: how often dropout has drawn.
        self._counts: State = {}

    @abstractmethod
    def learn(self, order: NDArray[np.intp]) -> Scores:
        """Train by the model's own steps on the examples `order`, or on a loader with its own order."""

    @abstractmethod
    def score(self) -> Scores:
        """Score the model on all validation examples by its own steps."""

    @abstractmethod
    def state(self) -> list[State]:
        """A copy of the model's state in the canonical layout."""

    @abstractmethod
    def load(self, states: Sequence[State]) -> None:
        """Replace the model's state."""

    def optimizer(self) -> Any:
        """The model's own optimizer, made once; the fast path needs none."""
        if self._optimizer is None:
            self._optimizer = self.model.configure_optimizers()
        return self._optimizer

    def checkpoint_state(self) -> dict[str, Tree]:
        """The state of the model, and of its optimizer where there is one."""
        optimizer = None if self._optimizer is None else self.optimizer_state()
        return {"model": self.model_state(), "optimizer": optimizer, "counts": dict(self._counts)}

    def load_checkpoint_state(self, state: Tree) -> None:
        """Restore the model and its optimizer.

        Raises:
            CheckpointError: the state is of another model or optimizer.
        """
        self.trainer.backend.restore(self.model, state["model"])
        self._counts = dict(state["counts"])
        if state["optimizer"] is not None:
            self.load_optimizer_state(state["optimizer"])

    def model_state(self) -> dict[str, Tree]:
        """The model's parameters in the canonical layout, and what else training changes in it."""
        return {CANONICAL: self.state()[0]}

    def optimizer_state(self) -> Tree:
        """The optimizer's state."""
        return capture(self._optimizer)

    def load_optimizer_state(self, state: Tree) -> None:
        """Restore the optimizer."""
        restore(self.optimizer(), state)

    def arrays(self) -> Arrays | None:
        """The data as the backend takes them for this model, the same object as long as they are the same."""
        return self.trainer.arrays

    def fast_path(self) -> FastPath | None:
        """How the backend can train the model as it is now; None if it cannot."""
        arrays = self.arrays()
        if arrays is None or not self.originals.kept_by(self.model):
            return None
        # A backend's own batches have one size, but for a smaller one at the end.
        if self.trainer.train_dataloader.has_large_batch:
            return None
        path: FastPath | None = self.model.fast_path(arrays.train_x.shape[1:], self.trainer.device)
        return path

    def epoch(self, order: NDArray[np.intp]) -> Scores:
        """Train on the examples `order`, or once through a loader that has an order of its own."""
        fast = self._fast()
        if fast is None:
            return self.learn(order)
        scores = fast.epoch(self.trainer.train_dataloader.trained(order))
        [state] = fast.state()
        # Back into the model after each epoch, since the user's code may read or change its weights there.
        self._counts = {name: value for name, value in state.items() if not name.startswith("layers.")}
        self.load([{name: value for name, value in state.items() if name not in self._counts}])
        return scores

    def validate(self) -> Scores:
        """Score the model on all validation examples."""
        fast = self._fast()
        return self.score() if fast is None else fast.validate()

    def output_of(self, caught: Sequence[Any]) -> Any:
        """What the model put out in a step, from all that was caught of it.

        Raises:
            RuntimeError: the step went past the model, so there is nothing to score.
        """
        if not caught:
            raise RuntimeError(
                f"The step of {type(self.model).__name__} must call the model, as self(x), so that its "
                f"outputs can be scored; it did not. self.net(x) and self.forward(x) go past it."
            )
        return caught[0]

    def drop(self, index: int) -> None:
        """Refuse: a run needs at least one model."""
        raise IndexError(f"A run of one model has none to drop; received {index}.")

    def _fast(self) -> Run | None:
        """The backend's run of the model, from the state that it has now."""
        arrays, path = self.arrays(), self.fast_path()
        if arrays is None or path is None:
            return None
        draws = self.model.seed, self.model.replicate
        member = Member(path.model, SGD(self.model.lr), self.state()[0] | self._counts, *draws)
        settings = (path, member.optimizer, draws)
        # The examples are put in place once, not in each epoch.
        if self._prepared is not None and self._prepared[0] is arrays and self._prepared[1] == settings:
            run = self._prepared[2]
            run.load([member.state])
            return run
        run = self.trainer.backend.prepare([member], arrays, dtype=path.dtype, device=path.device)
        self._prepared = arrays, settings, run
        return run
