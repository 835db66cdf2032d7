"""Studies of many shapes, for figures."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import hpo
from hpo.storage.events import Event, EventKind, to_text

LONG = "learning_rate_of_the_second_stage_of_the_very_deep_network_x"
"""A name of sixty letters."""

TWO: dict[str, Any] = {"rate": hpo.Float(1e-4, 1, log=True), "width": hpo.Int(16, 512, log=True)}
CONDITIONAL: dict[str, Any] = {
    "rate": hpo.Float(1e-4, 1, log=True),
    "model": hpo.Choice(["linear", "a network with a very long name", "None of these two"]),
    "depth": hpo.Int(1, 8).when("model", eq="a network with a very long name"),
    "size": hpo.Ordinal([2**power for power in range(24)]),
}
TWELVE: dict[str, Any] = {
    f"{LONG}{number}": [
        hpo.Float(1e-5, 5e-4, log=True),
        hpo.Float(-1, 1),
        hpo.Int(10_000, 10_007),
        hpo.Choice(["relu", "tanh", "a_rather_long_name_of_an_activation", True]),
    ][number % 4]
    for number in range(12)
}


def value(config: dict[str, Any]) -> float:
    """Smallest near a rate of 0.01."""
    rate = next(number for number in config.values() if isinstance(number, float))
    return 0.1 + 0.1 * (math.log10(abs(rate) + 1e-9) + 2) ** 2 + 0.01 * len(config)


def fails(config: dict[str, Any]) -> float:
    if config["rate"] > 0.3:
        raise ValueError("too large")
    return value(config)


def explodes(config: dict[str, Any]) -> float:
    return 1e9 * config["rate"] if config["rate"] > 0.5 else value(config)


def curve(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> Iterator[float]:
    for epoch in trial.epochs(27):
        if config["rate"] > 0.5 and epoch > 2:
            raise ValueError("too large")
        yield value(config) + 1 / (epoch + config["rate"])
        if 0.001 < config["rate"] < 0.002 and epoch == 2:
            return


def searched(objective: Any, space: dict[str, Any], num_trials: int, **options: Any) -> hpo.Study:
    return hpo.search(
        objective, space, num_trials=num_trials, minimize="val_error", seed=1, backend="numpy", **options
    )


def scheduled(scheduler: Any, num_trials: int, workers: int = 4) -> hpo.Study:
    executor = hpo.SimulatedExecutor(workers)
    return searched(curve, TWO, num_trials, scheduler=scheduler, executor=executor)


def interrupted() -> hpo.Study:
    """Two workers, killed after 10 s, and again 8 s later; the third search runs to its end."""
    space = hpo.Space({"rate": hpo.Float(0, 1), "width": hpo.Float(0, 1)})
    created = {
        "name": "killed twice",
        "seed": 0,
        "metrics": [{"name": "val_error", "direction": "minimize"}],
        "versions": {},
        "space": space.to_json(),
    }
    told: list[tuple[float, EventKind, int, int, int | None, dict[str, Any]]] = []

    def start(second: float, trial: int, owner: str, attempt: int = 0) -> None:
        config = {"config": {"rate": trial / 20, "width": 0.5}, "proposal": trial} if not attempt else {}
        told.append((second, EventKind.TRIAL_STARTED, trial, attempt, None, {"owner": owner, **config}))

    def train(begin: float, trial: int, epochs: range, attempt: int = 0, *, ends: bool = True) -> None:
        for number, epoch in enumerate(epochs, start=1):
            result = {"val_error": 1 / epoch + trial / 50}
            told.append((begin + number, EventKind.REPORTED, trial, attempt, epoch, result))
        if ends:
            end = begin + len(epochs)
            told.append((end, EventKind.TRIAL_COMPLETED, trial, attempt, None, {}))

    for trial, begin, owner in [(0, 0, "a"), (1, 0, "a"), (2, 4, "a"), (3, 5, "a")]:
        start(begin, trial, owner)
        train(begin, trial, range(1, 6 if trial == 1 else 5))
    for trial in (4, 5):
        start(8 + trial % 2, trial, "a")
        train(8 + trial % 2, trial, range(1, 2), ends=False)
        start(10, trial, "b", 1)
        train(10, trial, range(2, 6), 1)
    for trial in (6, 7):
        start(14, trial, "b")
        train(14, trial, range(1, 4), ends=False)
        start(17, trial, "c", 1)
        train(17, trial, range(4, 6), 1)
    for trial in range(8, 20):
        begin = 19 + 5 * ((trial - 8) // 2)
        start(begin, trial, "c")
        train(begin, trial, range(1, 6))
    events = [Event(EventKind.STUDY_CREATED, text=to_text(created))]
    for second, kind, trial, attempt, epoch, data in sorted(told, key=lambda one: one[0]):
        events.append(Event(kind, trial, attempt, epoch, to_text(data), elapsed=second))
    return hpo.Study.from_events(events)


STUDIES = {
    "five trials": lambda: searched(value, TWO, 5),
    "one trial with one hyperparameter": lambda: searched(value, {LONG: hpo.Float(0, 1)}, 1, name="n" * 90),
    "extreme values": lambda: searched(explodes, TWO, 30),
    "conditional": lambda: searched(fails, CONDITIONAL, 40),
    "twelve with long names": lambda: searched(value, TWELVE, 60, name="$tudy_" + "with_a_long_name_" * 8),
    "asha": lambda: scheduled(hpo.ASHA(1, 27), 40),
    "median stopping": lambda: scheduled(hpo.MedianStopping(27), 40),
    "interrupted": interrupted,
    "five thousand trials": lambda: searched(value, {**TWO, "kind": hpo.Choice(["a", "b", "c"])}, 5000),
}
