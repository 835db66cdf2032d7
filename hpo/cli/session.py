"""The work of `hpo run`, from its options to its exit code."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from hpo.cli.exit_codes import FAILED, INTERRUPTED
from hpo.cli.failures import interrupts_watched
from hpo.cli.jobs import Job, book_job, own_job
from hpo.cli.picture import picture_path
from hpo.cli.prior import Stored, look_into
from hpo.cli.progress import SearchProgress
from hpo.cli.report import document_of, print_result
from hpo.cli.request import Request
from hpo.cli.screen import (
    only_documents,
    open_console,
    print_fields,
    print_line,
    write_document,
)
from hpo.cli.setup import choose_backend, choose_device, make_tuner, print_header
from hpo.cli.studies import has_open_trials
from hpo.errors import SearchFailedError, StorageError
from hpo.plots import save, scatter
from hpo.study.study import Study
from hpo.tuner.tuner import SearchInterrupted, Tuner

DEFAULT_PLOT = Path("hpo-run.png")


@dataclass(frozen=True)
class Ending:
    """How a search ended.

    Attributes:
        code: the exit code.
        message: what to say of it; None after a search that went to its end.
        early: why it ended before all of its trials had run, by a rule or by time; None if it did not.
    """

    code: int = 0
    message: str | None = None
    early: str | None = None


def carry_out(request: Request) -> int:
    """Search as the options say; the exit code."""
    with only_documents(request.as_json) as output:
        console = open_console(to_stderr=request.as_json)
        request.check()
        plot = picture_path(
            request.plot,
            console,
            default=DEFAULT_PLOT,
            wanted=not request.no_plot,
            shown=not request.as_json,
        )
        job = _job(request, console)
        stored = look_into(request, request.name or job.name)
        backend, reason = choose_backend(request, stored)
        device = choose_device(request, stored, job, backend)
        tuner, progress = make_tuner(request, job, stored, device, console)
        study = tuner.study
        described = f"{backend.name} {backend.version}, because {reason}"
        print_header(console, request, job, stored, study, backend=described, device=device)
        with interrupts_watched(lambda: _say_slow_end(console), _last_words(request, study)):
            ending = _search(tuner, progress, request, stored)
            print_result(console, study)
            if ending.early is not None:
                print_fields(console, [("ended", ending.early)])
            saved, ending = _save_plot(study, plot, console, ending)
        if request.as_json:
            write_document(
                output,
                document_of(
                    study,
                    device=device,
                    data=job.data_source,
                    storage=request.storage,
                    resumed=stored.resumed,
                    data_reason=job.data_reason,
                    backend_reason=reason,
                    backend_version=backend.version,
                    plot=saved,
                    interrupted=ending.code == INTERRUPTED,
                    ended=ending.early,
                    error=ending.message,
                ),
            )
    if ending.message is not None:
        print_line(open_console(to_stderr=True), ending.message, style="bold red")
    return ending.code


def _job(request: Request, console: Console) -> Job:
    if request.objective is not None:
        return own_job(
            request.objective, space=request.space, epochs=request.epochs, has_rungs=request.has_rungs
        )
    return book_job(
        console,
        data=request.data,
        epochs=request.epochs,
        batch_size=request.batch_size,
        validation=request.validation,
    )


def _search(tuner: Tuner, progress: SearchProgress, request: Request, stored: Stored) -> Ending:
    study = tuner.study
    try:
        with progress:
            tuner.run()
    except SearchInterrupted:
        ended = study.num_completed + study.num_failed
        return Ending(INTERRUPTED, f"Interrupted after {ended} trials. {_how_to_go_on(request, study)}")
    except SearchFailedError as error:
        return Ending(FAILED, f"Error: {error}")
    except StorageError as error:
        return Ending(FAILED, f"Error: {error} {_how_to_go_on(request, study)}")
    return Ending(early=_early_end(study, request, stored))


def _early_end(study: Study, request: Request, stored: Stored) -> str | None:
    """Why the search ended although it could have gone on, and how it does; None if it could not."""
    total = request.num_trials
    if total is not None and study.num_proposals >= total and not has_open_trials(study):
        if stored.before is None or stored.before.num_proposals < total or has_open_trials(stored.before):
            return None
        return f"at once, as its {total} trials had run before; with a larger --trials it goes on"
    why = study.notes[-1].text if study.notes and study.notes[-1].topic == "stop" else "no config is left"
    return why if request.storage is None else f"{why}. {_how_to_go_on(request, study)}"


def _how_to_go_on(request: Request, study: Study) -> str:
    """The command that does, or the next best one where nothing was stored."""
    if request.storage is not None:
        return f"Go on with: {request.command.again(resume=True)}"
    return (
        f"Without --storage nothing is kept; the same configurations from the first one: "
        f"{request.command.again(seed=study.seed)}"
    )


def _last_words(request: Request, study: Study) -> str:
    kept = "" if request.storage is None else f" What was finished is in {request.storage}."
    return f"Ended at once.{kept} {_how_to_go_on(request, study)}"


def _say_slow_end(console: Console) -> None:
    print_line(console, "Interrupted: the trials are being ended. Ctrl-C once more ends at once.")


def _save_plot(
    study: Study, path: Path | None, console: Console, ending: Ending
) -> tuple[str | None, Ending]:
    """The file that was written, if one was, and how the command ends now."""
    if path is None or not study.num_completed:
        return None, ending
    try:
        save(scatter(study), path)
    except (OSError, ValueError) as error:
        failure = f"Error: the plot could not be saved: {error}"
        return None, replace(ending, code=ending.code or FAILED, message=failure)
    print_fields(console, [("plot", str(path))])
    return str(path), ending
