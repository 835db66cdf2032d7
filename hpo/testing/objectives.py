"""Objectives of every form for the contract of executors. They can be imported, and so sent to a worker."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from asyncio import CancelledError
from collections.abc import Generator, Iterator
from contextlib import suppress
from typing import Any

import numpy as np

from hpo.objective.context import CurrentTrial, current_trial, report


def plain(config: dict[str, Any]) -> Any:
    """Return the config's value."""
    return config["value"]


def as_array(config: dict[str, Any]) -> Any:
    """Return a dict with an array of size one."""
    return {"error": np.array([config["value"]]), "epoch": 3}


def curve(config: dict[str, Any]) -> Iterator[float]:
    """Yield ten times the epoch, four times; say in a file what happened."""
    note(config, "start")
    try:
        for epoch in range(1, config.get("epochs", 4) + 1):
            note(config, f"epoch {epoch}")
            yield 10.0 * epoch
    finally:
        note(config, "closed")


def returning(config: dict[str, Any]) -> Generator[float, None, float]:
    """Yield one thing and return another."""
    yield 1.0
    return 2.0  # that is what it is for


def reporting(config: dict[str, Any]) -> None:
    """Report as `curve` yields."""
    for value in curve(config):
        report(value)


def swallowing(config: dict[str, Any]) -> float:
    """Suppress every error that a report raises, and return a result."""
    for _ in range(3):
        with suppress(Exception):
            report(1.0)
    return 7.0


def learning(config: dict[str, Any], trial: CurrentTrial) -> Iterator[float]:
    """Add one to a kept array in each epoch, and yield it."""
    weight = np.zeros(1)
    trial.checkpoint(weight=weight)
    for _ in trial.epochs(4):
        weight += 1
        note(config, f"weight {weight[0]:g}")
        yield weight[0]


def failing(config: dict[str, Any]) -> Iterator[float]:
    """Fail after a report."""
    yield 1.0
    raise ValueError("the data\nare gone")


def nothing(config: dict[str, Any]) -> None:
    """Return no result."""


def repeating(config: dict[str, Any]) -> Iterator[dict[str, float]]:
    """Report the same epoch again."""
    while True:
        yield {"epoch": 2, "error": 1.0}


def about_the_trial(config: dict[str, Any], trial: CurrentTrial) -> dict[str, float]:
    """Return which trial it is, and write into the config."""
    assert trial is current_trial()
    config["x"] = 0  # no other trial's affair
    return {"id": float(trial.id or 0), "seed": trial.seed, "x": float(trial.config["x"])}


def long_enough(config: dict[str, Any], max_epochs: int = 99) -> float:
    """Return the number of epochs that it was told to train."""
    return max_epochs


class OwnError(BaseException):
    """An error that is no `Exception`, as other libraries have some."""


LEAVES: dict[str, BaseException] = {
    "exit": SystemExit(3),
    "exit with a text": SystemExit("usage: train.py"),
    "generator's end": GeneratorExit(),
    "cancelled": CancelledError("by a loop"),
    "own": OwnError("no Exception"),
}
"""What an objective may raise that is no `Exception`, and is no Ctrl-C either."""


def leaving(config: dict[str, Any]) -> Any:
    """Raise one of `LEAVES`, at once or in the epoch `config["at"]`."""
    if not config["at"]:
        raise LEAVES[config["how"]]
    return _leaving(config)


def _leaving(config: dict[str, Any]) -> Iterator[float]:
    for epoch in range(1, 4):
        if epoch == config["at"]:
            raise LEAVES[config["how"]]
        yield 1.0


def unclean(config: dict[str, Any]) -> Iterator[float]:
    """Raise one of `LEAVES` while it is closed."""
    try:
        for _ in range(4):
            yield 1.0
    finally:
        raise LEAVES[config["how"]]


def forking(config: dict[str, Any]) -> Any:
    """Fork, and come back in both processes; yield 1 plus what the child ended with.

    The child does what `config["child"]` says, at once or in the second epoch.
    """
    return _forked(config) if config["at"] == 0 else _forking(config)


def _forking(config: dict[str, Any]) -> Iterator[float]:
    yield 1.0
    yield _forked(config)


def _forked(config: dict[str, Any]) -> float:
    with warnings.catch_warnings():
        # Python 3.12 and later warn of a fork beside threads.
        warnings.simplefilter("ignore")
        child = os.fork()
    if child:
        return 1.0 + os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if config["child"] == "raises":
        raise ValueError("in the child")
    if config["child"] == "leaves":
        sys.exit(0)
    if config["child"] == "reports":
        report(5.0)
    return 7.0


def last_words(config: dict[str, Any]) -> Iterator[float]:
    """Report while it is closed."""
    try:
        yield 1.0
    finally:
        report(2.0)


def talking(config: dict[str, Any]) -> float:
    """Print on both streams, warn and log; fail where it is to, in silence where it is to be silent."""
    if not config["silent"]:
        print("printed", config["number"])
        print("and on standard error", config["number"], file=sys.stderr)
        warnings.warn("mind the gap", stacklevel=1)
        logging.getLogger("talking").warning("logged %d", config["number"])
    if config["fails"]:
        raise ValueError("nothing comes of it")
    return 1.0


def note(config: dict[str, Any], text: str) -> None:
    """Write a line that a test can read, whatever process this is."""
    if "notes" in config:
        with open(config["notes"], "a") as file:
            file.write(text + "\n")
