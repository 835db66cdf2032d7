"""Keras' `fit` inside a trial."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from hpo.integrations.bases import OfFramework
from hpo.integrations.fits import Fit, begin_fit
from hpo.integrations.metrics import MetricChoice, MetricSelection


class Report(OfFramework):
    """A Keras callback that reports each epoch of `model.fit` to the trial it runs in.

    Keras may compute with TensorFlow, JAX or PyTorch (`KERAS_BACKEND`).

    The trial is stopped or paused by way of `model.stop_training`. Each report is a checkpoint of the model
    and its optimizer where the study has a storage. A trial that goes on from one begins with the epoch after
    it, whatever `initial_epoch` says, by the means that `keras.callbacks.BackupAndRestore` uses; a second
    `fit` continues the trial's count of epochs, and one that was over is run through without an epoch (its
    history is then empty). Outside of a trial it does nothing.

    Training goes on exactly as it would have if the examples come in an order that follows from the epoch
    alone: `shuffle=False`, or a `keras.utils.PyDataset` that shuffles itself. `fit` draws the orders of all
    epochs from one stream, of which Keras keeps no place. Other callbacks with a memory, such as
    `EarlyStopping`, begin anew.

    Args:
        metric: the name of one of the metrics that `fit` shows, such as `val_loss`; a list of names; or a
            function of all of them that returns a number or a dict of numbers. An epoch that
            `validation_freq` leaves out has no report if one of these comes with the validation.

    Raises:
        TypeError: `metric` is none of these.
        ValueError: it is an empty list.
        RuntimeError: Keras was not imported.

    Example:
        >>> import hpo, keras, numpy as np
        >>> from hpo.integrations.keras import Report
        >>> x = np.linspace(-1, 1, 32)[:, None]
        >>> def objective(config):
        ...     model = keras.Sequential([keras.layers.Dense(1)])
        ...     model.compile(keras.optimizers.SGD(config["rate"]), "mse")
        ...     reports = [Report("val_loss")]
        ...     model.fit(x, 2 * x, validation_data=(x, 2 * x), epochs=3, verbose=0, callbacks=reports)
        >>> study = hpo.search(objective, {"rate": hpo.Float(0.01, 0.5)}, num_trials=2, seed=0)
        >>> study.metric.name, [report.epoch for report in study.best.reports]
        ('val_loss', [1, 2, 3])
    """

    framework = "Keras"
    homes = ("keras",)
    names = ("callbacks.Callback",)

    model: Any

    def __init__(self, metric: MetricChoice) -> None:
        super().__init__()
        self._wanted = MetricSelection(metric, self.framework)
        self._fit: Fit | None = None
        self._was_validated = False

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Restore model and optimizer if the trial goes on, and have Keras begin after their epoch."""
        self._fit = begin_fit(model=[self.model], optimizer=[self.model.optimizer])
        if self._fit is not None and self._fit.epochs:
            # Where the fit was over, an epoch behind the last: `fit` then runs none.
            self.model._initial_epoch = sys.maxsize if self._fit.is_over else self._fit.epochs

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Make the random numbers those of the epoch; Keras counts from 0."""
        self._was_validated = False
        if self._fit is not None:
            self._fit.begin_epoch(epoch + 1)

    def on_test_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """Note that the epoch was validated."""
        self._was_validated = True

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Report the epoch, and stop training if the trial is not to go on."""
        if self._fit is None:
            return
        decision = self._fit.end_epoch(epoch + 1, self._wanted, logs or {}, self._may_come)
        if not decision.goes_on:
            self.model.stop_training = True

    def _may_come(self, name: str) -> bool:
        """Whether a metric comes with a validation, and none was due in this epoch."""
        return name.startswith("val_") and not self._was_validated

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """Leave the model to the next `fit`."""
        fit, self._fit = self._fit, None
        if fit is not None:
            fit.end()
            # Else the next fit of this model would begin there, too.
            self.model._initial_epoch = None
