"""Train many configurations of a task for many epochs, once: the learning curves that simulations replay.

    python scripts/record_tables.py mlp --backend torch --trials 200 --epochs 27 --workers 2
    HPO_DATA=sample python scripts/record_tables.py lenet --backend torch --trials 40 --epochs 9 --workers 2

The study is kept in a file and goes on where it was when the same command is run again. Seconds are those
that the processor spent on an epoch, in one thread, so that a busy machine records the same. The table goes
to `hpo/curves/recorded`, from where `hpo.replay` takes it; `--only-save` writes it from what the study has.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import hpo
from hpo.context import CurrentTrial
from hpo.space import Float, Int, Space
from hpo.tasks import TASKS, ranges

SPACES = {
    # That of the task with fewer and narrower layers, which many epochs of many trials can be paid for.
    "mlp": Space(
        {
            "learning_rate": Float(1e-4, 1, log=True),
            "batch_size": Int(32, 256, log=True),
            "momentum": ranges.MOMENTUM,
            "activation": ranges.ACTIVATION,
            "num_layers": Int(1, 3),
            **ranges.widths(3, units=Int(32, 256, log=True)),
        }
    )
}

FOLDER = Path(__file__).parents[1] / "hpo" / "curves" / "recorded"


class Timed:
    """A task that also says how many seconds of the processor each epoch took, validation included."""

    def __init__(self, task: hpo.tasks.Task) -> None:
        self._task = task

    def __call__(self, config: Mapping[str, Any], trial: CurrentTrial) -> Iterator[dict[str, float]]:
        """Train one configuration."""
        start = time.process_time()
        for record in self._task(config, trial):
            now = time.process_time()
            yield {"val_error": record["val_error"], "val_loss": record["val_loss"], "seconds": now - start}
            start = time.process_time()


def main() -> None:
    """Record the study."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("task", choices=sorted(TASKS))
    parser.add_argument("--backend", default="numpy")
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--epochs", type=int, default=27)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--storage", default="tables.db")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the table goes")
    parser.add_argument("--only-save", action="store_true", help="train no more")
    options = parser.parse_args()
    study = hpo.load(options.storage, options.task) if options.only_save else recorded(options)
    curves = hpo.record(study).trained(options.epochs)
    print(curves, "in", curves.save(options.folder / f"{options.task}.npz"))


def recorded(options: argparse.Namespace) -> hpo.Study:
    """The study, trained to its end."""
    task = TASKS[options.task](max_epochs=options.epochs)
    return hpo.search(
        Timed(task),
        SPACES.get(options.task, task.space),
        minimize=task.metric,
        num_trials=options.trials,
        seed=0,
        backend=options.backend,
        workers=hpo.Workers(options.workers),
        storage=options.storage,
        name=options.task,
        resume=True,
        keep="none",
    )


if __name__ == "__main__":
    main()
