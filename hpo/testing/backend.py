"""What any backend must do."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from hpo.backend import SGD, Arrays, DType, Member, Run, Softmax
from hpo.backend.registry import is_out_of_memory, resolve_device
from hpo.errors import DeviceError, SearchFailedError
from hpo.objective.context import report
from hpo.space import Float
from hpo.testing.package import OfPackage
from hpo.testing.problems import (
    NUM_CLASSES,
    RATES,
    error_and_loss,
    largest_difference,
    make_arrays,
    make_members,
    one_step,
)
from hpo.tuner.search import search

TOLERANCE: dict[DType, float] = {"float32": 1e-6, "float64": 1e-12}
"""How far one step from the same state may end from the exact one (float64 arithmetic)."""


class BackendContract(OfPackage):
    """Subclass it and set `package` to the backend's package.

    Example:
        `pytest` runs all tests of such a class; one may also be called.

        >>> from hpo.testing import BackendContract
        >>> class TestBackend(BackendContract):
        ...     package = "hpo_numpy"
        ...
        ...     def out_of_memory(self):
        ...         return [MemoryError("no room for 9 GB")]
        >>> TestBackend().backend.devices()
        ['cpu']
        >>> TestBackend().test_its_own_errors_for_it_say_that_memory_is_out()
    """

    def out_of_memory(self) -> list[BaseException]:
        """Errors with which the framework says that memory is out, for the processor and accelerators."""
        return []

    def test_its_own_errors_for_it_say_that_memory_is_out(self) -> None:
        for error in self.out_of_memory():
            assert is_out_of_memory(error), error
            wrapped = ValueError("the step failed")
            wrapped.__cause__ = error
            assert is_out_of_memory(wrapped), error
        assert not is_out_of_memory(RuntimeError("the shapes differ"))

    def compiled(self, function: Callable[[Any], Any]) -> Callable[[Any], Any] | None:
        """The function of an array as the framework compiles it; None where it compiles none."""
        return None

    def array(self) -> Any:
        """An array of the framework."""
        return self.backend.from_numpy(np.ones(3, np.float32), self.backend.device("cpu"))

    def failure(self, objective: Callable[[Any], Any]) -> str:
        """Why the trials of an objective fail."""
        with pytest.raises(SearchFailedError) as raised:
            search(objective, {"x": Float(0, 1)}, num_trials=1, seed=0, backend=self.backend.name)
        return str(raised.value)

    def test_a_report_inside_of_what_the_framework_compiles_is_refused_with_the_mend(self) -> None:
        def step(x: Any) -> Any:
            report({"loss": 0.5})
            return x * 2

        compiled = self.compiled(step)
        if compiled is None:
            assert not self.backend.is_compiling()
            return
        text = self.failure(lambda config: [compiled(self.array()), config["x"]][1])
        assert f"inside of a function that {self.backend.name} compiles" in text
        assert "Let the function return the metric, and report that outside of it" in text
        assert not self.backend.is_compiling()
        assert not self.backend.is_compiling(self.array())

    def test_a_traced_value_is_no_result(self) -> None:
        kept: list[Any] = []

        def step(x: Any) -> Any:
            kept.append(x[0] * 2)
            return x * 2

        compiled = self.compiled(step)
        if compiled is None:
            return
        compiled(self.array())
        text = self.failure(lambda config: kept[0])
        assert "which has no number. Let the compiled function return it, and report what it returns" in text

    def run(self, data: Arrays, *rates: float, dtype: DType = "float32") -> Run:
        """A run of softmax regressions with these learning rates."""
        backend = self.backend
        return backend.prepare(make_members(data, *rates), data, dtype=dtype, device=backend.device("cpu"))

    def test_its_name_is_part_of_the_package_name_and_its_version_is_known(self) -> None:
        assert self.package == f"hpo_{self.backend.name}"
        assert self.backend.version[0].isdigit()

    def test_the_processor_is_its_first_device(self) -> None:
        assert self.backend.devices()[0] == "cpu"
        assert self.backend.device("cpu") is not None

    def test_each_device_it_lists_can_be_had(self) -> None:
        for name in self.backend.devices():
            assert resolve_device(self.backend, name) == name
            self.backend.device(name)

    def test_a_device_that_is_not_there_is_an_error_that_lists_those_that_are(self) -> None:
        with pytest.raises(DeviceError, match=r"no such device here\. Available: cpu"):
            resolve_device(self.backend, "gpu:97")

    @pytest.mark.parametrize("dtype", ["float32", "float64", "uint8", "int64"])
    def test_arrays_cross_over_unchanged(self, dtype: str) -> None:
        array = np.arange(24).reshape(2, 3, 4).astype(dtype)
        there = self.backend.from_numpy(array, self.backend.device("cpu"))
        assert np.array_equal(self.backend.to_numpy(there), array)

    def test_a_read_only_array_crosses_over_and_stays_unchanged(self) -> None:
        array = np.zeros(3, np.float32)
        array.flags.writeable = False
        there = self.backend.from_numpy(array, self.backend.device("cpu"))
        there = there + 1
        assert np.array_equal(self.backend.to_numpy(there), np.ones(3))
        assert np.array_equal(array, np.zeros(3))

    def test_it_starts_from_the_given_states(self) -> None:
        for dtype in self.dtypes:
            data = make_arrays()
            members = make_members(data, 0.1, 0.2)
            for member, state in zip(members, self.run(data, 0.1, 0.2, dtype=dtype).state(), strict=True):
                for name, value in member.state.items():
                    assert state[name].dtype == dtype
                    assert np.array_equal(state[name], value.astype(dtype))

    @pytest.mark.parametrize("rate", RATES)
    @pytest.mark.parametrize("size", [16, 7, 1])
    def test_one_step_is_the_formula(self, rate: float, size: int) -> None:
        data = make_arrays()
        order = np.arange(size) + 5
        for dtype in self.dtypes:
            run = self.run(data, rate, dtype=dtype)
            [start] = run.state()
            run.epoch(order)
            expected = one_step(start, data.train_x[order], data.train_y[order], rate)
            assert largest_difference(run.state()[0], expected) < TOLERANCE[dtype]

    def test_an_epoch_takes_the_batches_in_order_and_the_smaller_one_last(self) -> None:
        data = make_arrays(num_train=50)
        # A shuffle without a generator, the same everywhere.
        order = np.argsort(np.sin(np.arange(50)))
        for dtype in self.dtypes:
            run = self.run(data, 0.1, dtype=dtype)
            [state] = run.state()
            run.epoch(order)
            for first in range(0, 50, 16):
                batch = order[first : first + 16]
                state = one_step(state, data.train_x[batch], data.train_y[batch], 0.1)
            # Four steps, each of which may be off by the tolerance.
            assert largest_difference(run.state()[0], state) < 10 * TOLERANCE[dtype]

    def test_more_examples_than_are_converted_at_a_time_make_one_epoch(self) -> None:
        # More than two chunks of examples (1,008 each at this batch size), and a last batch of 4.
        data = make_arrays(num_train=2_500, batch_size=48)
        run = self.run(data, 0.1)
        [state] = run.state()
        order = np.arange(2_500)[::-1].copy()
        run.epoch(order)
        for first in range(0, 2_500, 48):
            batch = order[first : first + 48]
            state = one_step(state, data.train_x[batch], data.train_y[batch], 0.1)
        assert largest_difference(run.state()[0], state) < 1e-5

    def test_an_epoch_scores_each_batch_before_its_step(self) -> None:
        data = make_arrays(num_train=40)
        run = self.run(data, 0.5)
        [state] = run.state()
        scores = run.epoch(np.arange(40))
        wrong = loss = 0.0
        for first in range(0, 40, 16):
            x, y = data.train_x[first : first + 16], data.train_y[first : first + 16]
            batch_error, batch_loss = error_and_loss(state, x, y)
            wrong, loss = wrong + batch_error * len(y), loss + batch_loss * len(y)
            state = one_step(state, x, y, 0.5)
        assert scores.error == pytest.approx([wrong / 40])
        assert scores.loss == pytest.approx([loss / 40], abs=1e-5)

    def test_validation_weighs_by_example(self) -> None:
        data = make_arrays(num_val=23)
        run = self.run(data, 0.1, 0.3)
        run.epoch(np.arange(64))
        scores = run.validate()
        expected = [error_and_loss(state, data.val_x, data.val_y) for state in run.state()]
        assert scores.error == pytest.approx([error for error, _ in expected])
        assert scores.loss == pytest.approx([loss for _, loss in expected], abs=1e-5)
        assert scores.error.dtype == scores.loss.dtype == np.float64

    @pytest.mark.parametrize("classes", [10, 255, 256, 257, 513])
    def test_equal_scores_stand_for_the_first_class(self, classes: int) -> None:
        backend, data = self.backend, make_arrays()
        model = Softmax(data.num_inputs, classes)
        blank = {name: np.zeros_like(value) for name, value in model.initial_state(seed=0).items()}
        member = Member(model, SGD(0.1), blank)
        run = backend.prepare([member], data, dtype="float32", device=backend.device("cpu"))
        assert run.validate().error == pytest.approx([(data.val_y != 0).mean()])

    def test_models_that_train_together_train_as_they_would_alone(self) -> None:
        data, order = make_arrays(), np.arange(96)
        for dtype in self.dtypes:
            together = self.run(data, 0.01, 0.16, dtype=dtype)
            scores = together.epoch(order)
            for index, rate in enumerate((0.01, 0.16)):
                alone = self.run(data, rate, dtype=dtype)
                score = alone.epoch(order)
                assert largest_difference(together.state()[index], alone.state()[0]) < 10 * TOLERANCE[dtype]
                assert scores.loss[index] == pytest.approx(score.loss[0], abs=1e-5)
                assert scores.error[index] == score.error[0]

    def test_the_same_run_again_gives_the_same_bits(self) -> None:
        data, order = make_arrays(), np.arange(96)
        runs = [self.run(data, 0.16, 1.0), self.run(data, 0.16, 1.0)]
        scores = [run.epoch(order) for run in runs]
        assert np.array_equal(scores[0].loss, scores[1].loss)
        for one, other in zip(runs[0].state(), runs[1].state(), strict=True):
            assert largest_difference(one, other) == 0

    def test_a_state_is_a_copy_and_can_be_loaded_again(self) -> None:
        data, order = make_arrays(), np.arange(96)
        run = self.run(data, 0.1, 0.2)
        before = run.state()
        run.epoch(order)
        after = run.state()
        assert largest_difference(before[0], after[0]) > 1e-3
        run.load(before)
        assert largest_difference(run.state()[1], before[1]) == 0
        run.epoch(order)
        assert largest_difference(run.state()[0], after[0]) == 0

    def test_a_dropped_model_leaves_the_others_as_they_were(self) -> None:
        data, order = make_arrays(), np.arange(96)
        run = self.run(data, 0.01, 0.1, 0.16)
        run.epoch(order)
        before = run.state()
        run.drop(1)
        assert [largest_difference(a, b) for a, b in zip(run.state(), before[::2], strict=True)] == [0, 0]
        run.epoch(order)
        alone = self.run(data, 0.16)
        alone.load(before[2:])
        alone.epoch(order)
        assert largest_difference(run.state()[1], alone.state()[0]) < 1e-5
        assert len(run.validate().error) == 2

    def test_floating_point_examples_are_taken_as_they_are(self) -> None:
        data = make_arrays()
        scaled = Arrays(
            (data.train_x / 255).astype(np.float32),
            data.train_y,
            (data.val_x / 255).astype(np.float32),
            data.val_y,
            data.batch_size,
        )
        runs = [self.run(data, 0.1), self.run(scaled, 0.1)]
        for run in runs:
            run.epoch(np.arange(96))
        assert largest_difference(runs[0].state()[0], runs[1].state()[0]) < 1e-5

    def test_a_model_that_diverges_has_no_number_for_an_error(self) -> None:
        data = make_arrays()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            # Near the largest float32, 3.4e38: the weights overflow within a few steps.
            run = self.run(data, 1e38, 0.1)
            for _ in range(3):
                run.epoch(np.arange(96))
            scores = run.validate()
        assert np.isnan(scores.error[0])
        assert not np.isfinite(scores.loss[0])
        assert np.isfinite([scores.error[1], scores.loss[1]]).all()

    def test_labels_outside_the_classes_are_refused(self) -> None:
        data = make_arrays()
        labels = np.where(data.train_y == 3, NUM_CLASSES, data.train_y)
        wrong: Any = Arrays(data.train_x, labels, data.val_x, data.val_y, 16)
        with pytest.raises(ValueError, match=r"training labels must lie in 0 to 9 .* is 10"):
            self.run(wrong, 0.1)

    def test_a_model_of_another_width_than_the_examples_is_refused(self) -> None:
        backend, data = self.backend, make_arrays()
        members = make_members(make_arrays(shape=(1, 5, 5)), 0.1)
        with pytest.raises(ValueError, match=r"takes 25 numbers .* shape \(1, 6, 6\), which is 36"):
            backend.prepare(members, data, dtype="float32", device=backend.device("cpu"))

    def test_models_of_different_shapes_are_refused(self) -> None:
        backend, data = self.backend, make_arrays()
        members = [*make_members(data, 0.1), *make_members(make_arrays(shape=(1, 5, 5)), 0.1)]
        with pytest.raises(ValueError, match="must have one shape"):
            backend.prepare(members, data, dtype="float32", device=backend.device("cpu"))

    def test_a_run_of_no_model_is_refused(self) -> None:
        backend, data = self.backend, make_arrays()
        with pytest.raises(ValueError, match="needs at least one member"):
            backend.prepare([], data, dtype="float32", device=backend.device("cpu"))
