"""The work of `hpo run`, from its options to its exit code."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rich.console import Console

from hpo import registry
from hpo.cli.entry import INTERRUPTED
from hpo.cli.failures import FAILED, UsageError, wrong_arguments
from hpo.cli.jobs import Job, book_job, own_job
from hpo.cli.progress import SearchProgress
from hpo.cli.report import document_of, print_result
from hpo.cli.screen import only_documents, open_console, print_fields, print_line, write_document
from hpo.errors import SearchFailedError
from hpo.plots import check_plot_path, save, scatter
from hpo.port import Backend
from hpo.study import Study
from hpo.tuner import SearchInterrupted, Tuner

DEFAULT_PLOT = Path("hpo-run.png")


@dataclass(frozen=True, kw_only=True)
class Request:
    """The options of `hpo run` as they were given; None where one was not."""

    target: str | None
    space: str | None
    minimize: str | None
    maximize: str | None
    backend: str | None
    device: str | None
    trials: int
    epochs: int | None
    batch_size: int | None
    seed: int
    data: str | None
    validation: Literal["test", "holdout"] | None
    plot: Path | None
    no_plot: bool
    name: str | None
    as_json: bool


@dataclass(frozen=True)
class Ending:
    """How a search ended.

    Attributes:
        code: the exit code.
        message: what to say of it; None after a search that went to its end.
    """

    code: int = 0
    message: str | None = None


def carry_out(request: Request) -> int:
    """Search as the options say; the exit code."""
    with only_documents(request.as_json) as output:
        console = open_console(to_stderr=request.as_json)
        plot = _plot_path(request, console)
        job = _job(request, console)
        backend, reason = _backend(request)
        device = registry.resolve_device(backend, request.device, default=job.default_device)
        tuner, progress = _prepare(request, job, device, console)
        _print_header(
            console, job, tuner.study, f"{backend.name} {backend.version}, because {reason}", device
        )
        ending = _search(tuner, progress)
        study = tuner.study
        print_result(console, study)
        saved, ending = _save_plot(study, plot, console, ending)
        if request.as_json:
            write_document(
                output,
                document_of(
                    study,
                    device=device,
                    data=job.data_source,
                    data_reason=job.data_reason,
                    backend_reason=reason,
                    backend_version=backend.version,
                    plot=saved,
                    interrupted=ending.code == INTERRUPTED,
                    error=ending.message,
                ),
            )
    if ending.message is not None:
        print_line(open_console(to_stderr=True), ending.message, style="bold red")
    return ending.code


def _plot_path(request: Request, console: Console) -> Path | None:
    """Where the plot will go, checked now. One that nobody asked for by name is no reason to fail."""
    if request.no_plot:
        if request.plot is not None:
            raise UsageError(f"--plot {request.plot} and --no-plot contradict each other: leave one out.")
        return None
    if request.plot is not None:
        with wrong_arguments():
            return check_plot_path(request.plot)
    if request.as_json:
        return None
    try:
        return check_plot_path(DEFAULT_PLOT)
    except OSError as error:
        print_line(console, f"Warning: {error} The search goes on without a plot.", style="yellow")
        return None


def _job(request: Request, console: Console) -> Job:
    if request.target is None:
        if request.space is not None:
            raise UsageError(
                f"--space {request.space} belongs to an objective of your own: hpo run module:function "
                f"--space {request.space}."
            )
        return book_job(
            console,
            data=request.data,
            epochs=request.epochs,
            batch_size=request.batch_size,
            validation=request.validation,
        )
    for option, value in (
        ("--data", request.data),
        ("--batch-size", request.batch_size),
        ("--validation", request.validation),
    ):
        if value is not None:
            raise UsageError(
                f"{option} {value} belongs to the book's job; {request.target} decides that itself. "
                f"Leave it out."
            )
    return own_job(request.target, space=request.space, epochs=request.epochs)


def _backend(request: Request) -> tuple[Backend, str]:
    """The backend and why; a user's objective is imported by now, and what it imported counts."""
    if request.backend is not None:
        registry.canonical_name(request.backend, origin="--backend")
    choice = registry.choose(request.backend)
    return registry.load(choice.name), choice.reason


def _prepare(request: Request, job: Job, device: str, console: Console) -> tuple[Tuner, SearchProgress]:
    progress = SearchProgress(console, num_trials=request.trials, epochs=job.epochs)
    minimize = request.minimize if request.minimize or request.maximize else job.minimize
    with wrong_arguments():
        tuner = Tuner(
            job.objective,
            job.space,
            minimize=minimize,
            maximize=request.maximize,
            num_trials=request.trials,
            seed=request.seed,
            backend=request.backend,
            device=device,
            name=request.name or job.name,
            callbacks=[progress.on_event],
        )
    if job.data_source is not None:
        tuner.note("data", f"{job.data_source} ({job.data_reason})")
    return tuner, progress


def _print_header(console: Console, job: Job, study: Study, backend: str, device: str) -> None:
    space = ", ".join(f"{name}: {domain!r}" for name, domain in study.space.items())
    print_line(console, job.title, style="bold")
    print_fields(
        console,
        [
            ("backend", backend),
            ("device", device),
            *job.fields,
            ("space", space),
            ("seed", str(study.seed)),
        ],
    )


def _search(tuner: Tuner, progress: SearchProgress) -> Ending:
    try:
        with progress:
            tuner.run()
    except SearchInterrupted as interrupt:
        study = interrupt.study
        ended = study.num_completed + study.num_failed
        return Ending(
            INTERRUPTED,
            f"Interrupted after {ended} trials. The same command with --seed {study.seed} evaluates the same "
            f"configurations again, from the first one.",
        )
    except SearchFailedError as error:
        return Ending(FAILED, f"Error: {error}")
    return Ending()


def _save_plot(
    study: Study, path: Path | None, console: Console, ending: Ending
) -> tuple[str | None, Ending]:
    """The file that was written, if one was, and how the command ends now."""
    if path is None or not study.num_completed:
        return None, ending
    try:
        save(scatter(study), path)
    except (OSError, ValueError) as error:
        return None, Ending(ending.code or FAILED, f"Error: the plot could not be saved: {error}")
    print_fields(console, [("plot", str(path))])
    return str(path), ending
