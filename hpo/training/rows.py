"""K softmax regressions as one matrix, the layout in which they train together.

The weights of all members stand in rows of (num_outputs, K, num_inputs + 1), class-major: one matrix
product then serves all members, and the softmax runs along the first axis over contiguous numbers.
The last column is the bias; it meets a column of ones at the end of each example.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hpo.datasets import check_labels
from hpo.port import SGD, Array, Arrays, DType, Member, Scores, Softmax, State


def check_members(members: Sequence[Member], data: Arrays) -> None:
    """Raise `ValueError` where K models cannot train together on this data."""
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
    if model.num_inputs != data.num_inputs:
        raise ValueError(
            f"The model takes {model.num_inputs} numbers for each example; the examples have the shape "
            f"{data.train_x.shape[1:]}, which is {data.num_inputs}."
        )
    check_labels(data.train_y, num_classes=model.num_outputs)
    check_labels(data.val_y, num_classes=model.num_outputs, what="validation")


def fit_in_rows(members: Sequence[Member]) -> bool:
    """Whether K models are softmax regressions that learn by plain SGD, which is what rows are for."""
    return all(
        isinstance(member.model, Softmax) and member.optimizer == SGD(member.optimizer.learning_rate)
        for member in members
    )


def stack(states: Sequence[State], dtype: DType) -> Array:
    """Rows (num_outputs, K, num_inputs + 1) of K states."""
    rows = [np.vstack([state["layers.0.weight"], state["layers.0.bias"]]).T for state in states]
    return np.ascontiguousarray(np.stack(rows, axis=1), dtype=dtype)


def unstack(rows: Array) -> list[State]:
    """K states, copied from rows (num_outputs, K, num_inputs + 1)."""
    return [
        {
            "layers.0.weight": np.array(rows[:, member, :-1].T, order="C"),
            "layers.0.bias": np.array(rows[:, member, -1]),
        }
        for member in range(rows.shape[1])
    ]


def learning_rates(members: Sequence[Member], dtype: DType) -> Array:
    """The K step sizes."""
    return np.array([member.optimizer.learning_rate for member in members], dtype)


def mean_scores(num_wrong: Any, total_loss: Any, num_examples: int) -> Scores:
    """Scores of sums over examples. Where the loss is no number, the model is broken: so is its error."""
    loss = np.asarray(total_loss, np.float64) / num_examples
    error = np.asarray(num_wrong, np.float64) / num_examples
    return Scores(np.where(np.isfinite(loss), error, np.nan), loss)
