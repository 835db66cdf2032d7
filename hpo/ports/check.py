"""A check of a port: both sides recorded, their parameters mapped, the ladder climbed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hpo.errors import PortError, PortLayoutError, PortMappingError
from hpo.ports.batches import HOW_TO_ANSWER
from hpo.ports.causes.shapes import cause_of_shapes
from hpo.ports.correspondence import Correspondence
from hpo.ports.differences import Array, Difference
from hpo.ports.findings import Finding
from hpo.ports.forward import ForwardRung
from hpo.ports.golden import leave_proof
from hpo.ports.ladder import Climb, climb, refused
from hpo.ports.pairs import (
    MappingArgument,
    ParameterPair,
    ask_in_file,
    both_lists,
    by_order_and_shape,
    by_surroundings,
    read_mapping,
    with_rows,
)
from hpo.ports.process import RecorderProcess
from hpo.ports.report import PortReport
from hpo.ports.sides import (
    Side,
)
from hpo.ports.trace import Description, PortTrace


@dataclass(frozen=True)
class PortCheck:
    """What is to be checked; `run` does it in processes that were started before.

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
            # An accepted flatten order has the weights carried in the port's order: the port is recorded
            # again until there is no new one.
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
                # One at a time: what lies behind the first was compared on permuted inputs.
                pairs = with_rows(pairs, *fresh[0])

    def _described(self, processes: Sequence[RecorderProcess]) -> list[Description]:
        """The layers and parameters of each side."""
        # Every answer is taken, also after an error: a process that is left with one could not be asked
        # again.
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
    ) -> list[ParameterPair] | None:
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
                # A guess counts only if the layers agree under it; else the user is asked.
                if not ForwardRung(Correspondence(original, recorded, guess), []).predicts_alike():
                    raise
                return guess
        if not isinstance(self.mapping, Mapping) and not Path(self.mapping).exists():
            ask_in_file(Path(self.mapping), original, port)
        return read_mapping(self.mapping, original, port)

    def _request(
        self, original: PortTrace, port: Description, pairs: Sequence[ParameterPair], files: Path
    ) -> Path:
        """What the port's recorder needs to begin each stage where the original began it."""
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
        self, original: PortTrace, port: Description, pairs: Sequence[ParameterPair], found: Climb
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
