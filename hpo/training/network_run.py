"""The framework-free half of a run of one network of the backend."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from hpo.backend import DType, Member, Scores, State

Examples = TypeVar("Examples")


class NetworkRun(ABC, Generic[Examples]):
    """A `hpo.backend.Run` of one network of any kind.

    Args:
        member: the network.
        train: what it learns from.
        validation: what it is scored on.
        batch_size: examples in a mini-batch.
        dtype: what it computes in.
        device: where it is.
    """

    def __init__(
        self,
        member: Member,
        train: Examples,
        validation: Examples,
        batch_size: int,
        dtype: DType,
        device: Any,
    ) -> None:
        self._member, self._dtype, self._device = member, dtype, device
        self._train, self._validation, self._batch_size = train, validation, batch_size
        self.set_up()
        self.load([member.state])

    def set_up(self) -> None:
        """Make what no state changes, such as graphs."""

    @abstractmethod
    def load(self, states: Sequence[State]) -> None:
        """Replace the state."""

    @abstractmethod
    def state(self) -> list[State]:
        """A copy of the state."""

    @abstractmethod
    def epoch(self, order: NDArray[np.intp]) -> Scores:
        """Train on the examples `order` (see `hpo.backend.Run.epoch`)."""

    @abstractmethod
    def validate(self) -> Scores:
        """Score the model on all validation examples."""

    def drop(self, index: int) -> None:
        """Refuse: a run needs at least one model."""
        raise IndexError(f"A run of one model has none to drop; received {index}.")
