"""A search made ready: its tuner, its backend, and what it says before it starts."""

from __future__ import annotations

import inspect
import shlex
import warnings
from collections.abc import Callable
from typing import Any

from rich.console import Console

from hpo.backend import Backend, registry
from hpo.cli.failures import UsageError, wrong_arguments
from hpo.cli.jobs import Job
from hpo.cli.options import LENGTH, PLACE, TUNED, read_size
from hpo.cli.prior import Stored
from hpo.cli.run_options import DEFAULT_SCHEDULER, RunOptions
from hpo.cli.screen import print_fields
from hpo.cli.studies import wrong_storage
from hpo.cli.syntax import as_typed
from hpo.errors import AmbiguousBackendError, StudyMismatchError
from hpo.executors.workers import Workers
from hpo.schedulers import SCHEDULERS, Scheduler, scheduler_named
from hpo.searchers import searcher_named
from hpo.storage.urls import without_password
from hpo.study.notes import COMMAND
from hpo.study.study import Study
from hpo.tuner.progress.callback import SearchProgress
from hpo.tuner.progress.console import is_live, print_line
from hpo.tuner.progress.lines import FewLines
from hpo.tuner.progress.price import price_of, scheduler_text
from hpo.tuner.progress.status import Status
from hpo.tuner.progress.terminal import TerminalDisplay
from hpo.tuner.stop_rules import Patience, StopRule, Target
from hpo.tuner.tuner import Tuner

DEFAULT_SEED = 0
DEFAULT_SEARCHER = "random"


def choose_backend(options: RunOptions, stored: Stored) -> tuple[Backend, str]:
    """The backend and why; a user's objective is imported by now, and what it imported counts.

    Raises:
        UsageError: the study that goes on was begun on another one.
    """
    if options.backend is not None:
        registry.canonical_name(options.backend, origin="--backend")
    begun_on = None if stored.before is None else stored.before.backend
    try:
        choice = registry.choose(options.backend)
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
    # What this environment would choose does not count for a study that was begun elsewhere.
    if begun_on is not None and not choice.was_asked_for:
        return registry.load(begun_on), "the study was begun on it"
    return registry.load(choice.name), choice.reason


def choose_device(options: RunOptions, stored: Stored, job: Job, backend: Backend) -> str:
    """The name of the device."""
    before = None if stored.before is None else stored.before.device
    return registry.resolve_device(backend, options.device, default=before or job.default_device)


def make_tuner(options: RunOptions, job: Job, stored: Stored, device: str, console: Console) -> Tuner:
    """The tuner, which shows its progress on the console.

    Raises:
        UsageError: the options do not go together, or with the study that goes on.
    """
    scheduler = _scheduler(options, job.epochs)
    price = price_of(scheduler, options.num_trials, job.epochs)
    status = Status(num_trials=options.num_trials, epochs=job.epochs, timeout=options.timeout, price=price)
    display = TerminalDisplay(console) if is_live(console) else FewLines(_printed_on(console))
    progress = SearchProgress(display, status, price=price)
    # Warnings are caught, to be shown as the command's other lines are.
    with wrong_arguments(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        arguments = _arguments(options, job, stored) | {
            "device": device,
            "progress": progress,
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
        print_line(console, f"Warning: {as_typed(str(warning.message), options.typed())}", style="yellow")
    _take_notes(tuner, job, stored, console)
    if options.storage is not None:
        _note_command(tuner, options)
    return tuner


def print_header(
    console: Console,
    options: RunOptions,
    job: Job,
    stored: Stored,
    study: Study,
    *,
    backend: str,
    device: str,
) -> None:
    """Print what is going to happen, and where."""
    print_line(console, job.title, style="bold")
    print_fields(
        console,
        [
            ("backend", backend),
            ("device", device),
            *options.lines(PLACE),
            *job.fields,
            *([] if job.training is None else [("training", job.training)]),
            *options.lines(TUNED, LENGTH),
            *_searched_by(options, job, study),
            ("space", ", ".join(f"{name}: {domain!r}" for name, domain in study.space.items())),
            ("seed", str(study.seed)),
            *stored.fields(options.num_trials),
        ],
    )


def _searched_by(options: RunOptions, job: Job, study: Study) -> list[tuple[str, str]]:
    """The searcher, and why where it chose itself; and the scheduler."""
    name = options.searcher or DEFAULT_SEARCHER
    # A study that goes on may have been begun with another searcher.
    is_same = type(searcher_named(name)).__name__ == study.searcher
    why = study.history.created.get("searcher_reason") if is_same else None
    searcher = f"{name} ({why})" if why else name
    scheduler = scheduler_text(_scheduler(options, job.epochs))
    if not options.has_scheduler:
        return [("searcher", f"{searcher}, scheduler {scheduler}")]
    return [("searcher", searcher), ("scheduler", scheduler)]


def _printed_on(console: Console) -> Callable[[str, bool], None]:
    """Prints lines, warnings in another style."""
    return lambda text, is_warning: print_line(console, text, style="yellow" if is_warning else None)


def _scheduler(options: RunOptions, epochs: int | None) -> Scheduler:
    """The scheduler.

    Args:
        options: what the user wants.
        epochs: how many a full training has; None where the job does not say.

    Raises:
        UsageError: there is none of that name, it does not take an option that was given, or it needs to know
            how many epochs a full training has.
    """
    name, given = options.scheduler or DEFAULT_SCHEDULER, options.given("scheduler")
    if name in SCHEDULERS:
        # From the signature, so that a new scheduler needs nothing here.
        taken = inspect.signature(SCHEDULERS[name]).parameters
        for option in (option for option in given if option not in taken):
            raise UsageError(f"{options.written(option)} belongs to schedulers with rungs; {name} has none.")
        full = taken.get("max_epochs")
        if epochs is None and full is not None and full.default is full.empty:
            raise UsageError(
                f"--scheduler {name} needs to know how many epochs a full training has: add --max-epochs N, "
                f"for example --max-epochs 27."
            )
    with wrong_arguments():
        return scheduler_named(name, max_epochs=epochs, **given)


def _stop_rules(options: RunOptions) -> list[StopRule]:
    """What else ends the search."""
    rules: list[StopRule] = [] if options.target is None else [Target(options.target)]
    return rules if options.patience is None else [*rules, Patience(options.patience)]


def _processes(options: RunOptions) -> int | Workers:
    """Where the trials run.

    Raises:
        UsageError: the memory limit cannot be read.
    """
    count = 1 if options.workers is None else options.workers
    if options.memory_limit is None and options.trial_timeout is None:
        return count
    limit = None if options.memory_limit is None else read_size(options.memory_limit, "--memory-limit")
    return Workers(count, memory_limit=limit, trial_timeout=options.trial_timeout)


def _arguments(options: RunOptions, job: Job, stored: Stored) -> dict[str, Any]:
    """What the tuner gets; a study that goes on keeps what no option changes."""
    before = stored.before
    minimize, seed, replicates = options.minimize, options.seed, options.replicates
    value = options.value or ("last" if before is None else before.value_of)
    if before is None:
        minimize = minimize if minimize or options.maximize else job.minimize
        seed = _new_seed(stored) if seed is None else seed
    elif replicates is None:
        replicates = before.replicates
    return {
        "minimize": minimize,
        "maximize": options.maximize,
        "value": value,
        "searcher": options.searcher or DEFAULT_SEARCHER,
        "num_trials": options.num_trials,
        "timeout": options.timeout,
        "stop": _stop_rules(options),
        "seed": seed,
        "backend": options.backend,
        "workers": _processes(options),
        "fuse": options.members,
        **({} if options.give_up_after is None else {"give_up_after": options.equal_failures}),
        "replicates": 1 if replicates is None else replicates,
        "storage": options.storage,
        "name": stored.name,
        "resume": options.resume,
        "keep": options.keep,
        "output": options.output or "show",
        "warm_start": [] if stored.warm_start is None else [stored.warm_start],
    }


def _new_seed(stored: Stored) -> int:
    """The seed of a new study: with that of the study from which it starts it would try the same again."""
    return DEFAULT_SEED if stored.warm_start is None else stored.warm_start.seed + 1


def _take_notes(tuner: Tuner, job: Job, stored: Stored, console: Console) -> None:
    """Note with a new study what its log has no other place for; warn where one that goes on differs."""
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


def _note_command(tuner: Tuner, options: RunOptions) -> None:
    """Note the command that searches, so that a report can say how the study was made and goes on."""
    # Word by word: a password may have what a shell reads as the end of a word.
    text = shlex.join(map(without_password, shlex.split(options.again())))
    if tuner.study.history.commands[-1:] != [text]:
        tuner.note(COMMAND, text)


def _another(name: str) -> str:
    return f"start a new study from its results with --name NAME --warm-start {shlex.quote(name)}"
