"""What the book face of any backend must do: the names that people type, the same in each package."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from typing import Any

import numpy as np
import pytest

from hpo.backend import Softmax
from hpo.errors import DeviceError
from hpo.objective.context import CurrentTrial, running
from hpo.testing.package import OfPackage
from hpo.testing.problems import largest_difference, make_arrays, make_members

BOOK_NAMES = {
    "BACKEND",
    "BasicScheduler",
    "Classification",
    "DataModule",
    "FashionMNIST",
    "HPOScheduler",
    "HPOSearcher",
    "HPOTrainer",
    "HPOTuner",
    "HyperParameters",
    "LeNet",
    "MLP",
    "Module",
    "RandomSearcher",
    "Regression",
    "SoftmaxClassification",
    "SoftmaxRegression",
    "Trainer",
    "add_to_class",
    "cpu",
    "gpu",
    "hpo_objective_softmax_classification",
    "init_cnn",
    "num_gpus",
    "numpy",
    "try_all_gpus",
    "try_gpu",
}


class BookContract(OfPackage):
    """Subclass it and set `package` to the backend's package.

    Example:
        >>> from hpo.testing import BookContract
        >>> class TestBook(BookContract):
        ...     package = "hpo_numpy"
        >>> trainer = TestBook().fitted(TestBook().model(lr=0.1), max_epochs=2)
        >>> [record["epoch"] for record in trainer.history]
        [1, 2]
        >>> TestBook().test_it_has_the_names_of_the_book()
    """

    def data(self) -> Any:
        """A small data module."""
        a = make_arrays()
        return self.d2l.DataModule((a.train_x, a.train_y), (a.val_x, a.val_y), batch_size=16)

    def model(self, lr: float = 0.1, seed: int = 0) -> Any:
        """The book's model."""
        return self.d2l.SoftmaxClassification(num_outputs=10, lr=lr, seed=seed)

    def fitted(self, model: Any, max_epochs: int = 2) -> Any:
        """The trainer after it fitted `model`."""
        trainer = self.d2l.Trainer(max_epochs=max_epochs, seed=0)
        trainer.fit(model, self.data())
        return trainer

    def in_subprocess(self, code: str) -> str:
        """What a program prints, in which `d2l` is the package; for code that replaces class members."""
        setup = f"import {self.package} as d2l\nfrom hpo.testing.problems import make_arrays\n"
        setup += "a = make_arrays()\n"
        setup += "data = d2l.DataModule((a.train_x, a.train_y), (a.val_x, a.val_y), batch_size=16)\n"
        done = subprocess.run(
            [sys.executable, "-c", setup + textwrap.dedent(code)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def test_it_has_the_names_of_the_book(self) -> None:
        assert set(self.d2l.__all__) >= BOOK_NAMES
        assert all(hasattr(self.d2l, name) for name in self.d2l.__all__)

    def test_there_is_always_a_device(self) -> None:
        d2l = self.d2l
        assert len(d2l.try_all_gpus()) == max(1, d2l.num_gpus())
        assert d2l.try_gpu(97) == d2l.cpu()

    def test_asking_for_an_accelerator_that_is_not_there_lists_the_devices(self) -> None:
        with pytest.raises(DeviceError, match=r"no such device here\. Available: cpu"):
            self.d2l.gpu(97)
        with pytest.raises(DeviceError, match=r"'tpu:0'.*Available: cpu"):
            self.d2l.Trainer(max_epochs=1, device="tpu:0")

    def test_a_trainer_takes_a_device_by_name_and_as_an_object(self) -> None:
        d2l = self.d2l
        assert d2l.Trainer(max_epochs=1, device="cpu").device == d2l.cpu()
        assert d2l.Trainer(max_epochs=1, device=d2l.cpu()).device == d2l.cpu()

    @pytest.mark.parametrize("max_epochs", [0, -1, 2.5, True])
    def test_a_number_of_epochs_that_is_none_is_refused(self, max_epochs: Any) -> None:
        with pytest.raises(ValueError, match="max_epochs is an integer of at least 1; received"):
            self.d2l.Trainer(max_epochs=max_epochs)

    def test_more_than_one_accelerator_is_refused(self) -> None:
        with pytest.raises(ValueError, match="num_gpus must be 0 or 1; received 2"):
            self.d2l.Trainer(max_epochs=1, num_gpus=2)

    def test_the_initial_weights_are_those_of_the_seed(self) -> None:
        model, trainer = self.model(seed=5), self.d2l.Trainer(max_epochs=1)
        trainer.prepare_data(self.data())
        trainer.prepare_model(model)
        [state] = trainer.start(model).state()
        assert largest_difference(state, Softmax(36, 10).initial_state(seed=5)) < 1e-7

    def test_the_seed_is_the_current_trial_s_where_none_is_given(self) -> None:
        with running(CurrentTrial(seed=7)):
            model, trainer = self.d2l.SoftmaxClassification(num_outputs=10, lr=0.1), self.d2l.Trainer(2)
        assert (model.seed, trainer.seed) == (7, 7)

    def test_fitting_is_training_by_the_backend(self) -> None:
        from hpo.training import train

        model = self.model()
        trainer = self.fitted(model)
        data, backend = make_arrays(), self.d2l.BACKEND
        run = backend.prepare(make_members(data, 0.1), data, dtype="float32", device=backend.device("cpu"))
        records = [record for [record] in train(run, 96, max_epochs=2, seed=0, replicate=0)]
        assert trainer.history == records
        assert largest_difference(trainer.start(model).state()[0], run.state()[0]) == 0

    def test_training_lowers_the_loss_and_keeps_a_record_of_each_epoch(self) -> None:
        history = self.fitted(self.model(), max_epochs=3).history
        assert [record["epoch"] for record in history] == [1, 2, 3]
        assert history[-1]["train_loss"] < history[0]["train_loss"]
        assert set(history[0]) == {"epoch", "train_loss", "train_error", "val_loss", "val_error"}

    def test_epochs_is_fitting_one_epoch_at_a_time(self) -> None:
        trainer = self.d2l.Trainer(max_epochs=3, seed=0)
        records = trainer.epochs(self.model(), self.data())
        assert next(records)["epoch"] == 1
        assert len(trainer.history) == 1
        assert [record["epoch"] for record in records] == [2, 3]
        assert trainer.history == self.fitted(self.model(), max_epochs=3).history

    def test_validate_returns_the_share_of_wrong_examples(self) -> None:
        model = self.model()
        trainer = self.fitted(model)
        error = trainer.validate(model)
        assert error == error.numpy() == float(error) == trainer.history[-1]["val_error"]
        assert trainer.validate(model, metric="loss") == trainer.history[-1]["val_loss"]

    def test_an_unknown_metric_is_refused(self) -> None:
        model = self.model()
        with pytest.raises(
            ValueError, match=r"metric must be 'error', 'loss', .* or a function; received 'f1'"
        ):
            self.fitted(model).validate(model, metric="f1")

    def test_validate_before_fit_says_what_is_missing(self) -> None:
        with pytest.raises(RuntimeError, match=r"call fit\(model, data\) first"):
            self.d2l.Trainer(max_epochs=1).validate(self.model())

    def test_the_published_chapter_s_trainer_scores_what_it_fitted(self) -> None:
        d2l = self.d2l
        trainer = d2l.HPOTrainer(max_epochs=2, seed=0)
        trainer.fit(d2l.SoftmaxRegression(num_outputs=10, lr=0.1), self.data())
        assert trainer.validation_error() == trainer.history[-1]["val_error"]
        assert isinstance(d2l.numpy(trainer.validation_error()), np.ndarray)

    def test_the_published_chapter_s_trainer_needs_to_be_fitted_first(self) -> None:
        with pytest.raises(RuntimeError, match=r"call fit\(model, data\) first"):
            self.d2l.HPOTrainer(max_epochs=1).validation_error()

    def test_numpy_reads_the_framework_s_arrays(self) -> None:
        backend = self.d2l.BACKEND
        there = backend.from_numpy(np.arange(3.0), backend.device("cpu"))
        assert list(self.d2l.numpy(there)) == [0, 1, 2]

    def test_a_model_that_is_none_is_refused(self) -> None:
        with pytest.raises(TypeError, match=f"model must be a {self.package}.Module"):
            self.d2l.Trainer(max_epochs=1).fit("model", self.data())

    def test_data_that_is_none_is_refused(self) -> None:
        with pytest.raises(TypeError, match="data must be a DataModule"):
            self.d2l.Trainer(max_epochs=1).fit(self.model(), [1, 2, 3])

    def test_the_validation_loop_of_the_book_agrees_with_ours(self) -> None:
        model = self.model()
        trainer = self.fitted(model)
        model.eval()
        right = count = 0
        for batch in trainer.val_dataloader:
            x, y = trainer.prepare_batch(batch)
            right += model.accuracy(model(x), y, averaged=False).sum()
            count += len(y)
        assert 1 - right / count == pytest.approx(trainer.validate(model))

    def test_accuracy_is_a_number_on_the_host_that_answers_numpy(self) -> None:
        backend = self.d2l.BACKEND
        cpu = backend.device("cpu")
        scores = backend.from_numpy(np.array([[0.1, 0.9], [0.8, 0.2]], np.float32), cpu)
        labels = backend.from_numpy(np.array([1, 1]), cpu)
        accuracy = self.model().accuracy(scores, labels)
        assert accuracy == 0.5
        assert (1 - accuracy / 2).numpy() == 0.75
        assert list(self.model().accuracy(scores, labels, averaged=False)) == [1, 0]

    def test_the_general_path_trains_as_the_fast_one(self) -> None:
        d2l = self.d2l

        # An overridden step is enough to take a model off the fast path.
        class Watched(d2l.SoftmaxClassification):  # type: ignore[name-defined, misc]  # of Any
            steps = 0

            def training_step(self, batch: Any) -> Any:
                type(self).steps += 1
                return super().training_step(batch)

        general, fast = Watched(10, 0.1, seed=0), self.model()
        trainers = [self.fitted(general), self.fitted(fast)]
        assert Watched.steps > 0
        states = [
            trainer.start(model).state()[0] for trainer, model in zip(trainers, (general, fast), strict=True)
        ]
        assert largest_difference(*states) < 1e-5
        for one, other in zip(trainers[0].history, trainers[1].history, strict=True):
            assert one == pytest.approx(other, abs=1e-5)

    def test_a_whole_number_is_a_learning_rate(self) -> None:
        d2l = self.d2l

        # With a step of its own, so that the framework's optimizer is given the integer.
        class OwnSoftmax(d2l.SoftmaxClassification):  # type: ignore[name-defined, misc]  # of Any
            def training_step(self, batch: Any) -> Any:
                return super().training_step(batch)

        assert (
            self.fitted(OwnSoftmax(10, 1, seed=0)).history == self.fitted(OwnSoftmax(10, 1.0, seed=0)).history
        )

    def test_a_step_that_goes_past_the_model_is_an_error_that_says_how_to_call_it(self) -> None:
        d2l = self.d2l

        class Past(d2l.SoftmaxClassification):  # type: ignore[name-defined, misc]  # of Any
            def training_step(self, batch: Any) -> Any:
                return self.loss(self.forward(batch[0]), batch[1])

        with pytest.raises(RuntimeError, match=r"step of Past must call the model, as self\(x\)"):
            self.fitted(Past(10, 0.1, seed=0))

    @pytest.mark.parametrize("method", ["loss", "forward", "training_step", "configure_optimizers"])
    def test_a_method_replaced_in_a_later_cell_is_used(self, method: str) -> None:
        printed = self.in_subprocess(f"""
            used = []
            original = getattr(d2l.SoftmaxClassification, "{method}")

            @d2l.add_to_class(d2l.SoftmaxClassification)
            def {method}(self, *arguments):
                used.append(1)
                return original(self, *arguments)

            trainer = d2l.Trainer(max_epochs=1)
            trainer.fit(d2l.SoftmaxClassification(num_outputs=10, lr=0.1), data)
            print(len(used) > 0, trainer.history[-1]["train_loss"] < 2.5)
            """)
        assert printed == "True True"

    def test_a_method_replaced_between_two_epochs_is_used_from_then_on(self) -> None:
        printed = self.in_subprocess("""
            model = d2l.SoftmaxClassification(num_outputs=10, lr=0.1)
            original = d2l.Classification.loss
            epochs = d2l.Trainer(max_epochs=2).epochs(model, data)
            first = next(epochs)["train_loss"]

            @d2l.add_to_class(d2l.Classification)
            def loss(self, y_hat, y):
                return 1000 * original(self, y_hat, y)

            print(first < 10, next(epochs)["train_loss"] > 100)
            """)
        assert printed == "True True"

    def test_a_replaced_validate_is_the_reader_s_and_fitting_does_without_it(self) -> None:
        printed = self.in_subprocess("""
            @d2l.add_to_class(d2l.Trainer)
            def validate(self, model):
                return "the reader's"

            trainer = d2l.Trainer(max_epochs=1)
            model = d2l.SoftmaxClassification(num_outputs=10, lr=0.1)
            trainer.fit(model, data)
            print(trainer.validate(model), trainer.history[0]["val_error"] <= 1)
            """)
        assert printed == "the reader's True"

    def test_importing_the_package_prints_nothing(self) -> None:
        done = subprocess.run(
            [sys.executable, "-c", f"import {self.package}"], capture_output=True, text=True, check=True
        )
        assert done.stdout == ""

    def test_using_it_imports_no_other_framework(self) -> None:
        others = {"torch", "tensorflow", "mxnet", "jax"} - {self.d2l.BACKEND.name}
        printed = self.in_subprocess(f"""
            import sys
            d2l.Trainer(max_epochs=1).fit(d2l.SoftmaxClassification(num_outputs=10, lr=0.1), data)
            print(sorted({others!r} & set(sys.modules)))
            """)
        assert printed == "[]"
