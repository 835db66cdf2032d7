"""A search made ready: its tuner, its backend, and what it says before it starts."""

from __future__ import annotations

import shlex
import warnings
from typing import Any

from rich.console import Console

from hpo.backend import Backend, registry
from hpo.cli.failures import UsageError, wrong_arguments
from hpo.cli.jobs import Job
from hpo.cli.price import price_of, scheduler_text
from hpo.cli.prior import Stored
from hpo.cli.progress import SearchProgress
from hpo.cli.request import DEFAULT_SEED, Request
from hpo.cli.screen import print_fields, print_line
from hpo.cli.studies import wrong_storage
from hpo.errors import AmbiguousBackendError, StudyMismatchError
from hpo.study.study import Study
from hpo.tuner.tuner import Tuner


def choose_backend(request: Request, stored: Stored) -> tuple[Backend, str]:
    """The backend and why; a user's objective is imported by now, and what it imported counts.

    Raises:
        UsageError: the study that goes on was begun on another one.
    """
    if request.backend is not None:
        registry.canonical_name(request.backend, origin="--backend")
    begun_on = None if stored.before is None else stored.before.backend
    try:
        choice = registry.choose(request.backend)
    except AmbiguousBackendError:
        if begun_on is None:
            raise
        choice = registry.BackendChoice(begun_on, "")
    if begun_on is not None and choice.name != begun_on and choice.was_asked_for:
        raise UsageError(
            f"The study {stored.name!r} was begun on the backend {begun_on} and cannot go on on "
            f"{choice.name}, which was chosen because {choice.reason}: results would not compare. Take "
            f"--backend {begun_on}, or {_another(stored.name)}."
        )
    if begun_on is not None and not choice.was_asked_for:
        return registry.load(begun_on), "the study was begun on it"
    return registry.load(choice.name), choice.reason


def choose_device(request: Request, stored: Stored, job: Job, backend: Backend) -> str:
    """The name of the device."""
    before = None if stored.before is None else stored.before.device
    return registry.resolve_device(backend, request.device, default=before or job.default_device)


def make_tuner(
    request: Request, job: Job, stored: Stored, device: str, console: Console
) -> tuple[Tuner, SearchProgress]:
    """The tuner, and what shows its progress.

    Raises:
        UsageError: the options do not go together, or with the study that goes on.
    """
    scheduler = request.make_scheduler(job.epochs)
    progress = SearchProgress(
        console,
        num_trials=request.num_trials,
        epochs=job.epochs,
        timeout=request.timeout,
        price=price_of(scheduler, request.num_trials, job.epochs),
    )
    with wrong_arguments(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        arguments = _arguments(request, job, stored) | {
            "device": device,
            "callbacks": [progress.on_event],
            "scheduler": scheduler,
        }
        try:
            with wrong_storage():
                tuner = Tuner(job.objective, job.space, **arguments)
        except UsageError as error:
            if not isinstance(error.__cause__, StudyMismatchError):
                raise
            raise UsageError(f"{error} In this command: {_another(stored.name)}.") from error
    for warning in caught:
        print_line(console, f"Warning: {warning.message}", style="yellow")
    if stored.before is not None:
        progress.take_up(tuner.study)
    _take_notes(tuner, job, stored, console)
    return tuner, progress


def print_header(
    console: Console, request: Request, job: Job, stored: Stored, study: Study, *, backend: str, device: str
) -> None:
    """What is going to happen, and where."""
    print_line(console, job.title, style="bold")
    workers = [] if request.workers in (None, 1) else [("workers", f"{request.workers} processes")]
    print_fields(
        console,
        [
            ("backend", backend),
            ("device", device),
            *workers,
            *job.fields,
            *([] if job.training is None else [("training", job.training)]),
            *([] if request.searcher is None else [("searcher", request.searcher)]),
            *(
                [("scheduler", scheduler_text(request.make_scheduler(job.epochs)))]
                if request.has_rungs
                else []
            ),
            ("space", ", ".join(f"{name}: {domain!r}" for name, domain in study.space.items())),
            ("seed", str(study.seed)),
            *stored.fields(request.num_trials),
        ],
    )


def _arguments(request: Request, job: Job, stored: Stored) -> dict[str, Any]:
    """What the tuner gets; a study that goes on keeps what nobody asked to change."""
    before = stored.before
    minimize, seed, replicates = request.minimize, request.seed, request.replicates
    if before is None:
        minimize = minimize if minimize or request.maximize else job.minimize
        seed = _new_seed(stored) if seed is None else seed
    elif replicates is None:
        replicates = before.replicates
    return {
        "minimize": minimize,
        "maximize": request.maximize,
        "searcher": request.searcher or "random",
        "num_trials": request.num_trials,
        "timeout": request.timeout,
        "stop": request.stop,
        "seed": seed,
        "backend": request.backend,
        "workers": request.processes,
        "fuse": request.members,
        "replicates": 1 if replicates is None else replicates,
        "storage": request.storage,
        "name": stored.name,
        "resume": request.resume,
        "keep": request.keep,
        "warm_start": [] if stored.warm_start is None else [stored.warm_start],
    }


def _new_seed(stored: Stored) -> int:
    """The seed of a new study: with that of the study from which it starts it would try the same again."""
    return DEFAULT_SEED if stored.warm_start is None else stored.warm_start.seed + 1


def _take_notes(tuner: Tuner, job: Job, stored: Stored, console: Console) -> None:
    """Keep with a new study what its log has no other place for; hold one that goes on against it."""
    notes = {} if job.training is None else {"training": job.training}
    if job.data_source is not None:
        notes["data"] = f"{job.data_source} ({job.data_reason})"
    if stored.before is None:
        for topic, text in notes.items():
            tuner.note(topic, text)
        return
    known = dict(stored.before.notes)
    for topic, now in ((topic, text) for topic, text in notes.items() if topic in known):
        # Why these data were taken may be another reason each time.
        same = known[topic].startswith(f"{job.data_source} (") if topic == "data" else known[topic] == now
        if not same:
            print_line(
                console,
                f"Warning: the study was begun with other {topic}: {known[topic]}; now {now}. Its new "
                f"results may not compare with the old ones.",
                style="yellow",
            )


def _another(name: str) -> str:
    return f"start a new study from its results with --name NAME --warm-start {shlex.quote(name)}"
