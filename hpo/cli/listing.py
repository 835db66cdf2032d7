"""The studies of a storage as a table and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Console

from hpo.cli.report import best_entry, metric_entries
from hpo.cli.screen import print_line, print_table
from hpo.cli.studies import (
    best_of,
    created,
    goal_text,
    iso,
    log_of,
    on_the_clock,
    states_of,
    states_text,
    wrong_storage,
)
from hpo.storage import Storage
from hpo.study.origin import load
from hpo.study.study import Study

COLUMNS = ["name", "trials", "states", "metric", "best", "backend", "objective", "created", "last event"]
DISPENSABLE = ("objective", "created", "states", "backend")


def print_studies(console: Console, storage: Storage, file: str) -> None:
    """A row for each study, in the order of their creation."""
    rows = [_row(study) for study in _studies(storage)]
    if not rows:
        print_line(console, f"{file} holds no study yet.")
        return
    print_table(console, COLUMNS, rows, dispensable=DISPENSABLE)


def document_of_studies(storage: Storage, file: str) -> dict[str, Any]:
    """The same as one JSON value."""
    return {"storage": file, "studies": [_entry(study) for study in _studies(storage)]}


def objective_of(study: Study) -> str | None:
    """The name of what was tuned; None for a loop by hand."""
    described = created(study).get("objective")
    return None if described is None else str(described["name"])


def _studies(storage: Storage) -> Iterator[Study]:
    with wrong_storage():
        names = storage.studies()
    for name in names:
        with wrong_storage():
            study = load(storage, name)
        yield study


def _row(study: Study) -> list[object]:
    best, log = best_of(study), log_of(study)
    return [
        study.name,
        len(study.trials),
        states_text(study),
        goal_text(study),
        None if best is None else best.value,
        study.backend,
        objective_of(study),
        on_the_clock(log[0].time),
        on_the_clock(log[-1].time),
    ]


def _entry(study: Study) -> dict[str, Any]:
    log = log_of(study)
    return {
        "name": study.name,
        "trials": len(study.trials),
        "states": states_of(study),
        "metrics": metric_entries(study),
        "best": best_entry(study),
        "backend": study.backend,
        "objective": objective_of(study),
        "seed": study.seed,
        "created": iso(log[0].time),
        "last_event": iso(log[-1].time),
    }
