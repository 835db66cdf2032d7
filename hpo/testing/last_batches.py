"""What the data modules of any backend must do with the last examples of an epoch."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
import pytest

from hpo.objective.context import CurrentTrial, running
from hpo.randomness import batch_order
from hpo.testing.package import OfPackage
from hpo.testing.problems import make_arrays

BATCH_SIZE = 16
SIZES = {"keep": [16, 16, 1], "drop": [16, 16], "merge": [16, 17]}
"""What becomes of 33 examples."""

every_choice = pytest.mark.parametrize("last_batch", SIZES)


class LastBatchContract(OfPackage):
    """Subclass it, set `package` to the backend's package, and return a model from `normalizing`.

    Example:
        >>> import hpo_numpy, numpy as np
        >>> from hpo.testing import LastBatchContract
        >>> class Normalizing(hpo_numpy.Classification):
        ...     def __init__(self, lr):
        ...         super().__init__()
        ...         self.lr, self.parameters = lr, {"weight": np.eye(36, 10, dtype="float32")}
        ...
        ...     def forward(self, x):
        ...         scores = x.reshape(len(x), -1) @ self.parameters["weight"]
        ...         return scores - scores.mean(axis=0)
        >>> class TestLastBatches(LastBatchContract):
        ...     package = "hpo_numpy"
        ...
        ...     def normalizing(self, lr):
        ...         return Normalizing(lr)
        >>> TestLastBatches().test_training_batches_have_these_sizes("merge")
    """

    @abstractmethod
    def normalizing(self, lr: float) -> Any:
        """A `Classification` of 10 classes with a layer that normalizes each batch by itself."""

    def module(self, last_batch: str, num_train: int = 33) -> Any:
        """A data module whose last batch would be of one example."""
        a = make_arrays(num_train=num_train)
        pairs = (a.train_x, a.train_y), (a.val_x, a.val_y)
        return self.d2l.DataModule(*pairs, batch_size=BATCH_SIZE, last_batch=last_batch)

    def by_hand(self, epochs: int, last_batch: str) -> Any:
        """A data module that gives the batches of each epoch, cut here."""
        d2l, a = self.d2l, make_arrays(num_train=33)
        orders = iter([batch_order(0, 0, epoch, 33) for epoch in range(1, epochs + 1)])

        def batch(x: Any, y: Any) -> Any:
            made = ((x / 255).astype(np.float32), y.astype(np.int64))
            return [d2l.BACKEND.from_numpy(part, d2l.BACKEND.device("cpu")) for part in made]

        class Batches:
            def __iter__(self) -> Any:
                order, ends = next(orders), np.cumsum(SIZES[last_batch])
                parts = np.split(order[: ends[-1]], ends[:-1])
                return iter([batch(a.train_x[rows], a.train_y[rows]) for rows in parts])

        class ByHand(d2l.DataModule):  # type: ignore[name-defined, misc]  # of Any
            def get_dataloader(self, train: bool) -> Any:
                return Batches() if train else [batch(a.val_x, a.val_y)]

        return ByHand()

    @every_choice
    def test_training_batches_have_these_sizes(self, last_batch: str) -> None:
        loader = self.module(last_batch).train_dataloader()
        assert [len(y) for _, y in loader] == [len(x) for x, _ in loader] == SIZES[last_batch]
        assert len(loader) == len(SIZES[last_batch])

    @every_choice
    def test_many_chunks_of_examples_end_with_the_same_batch(self, last_batch: str) -> None:
        loader = self.module(last_batch, num_train=2049).train_dataloader()
        assert [len(y) for _, y in loader] == [16] * (128 if last_batch != "merge" else 127) + {
            "keep": [1],
            "drop": [],
            "merge": [17],
        }[last_batch]

    @every_choice
    def test_validation_goes_through_all_examples(self, last_batch: str) -> None:
        assert [len(y) for _, y in self.module(last_batch).val_dataloader()] == [16, 16, 16, 2]

    @every_choice
    def test_examples_that_fill_their_batches_are_put_into_the_same_ones(self, last_batch: str) -> None:
        assert [len(y) for _, y in self.module(last_batch, 32).train_dataloader()] == [16, 16]

    def test_an_epoch_leaves_out_other_examples_than_the_one_before(self) -> None:
        with running(CurrentTrial(seed=1)):
            loader = self.module("drop").train_dataloader()
            epochs = [sorted(self.d2l.BACKEND.to_numpy(x).sum() for x, _ in loader) for _ in range(2)]
        assert epochs[0] != epochs[1]

    @every_choice
    @pytest.mark.parametrize("own_steps", [False, True])
    def test_a_model_is_trained_on_these_batches(self, last_batch: str, own_steps: bool) -> None:
        """Whether the backend trains it in its own place, or the model takes its steps itself."""
        d2l = self.d2l
        kind: Any = d2l.SoftmaxClassification
        if own_steps:

            class Stepping(d2l.SoftmaxClassification):  # type: ignore[name-defined, misc]  # of Any
                def training_step(self, batch: Any) -> Any:
                    return super().training_step(batch)

            kind = Stepping
        trainer, by_hand = d2l.Trainer(max_epochs=2), d2l.Trainer(max_epochs=2)
        trainer.fit(kind(num_outputs=10, lr=0.5, seed=0), self.module(last_batch))
        by_hand.fit(kind(num_outputs=10, lr=0.5, seed=0), self.by_hand(2, last_batch))
        for mine, expected in zip(trainer.history, by_hand.history, strict=True):
            assert mine == pytest.approx(expected, abs=1e-5)

    def test_the_three_choices_train_differently(self) -> None:
        losses = set()
        for last_batch in SIZES:
            trainer = self.d2l.Trainer(max_epochs=1)
            trainer.fit(
                self.d2l.SoftmaxClassification(num_outputs=10, lr=0.5, seed=0), self.module(last_batch)
            )
            losses.add(round(trainer.history[0]["val_loss"], 4))
        assert len(losses) == 3

    @pytest.mark.parametrize("last_batch", ["drop", "merge"])
    def test_a_layer_that_normalizes_batches_needs_none_of_one_example(self, last_batch: str) -> None:
        trainer = self.d2l.Trainer(max_epochs=3)
        trainer.fit(self.normalizing(lr=0.1), self.module(last_batch))
        losses = [record["train_loss"] for record in trainer.history]
        assert losses[2] < losses[0]

    @pytest.mark.parametrize("choice", ["keep it", "", None, True, 0])
    def test_another_choice_is_refused(self, choice: Any) -> None:
        with pytest.raises(
            ValueError, match=rf"last_batch must be 'keep'.*'drop'.*'merge'.*received {choice!r}"
        ):
            self.module(choice)
