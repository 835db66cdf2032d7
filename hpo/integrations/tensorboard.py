"""A study in TensorBoard: the curves of its trials, and its table of hyperparameters."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hpo.storage.events import Event, EventKind, metrics_from_json
from hpo.study.study import Study
from hpo.study.trial import Trial

if TYPE_CHECKING:
    from tensorboardX.event_file_writer import EventsWriter

_ENDS = (EventKind.TRIAL_COMPLETED, EventKind.TRIAL_STOPPED, EventKind.TRIAL_FAILED)


class TensorBoard:
    """Writes a study to a folder while it runs.

    `tensorboard --logdir FOLDER` then shows a run for each trial: a curve for each metric that is reported,
    with the epoch as its step, and under HPARAMS the configs beside their results. A trial that reports
    nothing has its result at step 0. A study that is resumed goes on with the same runs.

    Args:
        folder: where the runs go, in a folder named after the study.

    Raises:
        ImportError: tensorboardX, which writes the files, is not installed.

    Example:
        >>> import hpo, pathlib, tempfile
        >>> from hpo.integrations.tensorboard import TensorBoard
        >>> def objective(config):
        ...     for epoch in range(1, 4):
        ...         yield {"loss": config["x"] / epoch}
        >>> with tempfile.TemporaryDirectory() as runs:
        ...     board = TensorBoard(runs)
        ...     study = hpo.search(objective, {"x": hpo.Float(0, 1)}, num_trials=2, callbacks=[board])
        ...     sorted(run.name for run in pathlib.Path(runs, "study").iterdir())
        ['trial-000000', 'trial-000001']
    """

    def __init__(self, folder: str | Path) -> None:
        try:
            import tensorboardX  # noqa: F401  # to see whether it is there
        except ImportError as error:
            raise ImportError(
                "TensorBoard's files are written by tensorboardX, which is not installed: "
                'pip install "polyhpo[tensorboard]".'
            ) from error
        self._folder = Path(folder)
        self._writers: dict[int, EventsWriter] = {}

    def __call__(self, event: Event, study: Study) -> None:
        """Take an event; this is what `callbacks=` calls."""
        if event.trial is None:
            return
        if event.kind is EventKind.REPORTED:
            self._add(event, study, _scalars(metrics_from_json(event.data)), event.epoch or 0)
        elif event.kind in _ENDS:
            trial = study.trials[event.trial]
            scalars = [] if trial.reports else _scalars(trial.metrics)
            self._add(event, study, [*scalars, *_table(trial)], 0)
            self._close(event.trial)
        elif event.kind is EventKind.TRIAL_PAUSED:
            self._close(event.trial)

    def close(self) -> None:
        """Close the files of the trials that have not ended."""
        for trial in list(self._writers):
            self._close(trial)

    def _add(self, event: Event, study: Study, summaries: list[Any], step: int) -> None:
        from tensorboardX.proto.event_pb2 import Event as Record

        assert event.trial is not None
        writer = self._writer(study.name, event.trial, event.attempt)
        for summary in summaries:
            writer.write_event(Record(wall_time=event.time, step=step, summary=summary))
        writer.flush()  # the study's log has it by now, and it is not written again

    def _writer(self, study: str, trial: int, attempt: int) -> EventsWriter:
        # Not the SummaryWriter, whose flush leaves behind what its thread has not taken yet.
        from tensorboardX.event_file_writer import EventsWriter

        if trial not in self._writers:
            run = self._folder / study / f"trial-{trial:06}"
            run.mkdir(parents=True, exist_ok=True)
            # Files of one second would have one name, and the later one would take the other's place.
            self._writers[trial] = EventsWriter(str(run / "events"), f".{attempt}")
        return self._writers[trial]

    def _close(self, trial: int) -> None:
        if trial in self._writers:
            self._writers.pop(trial).close()


def _scalars(metrics: Mapping[str, float]) -> list[Any]:
    from tensorboardX.summary import scalar

    return [scalar(name, value) for name, value in metrics.items()]


def _table(trial: Trial) -> list[Any]:
    """The trial's line in the table of hyperparameters."""
    from tensorboardX.summary import hparams

    config = {name: _shown(value) for name, value in trial.config.items()}
    return list(hparams(config, dict(trial.metrics)))


def _shown(value: Any) -> bool | float | str:
    """What TensorBoard takes as a hyperparameter; anything else as text."""
    return value if isinstance(value, (bool, int, float, str)) else str(value)
