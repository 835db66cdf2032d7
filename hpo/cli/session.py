"""The work of `hpo run`, from its options to its exit code."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from hpo.cli.exit_codes import FAILED, INTERRUPTED
from hpo.cli.failures import interrupts_watched, told
from hpo.cli.jobs import Job, book_job, own_job
from hpo.cli.picture import picture_path
from hpo.cli.prior import Stored, look_into
from hpo.cli.records import records_told
from hpo.cli.report import document_of, print_result
from hpo.cli.run_options import RunOptions
from hpo.cli.screen import only_documents, print_fields, write_document
from hpo.cli.setup import choose_backend, choose_device, make_tuner, print_header
from hpo.cli.studies import has_open_trials
from hpo.errors import SearchFailedError, SearchInterrupted, StorageError
from hpo.plots import save, scatter
from hpo.study.study import Study
from hpo.tuner.progress.console import open_console, print_line
from hpo.tuner.tuner import Tuner

DEFAULT_PLOT = Path("hpo-run.png")


@dataclass(frozen=True)
class SearchExit:
    """How a search ended, and so the command.

    Attributes:
        code: the exit code.
        message: what to say of it; None after a search that went to its end.
        early: why it ended before all of its trials had run, by a rule or by time; None if it did not.
    """

    code: int = 0
    message: str | None = None
    early: str | None = None


def carry_out(options: RunOptions) -> int:
    """Search as the options say; the exit code."""
    console = open_console(to_stderr=options.as_json)
    with only_documents(options.as_json) as output, records_told(console, options.typed()):
        options.check()
        plot = picture_path(options, console, DEFAULT_PLOT)
        job = _job(options, console)
        stored = look_into(options, options.name or job.name)
        backend, reason = choose_backend(options, stored)
        device = choose_device(options, stored, job, backend)
        tuner = make_tuner(options, job, stored, device, console)
        study = tuner.study
        described = f"{backend.name} {backend.version}, because {reason}"
        print_header(console, options, job, stored, study, backend=described, device=device)
        with interrupts_watched(lambda: _say_slow_end(console), _last_words(options, study)):
            ending = _search(tuner, options, stored)
            print_result(console, study)
            if ending.early is not None:
                print_fields(console, [("ended", ending.early)])
            saved, ending = _save_plot(study, plot, console, ending)
        if options.as_json:
            write_document(
                output,
                document_of(
                    study,
                    device=device,
                    data=job.data_source,
                    **options.document(),
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


def _job(options: RunOptions, console: Console) -> Job:
    if options.objective is not None:
        return own_job(
            options.objective,
            space=options.space,
            allowed=options.allow_function,
            epochs=options.full_training,
            has_scheduler=options.has_scheduler,
        )
    return book_job(
        console,
        data=options.data,
        epochs=options.full_training,
        batch_size=options.batch_size,
        validation=options.validation,
    )


def _search(tuner: Tuner, options: RunOptions, stored: Stored) -> SearchExit:
    study = tuner.study
    try:
        tuner.run()
    except SearchInterrupted:
        ended = study.num_completed + study.num_failed
        return SearchExit(INTERRUPTED, f"Interrupted after {ended} trials. {_how_to_go_on(options, study)}")
    except SearchFailedError as error:
        return SearchExit(FAILED, f"Error: {told(error, options.typed())}")
    except StorageError as error:
        return SearchExit(FAILED, f"Error: {told(error, options.typed())} {_how_to_go_on(options, study)}")
    return SearchExit(early=_early_end(study, options, stored))


def _early_end(study: Study, options: RunOptions, stored: Stored) -> str | None:
    """Why the search ended although it could have gone on, and how to continue; None if nothing is left."""
    total = options.num_trials
    if total is not None and study.num_proposals >= total and not has_open_trials(study):
        if stored.before is None or stored.before.num_proposals < total or has_open_trials(stored.before):
            return None
        return f"at once, as its {total} trials had run before; with a larger --trials it goes on"
    why = study.notes[-1].text if study.notes and study.notes[-1].topic == "stop" else "no config is left"
    return why if options.storage is None else f"{why}. {_how_to_go_on(options, study)}"


def _how_to_go_on(options: RunOptions, study: Study) -> str:
    """The command that continues the search, or where nothing was stored the one that repeats it."""
    if options.storage is not None:
        return f"Go on with: {options.again(resume=True)}"
    return (
        f"Without --storage nothing is kept; the same configurations from the first one: "
        f"{options.again(seed=study.seed)}"
    )


def _last_words(options: RunOptions, study: Study) -> str:
    kept = "" if options.storage is None else f" What was finished is in {options.storage}."
    return f"Ended at once.{kept} {_how_to_go_on(options, study)}"


def _say_slow_end(console: Console) -> None:
    print_line(console, "Interrupted: the trials are being ended. Ctrl-C once more ends at once.")


def _save_plot(
    study: Study, path: Path | None, console: Console, ending: SearchExit
) -> tuple[str | None, SearchExit]:
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
