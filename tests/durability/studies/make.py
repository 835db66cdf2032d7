"""Studies that older versions wrote, each interrupted in the middle, and what each comes to at its end.

`tests/durability/test_older_studies.py` resumes them with the code of today. A file stays as it was written:
one that is made anew says nothing of what changed since. So this program adds those that are missing, such as
the one of a new searcher, and leaves the others alone:

    python tests/durability/studies/make.py

A log holds a fingerprint of its objective's source. The functions that are searched over here therefore stay
as they are, to the last word of their docstrings.
"""

from __future__ import annotations

import dataclasses
import json
import math
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

import hpo
from hpo.datasets import fashion_mnist
from hpo.storage import Storage, open_storage
from hpo.tasks import SoftmaxTask

FOLDER = Path(__file__).parent
COMPUTER = "where-the-studies-were-made"
"""What the log calls the computer: on one of this name it is known that the interrupted process is gone."""

SPACE = hpo.Space(
    {
        "rate": hpo.Float(0.001, 1, log=True),
        "units": hpo.Int(1, 8),
        "optimizer": hpo.Choice(["sgd", "momentum"]),
        "momentum": hpo.Float(0, 0.9).when("optimizer", eq="momentum"),
    }
)


def loss(config: dict[str, Any]) -> float:
    """One number, by arithmetic that gives the same everywhere; seven units fail."""
    if config["units"] == 7:
        return math.nan
    momentum = config.get("momentum", 0.5)
    return float((config["rate"] - 0.125) ** 2 + (config["units"] - 3) ** 2 / 64 + (momentum - 0.75) ** 2)


def curve(config: dict[str, Any], max_epochs: int = 9) -> Iterator[dict[str, float]]:
    """A number after each epoch; the order of two configs may change on the way."""
    for epoch in range(1, max_epochs + 1):
        yield {"error": (config["rate"] - 0.125) ** 2 + config["units"] / (4 * epoch)}


def model(config: dict[str, Any], trial: Any, max_epochs: int = 9) -> Iterator[dict[str, float]]:
    """Weights that shrink, and go on from their checkpoint."""
    weights = np.full(2, float(config["units"]))
    trial.checkpoint(model=weights)
    for _ in trial.epochs(max_epochs):
        weights *= 1 - 0.5 * config["rate"]
        yield {"error": float(weights[0])}


def drawn(config: dict[str, Any], trial: Any) -> float:
    """A number that differs with the draw."""
    return float(config["rate"] + config["units"] * trial.replicate / 16)


@dataclasses.dataclass(frozen=True)
class Search:
    """A search, and where it was interrupted.

    Attributes:
        objective: what is searched over.
        options: what else `hpo.search` is given.
        cut: the trial and the epoch after which it was interrupted, epoch 0 for the trial's start; None for a
            search that came to its end, whose best config was confirmed, and not yet the second best.
        digits: how many of a number's digits are the same on every processor; 17 are all of them.
        scipy: the oldest SciPy that draws the same points; the ones before it scramble Sobol's otherwise.
    """

    objective: Callable[..., Any]
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    cut: tuple[int, int] | None = (9, 0)
    digits: int = 17
    scipy: tuple[int, int] = (1, 10)

    def run(self, storage: Path | Storage, *, top: int = 2, **more: Any) -> hpo.Study:
        """Search to the end, from the beginning or with `resume=True` from where the storage stands."""
        given = {"space": SPACE, "num_trials": 14, "seed": 5, "backend": "numpy", "storage": storage}
        study = hpo.search(self.objective, **{**given, **self.options, **more})
        if self.cut is None:
            hpo.confirm(study, top=top, replicates=3, objective=self.objective)
        return study

    def interrupt(self, storage: Storage) -> None:
        """Search to where it was interrupted."""

        def ctrl_c(event: hpo.study.Event, study: hpo.Study) -> None:
            moves_on = event.kind.value in ("trial_started", "reported")
            if moves_on and (event.trial, event.epoch or 0) == self.cut:
                raise KeyboardInterrupt

        try:
            self.run(storage, top=1, callbacks=ctrl_c)
        except hpo.SearchInterrupted:
            return
        if self.cut is not None:
            raise ValueError(f"{storage} was to be interrupted at trial and epoch {self.cut}, and never was.")


def searched(searcher: str, **options: Any) -> Search:
    scipy = (1, 11) if searcher == "sobol" else (1, 10)
    return Search(loss, {"searcher": searcher, "minimize": "loss", **options}, scipy=scipy)


def scheduled(
    scheduler: str | hpo.schedulers.Scheduler, cut: tuple[int, int] = (7, 5), **options: Any
) -> Search:
    return Search(curve, {"scheduler": scheduler, **options}, cut=cut)


def softmax() -> Search:
    sample = fashion_mnist("sample")
    data = dataclasses.replace(
        sample, train_images=sample.train_images[:, ::4, ::4], test_images=sample.test_images[:, ::4, ::4]
    )
    task = SoftmaxTask(max_epochs=3, batch_size=64, data=data)
    options = {"space": task.space, "minimize": task.metric, "num_trials": 5, "fuse": 3}
    return Search(task, options, cut=(1, 2), digits=4)


def curves() -> Search:
    table = hpo.replay_curves("softmax")
    options = {"space": table.space, "minimize": table.metric.name, "scheduler": hpo.ASHA(1, 9, eta=3)}
    return Search(table, options, cut=(6, 0))


STUDIES: dict[str, Callable[[], Search]] = {
    "searcher-auto": lambda: searched("auto"),
    "searcher-gp": lambda: searched("gp"),
    "searcher-grid": lambda: searched("grid"),
    "searcher-local": lambda: searched("local"),
    "searcher-random": lambda: searched("random"),
    "searcher-sobol": lambda: searched("sobol"),
    "searcher-tpe": lambda: searched("tpe"),
    "scheduler-asha": lambda: scheduled("asha"),
    "scheduler-asha-stopping": lambda: scheduled("asha-stopping"),
    "scheduler-fifo": lambda: scheduled("fifo"),
    "scheduler-hyperband": lambda: scheduled("hyperband", (7, 2)),
    "scheduler-median": lambda: scheduled("median"),
    "scheduler-successive-halving": lambda: scheduled("successive-halving", (7, 2)),
    "object-asha": lambda: scheduled(hpo.ASHA(1, 27, eta=3)),
    "object-asha-stopping": lambda: scheduled(hpo.ASHA(1, 9, eta=2, kind="stopping")),
    "object-hyperband": lambda: scheduled(hpo.Hyperband(1, 8, eta=2), (7, 3)),
    "object-median": lambda: scheduled(hpo.MedianStopping(9, percentile=40)),
    "object-successive-halving": lambda: scheduled(hpo.SuccessiveHalving(1, 8, eta=2), (7, 3)),
    "local-and-asha": lambda: scheduled("asha", (6, 5), searcher="local"),
    "checkpoints": lambda: Search(model, {"scheduler": hpo.ASHA(1, 9, eta=3)}, cut=(1, 5)),
    "cohort": softmax,
    "curves": curves,
    "replicates": lambda: Search(drawn, {"replicates": 3, "maximize": "score"}),
    "confirmed": lambda: Search(drawn, {"minimize": "score"}, cut=None),
}
"""Each search by the name of its file. They are made anew each time, as a process that resumes one does."""


def outcome(study: hpo.Study) -> dict[str, Any]:
    """What a study came to, as JSON holds it; when, and in how many attempts, is no part of it."""
    decided = ("trial_paused", "trial_stopped", "trial_completed", "trial_failed")
    found = {
        "trials": [told(trial) for trial in study.trials],
        "decisions": [
            [event.kind.value, event.trial, event.data.get("reason")]
            for event in study.events
            if event.kind.value in decided
        ],
        "best": study.best.id,
        "top": [[ranked.rank, ranked.id] for ranked in study.top(5)],
        "confirmed": [[one.trial, one.before, *one.values, one.mean, one.std] for one in study.confirmed],
        "notes": [list(note) for note in study.notes],
    }
    copy: dict[str, Any] = json.loads(json.dumps(found, allow_nan=False))
    return copy


def rounded(document: Any, digits: int) -> Any:
    """The document with its numbers to that many digits."""
    return json.loads(json.dumps(document), parse_float=lambda number: float(f"{float(number):.{digits}g}"))


def told(trial: hpo.Trial) -> dict[str, Any]:
    """What is known of a trial."""
    return {
        "id": trial.id,
        "config": trial.config,
        "state": trial.state.value,
        "value": trial.value,
        "metrics": trial.metrics,
        "reports": [[report.epoch, report.metrics] for report in trial.reports],
        "reason": trial.reason,
        "info": trial.info,
    }


def write(name: str, folder: Path) -> dict[str, Any]:
    """Write the file of an interrupted search; what the same search comes to without an interruption."""
    file = folder / f"{name}.db"
    with mock.patch("socket.gethostname", return_value=COMPUTER), closing(open_storage(file)) as storage:
        STUDIES[name]().interrupt(storage)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA page_size = 1024")
        connection.execute("VACUUM")
    with tempfile.TemporaryDirectory() as elsewhere:
        return outcome(STUDIES[name]().run(Path(elsewhere, "whole.db")))


def main(folder: Path) -> None:
    expected = folder / "expected.json"
    known = json.loads(expected.read_text()) if expected.exists() else {}
    for name in STUDIES:
        if name not in known:
            known[name] = write(name, folder)
    lines = [f"{json.dumps(name)}: {json.dumps(known[name])}" for name in STUDIES]
    expected.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
