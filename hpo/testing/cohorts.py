"""What K softmax regressions in one run must be: each of them what it would be alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest

from hpo.backend import Array, Arrays, DType, Member, Run, State
from hpo.backend.optimizers import SGD
from hpo.testing.backend import TOLERANCE
from hpo.testing.package import OfPackage
from hpo.testing.problems import largest_difference, make_arrays, make_members, one_step

SIZES = (1, 2, 10, 33)
"""Members of a cohort."""


def rules(count: int, *, highest: float = 1.0, plain: bool = False) -> list[SGD]:
    """As many optimizers with rates up to `highest`, some with momentum, some with decay unless `plain`."""
    rates = np.geomspace(1e-4, highest, count) if count > 1 else [highest]
    if plain:
        return [SGD(float(rate)) for rate in rates]
    return [
        SGD(float(rate), momentum=(0.9, 0.0, 0.5)[index % 3], weight_decay=0.01 * (index % 2))
        for index, rate in enumerate(rates)
    ]


def exact_step(rule: SGD, state: State, x: Array, y: Array) -> State:
    """One step of `SGD` as its docstring has it, in float64."""
    names = ("layers.0.weight", "layers.0.bias")
    after = one_step(state, x, y, 1.0)
    result: State = {}
    for name in names:
        step = state[name] - after[name] + rule.weight_decay * state[name]
        if rule.momentum:
            step = step + rule.momentum * state.get(f"momentum.{name}", np.zeros(1))
            result[f"momentum.{name}"] = step
        result[name] = state[name] - rule.learning_rate * step
    return result


class CohortContract(OfPackage):
    """Subclass it and set `package` to the backend's package.

    Example:
        >>> from hpo.testing import CohortContract
        >>> class TestCohort(CohortContract):
        ...     package = "hpo_numpy"
        ...     dtypes = ("float32",)  # of a framework that has no float64
        >>> TestCohort().test_one_step_together_is_a_step_of_each_alone(size=10, plain=True)
    """

    def members(self, data: Arrays, optimizers: Sequence[SGD]) -> list[Member]:
        """Members that learn so, each from weights of its own."""
        return [
            dataclasses.replace(member, optimizer=rule, state=member.model.initial_state(seed=index))
            for index, (member, rule) in enumerate(
                zip(make_members(data, *[0.1] * len(optimizers)), optimizers, strict=True)
            )
        ]

    def run(self, data: Arrays, optimizers: Sequence[SGD], dtype: DType = "float32") -> Run:
        """A run of such members."""
        backend = self.backend
        members = self.members(data, optimizers)
        return backend.prepare(members, data, dtype=dtype, device=backend.device("cpu"))

    @pytest.mark.parametrize("size", SIZES)
    @pytest.mark.parametrize("plain", [True, False])
    def test_one_step_together_is_a_step_of_each_alone(self, size: int, plain: bool) -> None:
        data, order = make_arrays(), np.arange(16) + 3
        optimizers = rules(size, plain=plain)
        for dtype in self.dtypes:
            together = self.run(data, optimizers, dtype)
            together.epoch(np.arange(32))
            middle = together.state()  # velocities are under way
            together.epoch(order)
            for index, rule in enumerate(optimizers):
                alone = self.run(data, [rule], dtype)
                alone.load([middle[index]])
                alone.epoch(order)
                assert largest_difference(together.state()[index], alone.state()[0]) < TOLERANCE[dtype]

    @pytest.mark.parametrize("size", SIZES)
    @pytest.mark.parametrize("plain", [True, False])
    def test_an_epoch_together_is_an_epoch_of_each_alone(self, size: int, plain: bool) -> None:
        # 1,003 is no multiple of 16: the last batch is smaller.
        data, order = make_arrays(num_train=1_003), np.argsort(np.sin(np.arange(1_003)))
        optimizers = rules(size, highest=0.16, plain=plain)
        together = self.run(data, optimizers)
        scores = together.epoch(order)
        for index, rule in enumerate(optimizers):
            alone = self.run(data, [rule])
            alone.load([self.members(data, optimizers)[index].state])
            score = alone.epoch(order)
            assert largest_difference(together.state()[index], alone.state()[0]) < 1e-5
            assert scores.loss[index] == pytest.approx(score.loss[0], abs=1e-5)

    @pytest.mark.parametrize("batch_size", [1, 7, 16, 100])
    def test_an_epoch_is_its_batches_one_after_the_other(self, batch_size: int) -> None:
        data, order = make_arrays(num_train=333, batch_size=batch_size), np.argsort(np.sin(np.arange(333)))
        whole, parts = (self.run(data, rules(33, highest=0.16, plain=True)) for _ in range(2))
        loss = whole.epoch(order).loss
        batches = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
        losses = [parts.epoch(batch).loss for batch in batches]
        assert loss == pytest.approx(np.average(losses, axis=0, weights=[*map(len, batches)]), abs=1e-5)
        for one, other in zip(whole.state(), parts.state(), strict=True):
            assert largest_difference(one, other) < 1e-5

    @pytest.mark.parametrize("rule", [*rules(3), SGD(0.1, weight_decay=0.2), SGD(0.1, 0.9, 0.2)])
    def test_steps_are_the_formula(self, rule: SGD) -> None:
        data = make_arrays()
        for dtype in self.dtypes:
            run = self.run(data, [rule, SGD(0.3)], dtype)
            [state, _] = run.state()
            run.epoch(np.arange(32))
            for batch in (np.arange(16), np.arange(16, 32)):
                state = exact_step(rule, state, data.train_x[batch], data.train_y[batch])
            assert largest_difference(run.state()[0], state) < 3 * TOLERANCE[dtype]

    def test_only_a_member_with_momentum_has_a_velocity(self) -> None:
        run = self.run(make_arrays(), [SGD(0.1), SGD(0.1, momentum=0.9)])
        run.epoch(np.arange(32))
        plain, moving = run.state()
        assert set(plain) == {"layers.0.weight", "layers.0.bias"}
        assert set(moving) == set(plain) | {f"momentum.{name}" for name in plain}
        assert np.abs(moving["momentum.layers.0.weight"]).max() > 0

    def test_a_cohort_goes_on_from_its_states_as_if_it_had_never_stopped(self) -> None:
        data, order = make_arrays(), np.arange(96)
        run, again = self.run(data, rules(10)), self.run(data, rules(10))
        run.epoch(order)
        again.load(run.state())
        assert np.array_equal(run.epoch(order).loss, again.epoch(order).loss)
        for one, other in zip(run.state(), again.state(), strict=True):
            assert largest_difference(one, other) == 0

    @pytest.mark.parametrize("plain", [True, False])
    def test_a_member_that_diverges_changes_no_bit_of_the_others(self, plain: bool) -> None:
        data, order = make_arrays(), np.arange(96)
        tame = rules(10, plain=plain)
        wild = [
            dataclasses.replace(rule, learning_rate=1e38) if n == 4 else rule for n, rule in enumerate(tame)
        ]
        runs = [self.run(data, tame), self.run(data, wild)]
        for _ in range(3):
            scores = [run.epoch(order) for run in runs]
        errors = [run.validate().error for run in runs]
        assert np.isnan(errors[1][4])
        others = [index for index in range(10) if index != 4]
        assert np.array_equal(errors[0][others], errors[1][others])
        assert np.array_equal(scores[0].loss[others], scores[1].loss[others])
        states = [run.state() for run in runs]
        assert max(largest_difference(states[0][index], states[1][index]) for index in others) == 0

    def test_a_dropped_member_takes_its_velocity_along(self) -> None:
        data, order = make_arrays(), np.arange(96)
        optimizers = [SGD(0.1, momentum=0.9), SGD(0.05, weight_decay=0.1), SGD(0.02, momentum=0.5)]
        run = self.run(data, optimizers)
        run.epoch(order)
        before = run.state()
        run.drop(0)
        assert [largest_difference(a, b) for a, b in zip(run.state(), before[1:], strict=True)] == [0, 0]
        run.epoch(order)
        alone = self.run(data, optimizers[2:])
        alone.load(before[2:])
        alone.epoch(order)
        assert largest_difference(run.state()[1], alone.state()[0]) < 1e-5
        run.drop(1)
        run.epoch(order)
        assert len(run.validate().loss) == 1
