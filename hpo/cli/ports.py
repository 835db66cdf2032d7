"""The work of `hpo check-port`, from its options to its exit code."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from hpo.backend.interpreters import CONFIG_FILE, read_config
from hpo.cli.exit_codes import FAILED
from hpo.cli.failures import UsageError, wrong_arguments
from hpo.cli.port_options import PortOptions
from hpo.cli.screen import only_documents, write_document
from hpo.cli.syntax import as_typed
from hpo.ports import read_check, run_check
from hpo.ports.sides import is_side
from hpo.tuner.progress.console import is_live, open_console, print_line

_TEXTS = ("text", "mend", "notes")
"""The entries of a report's document that the library says; the others are names, numbers and files."""


def carry_out(options: PortOptions) -> int:
    """Check a port and show the report; the exit code, which is 1 if the two differ."""
    with only_documents(options.as_json) as output:
        with wrong_arguments():
            given = vars(options)
            sides = {name: by_side(name, given[name]) for name in ("layout", "prepare", "loss", "step")}
            changed = {
                "optimizer": _optimizers(options.optimizer),
                "python": _interpreters(options.python),
                "accept": options.accept or (),
                "weights": "own" if options.own_weights else "carry",
                "data": None,
            }
            check = read_check(**given | sides | changed)
        console = open_console(to_stderr=True)
        waiting = console.status("Both models are recorded ...") if is_live(console) else nullcontext()
        with waiting:
            report = run_check(check)
        if options.as_json:
            write_document(output, _as_typed(report.as_dict(), options))
        else:
            print_line(open_console(to_stderr=False), as_typed(str(report), options.typed()))
    return 0 if report.agrees else FAILED


def _as_typed(entry: Any, options: PortOptions, name: str = "") -> Any:
    """An entry of the report's document, with the library's texts as the command says them."""
    if isinstance(entry, Mapping):
        return {key: _as_typed(value, options, key) for key, value in entry.items()}
    if isinstance(entry, list):
        return [_as_typed(value, options, name) for value in entry]
    return as_typed(entry, options.typed()) if name in _TEXTS else entry


def by_side(option: str, values: Sequence[str] | None) -> str | dict[str, str] | None:
    """One value for both sides, or a dict of `SIDE=VALUE`; a layout without a side is the batch's.

    Raises:
        UsageError: values for both and for one, or two for both.
    """
    if not values:
        return None
    found: dict[str, str] = {}
    for value in values:
        side, equals, rest = value.partition("=")
        if equals and is_side(side):
            found[side] = rest
        else:
            found["batch" if option == "layout" else ""] = value
    if "" in found:
        if len(values) > 1:
            raise UsageError(
                f"--{option} takes one value for both sides, or SIDE=VALUE for each; received "
                f"{' and '.join(values)}."
            )
        return found[""]
    return found


def _optimizers(values: Sequence[str] | None) -> Any:
    given = by_side("optimizer", values)
    if isinstance(given, Mapping):
        return {side: _optimizer(value) for side, value in given.items()}
    return None if given is None else _optimizer(given)


def _optimizer(text: str) -> str | tuple[str, dict[str, Any]]:
    """`sgd,lr=0.1` as a name and options; `module:function` as it is."""
    name, *pairs = text.split(",")
    if ":" in name:
        return text
    options = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        try:
            options[key.strip()] = json.loads(value)
        except ValueError:
            equals = ""
        if not equals:
            raise UsageError(
                "An optimizer is named as sgd,lr=0.1,momentum=0.9 (numbers, true or false) or as "
                f"module:function; received {pair!r} in {text!r}."
            )
    return name, options


def _interpreters(values: Sequence[str] | None) -> dict[str, Any]:
    """From the table in the current folder's configuration file, and from the options, which come first."""
    found: dict[str, Any] = dict(read_config(CONFIG_FILE)) if Path(CONFIG_FILE).exists() else {}
    found = {side: path for side, path in found.items() if is_side(side)}
    for value in values or ():
        side, equals, path = value.partition("=")
        if not equals or not is_side(side):
            raise UsageError(
                "--python takes SIDE=PATH, for example mxnet=old-env/bin/python, with original, port or the "
                f"name of a framework; received {value!r}."
            )
        found[side] = path
    return found
