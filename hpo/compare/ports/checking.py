"""`hpo.check_port`: does a port train the same as its original, and if not, where do they part and why?"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hpo.compare.ports.batches import HOW_TO_ANSWER, Batch, layouts, read_inputs
from hpo.compare.ports.causes import NAMES
from hpo.compare.ports.causes.shapes import cause_of_shapes
from hpo.compare.ports.correspondence import Correspondence
from hpo.compare.ports.differences import Array, Difference
from hpo.compare.ports.findings import Finding
from hpo.compare.ports.forward import ForwardRung
from hpo.compare.ports.golden import leave_proof
from hpo.compare.ports.ladder import Climb, climb, refused
from hpo.compare.ports.mapping import (
    MappingArgument,
    Pair,
    ask_in_file,
    both_lists,
    by_order_and_shape,
    by_surroundings,
    read_mapping,
    with_rows,
)
from hpo.compare.ports.process import RecorderProcess
from hpo.compare.ports.report import PortReport
from hpo.compare.ports.sides import (
    ORIGINAL,
    PORT,
    Optimizer,
    PerSide,
    Side,
    check_optimizer,
    of_side,
    read_target,
)
from hpo.compare.ports.trace import Description, PortTrace
from hpo.errors import PortError, PortLayoutError, PortMappingError

WEIGHTS = ("carry", "own")


def check_port(
    original: str | os.PathLike[str],
    port: str,
    *,
    batch: Batch | None = None,
    loss: str | PerSide | None = None,
    optimizer: Optimizer | PerSide | None = None,
    mapping: MappingArgument = "auto",
    python: PerSide | None = None,
    data: Sequence[tuple[Any, Any]] | None = None,
    batch_size: int | None = None,
    layout: str | Mapping[str, str] | None = None,
    step: str | PerSide | None = None,
    prepare: str | PerSide | None = None,
    weights: str = "carry",
    accept: Collection[str] = (),
    seed: int = 0,
    keep: str | os.PathLike[str] | None = None,
) -> PortReport:
    """Hold the port of a model against its original, rung by rung, up to the first break, and name its cause.

    Each side runs in a process of its own, perhaps of another interpreter, where only NumPy and its framework
    have to be installed. The ladder: parameters, forward layer by layer, loss, gradients, one optimizer step,
    one epoch by steps from the original's weights, and the validation error after a free epoch, judged beside
    that of the original from weights that are one unit in the last place off.

    Args:
        original: `framework:module:function` (or `framework:folder/file.py:function`), whose function returns
            the framework's own model: an `nn.Module`, a `keras.Model`, a `gluon.Block`. Or the path of a
            trace that `recorder.py` left, whose options then hold where none are given here.
        port: likewise, without a trace.
        batch: rows and labels, (x, y), or an `.npz` file with `x` and `y`, or `sample`: 32 images of
            Fashion-MNIST, (32, 1, 28, 28).
        loss: `softmax_cross_entropy`, `sigmoid_cross_entropy`, `mean_squared_error`, the framework's own; or
            `module:name`, which is called as its framework calls losses. A dict has one for each side, here
            and
            below: `{"torch": ..., "mxnet": ...}` or `{"original": ..., "port": ...}`.
        optimizer: `("sgd", {"lr": 0.1})`, `adam` or `adamw`, the framework's own with these options; or
            `module:function`, which is given the model and returns a torch or Keras optimizer or a Gluon
            `Trainer`.
        mapping: `auto` carries weights by order and shape where that leaves no doubt; else `{original:
            port}`, names of parameters or layers, or a JSON file of it.
        python: an interpreter for a side, or the folder of its environment: `{"mxnet": "old-env"}`.
        data: ((train_x, train_y), (val_x, val_y)) of the epoch; the batch itself unless given.
        batch_size: rows in a step of the epoch; a quarter of its rows unless given.
        layout: `NCHW` or `NHWC`: where the batch has its channels; with a dict also what a model takes.
        step: `module:function(model, loss, optimizer, x, y)` that takes one step, where a program does not do
            what its framework's tutorials do.
        prepare: `module:function(x)` that the batch goes through before the model.
        weights: `carry` gives the port the original's weights; `own` leaves it those that it comes with and
            compares them too.
        accept: names of causes to go on after, for example `["flatten order", "biased running variance"]`.
        seed: of the frameworks' generators before the factories are called.
        keep: a folder for the golden trace and a generated test that needs the old framework no more.

    Raises:
        PortError: a side cannot be recorded; a process that died shows its last lines.
        PortMappingError: the parameters correspond in more than one way; both lists and a file to fill in are
            shown.
        PortLayoutError: it has to be said where the batch has its channels.
        CompareError: an interpreter that is not there.
        ValueError: an argument that cannot be; the text says which and what was expected.
    """
    return run_check(PortCheck.of(**locals()))


def run_check(check: PortCheck) -> PortReport:
    """Check in processes that are made for it."""
    with contextlib.ExitStack() as stack:
        processes = [
            stack.enter_context(RecorderProcess(side.python, side.title)) for side in check.live_sides()
        ]
        return check.run(processes)


@dataclass(frozen=True)
class PortCheck:
    """What is to be checked; `run` does it in processes that are there already.

    Attributes:
        original: the first side; None where there is a trace of it.
        port: the second.
        trace: of the original.
        inputs: the data.
        mapping, weights, accept, keep: as of `check_port`.
    """

    original: Side | None
    port: Side
    trace: PortTrace | None
    inputs: Mapping[str, Array]
    mapping: MappingArgument
    weights: str
    accept: Collection[str]
    keep: str | os.PathLike[str] | None

    @classmethod
    def of(cls, original: str | os.PathLike[str], port: str, **arguments: Any) -> PortCheck:
        """From the arguments of `check_port`."""
        if arguments["weights"] not in WEIGHTS:
            raise ValueError(f"weights= takes 'carry' or 'own'; received {arguments['weights']!r}.")
        accept = arguments["accept"]
        arguments["accept"] = accept = (accept,) if isinstance(accept, str) else tuple(accept)
        unknown = [name for name in accept if name not in NAMES]
        if unknown:
            raise ValueError(f"accept= takes names of causes: {', '.join(NAMES)}; received {unknown[0]!r}.")
        path = os.fspath(original)
        trace = PortTrace.load(path) if path.endswith(".npz") else None
        names = (trace.framework if trace else read_target(path)[0], read_target(port)[0])
        recorded = trace.about["options"] if trace else {}
        if trace is not None and arguments["batch"] is None:
            inputs = trace.inputs()
            layout = arguments["layout"]
            batch_layout = recorded.get("batch_layout") or layouts(inputs["x"], layout, names)
        else:
            if arguments["batch"] is None:
                raise ValueError(
                    "batch= was expected, rows and labels: batch=(x, y) or a .npz file; received None."
                )
            if trace is not None:
                raise ValueError(
                    f"batch= was given, and the trace {path} has its own. Leave one of them out."
                )
            inputs = read_inputs(arguments["batch"], arguments["data"])
            batch_layout = layouts(inputs["x"], arguments["layout"], names)

        def options(side: str, framework: str) -> dict[str, Any]:
            chosen = {
                name: of_side(arguments[name], side, framework, name)
                for name in ("loss", "optimizer", "step", "prepare")
            }
            layout = arguments["layout"]
            chosen["layout"] = (
                of_side(layout, side, framework, "layout") if isinstance(layout, Mapping) else None
            )
            chosen["optimizer"] = check_optimizer(chosen["optimizer"])
            if trace is not None:
                for name in ("loss", "optimizer"):
                    value = recorded.get(name)
                    own_function = isinstance(value, str) and ":" in value
                    chosen[name] = chosen[name] if chosen[name] is not None or own_function else value
            size, seed = (
                arguments["batch_size"] or recorded.get("batch_size"),
                recorded.get("seed", arguments["seed"]),
            )
            return {**chosen, "batch_layout": batch_layout, "batch_size": size, "seed": seed}

        python = arguments["python"] or {}
        first = None
        if trace is None:
            framework, factory = read_target(path)
            interpreter = of_side(python, ORIGINAL, framework, "python")
            first = Side(ORIGINAL, framework, factory, interpreter, options(ORIGINAL, framework))
        framework, factory = read_target(port)
        second = Side(
            PORT, framework, factory, of_side(python, PORT, framework, "python"), options(PORT, framework)
        )
        rest = {name: arguments[name] for name in ("mapping", "weights", "accept", "keep")}
        return cls(first, second, trace, inputs, **rest)

    def live_sides(self) -> list[Side]:
        """The sides that need a process."""
        return [side for side in (self.original, self.port) if side is not None]

    def run(self, processes: Sequence[RecorderProcess]) -> PortReport:
        """Record both sides and climb the ladder.

        Args:
            processes: one for each of `live_sides`.
        """
        with tempfile.TemporaryDirectory(prefix="hpo-port-") as folder:
            files = Path(folder)
            named: dict[str, Any] = {**self.inputs}
            np.savez(files / "inputs.npz", **named)
            for side, process in zip(self.live_sides(), processes, strict=True):
                process.send({"do": "open", "options": side.request(), "inputs": str(files / "inputs.npz")})
            described = self._described(processes)
            port = described[-1]
            trace = (
                self.trace
                if self.trace is not None
                else _recorded(processes[0], None, files / "original.npz")
            )
            pairs = self._pairs(trace, port, processes[-1], files)
            if pairs is None:
                found = refused(_parameters_differ(trace, port))
                return self._report(trace, port, [], found)
            notes: list[str] = []
            while True:
                recorded = _recorded(
                    processes[-1], self._request(trace, port, pairs, files), files / "port.npz"
                )
                found = climb(
                    Correspondence(trace, recorded, pairs),
                    accept=self.accept,
                    own_weights=self.weights == "own",
                )
                carried = {pair.port for pair in pairs if pair.rows is not None}
                fresh = [each.rows for each in found.accepted if each.rows and each.rows[0] not in carried]
                found.notes[:] = notes = list(dict.fromkeys([*notes, *found.notes]))
                if not fresh:
                    return self._report(trace, recorded, pairs, found)
                pairs = with_rows(pairs, *fresh[0])

    def _described(self, processes: Sequence[RecorderProcess]) -> list[Description]:
        """What each side is made of. Every answer is taken, so that a process can be asked again."""
        answers = [_answer(process) for process in processes]
        errors = [each for each in answers if isinstance(each, PortError)]
        if errors and errors[0].kind == "layout":
            shape = self.inputs["x"].shape
            asked = f"The batch has the shape {shape}: are its channels first or last? {HOW_TO_ANSWER}"
            raise PortLayoutError(f"{errors[0]} {asked}", kind="layout") from errors[0]
        if errors:
            raise errors[0]
        return [Description(each["described"]) for each in answers if not isinstance(each, PortError)]

    def _pairs(
        self, original: PortTrace, port: Description, process: RecorderProcess, files: Path
    ) -> list[Pair] | None:
        if self.mapping == "auto":
            try:
                return by_order_and_shape(original, port)
            except PortMappingError:
                guess = by_surroundings(original, port)
                if guess is None:
                    raise
                recorded = _recorded(
                    process, self._request(original, port, guess, files), files / "guess.npz"
                )
                if not ForwardRung(Correspondence(original, recorded, guess), []).predicts_alike():
                    raise
                return guess
        if not isinstance(self.mapping, Mapping) and not Path(self.mapping).exists():
            ask_in_file(Path(self.mapping), original, port)
        return read_mapping(self.mapping, original, port)

    def _request(self, original: PortTrace, port: Description, pairs: Sequence[Pair], files: Path) -> Path:
        """What the port's recorder needs to stand where the original stood."""
        prefixes = ["initial"] if self.weights == "carry" else []
        prefixes += [f"epoch/{k}" for k in range(int(original.about.get("steps", 0)))]
        arrays: dict[str, Any] = {}
        for prefix in prefixes:
            state = original.state("start" if prefix == "initial" else prefix)
            for pair in pairs:
                array = state[pair.original]
                if array is not None:
                    arrays[f"{prefix}/{pair.port}"] = pair.carry(array)
        np.savez(files / "request.npz", **arrays)
        return files / "request.npz"

    def _report(
        self, original: PortTrace, port: Description, pairs: Sequence[Pair], found: Climb
    ) -> PortReport:
        files: Sequence[Path] = ()
        if self.keep is not None and pairs:
            files = leave_proof(
                self.keep,
                original,
                port,
                pairs,
                options=self.port.request(),
                weights=self.weights,
                accept=self.accept,
            )
        broken = found.broken
        return PortReport(
            original.title,
            port.title,
            (original.about["versions"], port.about["versions"]),
            found.rungs,
            None if broken is None else broken.difference,
            None if broken is None else broken.cause,
            found.notes,
            files,
        )


def _answer(process: RecorderProcess) -> dict[str, Any] | PortError:
    try:
        return process.receive()
    except PortError as error:
        return error


def _recorded(process: RecorderProcess, request: Path | None, out: Path) -> PortTrace:
    process.send({"do": "record", "request": None if request is None else str(request), "out": str(out)})
    process.receive()
    return PortTrace.load(out)


def _parameters_differ(original: Description, port: Description) -> Finding:
    counts = f"{len(original.parameters)} parameters in the original and {len(port.parameters)} in the port"
    what = (
        "which do not correspond" if len(original.parameters) != len(port.parameters) else "with other shapes"
    )
    text = f"{counts}, {what}.\n{both_lists(original, port)}\n    "
    return Finding(Difference("parameters", "counts and shapes", text), cause_of_shapes(original, port))
