"""K softmax regressions as one matrix, the layout in which they train together.

The weights of all members stand in rows of (num_outputs, K, num_inputs + 1), class-major: one matrix
product then serves all members, and the softmax runs along the first axis over contiguous numbers.
The last column is the bias; it meets a column of ones at the end of each example.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hpo.backend import SGD, Array, Arrays, DType, Member, Scores, Softmax, State
from hpo.datasets import check_labels
from hpo.training.states import complete_state

_MOMENTUM = "momentum."


def check_members(members: Sequence[Member], data: Arrays) -> None:
    """Raise `ValueError` if K models cannot train together on this data."""
    if not members:
        raise ValueError("A run needs at least one member; received none.")
    models = {member.model for member in members}
    if len(models) > 1:
        raise ValueError(f"The members of a run must have one shape; received {models}.")
    kinds = {type(member.optimizer) for member in members}
    if len(kinds) > 1:
        names = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise ValueError(f"The members of a run must have optimizers of one kind; received {names}.")
    [model] = models
    # By product and not by shape: examples are flattened, whatever their axes.
    if model.num_inputs != data.num_inputs:
        raise ValueError(
            f"The model takes {model.num_inputs} numbers for each example; the examples have the shape "
            f"{data.train_x.shape[1:]}, which is {data.num_inputs}."
        )
    check_labels(data.train_y, num_classes=model.num_outputs)
    check_labels(data.val_y, num_classes=model.num_outputs, what="validation")


def fit_in_rows(members: Sequence[Member]) -> bool:
    """Whether K models are softmax regressions that learn by SGD, which is what rows are for."""
    return all(isinstance(member.model, Softmax) and isinstance(member.optimizer, SGD) for member in members)


@dataclass(frozen=True)
class Rules:
    """How K members learn: the numbers of their `SGD`, side by side.

    Attributes:
        rates: (K,) step sizes.
        decays: (K,) weight decays.
        momenta: (K,) shares of the last step that are kept.
    """

    rates: Array
    decays: Array
    momenta: Array

    @classmethod
    def of(cls, members: Sequence[Member], dtype: DType) -> Rules:
        """The numbers of members whose optimizers are all `SGD`."""
        names = ("learning_rate", "weight_decay", "momentum")
        return cls(*(np.array([getattr(one.optimizer, name) for one in members], dtype) for name in names))

    @property
    def has_decay(self) -> bool:
        """Whether any member's weights decay."""
        return bool(self.decays.any())

    @property
    def has_momentum(self) -> bool:
        """Whether any member keeps a share of its last step."""
        return bool(self.momenta.any())


def to_rows(members: Sequence[Member], states: Sequence[State], dtype: DType) -> tuple[Array, Array | None]:
    """Parameters and velocities of K states as rows (num_outputs, K, num_inputs + 1).

    The velocities are None where no member has momentum; they are zero for a member that has none, and for
    one that starts afresh.

    Raises:
        ValueError: a state lacks a parameter, or has one of another shape.
    """
    complete = [complete_state(one, state, dtype) for one, state in zip(members, states, strict=True)]
    rows = stack(complete, dtype)
    if not any(one.optimizer.slots for one in members):
        return rows, None
    still = {name: np.zeros_like(value) for name, value in unstack(rows)[0].items()}
    moving = [
        {name: state.get(_MOMENTUM + name, zeros) for name, zeros in still.items()} for state in complete
    ]
    return rows, stack(moving, dtype)


def from_rows(members: Sequence[Member], rows: Array, velocities: Array | None) -> list[State]:
    """K states, copied from what `to_rows` returns."""
    states = unstack(rows)
    if velocities is not None:
        for member, state, moving in zip(members, states, unstack(velocities), strict=True):
            if member.optimizer.slots:
                state |= {_MOMENTUM + name: value for name, value in moving.items()}
    return states


def stack(states: Sequence[State], dtype: DType) -> Array:
    """Rows (num_outputs, K, num_inputs + 1) of K states' parameters."""
    rows = [np.vstack([state["layers.0.weight"], state["layers.0.bias"]]).T for state in states]
    return np.ascontiguousarray(np.stack(rows, axis=1), dtype=dtype)


def unstack(rows: Array) -> list[State]:
    """K states of parameters, copied from rows (num_outputs, K, num_inputs + 1)."""
    return [
        {
            "layers.0.weight": np.array(rows[:, member, :-1].T, order="C"),
            "layers.0.bias": np.array(rows[:, member, -1]),
        }
        for member in range(rows.shape[1])
    ]


def mean_scores(num_wrong: Any, total_loss: Any, num_examples: int) -> Scores:
    """Scores of sums over examples. If the loss is NaN or infinite, the error is NaN."""
    # A broken model still has some argmax, and with it an error that looks like a result.
    loss = np.asarray(total_loss, np.float64) / num_examples
    error = np.asarray(num_wrong, np.float64) / num_examples
    return Scores(np.where(np.isfinite(loss), error, np.nan), loss)
