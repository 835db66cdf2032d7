"""The book's job: the learning rate of softmax regression on Fashion-MNIST."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from hpo import registry
from hpo.context import CurrentTrial
from hpo.datasets import FashionMNISTArrays, fashion_mnist
from hpo.port import SGD, Arrays, Member, Softmax
from hpo.space import Float, Space
from hpo.training import check_arrays, split, train


class SoftmaxTask:
    """Softmax regression, trained for some epochs; gives its scores after each.

    An objective for `hpo.search(task, task.space, minimize=task.metric, num_trials=10)`, of any backend.
    It trains through the port, so that what a reader replaces in the book's classes does not touch it.

    Args:
        max_epochs: how long to train each configuration.
        batch_size: examples in a mini-batch.
        data: images and labels; by default the full Fashion-MNIST, wherever it is found.
        validation: `test` validates on the official test set, as the book does; `holdout` on a sixth of
            the training set, and `hpo.final_test(study)` opens the test set once, at the end.

    Attributes:
        space: a learning rate between 1e-4 and 1, log-uniform.
        metric: what to minimize, the share of validation images classified wrongly.
    """

    space: ClassVar[Space] = Space({"learning_rate": Float(1e-4, 1, log=True)})
    metric: ClassVar[str] = "val_error"
    num_classes: ClassVar[int] = 10

    def __init__(
        self,
        *,
        max_epochs: int = 10,
        batch_size: int = 16,
        data: FashionMNISTArrays | None = None,
        validation: Literal["test", "holdout"] = "test",
    ) -> None:
        if isinstance(max_epochs, bool) or not isinstance(max_epochs, int) or max_epochs < 1:
            raise ValueError(f"max_epochs must be an integer of at least 1; received {max_epochs!r}.")
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.validation = validation
        self._files = fashion_mnist() if data is None else data
        self._arrays()  # a wrong batch size or way of validating is an error now, not in each trial

    def __call__(self, config: Mapping[str, Any], trial: CurrentTrial) -> Iterator[dict[str, float]]:
        """Train one configuration: see `hpo.training.train` for what is yielded."""
        backend = registry.get(trial.backend)
        device = backend.device(registry.resolve_device(backend, trial.device_name))
        arrays = self._arrays()
        model = Softmax(arrays.num_inputs, self.num_classes)
        member = Member(model, SGD(config["learning_rate"]), model.initial_state(trial.seed, trial.replicate))
        run = backend.prepare([member], arrays, dtype=trial.dtype, device=device)
        epochs = train(
            run,
            len(arrays.train_x),
            max_epochs=self.max_epochs,
            seed=trial.seed,
            replicate=trial.replicate,
        )
        for [record] in epochs:
            yield record

    def _arrays(self) -> Arrays:
        files = self._files
        train_pair, val_pair = split(
            (files.train_images, files.train_labels),
            (files.test_images, files.test_labels),
            self.validation,
        )
        return check_arrays(train_pair, val_pair, self.batch_size)
