"""Studies of every kind that a page shows, each made in a second or two."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hpo
from hpo.datasets import sample
from hpo.errors import SearchInterrupted
from hpo.schedulers import Scheduler
from hpo.storage.events import Event, EventKind
from hpo.tasks import SoftmaxTask

SPACE = hpo.Space(
    {
        "rate": hpo.Float(0.0001, 1, log=True),
        "units": hpo.Int(16, 256, log=True),
        "dropout": hpo.Float(0, 0.5),
        "optimizer": hpo.Choice(["sgd", "adam"]),
    }
)

CONDITIONAL = hpo.Space(
    {
        "layers": hpo.Ordinal([1, 2, 4]),
        "second": hpo.Int(8, 64).when("layers", ge=2),
        "optimizer": hpo.Choice(["sgd", "adam", None]),
        "momentum": hpo.Float(0, 0.99).when("optimizer", eq="sgd"),
        "seed": hpo.Choice([2**60, 2**61, 2**62]),
        "fixed": 7,
    },
    constraints=[hpo.param("layers") + hpo.param("second") <= 60],
)

MARKUP = "</script><script>alert(1)</script><img src=x onerror=alert(2)><!-- \u2028 & \"'`"
LONG = "a long name " * 833 + "!"
TURNED = "left \u202e right \u202d \u0000\u0007\u001b[31m \U0001f600 \u7dca"
HOSTILE = {"markup": MARKUP, "long": LONG, "turned": TURNED.replace("\0", ""), "quote": "'\"\\"}


def curve(config: dict[str, Any], max_epochs: int = 27) -> Iterator[dict[str, float]]:
    """Errors that fall towards a floor, which depends on the config, and losses beside them."""
    off = math.log10(config["rate"]) + 2
    floor = 0.05 + 0.04 * off**2 + 0.1 * config["dropout"] + 0.02 * (config["optimizer"] == "sgd")
    speed = 0.3 + config["units"] / 256
    for epoch in range(1, max_epochs + 1):
        error = floor + 0.8 * math.exp(-speed * epoch)
        yield {"error": error, "loss": 2.3 * error, "train_loss": 2 * error}


def curve_of_x(config: dict[str, Any], max_epochs: int = 3) -> Iterator[dict[str, float]]:
    """Numbers that grow, by `x` alone."""
    for epoch in range(1, max_epochs + 1):
        yield {"good": config["x"] * epoch, "other": 1.0}


def failing(config: dict[str, Any]) -> float:
    """A number, except for what fails: by an exception that was raised of another, or with NaN."""
    if config["units"] > 128:
        try:
            raise MemoryError(f"{config['units']} units do not fit")
        except MemoryError as error:
            raise RuntimeError(f"no memory for {MARKUP}") from error
    return math.nan if config["dropout"] > 0.4 else config["rate"] + config["dropout"]


def main_job(folder: Path) -> hpo.Study:
    """The book's job, on a sample of its data: the learning rate of softmax regression."""
    return _softmax(fuse=1, storage=folder / "main.db", name="softmax")


def cohort(folder: Path) -> hpo.Study:
    """The same, five trials at a time in one computation."""
    return _softmax(fuse=5, storage=folder / "cohort.db", name="cohort")


def asha(folder: Path) -> hpo.Study:
    """Forty trials, of which few go on to the next rung."""
    return _with_rungs(folder / "asha.db", hpo.ASHA(1, 27), num_trials=40, seed=1, num_workers=4)


def best_values(folder: Path) -> hpo.Study:
    """Trials whose value is their best report, some of them stopped."""

    def objective(config: dict[str, Any], max_epochs: int = 9) -> Iterator[dict[str, float]]:
        for epoch in range(1, max_epochs + 1):
            yield {"accuracy": 1 - config["x"] - abs(epoch - 3) / 20}

    return hpo.search(
        objective,
        {"x": hpo.Float(0, 1)},
        maximize="accuracy",
        value="best",
        scheduler=hpo.ASHA(1, 9),
        num_trials=20,
        seed=1,
        name="best values",
    )


def hyperband(folder: Path) -> hpo.Study:
    """Rungs in several brackets."""
    path, scheduler = folder / "hyperband.db", hpo.Hyperband(1, 9)
    return _with_rungs(path, scheduler, searcher="tpe", num_trials=30, seed=2, num_workers=3)


def failures(folder: Path) -> hpo.Study:
    """Trials that raise, with their tracebacks, and some whose result is NaN."""
    return hpo.search(
        failing,
        SPACE,
        num_trials=30,
        seed=3,
        give_up_after=None,
        storage=folder / "failures.db",
        name="failures",
    )


def not_finite(folder: Path) -> hpo.Study:
    """Metrics of NaN and infinity, in some trials the one that is minimised, which then fail."""

    def objective(config: dict[str, Any]) -> Iterator[dict[str, float]]:
        yield {"loss": 1.0, "norm": math.inf}
        yield {"loss": math.inf if config["x"] > 0.6 else 0.5, "norm": -math.inf}
        yield {"loss": config["x"], "norm": math.nan}

    return hpo.search(
        objective,
        {"x": hpo.Float(0, 1)},
        minimize="loss",
        num_trials=10,
        seed=0,
        name="not finite",
        give_up_after=None,
    )


def conditional(folder: Path) -> hpo.Study:
    """Hyperparameters that exist for some configs only, None as a value, and integers beyond 2^53."""

    def objective(config: dict[str, Any]) -> float:
        return float(config["layers"] + config.get("second", 0) / 64 + config.get("momentum", 0.5))

    return hpo.search(objective, CONDITIONAL, num_trials=25, seed=4, name="conditional")


def interrupted(folder: Path) -> hpo.Study:
    """A search that Ctrl-C ended in the middle of a trial, and that went on later."""
    calls: list[int] = []

    def objective(config: dict[str, Any]) -> Iterator[dict[str, float]]:
        calls.append(len(calls))
        for number, metrics in enumerate(curve(config, 5)):
            if (len(calls), number) == (4, 3):
                raise KeyboardInterrupt
            yield metrics

    def search(*, resume: bool) -> hpo.Study:
        storage = folder / "interrupted.db"
        return hpo.search(
            objective, SPACE, minimize="error", num_trials=8, seed=5, storage=storage, resume=resume
        )

    try:
        search(resume=False)
    except SearchInterrupted:
        return search(resume=True)
    raise AssertionError("the search was to be interrupted")


def hostile(folder: Path) -> hpo.Study:
    """Names, values and reasons of markup, quotes, ten thousand letters, and marks that turn text around."""
    space = hpo.Space(
        {name: hpo.Float(0, 1) for name in HOSTILE.values()} | {"x": hpo.Choice([*HOSTILE.values()])}
    )

    def objective(config: dict[str, Any]) -> dict[str, float]:
        if config[MARKUP] > 0.7:
            raise ValueError(config["x"])
        return {MARKUP: config[MARKUP], LONG[:200]: 1.0, "__proto__": 2.0}

    return hpo.search(
        objective, space, minimize=MARKUP, num_trials=20, seed=6, name=MARKUP, give_up_after=None
    )


def empty(folder: Path) -> hpo.Study:
    """No trial yet, and no metric."""
    return hpo.Tuner(None, SPACE, num_trials=3, seed=7, name="empty").study


def running(folder: Path) -> hpo.Study:
    """Trials under way: one without a report, one with some, of a metric that no result has named."""
    tuner = hpo.Tuner(None, SPACE, num_trials=3, seed=8, minimize="error", name="running")
    tuner.ask()
    trial = tuner.ask()
    for epoch in (1, 2):
        tuner.report(trial, {"error": 1 / epoch, "loss": 3 / epoch}, epoch=epoch)
    return tuner.study


def two_metrics(folder: Path) -> hpo.Study:
    """A log of two goals, which has no best trial."""
    goals = [{"name": "error", "direction": "minimize"}, {"name": "speed", "direction": "maximize"}]
    events = [_created("two metrics", goals)]
    for number in range(6):
        events += _trial(number, {"error": 1 / (number + 1), "speed": 10.0 - number})
    return hpo.Study.from_events(events)


def many(count: int = 10_000) -> hpo.Study:
    """So many trials, written as a log and not run."""
    events = [_created("many", [{"name": "error", "direction": "minimize"}])]
    configs = SPACE.sample(9, n=count)
    for number, config in enumerate(configs):
        events += _trial(number, next(curve(config)), config)
    return hpo.Study.from_events(events)


STUDIES: dict[str, Callable[[Path], hpo.Study]] = {
    made.__name__: made
    for made in (
        *(main_job, cohort, asha, hyperband, failures, not_finite, conditional, interrupted, hostile),
        *(empty, running, two_metrics, best_values),
    )
}
"""What makes each study, by name. It takes the folder for its files."""


def _softmax(**options: Any) -> hpo.Study:
    task = SoftmaxTask(max_epochs=3, data=sample())
    return hpo.search(
        task, task.space, minimize=task.metric, num_trials=10, seed=0, backend="numpy", **options
    )


def _with_rungs(path: Path, scheduler: Scheduler, *, num_workers: int, **options: Any) -> hpo.Study:
    return hpo.search(
        curve,
        SPACE,
        minimize="error",
        scheduler=scheduler,
        workers=hpo.SimulatedExecutor(num_workers),
        storage=path,
        name=path.stem,
        **options,
    )


def _created(name: str, goals: list[dict[str, str]]) -> Event:
    data = {
        "name": name,
        "seed": 9,
        "metrics": goals,
        "objective": {"name": "train.objective", "fingerprint": "0" * 16},
        "searcher": "RandomSearch",
        "scheduler": "FIFO",
        "replicates": 1,
        "points": [],
        "space": SPACE.to_json(),
        "versions": {"polyhpo": "0.1.0"},
    }
    return Event(EventKind.STUDY_CREATED, text=json.dumps(data), time=1.7e9)


def _trial(number: int, metrics: dict[str, float], config: dict[str, Any] | None = None) -> list[Event]:
    """The events of a trial that reports twice and completes."""
    begin, owner = 2.0 * number, "computer/1/2/abcdef01"
    start = {"config": config or SPACE.sample(9, start=number)[0], "proposal": number, "owner": owner}
    said = [
        (EventKind.TRIAL_STARTED, None, start, 0.0),
        (EventKind.REPORTED, 1, {name: 2 * value for name, value in metrics.items()}, 1.0),
        (EventKind.REPORTED, 2, metrics, 1.9),
        (EventKind.TRIAL_COMPLETED, None, {}, 1.9),
    ]
    return [
        Event(kind, number, 0, epoch, json.dumps(data), time=1.7e9 + begin + after, elapsed=begin + after)
        for kind, epoch, data, after in said
    ]
