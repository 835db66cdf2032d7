"""The framework-free half of training: epochs, in order, with their scores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from hpo.context import current_trial
from hpo.port import Array, Arrays, Backend, Run
from hpo.randomness import batch_order, check_seed
from hpo.registry import resolve_device
from hpo.training.data import ArrayBatches, DataModule, OrderedBatches
from hpo.training.hyperparameters import HyperParameters
from hpo.training.scalar import Scalar


def train(
    run: Run, num_examples: int, *, max_epochs: int, seed: int, replicate: int
) -> Iterator[list[dict[str, float]]]:
    """Train the K models of a run, and give after each epoch K records of it.

    Args:
        run: the models.
        num_examples: training examples to put in order; 0 where a user's loader has its own order.
        max_epochs: how many epochs.
        seed: what, with `replicate`, decides the order of the mini-batches.
        replicate: which of the repeated draws this is.

    Yields:
        For each model a dict with `epoch` (1-based), `train_loss` and `train_error` (means over the
        epoch, each batch scored just before its update), `val_loss` and `val_error`.
    """
    for epoch in range(1, max_epochs + 1):
        training = run.epoch(batch_order(seed, replicate, epoch, num_examples))
        validation = run.validate()
        yield [
            {
                "epoch": epoch,
                "train_loss": float(training.loss[i]),
                "train_error": float(training.error[i]),
                "val_loss": float(validation.loss[i]),
                "val_error": float(validation.error[i]),
            }
            for i in range(len(validation.error))
        ]


class Trainer(HyperParameters):
    """Trains a model on data for a number of epochs, and validates it.

    Args:
        max_epochs: how many epochs `fit` trains, at least 1.
        num_gpus: 1 trains on the first accelerator; 0 on `device`.
        device: a name such as `cpu` or `cuda:0`, or an object of the framework; by default what the
            current trial or `HPO_DEVICE` asks for, else the CPU.
        seed: decides the order of the mini-batches; by default the current trial's.

    After `fit`, `history` holds a record for each epoch (see `train`), and `model` and `data` are what
    was fitted.
    """

    backend: ClassVar[Backend]

    def __init__(
        self, max_epochs: int, num_gpus: int = 0, device: Any = None, seed: int | None = None
    ) -> None:
        if isinstance(max_epochs, bool) or not isinstance(max_epochs, int) or max_epochs < 1:
            raise ValueError(f"max_epochs must be an integer of at least 1; received {max_epochs!r}.")
        if num_gpus not in (0, 1):
            raise ValueError(
                f"A model trains on one device, so num_gpus must be 0 or 1; received {num_gpus!r}. "
                f"To use several devices, run several trials at once."
            )
        trial = current_trial()
        self.max_epochs = max_epochs
        self.num_gpus = num_gpus
        self.seed = trial.seed if seed is None else check_seed(seed)
        self.replicate = trial.replicate
        if device is None:
            device = "gpu:0" if num_gpus else trial.device_name
        if device is None or isinstance(device, str):
            device = self.backend.device(resolve_device(self.backend, device))
        self.device = device
        self.history: list[dict[str, float]] = []
        self.model: Any = None
        self._run: Run | None = None
        self.data: DataModule | None = None
        self.train_dataloader: Any = None
        self.val_dataloader: Any = None

    def fit(self, model: Any, data: Any) -> None:
        """Train `model` on `data`. Records of the epochs are in `history` afterwards."""
        for _ in self.epochs(model, data):
            pass

    def epochs(self, model: Any, data: Any) -> Iterator[dict[str, float]]:
        """Train as `fit` does, and yield each epoch's record when it is done."""
        self.prepare_data(data)
        self.prepare_model(model)
        self.model = model
        self.history = []
        run = self._run = self.start(model)
        loader = self.train_dataloader
        num_examples = loader.num_examples if isinstance(loader, OrderedBatches) else 0
        for [record] in train(
            run, num_examples, max_epochs=self.max_epochs, seed=self.seed, replicate=self.replicate
        ):
            self.history.append(record)
            yield record

    def validate(self, model: Any, metric: str = "error") -> Scalar:
        """Score `model` on all validation examples of the data that was last fitted.

        Args:
            model: what to score.
            metric: `error`, the share of the examples classified wrongly, or `loss`, their mean loss.

        Returns:
            A number, weighted by example and not by batch, that also answers `.numpy()`.
        """
        if metric not in ("error", "loss"):
            raise ValueError(f"metric must be 'error' or 'loss'; received {metric!r}.")
        if self.data is None:
            raise RuntimeError("There is no validation data yet: call fit(model, data) first.")
        run = self._run if self._run is not None and model is self.model else self.start(model)
        return Scalar(getattr(run.validate(), metric)[0])

    def prepare_data(self, data: Any) -> None:
        """Take `data` and its loaders.

        Raises:
            TypeError: it is no `DataModule` of this backend.
        """
        if not isinstance(data, DataModule):
            raise TypeError(
                f"data must be a DataModule, for example DataModule(train=(x, y), validation=(x, y)); "
                f"received {type(data).__name__}."
            )
        self.data = data
        self.train_dataloader = data.train_dataloader()
        self.val_dataloader = data.val_dataloader()

    def prepare_model(self, model: Any) -> None:
        """Make `model` ready to train on this trainer's device and data."""
        model.trainer = self

    def prepare_batch(self, batch: Any) -> Any:
        """Move a batch to this trainer's device."""
        return batch

    def train_batches(self, order: Array) -> Iterable[Any]:
        """The training batches in this order, or as a user's own loader gives them."""
        loader = self.train_dataloader
        return loader.visit(order) if isinstance(loader, OrderedBatches) else loader

    @property
    def arrays(self) -> Arrays | None:
        """The data as arrays, None where a user's own loader gives the batches."""
        loaders = (self.train_dataloader, self.val_dataloader)
        if self.data is None or not all(isinstance(loader, ArrayBatches) for loader in loaders):
            return None
        return self.data.arrays

    def start(self, model: Any) -> Run:
        """A run of this one model, from the parameters that it has now."""
        raise NotImplementedError(f"The Trainer of {self.backend.name} defines no start(model).")


class HPOTrainer(Trainer):
    """A `Trainer` that scores the model it fitted, under the name that the published chapter uses."""

    def validation_error(self) -> Scalar:
        """The share of the validation examples that the fitted model classifies wrongly."""
        return self.validate(self.model)
