"""Resynchronised steps of networks: every kind of layer and optimizer, held against NumPy's.

States go into a trace as rows of numbers: parameters, slots and counts one behind the other, in the order
of their names.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hpo.backend import Arrays, Backend, DType, Member, registry
from hpo.backend.models import MLP, Array, LeNet, Model, State
from hpo.backend.optimizers import SGD, Adam, AdamW, Optimizer
from hpo.randomness import batch_order
from hpo.training.states import complete_state

CASES: dict[str, tuple[Model, Optimizer]] = {
    "mlp, sgd": (MLP(784, 10, (16, 12), activation="tanh"), SGD(0.16)),
    "mlp, momentum": (MLP(784, 10, (16,)), SGD(0.05, momentum=0.9, weight_decay=1e-3)),
    "mlp, adam": (MLP(784, 10, (16,)), Adam(1e-3)),
    "mlp with dropout, adamw": (MLP(784, 10, (16, 12), dropout=(0.2, 0.5)), AdamW(1e-3)),
    "lenet, sgd": (LeNet(), SGD(0.5)),
    "lenet, adam": (LeNet(activation="relu"), Adam(1e-3, weight_decay=1e-3)),
}
STEPS = (0, 100, 375)
"""Before which steps the states are synchronised; the last is the end of the sample's first epoch."""


def record_steps(backend: Backend, reference: Backend, data: Arrays, dtype: DType) -> dict[str, Array]:
    """For each case the states of the reference before `STEPS`, and what a backend makes of each.

    Returns:
        By the name of the case, (2, steps, numbers): starts and ends.
    """
    recorded = {}
    for case in CASES:
        member = _member(case)
        starts = _trajectory(reference, data, member, dtype)
        ends = [_step(backend, data, member, dtype, step, state) for step, state in starts.items()]
        recorded[case] = np.array([[_row(state) for state in states] for states in (starts.values(), ends)])
    return recorded


def differences(recorded: Array, case: str, data: Arrays, dtype: DType) -> list[float]:
    """How far a backend's steps ended from the reference's, taken here and now from the same states."""
    reference, member = registry.load("numpy"), _member(case)
    found = []
    for step, start, end in zip(STEPS, *recorded, strict=True):
        state = _state(start, member, dtype)
        expected = _row(_step(reference, data, member, dtype, step, state))
        found.append(float(np.nan_to_num(np.abs(end - expected).max(), nan=np.inf)))
    return found


def starts_alike(recorded: Array, case: str, dtype: DType) -> bool:
    """Whether what was recorded begins with the initial state of all."""
    member = _member(case)
    return np.array_equal(recorded[0][0], _row(complete_state(member, member.state, dtype)))


def _member(case: str) -> Member:
    model, optimizer = CASES[case]
    return Member(model, optimizer, model.initial_state(seed=0))


def _trajectory(backend: Backend, data: Arrays, member: Member, dtype: DType) -> dict[int, State]:
    run = backend.prepare([member], data, dtype=dtype, device=backend.device("cpu"))
    order, done, states = _order(data), 0, {}
    for step in STEPS:
        if step > done:
            run.epoch(order[done * data.batch_size : step * data.batch_size])
        done = step
        states[step] = run.state()[0]
    return states


def _step(backend: Backend, data: Arrays, member: Member, dtype: DType, step: int, state: State) -> State:
    start = Member(member.model, member.optimizer, state)
    run = backend.prepare([start], data, dtype=dtype, device=backend.device("cpu"))
    run.epoch(_order(data)[step * data.batch_size : (step + 1) * data.batch_size])
    return run.state()[0]


def _order(data: Arrays) -> Array:
    # Two epochs, since the last of `STEPS` is the first step of the second one.
    return np.concatenate([batch_order(0, 0, epoch, len(data.train_x)) for epoch in (1, 2)])


def _row(state: State) -> Array:
    return np.concatenate([np.ravel(state[name]) for name in sorted(state)]).astype(_float_of(state))


def _float_of(state: State) -> str:
    return str(state["layers.0.weight"].dtype)


def _state(row: Array, member: Member, dtype: DType) -> State:
    like = complete_state(member, member.state, dtype)
    names: Sequence[str] = sorted(like)
    ends = np.cumsum([like[name].size for name in names])
    parts = np.split(row, ends[:-1])
    return {
        name: part.reshape(like[name].shape).astype(like[name].dtype)
        for name, part in zip(names, parts, strict=True)
    }
