"""What the data modules of any backend must do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hpo.objective.context import CurrentTrial, Opening, running
from hpo.testing.package import OfPackage
from hpo.testing.problems import make_arrays


class DataContract(OfPackage):
    """Subclass it and set `package` to the backend's package.

    Example:
        >>> from hpo.testing import DataContract
        >>> class TestData(DataContract):
        ...     package = "hpo_numpy"
        >>> x, y = next(iter(TestData().module(batch_size=16).train_dataloader()))
        >>> x.shape, y.shape
        ((16, 1, 6, 6), (16,))
        >>> TestData().test_validation_batches_come_in_order_with_the_smaller_one_last()
    """

    def module(self, *, batch_size: int = 16, **replaced: Any) -> Any:
        """A data module over small arrays, some of them replaced."""
        a = make_arrays(num_train=40)
        parts = {"train_x": a.train_x, "train_y": a.train_y, "val_x": a.val_x, "val_y": a.val_y, **replaced}
        train, validation = (parts["train_x"], parts["train_y"]), (parts["val_x"], parts["val_y"])
        return self.d2l.DataModule(train, validation, batch_size=batch_size)

    def to_numpy(self, array: Any) -> Any:
        """An array of the framework on the host."""
        return self.d2l.BACKEND.to_numpy(array)

    def test_validation_batches_come_in_order_with_the_smaller_one_last(self) -> None:
        a = make_arrays(num_train=40)
        batches = [(self.to_numpy(x), self.to_numpy(y)) for x, y in self.module().val_dataloader()]
        assert [len(y) for _, y in batches] == [16, 16, 16, 2]
        assert np.array_equal(np.concatenate([y for _, y in batches]), a.val_y)

    def test_pixels_become_numbers_between_zero_and_one(self) -> None:
        a = make_arrays(num_train=40)
        x, _ = next(iter(self.module().val_dataloader()))
        assert self.to_numpy(x).dtype == np.float32
        assert np.allclose(self.to_numpy(x), a.val_x[:16] / 255)

    def test_training_batches_are_shuffled_anew_in_each_epoch_and_repeat_with_the_seed(self) -> None:
        def labels(loader: Any) -> list[int]:
            return [int(label) for _, y in loader for label in self.to_numpy(y)]

        with running(CurrentTrial(seed=3)):
            one, other = self.module().train_dataloader(), self.module().train_dataloader()
            first, second = labels(one), labels(one)
            assert first != second
            assert sorted(first) == sorted(second)
            assert [labels(other), labels(other)] == [first, second]

    def test_a_loader_knows_its_number_of_batches(self) -> None:
        assert len(self.module().train_dataloader()) == 3

    def test_a_reader_s_own_loader_is_trained_on_in_its_own_order(self) -> None:
        d2l, a = self.d2l, make_arrays(num_train=40)
        backend, cpu = d2l.BACKEND, d2l.BACKEND.device("cpu")

        class OneBatch(d2l.DataModule):  # type: ignore[name-defined, misc]  # of Any
            def get_dataloader(self, train: bool) -> Any:
                x, y = (a.train_x, a.train_y) if train else (a.val_x, a.val_y)
                return [
                    (
                        backend.from_numpy((x / 255).astype(np.float32), cpu),
                        backend.from_numpy(y.astype(np.int64), cpu),
                    )
                ]

        model = d2l.SoftmaxClassification(num_outputs=10, lr=0.1, seed=0)
        own, whole = d2l.Trainer(max_epochs=3), d2l.Trainer(max_epochs=3)
        own.fit(model, OneBatch())
        whole.fit(d2l.SoftmaxClassification(num_outputs=10, lr=0.1, seed=0), self.module(batch_size=40))
        assert own.history[-1]["val_loss"] == pytest.approx(whole.history[-1]["val_loss"], abs=1e-5)

    def test_data_of_no_kind_is_refused(self) -> None:
        with pytest.raises(TypeError, match=r"must be a pair .* or a data set of the framework"):
            self.d2l.DataModule(train=3, validation=4).train_dataloader()

    def test_missing_data_are_named(self) -> None:
        with pytest.raises(ValueError, match=r"has no validation data\. Pass validation="):
            self.d2l.DataModule().val_dataloader()

    def test_labels_that_are_not_integers_are_refused(self) -> None:
        with pytest.raises(TypeError, match=r"training labels must be integers.*float64"):
            self.module(train_y=np.zeros(40))

    def test_negative_labels_are_refused(self) -> None:
        with pytest.raises(ValueError, match=r"validation labels must .* is -1"):
            self.module(val_y=np.full(50, -1))

    def test_labels_beyond_the_model_s_classes_are_refused(self) -> None:
        model = self.d2l.SoftmaxClassification(num_outputs=3, lr=0.1)
        with pytest.raises(ValueError, match=r"training labels must lie in 0 to 2 .* is [3-9]"):
            self.d2l.Trainer(max_epochs=1).fit(model, self.module())

    def test_as_many_labels_as_examples_are_needed(self) -> None:
        with pytest.raises(
            ValueError, match=r"training labels must have the shape \(40,\).*received \(39,\)"
        ):
            self.module(train_y=np.zeros(39, int))

    def test_images_of_different_shapes_are_refused(self) -> None:
        with pytest.raises(
            ValueError, match=r"same shape and dtype; received \(1, 6, 6\) uint8 and \(1, 5, 5\)"
        ):
            self.module(val_x=np.zeros((50, 1, 5, 5), np.uint8))

    def test_images_with_nan_are_refused_and_the_first_is_named(self) -> None:
        x = np.zeros((40, 1, 6, 6), np.float32)
        x[17, 0, 3, 3] = np.nan
        with pytest.raises(ValueError, match=r"must be finite.*17"):
            self.module(train_x=x, val_x=np.zeros((50, 1, 6, 6), np.float32))

    @pytest.mark.parametrize("batch_size", [0, 41])
    def test_a_batch_larger_than_the_data_is_refused(self, batch_size: int) -> None:
        with pytest.raises(ValueError, match=rf"batch size must lie in 1 to 40.*received {batch_size}"):
            self.module(batch_size=batch_size)

    def test_fashion_mnist_has_images_for_training_and_validation(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HPO_DATA", "sample")
        data = self.d2l.FashionMNIST(batch_size=16)
        x, y = next(iter(data.val_dataloader()))
        # Sorted, since the channel stands where the framework has it.
        assert sorted(self.to_numpy(x).shape) == [1, 16, 28, 28]
        assert self.to_numpy(y).max() <= 9
        assert (len(data.arrays.train_x), len(data.arrays.val_x)) == (6000, 1000)

    def test_a_held_out_part_keeps_the_test_set_sealed_until_it_is_opened(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HPO_DATA", "sample")
        test = self.d2l.FashionMNIST().arrays
        sealed = self.d2l.FashionMNIST(validation="holdout").arrays
        with running(CurrentTrial(opening=Opening())):
            opened = self.d2l.FashionMNIST(validation="holdout").arrays
        assert (len(sealed.train_x), len(sealed.val_x)) == (5000, 1000)
        assert np.array_equal(sealed.val_x, test.train_x[5000:])
        assert np.array_equal(opened.val_x, test.val_x)
        assert np.array_equal(opened.train_x, sealed.train_x)

    def test_another_way_of_validating_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HPO_DATA", "sample")
        with pytest.raises(ValueError, match="must be 'test' or 'holdout'; received 'train'"):
            self.d2l.FashionMNIST(validation="train")

    def test_the_objective_of_the_book_returns_a_number(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HPO_DATA", "sample")
        error = self.d2l.hpo_objective_softmax_classification({"learning_rate": 0.05}, max_epochs=1)
        assert 0.1 < float(error) < 0.4
