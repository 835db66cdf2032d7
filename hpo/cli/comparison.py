"""The work of `hpo compare`, from its options to its exit code."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.status import Status

from hpo.backend import registry
from hpo.backend.interpreters import CONFIG_FILE, read_config, split_names
from hpo.cli.compare_options import CompareOptions
from hpo.cli.exit_codes import FAILED, INTERRUPTED
from hpo.cli.failures import UsageError, wrong_arguments
from hpo.cli.jobs import fashion_mnist_for, own_space
from hpo.cli.picture import picture_path
from hpo.cli.probe import Availability, probe_all
from hpo.cli.screen import only_documents, print_fields, print_table, write_document
from hpo.cli.syntax import as_typed
from hpo.compare.comparison import Comparison
from hpo.compare.documents import document_of
from hpo.compare.figure import picture
from hpo.compare.results import BackendResult, counted
from hpo.compare.studies import compare_backends
from hpo.plots import save
from hpo.tasks import TASKS
from hpo.tuner.progress.console import is_live, open_console, print_line

DEFAULT_PLOT = Path("hpo-compare.png")


def carry_out(options: CompareOptions) -> int:
    """Compare as the options say; the exit code."""
    with only_documents(options.as_json) as output:
        console = open_console(to_stderr=options.as_json)
        plot = picture_path(options, console, DEFAULT_PLOT)
        python = _interpreters(options)
        names = _backends(options, python)
        space = own_space(options.space, options.allow_function)
        source, reason = _data(options, console)
        _print_header(console, options, names, source, reason)
        with ComparisonProgress(console, options.trials) as progress, wrong_arguments():
            comparison = compare_backends(
                options.objective,
                space,
                backends=names,
                python=python,
                num_trials=options.trials,
                seed=options.seed,
                epochs=options.epochs,
                metric=options.metric,
                options={} if options.batch_size is None else {"batch_size": options.batch_size},
                data=source,
                twins=options.twins,
                tolerance=options.tolerance,
                on_progress=progress.take,
            )
        _print_result(console, comparison, options)
        if plot is not None:
            save(picture(comparison), plot)
            print_fields(console, [("picture", str(plot))])
        if options.as_json:
            said = {
                "verdict": _as_typed(comparison.verdict, comparison, options),
                "findings": [_as_typed(each, comparison, options) for each in comparison.findings],
            }
            data = {"data": source, "data_reason": reason}
            write_document(output, document_of(comparison) | said | data)
    if comparison.interrupted:
        return INTERRUPTED
    return 0 if comparison.agrees else FAILED


class ComparisonProgress:
    """Shows how far a comparison is. Use as a context manager.

    In a terminal a line that is redrawn; elsewhere a line for each backend that is done.

    Args:
        console: where.
        num_configs: how many configs there are.
    """

    def __init__(self, console: Console, num_configs: int) -> None:
        self._console = console
        self._num_configs = num_configs
        self._status: Status | None = (
            console.status("starting a process for each backend") if is_live(console) else None
        )

    def __enter__(self) -> ComparisonProgress:
        context: AbstractContextManager[Any] = self._status or nullcontext()
        context.__enter__()
        return self

    def __exit__(self, *ending: Any) -> None:
        if self._status is not None:
            self._status.stop()

    def take(self, result: BackendResult, message: Mapping[str, Any]) -> None:
        """Take in what a backend says."""
        if message["kind"] == "done":
            print_line(self._console, f"{result.backend}: {counted(len(result.curves))} done")
        elif self._status is not None and message["kind"] == "epoch":
            twin = "" if message["twin"] is None else f", twin {message['twin'] + 1}"
            self._status.update(
                f"{result.backend}: config {message['config'] + 1} of {self._num_configs}, epoch "
                f"{message['epoch']}{twin}"
            )


def _interpreters(options: CompareOptions) -> dict[str, str]:
    """The paths of `--python`, before those of the file."""
    named: dict[str, str] = {}
    for text in options.python or ():
        name, equals, path = text.partition("=")
        if not equals or not name.strip() or not path.strip():
            raise UsageError(
                f"--python takes a backend and a path, such as mxnet=old-env/bin/python; received {text!r}."
            )
        named[name.strip()] = path.strip()
    config = options.config or (Path(CONFIG_FILE) if Path(CONFIG_FILE).is_file() else None)
    from_file = {} if config is None else read_config(config)
    if options.backends is not None and options.config is None:
        # A file that was not named may have interpreters for other comparisons.
        wanted = {_plain(name) for name in options.backends.split(",")}
        from_file = {name: path for name, path in from_file.items() if _plain(name) in wanted}
    return {name: str(path) for name, path in from_file.items()} | named


def _backends(options: CompareOptions, python: Mapping[str, str]) -> list[str]:
    """The backends that are named, else all that can be used."""
    if options.backends is not None:
        return split_names(options.backends)
    elsewhere = [_plain(name) for name in python]
    here = [name for name in registry.registered() if name not in elsewhere]
    found = [each.name for each in probe_all(here) if each.state is Availability.INSTALLED]
    # The first one is the reference: the default backend where it is there.
    names = sorted([*found, *elsewhere], key=lambda name: (name != registry.DEFAULT, name))
    if len(names) < 2:
        raise UsageError(
            f"A comparison takes at least two backends; usable here: {', '.join(names) or 'none'}. Install "
            f"another one (`hpo backends` says how), or name its interpreter: --python torch=PATH."
        )
    return names


def _plain(name: str) -> str:
    name = name.strip().lower()
    return registry.ALIASES.get(name, name)


def _data(options: CompareOptions, console: Console) -> tuple[str | None, str | None]:
    """What `HPO_DATA` is to be for the workers, and why; None for a user's own objective."""
    task = TASKS.get(options.objective)
    if task is None or task.dataset != "Fashion-MNIST":
        if options.data is not None:
            raise UsageError(
                f"--data {options.data} says where a task takes Fashion-MNIST from; {options.objective} does "
                f"not use it. Leave it out."
            )
        return None, None
    arrays = fashion_mnist_for(console, options.data)
    return arrays.source, arrays.why


def _print_header(
    console: Console, options: CompareOptions, names: list[str], source: str | None, reason: str | None
) -> None:
    print_line(console, f"{options.objective} on {', '.join(names)}", style="bold")
    data = [] if source is None else [("data", f"{source} ({reason})")]
    print_fields(console, [*data, *options.lines(reference=names[0])])


def _print_result(console: Console, comparison: Comparison, options: CompareOptions) -> None:
    names, rows = comparison.table()
    hyperparameters = names[1 : names.index(comparison.reference)]
    console.print()
    # In a narrow terminal the first hyperparameters stay in the table.
    print_table(console, names, rows, movable=hyperparameters[::-1])
    console.print()
    print_table(console, *comparison.backend_table(), movable=("version",))
    for backend, lines in comparison.last_lines().items():
        console.print()
        print_line(console, f"{backend} printed last:", style="yellow")
        for line in lines:
            print_line(console, f"  {line}")
    console.print()
    style = "bold green" if comparison.agrees else "bold red"
    print_line(console, _as_typed(comparison.verdict, comparison, options), style=style)


def _as_typed(text: str, comparison: Comparison, options: CompareOptions) -> str:
    """What is said of a comparison as the command says it; what the objective raised stays."""
    reasons = [reason for row in comparison.rows for reason in row.reasons.values()]
    return as_typed(text, options.typed(), verbatim=reasons)
