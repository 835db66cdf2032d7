"""The ladder: each rung stands on the one below it, and the first break is what counts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

import numpy as np

from hpo.ports import gradients, optimizer
from hpo.ports.causes import Cause
from hpo.ports.causes.weights import SAME, cause_of_weights, reordered_rows
from hpo.ports.correspondence import Correspondence, maps_before
from hpo.ports.differences import Difference, relative
from hpo.ports.findings import Finding, not_finite_in_one
from hpo.ports.forward import ForwardRung
from hpo.ports.pairs import ParameterPair, with_rows
from hpo.ports.report import RUNGS, Rung, RungState

# What a trace has where a stage was recorded: an entry of its JSON part, or arrays whose names begin so.
NEEDS = {"loss": "loss", "gradients": "gradients/", "step": "step/", "epoch": "steps", "error": "error"}


@dataclass
class Climb:
    """How far the comparison got.

    Attributes:
        rungs: one for each of `RUNGS`.
        broken: what ended it; None if nothing did.
        accepted: the findings that were accepted on the way.
        notes: what is worth knowing.
    """

    rungs: list[Rung] = field(default_factory=list)
    broken: Finding | None = None
    accepted: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def climb(sides: Correspondence, *, accept: Collection[str], own_weights: bool) -> Climb:
    """Compare rung by rung, up to the first break that is not accepted.

    Args:
        sides: the two traces, and which parameters correspond.
        accept: names of causes to go on after.
        own_weights: whether the port brought its weights, so that they have to be those of the original.
    """
    found = Climb()
    pairs = f"{len(sides.pairs)} correspond"
    if own_weights:
        sides, finding = _own_weights(sides, found.notes)
        findings = [] if finding is None else [finding]
        found.rungs.append(_rung("parameters", findings, accept, found, f"{pairs}, with the same values"))
    else:
        found.rungs.append(Rung("parameters", RungState.SAME, f"{pairs}, carried over"))
    for name, compare in _comparisons(sides, found.notes).items():
        if found.broken is not None:
            found.rungs.append(Rung(name, RungState.NOT_REACHED))
        elif (failure := _failure(sides, name)) is not None:
            found.rungs.append(_rung(name, [failure], (), found, ""))
        elif not _is_recorded(sides, name):
            found.rungs.append(Rung(name, RungState.NOT_ASKED))
        else:
            findings, text = compare()
            found.rungs.append(_rung(name, findings, accept, found, text))
    return found


def refused(finding: Finding) -> Climb:
    """A ladder whose first rung does not hold."""
    text = finding.difference.text
    rungs = [Rung(RUNGS[0], RungState.DIFFERS, text)] + [
        Rung(name, RungState.NOT_REACHED) for name in RUNGS[1:]
    ]
    return Climb(rungs, finding)


def _rung(name: str, findings: Sequence[Finding], accept: Collection[str], found: Climb, text: str) -> Rung:
    for finding in findings:
        if finding.cause is None or finding.cause.name not in accept:
            found.broken = finding
            return Rung(
                name, RungState.DIFFERS, str(finding.cause.name if finding.cause else finding.difference.text)
            )
        found.accepted.append(finding)
        found.notes.append(f"Accepted: {finding.cause.name}, {finding.cause.text}")
    if findings:
        names = ", ".join(finding.cause.name for finding in findings if finding.cause)
        return Rung(name, RungState.ACCEPTED, names)
    return Rung(name, RungState.SAME, text)


Comparison = Callable[[], tuple[list[Finding], str]]


def _comparisons(sides: Correspondence, notes: list[str]) -> dict[str, Comparison]:
    def forward() -> tuple[list[Finding], str]:
        rung = ForwardRung(sides, notes)
        findings = rung.findings()
        return (
            findings,
            f"{sum(1 for _ in sides.calls('evaluation'))} layers, largest difference {rung.largest:.1e}",
        )

    def one(compare: Callable[[Correspondence], Finding | None], text: Callable[[], str]) -> Comparison:
        def compared() -> tuple[list[Finding], str]:
            finding = compare(sides)
            return ([], text()) if finding is None else ([finding], "")

        return compared

    def told_errors() -> str:
        own, twin, other = gradients.errors(sides)
        return f"{own:.4f} in the original, {other:.4f} in the port, {twin:.4f} in the one-ulp twin"

    return {
        "forward": forward,
        "loss": one(gradients.compare_loss, lambda: f"{sides.port.about['loss']['given']:.6g}"),
        "gradients": one(gradients.compare_gradients, lambda: "of every parameter"),
        "step": one(optimizer.compare_step, lambda: str(sides.port.about["hyperparameters"].get("type", ""))),
        "epoch": one(optimizer.compare_epoch, lambda: f"{sides.port.about['steps']} resynchronised steps"),
        "error": one(gradients.compare_error, told_errors),
    }


def _failure(sides: Correspondence, stage: str) -> Finding | None:
    """A stage that raised in one side, or in both. A loss that raised is compared as any other."""
    if stage == "loss":
        return None
    texts = [side.failures.get(stage) for side in (sides.original, sides.port)]
    if not any(texts):
        return None
    told = [
        f"the {called} failed: {text}"
        for called, text in zip(("original", "port"), texts, strict=True)
        if text
    ]
    return Finding(Difference(stage, "the recording", "; ".join(told)))


def _is_recorded(sides: Correspondence, stage: str) -> bool:
    if stage == "forward":
        return True
    needed = NEEDS[stage]
    return all(
        needed in each.about or any(name.startswith(needed) for name in each.arrays if needed.endswith("/"))
        for each in (sides.original, sides.port)
    )


def _own_weights(sides: Correspondence, notes: list[str]) -> tuple[Correspondence, Finding | None]:
    """Whether the port's own weights are the original's; its rows may follow its own flatten."""
    pairs: list[ParameterPair] = list(sides.pairs)
    for pair, one, two in zip(
        sides.pairs, sides.carried("parameters"), sides.held("parameters"), strict=True
    ):
        if one is None or two is None:
            continue
        where = sides.where(pair)
        bad = not_finite_in_one("parameters", where, one, two)
        if bad is not None:
            return sides, bad
        size = relative(one, two)
        if size <= SAME:
            continue
        layer = sides.original.parameters[pair.original].layer
        rows = reordered_rows(one, two, maps_before(sides.original, layer, len(one)))
        if rows is not None:
            pairs = with_rows(pairs, pair.port, rows)
            notes.append(f"The rows of {where} follow the port's own flatten order.")
            continue
        cause = cause_of_weights(one, two, where) or _other_start(
            np.sort(one.ravel()), np.sort(two.ravel()), where
        )
        text = f"the values differ by {size:.1e} of the largest"
        return sides, Finding(Difference("parameters", where, text, size), cause)
    return Correspondence(sides.original, sides.port, pairs), None


def _other_start(
    original: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    port: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    where: str,
) -> Cause:
    if relative(original, port) <= SAME:
        return Cause(
            "order of the weights", f"{where} holds the same numbers in another order.", "Reorder them."
        )
    return Cause(
        "other weights",
        f"{where} holds other numbers.",
        "weights='carry' gives the port those of the original; weights='own' expects that it loaded them.",
    )
