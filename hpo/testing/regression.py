"""What a user's own regression must do in any backend's package, and data that are given as arrays."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
import pytest

from hpo.randomness import uniforms
from hpo.testing.package import OfPackage
from hpo.testing.problems import make_arrays

WEIGHT = np.array([[1.0, -1.0], [0.5, 2.0], [-2.0, 0.0]])


class RegressionContract(OfPackage):
    """Subclass it, set `package` to the backend's package, and return a model from `linear`.

    Example:
        >>> import hpo_numpy, numpy as np
        >>> from hpo.testing import RegressionContract
        >>> class Linear(hpo_numpy.Regression):
        ...     def __init__(self, num_outputs, lr):
        ...         super().__init__()
        ...         self.lr = lr
        ...         self.parameters = {"weight": np.zeros((3, num_outputs)), "bias": np.zeros(num_outputs)}
        ...
        ...     def forward(self, x):
        ...         return x @ self.parameters["weight"] + self.parameters["bias"]
        >>> class TestRegression(RegressionContract):
        ...     package = "hpo_numpy"
        ...
        ...     def linear(self, num_outputs, lr):
        ...         return Linear(num_outputs, lr)
        >>> TestRegression().test_a_linear_model_learns_a_linear_function(num_outputs=1)
    """

    @abstractmethod
    def linear(self, num_outputs: int, lr: float) -> Any:
        """A `Regression` of the package: one dense layer on 3 inputs."""

    def problem(self, num_outputs: int) -> tuple[Any, Any]:
        """Examples (200, 3) and what a linear model can learn of them."""
        x = uniforms(0, "regression", shape=(200, 3)).astype(np.float32)
        y = (x @ WEIGHT[:, :num_outputs] + 0.3).astype(np.float32)
        return x, y[:, 0] if num_outputs == 1 else y

    def fitted(self, num_outputs: int = 1, max_epochs: int = 30) -> Any:
        """A trainer after it fitted a linear model."""
        data = self.d2l.DataModule.from_arrays(*self.problem(num_outputs), batch_size=16)
        trainer = self.d2l.Trainer(max_epochs=max_epochs, seed=0)
        trainer.fit(self.linear(num_outputs, lr=0.3), data)
        return trainer

    @pytest.mark.parametrize("num_outputs", [1, 2])
    def test_a_linear_model_learns_a_linear_function(self, num_outputs: int) -> None:
        trainer = self.fitted(num_outputs)
        assert trainer.history[-1]["val_loss"] < 1e-3 < trainer.history[0]["val_loss"]
        assert trainer.history[-1]["train_error"] < trainer.history[0]["train_error"]

    @pytest.mark.parametrize("num_outputs", [1, 2])
    def test_validate_knows_the_metrics_of_regression(self, num_outputs: int) -> None:
        trainer = self.fitted(num_outputs, max_epochs=2)
        y, outputs = trainer.predict(trainer.model)
        deviations = np.asarray(outputs.reshape(y.shape) - y, np.float64)
        expected = {
            "loss": (deviations**2).mean(),
            "mse": (deviations**2).mean(),
            "rmse": (deviations**2).mean() ** 0.5,
            "error": np.abs(deviations).mean(),
            "mae": np.abs(deviations).mean(),
            "r2": 1 - (deviations**2).mean() / ((y - y.mean(axis=0)) ** 2).mean(),
        }
        for metric, value in expected.items():
            assert trainer.validate(trainer.model, metric=metric) == pytest.approx(value, rel=1e-4), metric
        assert trainer.validate(trainer.model, metric="rmse").numpy() > 0

    def test_validate_takes_a_function_of_the_labels_and_the_outputs(self) -> None:
        trainer = self.fitted(max_epochs=1)
        assert trainer.validate(trainer.model, metric=lambda y, outputs: float(len(y) + len(outputs))) == 80

    def test_arrays_of_integers_are_a_classification(self) -> None:
        d2l, a = self.d2l, make_arrays(num_train=200)
        data = d2l.DataModule.from_arrays(a.train_x, a.train_y, validation=0.25)
        trainer, model = d2l.Trainer(max_epochs=1, seed=0), d2l.SoftmaxClassification(10, 0.1)
        trainer.fit(model, data)
        assert (len(data.arrays.train_x), len(data.arrays.val_x)) == (150, 50)
        assert trainer.validate(model, metric="accuracy") == pytest.approx(1 - trainer.validate(model))

    def test_the_held_out_examples_are_drawn_and_the_draw_repeats(self) -> None:
        def held_out(seed: int) -> Any:
            x, y = np.arange(50, dtype=np.float32)[:, None], np.arange(50)
            arrays = self.d2l.DataModule.from_arrays(x, y, seed=seed).arrays
            assert sorted([*arrays.train_y, *arrays.val_y]) == list(range(50))
            return arrays.val_y

        assert len(held_out(0)) == 10
        assert np.array_equal(held_out(0), held_out(0))
        assert not np.array_equal(held_out(0), held_out(1))

    def test_a_pair_of_its_own_is_the_validation_data(self) -> None:
        x, y = self.problem(1)
        arrays = self.d2l.DataModule.from_arrays(x[:150], y[:150], validation=(x[150:], y[150:])).arrays
        assert np.array_equal(arrays.val_y, y[150:])

    @pytest.mark.parametrize("share", [0, 1, -0.1, True, "a fifth"])
    def test_a_share_that_is_none_is_refused(self, share: Any) -> None:
        with pytest.raises(ValueError, match=r"the share of the examples to hold out, in \(0, 1\); received"):
            self.d2l.DataModule.from_arrays(*self.problem(1), validation=share)

    def test_targets_that_are_not_finite_are_refused_and_the_first_is_named(self) -> None:
        x, y = self.problem(1)
        y[7] = np.nan
        with pytest.raises(ValueError, match="training targets must be finite; target 7 is NaN or infinity"):
            self.d2l.DataModule.from_arrays(x, y, validation=(x, y))

    def test_as_many_targets_as_examples_are_needed(self) -> None:
        x, y = self.problem(1)
        with pytest.raises(ValueError, match=r"training targets must have the shape \(200,\) or .*\(150,\)"):
            self.d2l.DataModule.from_arrays(x, y[:150], validation=(x, y))

    def test_targets_of_whole_numbers_are_refused_where_regression_is_asked_for(self) -> None:
        x, _ = self.problem(1)
        pair = x, np.arange(200)
        with pytest.raises(TypeError, match="training targets must be floating point; received int64"):
            self.d2l.DataModule(pair, pair, regression=True)
