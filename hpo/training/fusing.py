"""What an objective must say of a config so that several of them can train together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from hpo.port import Arrays, Member


@dataclass(frozen=True)
class Training:
    """The training of one config through the port.

    Attributes:
        member: the model, how it learns and where it starts.
        arrays: what it learns from: the same object for configs that may share it.
        max_epochs: the last epoch.
    """

    member: Member
    arrays: Arrays
    max_epochs: int


@runtime_checkable
class Fusable(Protocol):
    """An objective that trains one model through the port and yields its records (see `hpo.training.train`).

    Called with a config it does so by itself. Where several of its trials run at once, they may also be
    trained together by what `training` says of each.
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
