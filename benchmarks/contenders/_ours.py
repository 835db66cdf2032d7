"""What our contenders share: one configuration trained by a search, its epochs timed from outside."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

from _clock import now

from hpo.storage.events import Event, EventKind

LEARNING_RATE = 0.05


def report(seconds: list[float], error: float) -> None:
    """The line that `main_job.py` reads."""
    print(json.dumps({"seconds": seconds, "error": error}))


def time_task(backend: str) -> None:
    """The book's task on a backend, under `hpo.search`."""
    import hpo
    from hpo.tasks import SoftmaxTask

    task = SoftmaxTask(max_epochs=int(sys.argv[1]))
    seconds, last = [], now()

    def tick(event: Event, study: hpo.Study) -> None:
        nonlocal last
        if event.kind is EventKind.TRIAL_STARTED:
            last = now()
        elif event.kind is EventKind.REPORTED:
            seconds.append(now() - last)
            last = now()

    space = {"learning_rate": hpo.Constant(LEARNING_RATE)}
    study = hpo.search(
        task,
        space,
        minimize=task.metric,
        num_trials=1,
        seed=0,
        backend=backend,
        callbacks=[tick],
        progress=False,
    )
    report(seconds, study.best.metrics["val_error"])


def time_module(d2l: Any, make_model: Callable[[], Any]) -> None:
    """A user's own model in a backend's `Trainer`."""
    data = d2l.FashionMNIST(batch_size=16)
    epochs: Iterator[dict[str, float]] = d2l.Trainer(max_epochs=int(sys.argv[1]), seed=0).epochs(
        make_model(), data
    )
    seconds, error, last = [], 1.0, now()
    for record in epochs:
        seconds.append(now() - last)
        error, last = record["val_error"], now()
    report(seconds, error)


def time_cohort(backend: str) -> None:
    """The book's task on a backend, as many configurations at once as the second argument says.

    The seconds are those of one configuration's epoch.
    """
    import hpo
    from hpo.tasks import SoftmaxTask

    task, members = SoftmaxTask(max_epochs=int(sys.argv[1])), int(sys.argv[2])
    seconds, last = [], now()

    def tick(event: Event, study: hpo.Study) -> None:
        nonlocal last
        if event.trial != members - 1:
            return
        if event.kind is EventKind.REPORTED:
            seconds.append((now() - last) / members)
        last = now()

    study = hpo.search(
        task,
        task.space,
        minimize=task.metric,
        num_trials=members,
        seed=0,
        backend=backend,
        fuse=members,
        callbacks=[tick],
        progress=False,
    )
    report(seconds, study.best.metrics["val_error"])
