"""The result of a check of a port."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from hpo.ports.causes import Cause
from hpo.ports.differences import Difference

RUNGS = ("parameters", "forward", "loss", "gradients", "step", "epoch", "error")
"""The ladder: parameters, the outputs layer by layer, the loss, the gradients, one optimizer step, one epoch
by resynchronised steps, and the validation error after an epoch."""


class RungState(Enum):
    """The result of a rung of the ladder."""

    SAME = "same"
    ACCEPTED = "accepted"
    DIFFERS = "DIFFERS"
    NOT_REACHED = "not reached"
    NOT_ASKED = "not asked"


@dataclass(frozen=True)
class Rung:
    """One rung: its name out of `RUNGS`, its state, and what was compared."""

    name: str
    state: RungState
    text: str = ""


@dataclass(frozen=True)
class PortReport:
    """What `hpo.check_port` returns.

    Attributes:
        original: framework and factory of the original.
        port: those of the port.
        versions: of Python, NumPy and the framework, for each of the two.
        rungs: the ladder, up to the first break.
        first_difference: where the two differ first; None if they do not.
        diagnosis: its cause with name, text and mend; None if there is no difference, or none is known.
        notes: what was accepted, or is worth knowing though it breaks nothing.
        files: what was written: the golden trace and the generated test.

    Example:
        Here one is written down; `hpo.check_port` finds it.

        >>> from hpo.ports import PortReport
        >>> from hpo.ports.causes import Cause
        >>> from hpo.ports.differences import Difference
        >>> from hpo.ports.report import Rung, RungState
        >>> report = PortReport(
        ...     original="torch:old.nets:net",
        ...     port="mxnet:new.nets:net",
        ...     versions=({"torch": "2.13.0"}, {"mxnet": "1.9.1"}),
        ...     rungs=[
        ...         Rung("parameters", RungState.SAME, "8 correspond, carried over"),
        ...         Rung("forward", RungState.DIFFERS, "activation"),
        ...     ],
        ...     first_difference=Difference("forward", "the output of fc1", "they differ by 0.31", 0.31),
        ...     diagnosis=Cause("activation", "relu in the original, tanh in the port.", "Use relu."),
        ... )
        >>> report.agrees
        False
        >>> print(report)
        mxnet:new.nets:net held against torch:old.nets:net
          torch:old.nets:net: torch 2.13.0
          mxnet:new.nets:net: mxnet 1.9.1
          parameters  same         8 correspond, carried over
          forward     DIFFERS      activation
        First difference: forward, the output of fc1: they differ by 0.31
        Cause: activation: relu in the original, tanh in the port. Use relu.
    """

    original: str
    port: str
    versions: tuple[Mapping[str, str], Mapping[str, str]]
    rungs: Sequence[Rung]
    first_difference: Difference | None = None
    diagnosis: Cause | None = None
    notes: Sequence[str] = ()
    files: Sequence[Path] = field(default=(), compare=False)

    @property
    def agrees(self) -> bool:
        """Whether the port trains the same, as far as it was asked."""
        return self.first_difference is None

    @property
    def cause(self) -> str | None:
        """Why they differ, in words that begin with the cause's name; None where no known one fits."""
        return None if self.diagnosis is None else str(self.diagnosis)

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON takes it."""
        first = self.first_difference
        found = self.diagnosis
        return {
            "original": self.original,
            "port": self.port,
            "versions": {"original": dict(self.versions[0]), "port": dict(self.versions[1])},
            "agrees": self.agrees,
            "rungs": [
                {"name": each.name, "state": each.state.value, "text": each.text} for each in self.rungs
            ],
            "first_difference": first
            and {
                "rung": first.rung,
                "where": first.where,
                "text": first.text,
                "size": first.size if math.isfinite(first.size) else None,
            },
            "cause": found and {"name": found.name, "text": found.text, "mend": found.mend},
            "notes": list(self.notes),
            "files": [str(each) for each in self.files],
        }

    def __str__(self) -> str:
        lines = [f"{self.port} held against {self.original}"]
        for title, versions in zip((self.original, self.port), self.versions, strict=True):
            lines.append(f"  {title}: {', '.join(f'{name} {version}' for name, version in versions.items())}")
        lines += [f"  {rung.name:<12}{rung.state.value:<13}{rung.text}".rstrip() for rung in self.rungs]
        if self.first_difference is not None:
            lines.append(f"First difference: {self.first_difference}")
            lines.append(f"Cause: {self.cause or 'none of the known ones fits the numbers.'}")
        elif any(rung.state is RungState.NOT_ASKED for rung in self.rungs):
            lines.append("The port agrees as far as it was asked: give loss= and optimizer= for the rest.")
        elif any(rung.state is RungState.ACCEPTED for rung in self.rungs):
            lines.append("But for what was accepted, the port trains the same.")
        else:
            lines.append("The port trains the same: no difference that round-off does not explain.")
        lines += [f"Note: {note}" for note in self.notes]
        lines += [f"Written: {path}" for path in self.files]
        return "\n".join(lines)
