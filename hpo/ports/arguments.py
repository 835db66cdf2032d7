"""The arguments of `hpo.check_port`, read into a check."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from hpo.ports.batches import layouts, read_inputs
from hpo.ports.causes import NAMES
from hpo.ports.check import PortCheck
from hpo.ports.differences import Array
from hpo.ports.sides import ORIGINAL, PORT, Side, check_optimizer, of_side, read_target
from hpo.ports.trace import PortTrace

WEIGHTS = ("carry", "own")
PER_SIDE = ("loss", "optimizer", "step", "prepare")


def read_check(original: str | os.PathLike[str], port: str, **arguments: Any) -> PortCheck:
    """The check that the arguments of `hpo.check_port` describe.

    Raises:
        ValueError: an argument is not valid.
        PortError: a file that is no trace, or a batch whose layout has to be said.
    """
    if arguments["weights"] not in WEIGHTS:
        raise ValueError(f"weights= takes 'carry' or 'own'; received {arguments['weights']!r}.")
    path = os.fspath(original)
    trace = PortTrace.load(path) if path.endswith(".npz") else None
    targets = {} if trace is not None else {ORIGINAL: read_target(path)}
    targets[PORT] = read_target(port)
    frameworks = trace.framework if trace is not None else targets[ORIGINAL][0], targets[PORT][0]
    inputs = _inputs(trace, path, arguments)
    # What the original was recorded with holds for the port as well.
    recorded = trace.about["options"] if trace is not None else {}
    shared = {
        "batch_layout": recorded.get("batch_layout") or layouts(inputs["x"], arguments["layout"], frameworks),
        "batch_size": arguments["batch_size"] or recorded.get("batch_size"),
        "seed": recorded.get("seed", arguments["seed"]),
    }
    sides = {
        called: Side(
            called,
            framework,
            factory,
            of_side(arguments["python"], called, framework, "python"),
            {**_own_options(called, framework, arguments, recorded), **shared},
        )
        for called, (framework, factory) in targets.items()
    }
    rest = {name: arguments[name] for name in ("mapping", "weights", "keep")}
    return PortCheck(sides.get(ORIGINAL), sides[PORT], trace, inputs, accept=_accepted(arguments), **rest)


def _accepted(arguments: Mapping[str, Any]) -> tuple[str, ...]:
    accept = arguments["accept"]
    names = (accept,) if isinstance(accept, str) else tuple(accept)
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        raise ValueError(f"accept= takes names of causes: {', '.join(NAMES)}; received {unknown[0]!r}.")
    return names


def _inputs(trace: PortTrace | None, path: str, arguments: Mapping[str, Any]) -> dict[str, Array]:
    if trace is not None and arguments["batch"] is not None:
        raise ValueError(f"batch= was given, and the trace {path} has its own. Leave one of them out.")
    if trace is not None:
        return trace.inputs()
    if arguments["batch"] is None:
        raise ValueError("batch= was expected, rows and labels (x, y) or a .npz file of both; there is none.")
    return read_inputs(arguments["batch"], arguments["data"])


def _own_options(
    called: str, framework: str, arguments: Mapping[str, Any], recorded: Mapping[str, Any]
) -> dict[str, Any]:
    """The options of one side's recorder; those that were not given are as recorded, except functions."""
    chosen = {name: of_side(arguments[name], called, framework, name) for name in PER_SIDE}
    layout = arguments["layout"]
    chosen["layout"] = of_side(layout, called, framework, "layout") if isinstance(layout, Mapping) else None
    chosen["optimizer"] = check_optimizer(chosen["optimizer"])
    # A function that was recorded is of the original's program, which need not be here.
    for name in ("loss", "optimizer"):
        value = recorded.get(name)
        if chosen[name] is None and not (isinstance(value, str) and ":" in value):
            chosen[name] = value
    return chosen
