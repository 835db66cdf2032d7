"""Traces: what one backend does from given states, written down to be compared elsewhere.

Frameworks do not share a process, and some not even an environment. So each leaves a file.

Gradient descent at a high rate is chaotic: two orders of summation part by 1.5e-6 after an epoch at the
rate 0.16 and by 0.9 at the rate 1, in float64 too. A single step is stable everywhere. A trace therefore
holds *resynchronised steps*: at some steps of NumPy's trajectory, the state there and what the backend
makes of it in one step. It also holds the backend's own state after a whole epoch.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hpo.backend import SGD, Array, Arrays, Backend, DType, Member, Run, Softmax, State, registry
from hpo.compare.traces.networks import record_steps
from hpo.datasets import sample
from hpo.inputs import open_table
from hpo.randomness import batch_order
from hpo.training import check_arrays
from hpo.training.rows import stack, unstack

REFERENCE = "numpy"
RATES = (1e-4, 0.01, 0.16, 1.0)
BATCH_SIZE = 16
STEPS = (0, 100, 375, 1000)
"""Before which steps the states are synchronised; 375 is the end of the sample's first epoch."""
DTYPES: tuple[DType, ...] = ("float32", "float64")


@dataclass(frozen=True)
class Trace:
    """What one backend did.

    Rows are (num_outputs, num_inputs + 1) with the bias as the last column.

    Attributes:
        label: which environment it comes from.
        backend: whose it is.
        versions: of the framework and of NumPy.
        starts: by dtype, (rates, steps, rows...): the states before the steps.
        ends: by dtype, the same shape: the states after them.
        epochs: by dtype, (rates, rows...): the states after the first epoch, from the initial one.
        errors: by dtype, (rates,): the validation errors then.
        networks: by dtype and case of `hpo.compare.traces.networks`, `float32/lenet, sgd`: (2, steps,
        numbers).
    """

    label: str
    backend: str
    versions: dict[str, str]
    starts: dict[str, Array]
    ends: dict[str, Array]
    epochs: dict[str, Array]
    errors: dict[str, Array]
    networks: dict[str, Array]

    def save(self, folder: str | os.PathLike[str]) -> Path:
        """Write the trace to `<folder>/<label>.npz`."""
        path = Path(folder) / f"{self.label}.npz"
        path.parent.mkdir(parents=True, exist_ok=True)
        arrays = {
            f"{part}/{dtype}": array
            for part in ("starts", "ends", "epochs", "errors", "networks")
            for dtype, array in getattr(self, part).items()
        }
        about = {"label": self.label, "backend": self.backend, "versions": self.versions}
        with path.open("wb") as file:
            # Weights hardly get smaller by compression, which takes twenty times as long.
            np.savez(file, about=np.array(json.dumps(about)), **arrays)
        return path

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Trace:
        """Read a trace that `save` wrote.

        Raises:
            FileNotFoundError: there is none.
        """
        with open_table(path) as opened, np.load(opened, allow_pickle=False) as file:
            about = json.loads(str(file["about"]))
            parts: dict[str, dict[str, Array]] = {}
            for key in file.files:
                part, _, dtype = key.partition("/")
                if dtype:
                    parts.setdefault(part, {})[dtype] = file[key]
        return cls(
            about["label"],
            about["backend"],
            about["versions"],
            parts["starts"],
            parts["ends"],
            parts["epochs"],
            parts["errors"],
            parts["networks"],
        )


def record_trace(backend_name: str, label: str) -> Trace:
    """Let a backend take its steps on the embedded sample, from states of NumPy's trajectory.

    Args:
        backend_name: whose trace.
        label: what to call it, for example the name of the environment.
    """
    backend, reference = registry.load(backend_name), registry.load(REFERENCE)
    data = sample_arrays()
    trace = Trace(label, backend.name, _versions(backend), {}, {}, {}, {}, {})
    for dtype in DTYPES:
        starts, ends, epochs, errors = [], [], [], []
        for rate in RATES:
            states = trajectory(reference, data, rate, dtype)
            starts.append([_rows(state, dtype) for state in states])
            ends.append([_rows(state, dtype) for state in one_steps(backend, data, rate, dtype, states)])
            run = prepare(backend, data, rate, dtype, initial_state(data))
            run.epoch(batch_order(0, 0, 1, len(data.train_x)))
            epochs.append(_rows(run.state()[0], dtype))
            errors.append(run.validate().error[0])
        trace.starts[dtype], trace.ends[dtype] = np.array(starts), np.array(ends)
        trace.epochs[dtype], trace.errors[dtype] = np.array(epochs), np.array(errors)
        for case, recorded in record_steps(backend, reference, data, dtype).items():
            trace.networks[f"{dtype}/{case}"] = recorded
    return trace


def trajectory(backend: Backend, data: Arrays, rate: float, dtype: DType) -> list[State]:
    """A backend's states before each of `STEPS`, on its own way from the initial state."""
    run, order, done, states = prepare(backend, data, rate, dtype, initial_state(data)), _order(data), 0, []
    for step in STEPS:
        if step > done:
            run.epoch(order[done * BATCH_SIZE : step * BATCH_SIZE])
        done = step
        states.append(run.state()[0])
    return states


def one_steps(backend: Backend, data: Arrays, rate: float, dtype: DType, states: list[State]) -> list[State]:
    """The states after one step of a backend from each of `states`, the step that follows it."""
    order, ends = _order(data), []
    for step, state in zip(STEPS, states, strict=True):
        run = prepare(backend, data, rate, dtype, state)
        run.epoch(order[step * BATCH_SIZE : (step + 1) * BATCH_SIZE])
        ends.append(run.state()[0])
    return ends


def prepare(backend: Backend, data: Arrays, rate: float, dtype: DType, state: State) -> Run:
    """A run of one softmax regression from `state`, on the processor."""
    member = Member(Softmax(data.num_inputs, 10), SGD(rate), state)
    return backend.prepare([member], data, dtype=dtype, device=backend.device("cpu"))


def initial_state(data: Arrays) -> State:
    """Where every trajectory starts."""
    return Softmax(data.num_inputs, 10).initial_state(seed=0)


def sample_arrays() -> Arrays:
    """The embedded sample of Fashion-MNIST, the same wherever a trace is made."""
    files = sample()
    return check_arrays(
        (files.train_images, files.train_labels), (files.test_images, files.test_labels), BATCH_SIZE
    )


def states_of(rows: Array) -> list[State]:
    """The states of (steps, num_outputs, num_inputs + 1) rows."""
    return unstack(np.moveaxis(rows, 0, 1))


def _rows(state: State, dtype: DType) -> Array:
    return stack([state], dtype)[:, 0]


def _order(data: Arrays) -> Array:
    """The order of the first three epochs, which hold more than the last of `STEPS`."""
    return np.concatenate([batch_order(0, 0, epoch, len(data.train_x)) for epoch in (1, 2, 3)])


def _versions(backend: Backend) -> dict[str, str]:
    return {backend.name: backend.version, "numpy": np.__version__}
