"""The fit of Gluon's `Estimator` inside a trial.

A loop written by hand needs no handler: `trial.checkpoint(model=net, optimizer=trainer)` before it, and
`for epoch in trial.epochs():` with a `yield` or `hpo.report(...)` at its end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from hpo.checkpoints import Tree, capture, restore
from hpo.integrations.bases import OfFramework
from hpo.integrations.fits import Fit, begin_fit
from hpo.integrations.metrics import MetricChoice, MetricSelection


class Report(OfFramework):
    """An event handler that reports each epoch of `Estimator.fit` to the trial it runs in.

    The trial is stopped or paused the way the estimator's own handlers stop training. Each report is a
    checkpoint of net and trainer where the study has a storage, and a trial that goes on from one trains what
    is left of `epochs`. A second `fit` continues the trial's count of epochs; one that was over is run
    through with a single batch, because the estimator cannot do with none, whose effect is undone. Outside
    of a trial it does nothing.

    Args:
        metric: the name of one of the estimator's metrics as it logs them, such as `validation accuracy`; a
            list of names; or a function of all of them that returns a number or a dict of numbers. An epoch
            in which a `ValidationHandler` does not validate has no report if one of these comes from it.

    Attributes:
        stop_training: whether the trial was not to go on after the last report.

    Raises:
        TypeError: `metric` is none of these.
        ValueError: it is an empty list.
        RuntimeError: MXNet was not imported.

    Example:
        >>> import hpo
        >>> from hpo_mxnet.compat import mx  # MXNet, as it works with today's NumPy 1
        >>> from mxnet import gluon
        >>> from mxnet.gluon.contrib.estimator import Estimator
        >>> from hpo.integrations.gluon import Report
        >>> x = mx.nd.linspace(-1, 1, 32).reshape((-1, 1))
        >>> data = gluon.data.DataLoader(gluon.data.ArrayDataset(x, 2 * x), batch_size=8)
        >>> def objective(config):
        ...     net = gluon.nn.Dense(1)
        ...     net.initialize()
        ...     trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": config["rate"]})
        ...     estimator = Estimator(net, gluon.loss.L2Loss(), val_metrics=mx.metric.MSE(), trainer=trainer)
        ...     estimator.logger.handlers.clear()  # it would tell of each epoch
        ...     estimator.fit(data, data, epochs=3, event_handlers=[Report("validation mse")])
        >>> study = hpo.search(objective, {"rate": hpo.Float(0.01, 0.5)}, num_trials=2, seed=0)
        >>> study.metric.name, [report.epoch for report in study.best.reports]
        ('validation mse', [1, 2, 3])
    """

    framework = "Gluon"
    homes = ("mxnet.gluon.contrib.estimator",)
    names = ("TrainBegin", "EpochBegin", "BatchEnd", "EpochEnd", "TrainEnd")

    priority = -500
    """After the handlers that compute metrics, before the one that counts epochs."""

    # The estimator takes any attribute with `metric` in its name for one of its metrics.
    def __init__(self, metric: MetricChoice) -> None:
        super().__init__()
        self._wanted = MetricSelection(metric, self.framework)
        self._fit: Fit | None = None
        self._epochs = 0
        self._undone: list[tuple[Any, Tree]] = []
        self.stop_training = False

    def train_begin(self, estimator: Any, *args: Any, **keywords: Any) -> None:
        """Restore net and trainer if the trial goes on, and train what is left.

        Raises:
            ValueError: the fit is given in batches.
        """
        self.stop_training, self._undone = False, []
        self._fit = begin_fit(model=[estimator.net], optimizer=[estimator.trainer])
        if self._fit is None:
            return
        self._epochs = estimator.max_epoch
        if self._epochs is None:
            raise ValueError(
                f"Report reports epochs: call estimator.fit(..., epochs=...); received "
                f"batches={estimator.max_batch}."
            )
        if self._fit.is_over or self._fit.epochs >= self._epochs:
            self._undone = [(thing, capture(thing)) for thing in (estimator.net, estimator.trainer)]
        else:
            # The estimator counts from its first epoch in each fit, and cannot be told another one.
            estimator.max_epoch -= self._fit.epochs

    def epoch_begin(self, estimator: Any, *args: Any, **keywords: Any) -> None:
        """Make the random numbers those of the epoch."""
        if self._fit is not None and not self._undone:
            for part in _parts(estimator.val_metrics):
                part.num_inst = _Earlier(part.num_inst)
            self._fit.begin_epoch(self._fit.epochs + 1)

    def batch_end(self, estimator: Any, *args: Any, **keywords: Any) -> bool:
        """Whether the fit was over."""
        return bool(self._undone)

    def epoch_end(self, estimator: Any, *args: Any, **keywords: Any) -> bool:
        """Report the epoch; whether to stop."""
        if self._fit is None or self._undone:
            return bool(self._undone)
        computed, validated = _computed(estimator.train_metrics), _computed(estimator.val_metrics)
        awaited = {name for each in estimator.val_metrics for name, _ in each.get_name_value()}
        decision = self._fit.end_epoch(
            self._fit.epochs + 1,
            self._wanted,
            computed | validated,
            lambda name: not validated and name in awaited,
        )
        self.stop_training = not decision.goes_on
        return self.stop_training

    def train_end(self, estimator: Any, *args: Any, **keywords: Any) -> None:
        """Leave the estimator to the next `fit`."""
        fit, self._fit = self._fit, None
        if fit is not None:
            estimator.max_epoch = self._epochs
            for thing, state in self._undone:
                restore(thing, state)
            fit.end()


class _Earlier(int):
    """A metric's count of examples from before this epoch; an evaluation begins another count."""


def _computed(metrics: Iterable[Any]) -> dict[str, float]:
    """The values of this epoch, by name, without the metrics that nothing was computed for."""
    named: dict[str, float] = {}
    for part in _parts(metrics):
        if part.num_inst and not isinstance(part.num_inst, _Earlier):
            named.update(part.get_name_value())
    return named


def _parts(metrics: Iterable[Any]) -> Iterator[Any]:
    """The metrics that count something, also those inside of one that is made of others."""
    for metric in metrics:
        parts = getattr(metric, "metrics", None)
        if isinstance(parts, list):
            yield from _parts(parts)
        else:
            yield metric
