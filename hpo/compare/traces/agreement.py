"""Whether backends compute the same, judged from their traces."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hpo.backend import Array, Arrays, DType, registry
from hpo.compare.traces import networks
from hpo.compare.traces.record import (
    DTYPES,
    RATES,
    REFERENCE,
    STEPS,
    Trace,
    initial_state,
    one_steps,
    prepare,
    sample_arrays,
    states_of,
)
from hpo.randomness import batch_order
from hpo.training.rows import stack

STEP_TOLERANCE: dict[DType, float] = {"float32": 1e-6, "float64": 1e-12}
"""How far one step from the same state may end from NumPy's."""
EPOCH_TOLERANCE = 1e-4
"""How far an epoch may end from NumPy's where a perturbed twin stays together."""
ERROR_TOLERANCE = 0.001
# Up to here two orders of summation end an epoch 1.5e-6 apart; at the rate 1 it is 0.9.
HIGHEST_STABLE_RATE = 0.16
ROUND_OFF_FACTOR = 10
"""By how much a chaotic trajectory may part beyond the twin before it is more than round-off."""


@dataclass(frozen=True)
class Agreement:
    """One comparison of a trace with NumPy.

    Attributes:
        label: whose trace.
        dtype: in which arithmetic.
        rate: at which learning rate.
        what: `step <n>` or `epoch 1`.
        difference: the largest absolute difference of a weight.
        allowed: the largest that agrees.
        twin: for an epoch, what NumPy makes of weights that were perturbed by one ulp.
        error_difference: for an epoch, the difference of the validation errors.
        model: of what, with which optimizer.

    Example:
        A step may be off by the round-off of its arithmetic, and no more.

        >>> from hpo.compare import Agreement
        >>> step = Agreement("torch", "float32", 0.16, "step 375", difference=3e-8, allowed=1e-6)
        >>> step.agrees
        True
        >>> print(step)  # doctest: +NORMALIZE_WHITESPACE
        torch  float32  softmax, sgd  lr 0.16  step 375  difference 3.0e-08 of 1.0e-06  same
        >>> Agreement("mine", "float64", 0.16, "step 0", difference=3e-8, allowed=1e-12).agrees
        False
    """

    label: str
    dtype: str
    rate: float
    what: str
    difference: float
    allowed: float
    twin: float | None = None
    error_difference: float | None = None
    model: str = "softmax, sgd"

    @property
    def agrees(self) -> bool:
        """Whether the difference is no more than round-off explains."""
        stable = self.error_difference is not None and self.rate <= HIGHEST_STABLE_RATE
        errors_agree = not stable or (self.error_difference or 0) <= ERROR_TOLERANCE
        return self.difference <= self.allowed and errors_agree

    def __str__(self) -> str:
        twin = "" if self.twin is None else f"  twin {self.twin:.1e}  error {self.error_difference:.4f}"
        verdict = "same" if self.agrees else "MORE THAN ROUND-OFF EXPLAINS"
        return (
            f"{self.label:20} {self.dtype}  {self.model:23}  lr {self.rate:<7g} {self.what:10} "
            f"difference {self.difference:.1e} of {self.allowed:.1e}{twin}  {verdict}"
        )


def compare_traces(folder: str | os.PathLike[str], labels: Sequence[str]) -> list[Agreement]:
    """Hold every trace against NumPy's steps from the same states, taken here and now.

    Args:
        folder: where the traces are.
        labels: which traces there must be.

    Raises:
        FileNotFoundError: a trace is missing; the text lists those that are there.
        ValueError: a trace did not start from the initial state of all.
    """
    found = sorted(path.stem for path in Path(folder).glob("*.npz"))
    missing = [label for label in labels if label not in found]
    if missing or not labels:
        raise FileNotFoundError(
            f"Traces of {', '.join(missing) or 'no environment'} are missing in {folder}; found: "
            f"{', '.join(found) or 'none'}. Run the environments that leave them first."
        )
    data = sample_arrays()
    twins = {dtype: [_epoch_of_twin(data, rate, dtype) for rate in RATES] for dtype in DTYPES}
    agreements = []
    for label in labels:
        trace = Trace.load(Path(folder) / f"{label}.npz")
        for dtype in DTYPES:
            _check_start(trace, dtype, data)
            agreements += _steps(trace, dtype, data)
            agreements += _epochs(trace, dtype, twins[dtype])
            agreements += _network_steps(trace, dtype, data)
    return agreements


def _check_start(trace: Trace, dtype: DType, data: Arrays) -> None:
    start = stack([initial_state(data)], dtype)[:, 0]
    for rate, rows in zip(RATES, trace.starts[dtype], strict=True):
        if not np.array_equal(rows[0], start):
            raise ValueError(
                f"The trace {trace.label} at rate {rate} in {dtype} does not start from the initial state of "
                f"all: the largest difference is {np.abs(rows[0] - start).max():.1e}, and 0 was expected."
            )


def _steps(trace: Trace, dtype: DType, data: Arrays) -> list[Agreement]:
    reference = registry.load(REFERENCE)
    agreements = []
    for i, rate in enumerate(RATES):
        ends = one_steps(reference, data, rate, dtype, states_of(trace.starts[dtype][i]))
        for j, end in enumerate(ends):
            difference = _largest(trace.ends[dtype][i][j] - stack([end], dtype)[:, 0])
            what = f"step {STEPS[j]}"
            agreements.append(Agreement(trace.label, dtype, rate, what, difference, STEP_TOLERANCE[dtype]))
    return agreements


def _network_steps(trace: Trace, dtype: DType, data: Arrays) -> list[Agreement]:
    agreements = []
    for case, (_, optimizer) in networks.CASES.items():
        recorded = trace.networks[f"{dtype}/{case}"]
        if not networks.starts_alike(recorded, case, dtype):
            raise ValueError(
                f"The trace {trace.label} of {case} in {dtype} does not start from the initial state of all."
            )
        found = networks.differences(recorded, case, data, dtype)
        agreements += [
            Agreement(
                trace.label,
                dtype,
                optimizer.learning_rate,
                f"step {step}",
                difference,
                STEP_TOLERANCE[dtype],
                model=case,
            )
            for step, difference in zip(networks.STEPS, found, strict=True)
        ]
    return agreements


def _epochs(trace: Trace, dtype: DType, twins: Sequence[tuple[Array, float, float]]) -> list[Agreement]:
    agreements = []
    for i, (rate, (rows, error, spread)) in enumerate(zip(RATES, twins, strict=True)):
        stable = rate <= HIGHEST_STABLE_RATE
        agreements.append(
            Agreement(
                trace.label,
                dtype,
                rate,
                "epoch 1",
                _largest(trace.epochs[dtype][i] - rows),
                EPOCH_TOLERANCE if stable else ROUND_OFF_FACTOR * spread,
                spread,
                float(abs(trace.errors[dtype][i] - error)),
            )
        )
    return agreements


def _epoch_of_twin(data: Arrays, rate: float, dtype: DType) -> tuple[Array, float, float]:
    """NumPy's rows and error after an epoch, and how far a twin perturbed by one ulp ends from them."""
    reference = registry.load(REFERENCE)
    start = {name: value.astype(dtype) for name, value in initial_state(data).items()}
    twin = {name: np.nextafter(value, np.asarray(np.inf, dtype)) for name, value in start.items()}
    rows, errors = [], []
    for state in (start, twin):
        run = prepare(reference, data, rate, dtype, state)
        run.epoch(batch_order(0, 0, 1, len(data.train_x)))
        rows.append(stack(run.state(), dtype)[:, 0])
        errors.append(float(run.validate().error[0]))
    return rows[0], errors[0], _largest(rows[0] - rows[1])


def _largest(differences: Array) -> float:
    """The largest absolute difference; infinite where one is NaN."""
    return float(np.nan_to_num(np.abs(differences).max(), nan=np.inf))
