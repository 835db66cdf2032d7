"""The base of the ready objectives: a network trained on labelled images by the backend."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal, Protocol

from hpo.backend import Array, Arrays, Member, Model, Optimizer
from hpo.checks import checked_count
from hpo.datasets import fashion_mnist
from hpo.objective.context import CurrentTrial, current_trial
from hpo.space import Space
from hpo.training import check_arrays, split
from hpo.training.fusable import Training, train_alone


class LabelledImages(Protocol):
    """Images and labels for training and testing, such as `hpo.datasets.FashionMNISTArrays`."""

    @property
    def train_images(self) -> Array:
        """(N, height, width) or (N, channels, height, width), uint8 or floating point."""
        ...

    @property
    def train_labels(self) -> Array:
        """(N,) class indices."""
        ...

    @property
    def test_images(self) -> Array:
        """Like `train_images`."""
        ...

    @property
    def test_labels(self) -> Array:
        """Like `train_labels`."""
        ...


class Task(ABC):
    """A network trained on labelled images for some epochs; yields its scores after each.

    An objective for `hpo.search(task, task.space, minimize=task.metric, num_trials=10)`, of any backend.
    It trains by the backend, so methods that a notebook replaces in the book's classes do not affect it. A
    hyperparameter `batch_size` of the space overrides the argument.

    Args:
        max_epochs: how long to train each configuration.
        batch_size: examples in a mini-batch, where the config names none.
        data: images and labels; by default the full Fashion-MNIST, wherever it is found.
        validation: `test` validates on the official test set, as the book does; `holdout` on a sixth of
            the training set, and `hpo.final_test(study)` opens the test set once, at the end.

    Attributes:
        name: the task's name in `hpo.tasks.TASKS`.
        space: the search space by default.
        default_config: a config of that space that trains well enough to begin with.
        metric: what to minimize, the share of validation images classified wrongly.
        dataset: the name of the data that it trains on by default.
        resource: the unit of the resource that a scheduler grants.
        takes_framework_random: false: all draws are from `hpo.randomness`, the same on each backend.

    Example:
        A task of one's own says what is trained and how, and in which space:

        >>> import hpo
        >>> from hpo.backend import MLP, AdamW
        >>> from hpo.datasets import sample
        >>> from hpo.tasks import Task
        >>> class WidthTask(Task):
        ...     name = "width"
        ...     space = hpo.Space({"units": hpo.Int(4, 64, log=True)})
        ...     default_config = {"units": 16}
        ...
        ...     def model(self, config, arrays):
        ...         return MLP(arrays.num_inputs, self.num_classes, (config["units"],))
        ...
        ...     def optimizer(self, config):
        ...         return AdamW(1e-3)
        >>> task = WidthTask(max_epochs=1, batch_size=256, data=sample())
        >>> study = hpo.search(task, task.space, minimize=task.metric, num_trials=2, seed=0)
        >>> sorted(study.best.metrics)
        ['train_error', 'train_loss', 'val_error', 'val_loss']
    """

    name: ClassVar[str]
    space: ClassVar[Space]
    default_config: ClassVar[Mapping[str, Any]]
    metric: ClassVar[str] = "val_error"
    dataset: ClassVar[str] = "Fashion-MNIST"
    resource: ClassVar[str] = "epoch"
    takes_framework_random: ClassVar[bool] = False
    num_classes: ClassVar[int] = 10

    def __init__(
        self,
        *,
        max_epochs: int = 10,
        batch_size: int = 16,
        data: LabelledImages | None = None,
        validation: Literal["test", "holdout"] = "test",
    ) -> None:
        self.max_epochs = checked_count("max_epochs", max_epochs, if_no_integer=ValueError)
        self.batch_size = batch_size
        self.validation = validation
        self._files: LabelledImages = fashion_mnist() if data is None else data
        self._cut: dict[int, Arrays] = {}
        self._arrays(batch_size)  # a wrong batch size or way of validating is an error now, not in each trial

    @abstractmethod
    def model(self, config: Mapping[str, Any], arrays: Arrays) -> Model:
        """The network of a config, for these examples."""

    @abstractmethod
    def optimizer(self, config: Mapping[str, Any]) -> Optimizer:
        """How it learns."""

    def __call__(self, config: Mapping[str, Any], trial: CurrentTrial) -> Iterator[dict[str, float]]:
        """Train one configuration: see `hpo.training.train` for what is yielded."""
        yield from train_alone(self.training(config, seed=trial.seed, replicate=trial.replicate), trial)

    def training(self, config: Mapping[str, Any], *, seed: int, replicate: int) -> Training:
        """How a config is trained, by itself or together with others (see `hpo.training.fusable`)."""
        arrays = self._shared(config.get("batch_size", self.batch_size))
        model = self.model(config, arrays)
        initial = model.initial_state(seed=seed, replicate=replicate)
        member = Member(model, self.optimizer(config), initial, seed=seed, replicate=replicate)
        return Training(member, arrays, self.max_epochs)

    def __getstate__(self) -> dict[str, Any]:
        # Views of the data would travel as copies.
        return {**vars(self), "_cut": {}}

    def _shared(self, batch_size: int) -> Arrays:
        """The same object for each trial, as a cohort needs it; a new one while the test set is open."""
        if current_trial().opening is not None:
            return self._arrays(batch_size)
        if batch_size not in self._cut:
            self._cut[batch_size] = self._arrays(batch_size)
        return self._cut[batch_size]

    def _arrays(self, batch_size: int) -> Arrays:
        files = self._files
        train_pair, val_pair = split(
            (files.train_images, files.train_labels),
            (files.test_images, files.test_labels),
            self.validation,
        )
        return check_arrays(train_pair, val_pair, batch_size)
