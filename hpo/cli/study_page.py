"""A stored study on the screen and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from rich.console import Console

from hpo.cli.report import document_of, finite, note_text, objective_of, print_result
from hpo.cli.screen import print_fields, print_table
from hpo.cli.studies import (
    KeptFile,
    goal_text,
    iso,
    kept_in,
    on_the_clock,
    states_text,
)
from hpo.study.excerpt import states_of
from hpo.study.notes import SEARCH, search_text
from hpo.study.ranks import Confirmed
from hpo.study.study import Study
from hpo.study.tables import shown
from hpo.tuner.progress.console import print_line
from hpo.tuner.progress.words import spoken


def print_study(
    console: Console, study: Study, file: str, *, metrics: Literal["all"] | Sequence[str] = ()
) -> None:
    """Print what a study is, its best trials, and what else was kept of it.

    Args:
        console: where.
        study: the study.
        file: the storage, as the user called it.
        metrics: metrics to show beside those that were optimised, or "all".

    Raises:
        ValueError: no trial reported a metric of such a name.
    """
    print_line(console, f"study {study.name!r} of {file}", style="bold")
    notes = [(note.topic, note_text(note)) for note in study.notes if note.topic != SEARCH]
    print_fields(console, [*_about(study), *notes])
    if len(study.trials):
        print_result(console, study, running="running", metrics=metrics)
    if len(study.metrics) == 1 and study.confirmed:
        _print_confirmed(console, study)
    kept = kept_in(study)
    if kept:
        print_kept(console, kept)


def document_of_study(study: Study, file: str) -> dict[str, Any]:
    """A study as one JSON value: the document of `hpo run --json`, and what else the storage knows."""
    log, begun = study.history.events, study.history.created
    tested = study.tested
    return document_of(
        study,
        device=study.device,
        data=None,
        storage=file,
        backend_reason=study.backend_reason,
        states=states_of(study.history),
        objective=begun.get("objective"),
        searcher=begun.get("searcher"),
        scheduler=begun.get("scheduler"),
        replicates=study.replicates,
        space=begun.get("space"),
        created=iso(log[0].time),
        last_event=iso(log[-1].time),
        worked_seconds=finite(log[-1].elapsed),
        confirmed=[_confirmed_entry(one) for one in _confirmed(study)],
        tested=None if tested is None else {"trial": tested.trial, "metrics": _numbers(tested.metrics)},
        kept=[kept_entry(kept) for kept in kept_in(study)],
    )


def print_kept(console: Console, kept: list[KeptFile]) -> None:
    """Print the checkpoints on the disk; their paths below the table, which would cut them."""
    rows: list[list[object]] = [
        [one.trial, one.epoch, one.which, size_text(one.bytes), one.attempt] for one in kept
    ]
    print_line(console, "\nkept models", style="bold")
    print_table(console, ["trial", "epoch", "which", "size", "attempt"], rows)
    for one in kept:
        console.print(one.path, soft_wrap=True)


def kept_entry(kept: KeptFile) -> dict[str, Any]:
    """A checkpoint as a JSON value."""
    return dict(vars(kept))


def size_text(size: int | None) -> str:
    """An amount of bytes as people say it.

    Example:
        >>> size_text(1_234_567)
        '1.23 MB'
    """
    if size is None:
        return "gone"
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:.3g} {unit}"
    return f"{size} B"


def _about(study: Study) -> list[tuple[str, str]]:
    log, begun, history = study.history.events, study.history.created, study.history
    backend = study.backend or "none yet"
    if study.backend_reason:
        backend = f"{backend}, because {study.backend_reason}"
    states = f" ({states_text(study)})" if len(study.trials) else ""
    tested = study.tested
    return [
        ("trials", f"{len(study.trials)}{states}"),
        ("metric", goal_text(study) or "named by the first result"),
        *([("value", "of each trial's best epoch")] if study.value_of == "best" else []),
        ("objective", objective_of(study) or "none, it is driven by hand"),
        ("search", search_text(begun)),
        ("backend", backend),
        *([("device", study.device)] if study.device else []),
        ("seed", str(study.seed)),
        *([("replicates", str(study.replicates))] if study.replicates > 1 else []),
        ("space", _space_text(study)),
        ("created", on_the_clock(log[0].time)),
        ("last event", f"{on_the_clock(log[-1].time)} ({spoken(log[-1].elapsed)} of work)"),
        ("versions", ", ".join(f"{name} {version}" for name, version in study.versions.items())),
        *([] if history.folder is None else [("files", str(history.folder.path))]),
        *([] if tested is None else [("test set", f"trial {tested.trial}: {_metrics_text(tested.metrics)}")]),
    ]


def _space_text(study: Study) -> str:
    if not study.history.knows_space:
        return "not in the log, as it had no JSON form"
    return ", ".join(f"{name}: {domain!r}" for name, domain in study.space.items())


def _print_confirmed(console: Console, study: Study) -> None:
    rows: list[list[object]] = [
        [one.rank, one.trial, one.before, one.mean, one.std, len(one.values)] for one in study.confirmed
    ]
    print_line(console, "\nconfirmed on fresh draws", style="bold")
    print_table(console, ["rank", "trial", "in the search", "mean", "std", "draws"], rows)


def _confirmed(study: Study) -> list[Confirmed]:
    return study.confirmed if len(study.metrics) == 1 else []


def _confirmed_entry(one: Confirmed) -> dict[str, Any]:
    return vars(one) | {
        "before": finite(one.before),
        "values": [finite(value) for value in one.values],
        "mean": finite(one.mean),
        "std": finite(one.std),
    }


def _metrics_text(metrics: dict[str, float]) -> str:
    return ", ".join(f"{name} {shown(value)}" for name, value in metrics.items())


def _numbers(metrics: dict[str, float]) -> dict[str, float | None]:
    return {name: finite(value) for name, value in metrics.items()}
