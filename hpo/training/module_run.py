"""The framework-free half of training one model: through the port where that is the same, else by itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hpo.port import SGD, DType, Member, Run, Scores, Softmax, State
from hpo.training.trainer import Trainer


class FastPath(NamedTuple):
    """What the port must know to train a model in its own place.

    Attributes:
        model: its shape.
        dtype: what it computes in.
        device: where it is.
    """

    model: Softmax
    dtype: DType
    device: Any


class ModuleRun(ABC):
    """A `hpo.port.Run` of one model that people wrote.

    Softmax regression trains through the port as long as it is what the library made, which is looked at
    in each epoch; every other model by its own steps.
    """

    def __init__(self, model: Any, trainer: Trainer) -> None:
        self.model = model
        self.trainer = trainer
        self._prepared: tuple[Any, Any, Run] | None = None

    @abstractmethod
    def fast_path(self) -> FastPath | None:
        """How the port can train the model as it is now; None if it cannot."""

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

    def epoch(self, order: NDArray[np.intp]) -> Scores:
        """Train on the examples `order`, or once through a loader that has an order of its own."""
        fast = self._fast()
        if fast is None:
            return self.learn(order)
        scores = fast.epoch(order)
        self.load(fast.state())
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
        """There is one model, and a run of none is no run."""
        raise IndexError(f"A run of one model has none to drop; received {index}.")

    def _fast(self) -> Run | None:
        """The port's run of the model, from the state that it has now."""
        arrays, path = self.trainer.arrays, self.fast_path()
        if arrays is None or path is None:
            return None
        member = Member(path.model, SGD(self.model.lr), self.state()[0])
        settings = (path, member.optimizer)
        # The examples are put in place once, not in each epoch.
        if self._prepared is not None and self._prepared[0] is arrays and self._prepared[1] == settings:
            run = self._prepared[2]
            run.load([member.state])
            return run
        run = self.trainer.backend.prepare([member], arrays, dtype=path.dtype, device=path.device)
        self._prepared = arrays, settings, run
        return run
