"""The framework-free half of training: epochs, in order, with their scores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

import numpy as np

from hpo.backend import Array, Arrays, Backend, Run
from hpo.backend.registry import resolve_device
from hpo.checks import checked_count
from hpo.objective.context import current_trial
from hpo.randomness import batch_order, check_seed
from hpo.training.batches import ArrayBatches, OrderedBatches
from hpo.training.data import DataModule
from hpo.training.fit import CheckpointableRun, TrainerFit
from hpo.training.hyperparameters import HyperParameters
from hpo.training.metrics import METRICS, MetricFunction
from hpo.training.perturb import perturb
from hpo.training.scalar import Scalar


def train(
    run: Run, num_examples: int, *, max_epochs: int, seed: int, replicate: int, first_epoch: int = 1
) -> Iterator[list[dict[str, float]]]:
    """Train the K models of a run, and yield K records after each epoch.

    Args:
        run: the models.
        num_examples: training examples to put in order; 0 where a user's loader has its own order.
        max_epochs: the last epoch.
        seed: decides, with `replicate`, the order of the mini-batches.
        replicate: which of the repeated draws this is.
        first_epoch: where to begin; above 1 if the run goes on from a checkpoint.

    Yields:
        For each model a dict with `epoch` (1-based), `train_loss` and `train_error` (means over the
        epoch, each batch scored just before its update), `val_loss` and `val_error`.
    """
    for epoch in range(first_epoch, max_epochs + 1):
        current_trial().host.begin_epoch(epoch)
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

    In a trial of a study that keeps checkpoints, these hold the weights, the optimizer and the epoch. A trial
    that goes on from one trains as if it had never stopped, to the last bit. There are two exceptions. Data
    that shuffle themselves (a loader or data set of the framework with an order of its own) are visited in
    another order than they would have been. And what belongs neither to the model nor to its optimizer, such
    as a schedule of learning rates, is kept only by `trial.checkpoint(schedule=...)`.

    Example:
        >>> import hpo_numpy as d2l
        >>> data = d2l.FashionMNIST(batch_size=256, folder="sample")
        >>> trainer = d2l.Trainer(max_epochs=2, seed=0)
        >>> model = d2l.SoftmaxClassification(10, lr=0.1, seed=0)
        >>> trainer.fit(model, data)
        >>> [round(record["val_error"], 1) for record in trainer.history]
        [0.4, 0.3]
        >>> round(trainer.validate(model, "accuracy"), 1)
        0.7

        In the objective of a search, `epochs` hands on the record of each epoch, so that a scheduler can stop
        the trial:

        >>> import hpo
        >>> def objective(config):
        ...     model = d2l.SoftmaxClassification(10, lr=config["lr"])
        ...     yield from d2l.Trainer(max_epochs=2).epochs(model, data)
        >>> space = {"lr": hpo.Float(1e-3, 1, log=True)}
        >>> study = hpo.search(objective, space, minimize="val_error", num_trials=2, seed=0)
        >>> [report.epoch for report in study.best.reports]
        [1, 2]
    """

    backend: ClassVar[Backend]

    def __init__(
        self, max_epochs: int, num_gpus: int = 0, device: Any = None, seed: int | None = None
    ) -> None:
        if num_gpus not in (0, 1):
            raise ValueError(
                f"A model trains on one device, so num_gpus must be 0 or 1; received {num_gpus!r}. "
                f"To use several devices, run several trials at once."
            )
        trial = current_trial()
        self.max_epochs = checked_count("max_epochs", max_epochs, if_no_integer=ValueError)
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
        self._run: CheckpointableRun | None = None
        self.data: DataModule | None = None
        self.train_dataloader: Any = None
        self.val_dataloader: Any = None

    def fit(self, model: Any, data: Any) -> None:
        """Train `model` on `data`. Records of the epochs are in `history` afterwards."""
        for record in self.epochs(model, data):
            current_trial().host.save(int(record["epoch"]))

    def epochs(self, model: Any, data: Any) -> Iterator[dict[str, float]]:
        """Train as `fit` does, and yield each epoch's record when it is done.

        A trial that goes on from a checkpoint begins with the epoch after it. Checkpoints are written when
        the objective yields, so what it yields belongs to the epoch that was trained last.
        """
        self.prepare_data(data)
        self.prepare_model(model)
        self.model = model
        run = self._run = self.start(model)
        perturb(run)
        fitting = TrainerFit(run, self.seed, self.replicate)
        self.history = fitting.history
        current_trial().host.attach({"trainer": fitting})
        loader = self.train_dataloader
        num_examples = loader.num_examples if isinstance(loader, OrderedBatches) else 0
        for [record] in train(
            run,
            num_examples,
            max_epochs=self.max_epochs,
            seed=self.seed,
            replicate=self.replicate,
            first_epoch=len(self.history) + 1,
        ):
            fitting.history.append(record)
            yield record

    def validate(self, model: Any, metric: str | MetricFunction = "error") -> Scalar:
        """Score `model` on all validation examples of the data that was last fitted.

        Args:
            model: what to score.
            metric: `error`, the share of the examples classified wrongly, in regression the mean absolute
                error; `loss`, their mean loss; `accuracy`, `mae`, `mse`, `rmse` or `r2`; or a function of
                the labels and the model's outputs, all of them as NumPy arrays, that returns a number.

        Returns:
            A number, weighted by example and not by batch, that also answers `.numpy()`.
        """
        function = metric if callable(metric) else METRICS.get(metric)
        if function is None and metric not in ("error", "loss"):
            raise ValueError(
                f"metric must be 'error', 'loss', {', '.join(map(repr, METRICS))} or a function; received "
                f"{metric!r}."
            )
        if self.data is None:
            raise RuntimeError(
                "There is no validation data yet: call fit(model, data) first, or prepare_data(data)."
            )
        if function is not None:
            return Scalar(function(*self.predict(model)))
        # The run of the fit has the validation examples in place already.
        run = self._run if self._run is not None and model is self.model else self.start(model)
        scores = run.validate()
        return Scalar(scores.error[0] if metric == "error" else scores.loss[0])

    def predict(self, model: Any) -> tuple[Array, Array]:
        """Return the labels or targets of all validation examples, and the outputs of `model` for them.

        Raises:
            RuntimeError: there are no data yet.
        """
        if self.data is None:
            raise RuntimeError(
                "There is no validation data yet: call fit(model, data) first, or prepare_data(data)."
            )
        model.eval()
        labels, outputs = [], []
        for batch in self.val_dataloader:
            *inputs, expected = self.prepare_batch(batch)
            labels.append(self.backend.to_numpy(expected))
            outputs.append(self.backend.to_numpy(model(*inputs)))
        return np.concatenate(labels), np.concatenate(outputs)

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
        """The training batches in this order, or in that of a user's own loader."""
        loader = self.train_dataloader
        return loader.visit(order) if isinstance(loader, OrderedBatches) else loader

    @property
    def arrays(self) -> Arrays | None:
        """The data as the backend takes them; None for regression, or where a user's own loader is used."""
        loaders = (self.train_dataloader, self.val_dataloader)
        if self.data is None or not all(isinstance(loader, ArrayBatches) for loader in loaders):
            return None
        arrays = self.data.arrays
        return None if arrays is None or arrays.train_y.dtype.kind == "f" else arrays

    def start(self, model: Any) -> CheckpointableRun:
        """A run of this one model, from the parameters that it has now."""
        raise NotImplementedError(f"The Trainer of {self.backend.name} defines no start(model).")


class HPOTrainer(Trainer):
    """A `Trainer` that scores the model it fitted, under the name that the published chapter uses.

    Example:
        >>> import hpo_numpy as d2l
        >>> trainer = d2l.HPOTrainer(max_epochs=1, seed=0)
        >>> model = d2l.SoftmaxClassification(10, lr=0.1, seed=0)
        >>> trainer.fit(model, d2l.FashionMNIST(batch_size=256, folder="sample"))
        >>> error = trainer.validation_error()
        >>> round(float(error), 1)
        0.4
    """

    def validation_error(self) -> Scalar:
        """The share of the validation examples that the fitted model classifies wrongly."""
        return self.validate(self.model)
