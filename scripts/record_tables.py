"""Train many configurations of a task for many epochs, once: the learning curves that simulations replay.

    python scripts/record_tables.py mlp --backend torch --trials 200 --epochs 27 --workers 2
    HPO_DATA=sample python scripts/record_tables.py lenet --backend torch --trials 40 --epochs 9 --workers 2

The configurations are those of a random search with seed 0, and a configuration's curve is the same whatever
else is trained. So a recording can be made in parts, on one machine after another: what `scripts/unfinished`
has of it is not trained again, and what was trained is added there (with `--only-save`, also of a study that
was killed). A table that is complete goes to `hpo/tasks/curves/recorded`, from where `hpo.replay_curves`
takes it. Seconds are those that the processor spent on an epoch, in one thread, so that a busy machine
records the same.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

import hpo
from hpo.objective.context import CurrentTrial
from hpo.tasks import TASKS, Task
from hpo.tasks.curves import LearningCurves

SEED = 0
FINISHED = Path(__file__).parents[1] / "hpo" / "curves" / "recorded"
UNFINISHED = Path(__file__).parent / "unfinished"


class Timed:
    """A task that also says how many seconds of the processor each epoch took, validation included."""

    def __init__(self, task: Task) -> None:
        self._task = task

    def __call__(self, config: Mapping[str, Any], trial: CurrentTrial) -> Iterator[dict[str, float]]:
        """Train one configuration."""
        start = time.process_time()
        for record in self._task(config, trial):
            now = time.process_time()
            yield {"val_error": record["val_error"], "val_loss": record["val_loss"], "seconds": now - start}
            start = time.process_time()


def main() -> None:
    """Record what is missing of a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("task", choices=sorted(TASKS))
    parser.add_argument("--backend", default="numpy")
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--epochs", type=int, default=27)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--storage", default="tables.db", help="where the study is kept while it runs")
    parser.add_argument("--only-save", action="store_true", help="train no more")
    options = parser.parse_args()
    task = TASKS[options.task](max_epochs=options.epochs)
    configs = task.space.sample(SEED, n=options.trials)
    part = UNFINISHED / f"{options.task}.npz"
    tables = [LearningCurves.load(part)] if part.exists() else []
    missing = [config for config in configs if not any(config in table.configs for table in tables)]
    # Another part is another study, also in the same file.
    name = f"{options.task}-{len(missing)}"
    study = (
        hpo.load_study(options.storage, name) if options.only_save else trained(task, missing, name, options)
    )
    tables.append(hpo.record_curves(study, name=options.task).trained(options.epochs))
    curves = joined(tables, configs)
    if study.num_completed + study.num_failed < len(missing):
        part.parent.mkdir(exist_ok=True)
        print(curves, "so far, in", curves.save(part))
    else:
        print(curves, "in", curves.save(FINISHED / part.name))
        part.unlink(missing_ok=True)


def trained(task: Task, configs: list[dict[str, Any]], name: str, options: argparse.Namespace) -> hpo.Study:
    """A study of these configurations, which goes on where it was."""
    return hpo.search(
        Timed(task),
        task.space,
        minimize=task.metric,
        num_trials=len(configs),
        points_to_evaluate=configs,
        seed=SEED,
        backend=options.backend,
        workers=hpo.Workers(options.workers),
        storage=options.storage,
        name=name,
        resume=True,
        keep="none",
    )


def joined(tables: list[LearningCurves], configs: list[dict[str, Any]]) -> LearningCurves:
    """One table of several with curves of one length, in the order of the configurations."""
    rows = [config for table in tables for config in table.configs]
    order = sorted(range(len(rows)), key=lambda row: configs.index(rows[row]))
    return LearningCurves(
        name=tables[0].name,
        space=tables[0].space,
        metric=tables[0].metric,
        configs=[rows[row] for row in order],
        values={
            key: np.concatenate([table.values[key] for table in tables])[order] for key in tables[0].values
        },
        lengths=np.concatenate([table.lengths for table in tables])[order],
    )


if __name__ == "__main__":
    main()
