"""Lightning's `Trainer.fit` inside a trial."""

from __future__ import annotations

from typing import Any

from hpo.backend import Tree
from hpo.integrations.bases import OfFramework
from hpo.integrations.fits import Fit, begin_fit
from hpo.integrations.metrics import MetricChoice, MetricSelection


class Report(OfFramework):
    """A Lightning callback that reports each epoch of `trainer.fit` to the trial it runs in.

    The trial is stopped or paused by way of `trainer.should_stop`. If `min_epochs` or `min_steps` forbid
    that, the next epoch ends with `hpo.objective.TrialEnded`. Each report is a checkpoint of the module, its
    optimizers, its schedules of learning rates and the trainer's counters, where the study has a storage.
    A trial that goes on from one begins with the epoch after it, whose batches come in the same order. A
    second `fit` continues the trial's count of epochs, and one that was over is run through without an
    epoch. Outside of a trial it does nothing.

    Not kept: the scaler of mixed precision, callbacks with a memory such as `EarlyStopping`, and the step of
    a `ReduceLROnPlateau` that follows the report. One process trains a model: trials run side by side with
    `workers=`, not by a strategy that starts processes of its own.

    Args:
        metric: the name of a metric that the module logs in its training or validation steps, or at the end
            of the validation; a list of names; or a function of all of them that returns a number or a dict
            of numbers. An epoch whose validation is not due has no report if one of these comes with it.

    Raises:
        TypeError: `metric` is none of these.
        ValueError: it is an empty list.
        RuntimeError: Lightning was not imported.

    Example:
        >>> import hpo, pytorch_lightning, torch
        >>> from hpo.integrations.lightning import Report
        >>> x = torch.linspace(-1, 1, 32)[:, None]
        >>> data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, 2 * x), batch_size=8)
        >>> class Line(pytorch_lightning.LightningModule):
        ...     def __init__(self, rate):
        ...         super().__init__()
        ...         self.rate, self.net = rate, torch.nn.Linear(1, 1)
        ...
        ...     def configure_optimizers(self):
        ...         return torch.optim.SGD(self.parameters(), self.rate)
        ...
        ...     def training_step(self, batch, index):
        ...         loss = torch.nn.functional.mse_loss(self.net(batch[0]), batch[1])
        ...         self.log("loss", loss, on_step=False, on_epoch=True)
        ...         return loss
        >>> def objective(config):
        ...     trainer = pytorch_lightning.Trainer(
        ...         max_epochs=3,
        ...         callbacks=[Report("loss")],
        ...         enable_checkpointing=False,
        ...         enable_progress_bar=False,
        ...         enable_model_summary=False,
        ...         logger=False,
        ...     )
        ...     trainer.fit(Line(config["rate"]), data)
        >>> study = hpo.search(objective, {"rate": hpo.Float(0.01, 0.5)}, num_trials=2, seed=0)
        >>> study.metric.name, [report.epoch for report in study.best.reports]
        ('loss', [1, 2, 3])
    """

    framework = "Lightning"
    homes = ("lightning.pytorch", "pytorch_lightning")
    names = ("Callback",)

    def __init__(self, metric: MetricChoice) -> None:
        super().__init__()
        self._wanted = MetricSelection(metric, self.framework)
        self._fit: Fit | None = None
        self._earlier: dict[str, Any] = {}
        self._was_validated = False

    def on_fit_start(self, trainer: Any, pl_module: Any) -> None:
        """Restore everything if the trial goes on; the optimizers are there by now."""
        self._fit = begin_fit(
            model=[pl_module],
            optimizer=trainer.optimizers,
            schedule=[config.scheduler for config in trainer.lr_scheduler_configs],
            loops=[_Loops(trainer.fit_loop)],
        )
        if self._fit is not None and self._fit.is_over:
            trainer.should_stop = True

    def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:
        """Make the random numbers those of the epoch; Lightning counts from 0."""
        # Lightning keeps the last value of a metric until there is another one.
        self._earlier, self._was_validated = dict(trainer.callback_metrics), False
        if self._fit is not None:
            self._fit.begin_epoch(trainer.current_epoch + 1)

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        """Note that the epoch was validated."""
        self._was_validated = True

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """Report the epoch, and stop training if the trial is not to go on."""
        if self._fit is None:
            return
        computed = {
            name: value
            for name, value in trainer.callback_metrics.items()
            if value is not self._earlier.get(name)
        }
        is_validation_ahead = trainer.enable_validation and not self._was_validated
        decision = self._fit.end_epoch(
            trainer.current_epoch + 1, self._wanted, computed, lambda name: is_validation_ahead
        )
        if not decision.goes_on:
            trainer.should_stop = True

    def on_fit_end(self, trainer: Any, pl_module: Any) -> None:
        """Leave the module to the next `fit`."""
        fit, self._fit = self._fit, None
        if fit is not None:
            fit.end()


class _Loops:
    """Lightning's counters of epochs, batches and steps, as its own checkpoints keep them."""

    def __init__(self, fit_loop: Any) -> None:
        self._fit_loop = fit_loop

    def checkpoint_state(self) -> Tree:
        """The counters."""
        return self._fit_loop.state_dict()

    def load_checkpoint_state(self, state: Tree) -> None:
        """Go on from these counters."""
        self._fit_loop.load_state_dict(state)
