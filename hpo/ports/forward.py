"""The rung of the forward pass, layer by layer, in evaluation and then in training mode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hpo.ports.arithmetic import ACTIVATIONS
from hpo.ports.causes import Cause
from hpo.ports.causes.between import cause_between, flattened_rows
from hpo.ports.causes.dropouts import cause_of_dropout, observed
from hpo.ports.causes.kernels import cause_of_convolution, cause_of_dense, common_maps
from hpo.ports.causes.losses import TWICE, TWICE_MEND, explain
from hpo.ports.causes.norms import cause_of_evaluation, cause_of_statistics
from hpo.ports.correspondence import Correspondence, maps_before
from hpo.ports.differences import (
    FORWARD_TOLERANCE,
    LOSS_TOLERANCE,
    Array,
    Difference,
    alike,
    relative,
)
from hpo.ports.findings import Finding, not_finite_in_one
from hpo.ports.trace import Call

RUNG = "forward"
GROWTH, MOST_ROUND_OFF = 10, 1e-2
"""Round-off adds up in deep nets: by how much it may grow between two comparisons, and what it may reach."""
STATISTICS = ("running_mean", "running_var")
STATISTICS_TOLERANCE = 2e-4
"""Between the moves of running statistics in one step."""


class ForwardRung:
    """Compares what goes into and comes out of every layer that has parameters.

    Args:
        sides: what to compare.
        notes: a list to which remarks are added.
    """

    def __init__(self, sides: Correspondence, notes: list[str]) -> None:
        self._sides = sides
        self._notes = notes
        self.largest = 0.0
        self._tolerance = FORWARD_TOLERANCE

    def findings(self) -> list[Finding]:
        """The first finding of each pass, in their order; none if all agree."""
        found = [self._pass("evaluation"), self._repeats(), self._dropout()]
        found += [self._pass("training"), self._statistics()]
        return [each for each in found if each is not None]

    def predicts_alike(self) -> bool:
        """Whether all layers agree in evaluation mode."""
        return self._pass("evaluation") is None

    def _pass(self, mode: str) -> Finding | None:
        before, first, last = self._batch(), True, -1
        self._tolerance = FORWARD_TOLERANCE
        for i, call, j, other in self._sides.calls(mode):
            name = self._sides.layer_name(call.layer, other.layer)
            given = self._given(call, other, name, mode, before, first)
            if given is not None:
                return given
            made, before = self._made(call, other, name, mode)
            if made is not None:
                return made
            first, last = False, max(i, j)
        return self._predictions(mode, before) if last >= 0 or before is not None else None

    def _batch(self) -> Array | None:
        x = self._sides.original.arrays.get("inputs/x")
        last = self._sides.original.about["options"].get("batch_layout") == "NHWC"
        return np.moveaxis(x, -1, 1) if x is not None and last and x.ndim == 4 else x

    def _compare(self, original: Array, port: Array, where: str) -> Finding | None:
        """A finding without its cause."""
        if original.shape != port.shape:
            text = f"{list(original.shape)} in the original and {list(port.shape)} in the port"
            return Finding(Difference(RUNG, where, text))
        bad = not_finite_in_one(RUNG, where, original, port)
        if bad is not None:
            return bad
        size = relative(original, port)
        if size <= self._tolerance:
            self.largest = max(self.largest, size)
            self._tolerance = min(max(FORWARD_TOLERANCE, GROWTH * size), MOST_ROUND_OFF)
            return None
        return Finding(Difference(RUNG, where, f"they differ by {size:.1e} of the largest value", size))

    def _given(
        self, call: Call, other: Call, name: str, mode: str, before: Array | None, first: bool
    ) -> Finding | None:
        original, port = self._sides.input_of(call), other.input
        if original is None or port is None:
            return None
        found = self._compare(original, port, f"the input of {name} in {mode} mode")
        # A finding has its cause already where one side holds NaN.
        if found is None or found.cause is not None or before is None:
            return found
        if (
            self._sides.original.layers[call.layer].kind == "convolution"
            and common_maps(original, port) is not None
        ):
            return None  # padded before it, which a convolution without padding may make good
        features = original.shape[1] if original.ndim == 2 else 0
        maps = maps_before(self._sides.original, call.layer, features)
        ordered = flattened_rows(original, port, maps) if maps is not None else None
        rows = None
        if ordered is not None:
            weights = [
                pair for pair in self._sides.of_layer(call.layer) if self._is_dense_weight(pair.original)
            ]
            rows = (weights[0].port, tuple(ordered[2])) if weights else None
        return replace(found, cause=cause_between(before, (original, port), first, maps), rows=rows)

    def _is_dense_weight(self, parameter: int) -> bool:
        found = self._sides.original.parameters[parameter]
        return found.role == "weight" and len(found.shape) == 2

    def _made(self, call: Call, other: Call, name: str, mode: str) -> tuple[Finding | None, Array | None]:
        """A finding, and the output that comes first where an activation is part of one of the two layers."""
        original, port = call.output, other.output
        if original is None or port is None:
            return None, original
        found = self._compare(original, port, f"the output of {name} in {mode} mode")
        if found is None or found.cause is not None:
            return found, original
        if original.shape == port.shape:
            # An activation inside the layer on one side, and behind it on the other, is no difference.
            for function in ACTIVATIONS.values():
                if alike(function(np.asarray(original, np.float64)), port, FORWARD_TOLERANCE):
                    return None, original
                if alike(original, function(np.asarray(port, np.float64)), FORWARD_TOLERANCE):
                    return None, port
        x = call.input
        if x is not None and other.input is not None and x.ndim == 4:
            x = common_maps(x, other.input)
        return replace(found, cause=self._cause_of_layer(call, x, (original, port), mode)), original

    def _cause_of_layer(
        self, call: Call, x: Array | None, outputs: tuple[Array, Array], mode: str
    ) -> Cause | None:
        layer = self._sides.original.layers[call.layer]
        state = self._sides.original.state("start")
        values = {self._sides.original.parameters[i].role: state[i] for i in layer.parameters}
        weight, bias = values.get("weight"), values.get("bias")
        if x is None:
            return None
        if layer.kind == "batch_norm" and mode == "evaluation":
            present = {role: array for role, array in values.items() if array is not None}
            return cause_of_evaluation(x, present, outputs) if {*STATISTICS} <= {*present} else None
        if weight is not None and weight.ndim == 4 and x.ndim == 4:
            return cause_of_convolution(x, weight, bias, outputs)
        if weight is not None and weight.ndim == 2 and x.shape[-1] == weight.shape[0]:
            return cause_of_dense(x, weight, bias, outputs)
        return None

    def _predictions(self, mode: str, before: Array | None) -> Finding | None:
        original, port = (
            side.arrays[f"{mode}/predictions"] for side in (self._sides.original, self._sides.port)
        )
        found = self._compare(original, port, f"the predictions in {mode} mode")
        if found is None or found.cause is not None:
            return found
        if original.shape == port.shape and original.ndim == 2:
            softmax = ACTIVATIONS["softmax"]
            for one, another, side in ((original, port, "port"), (port, original, "original")):
                if alike(softmax(np.asarray(one, np.float64)), another, FORWARD_TOLERANCE):
                    return self._softmax(found, side, one)
        given = (original, port)
        return replace(found, cause=None if before is None else cause_between(before, given, False, None))

    def _softmax(self, found: Finding, side: str, logits: Array) -> Finding | None:
        """One side ends with a softmax: right if its loss expects that, else it is applied twice."""
        traces = (self._sides.original, self._sides.port)
        losses = [float((each.about.get("loss") or {}).get("given") or "nan") for each in traces]
        if np.isclose(losses[0], losses[1], rtol=LOSS_TOLERANCE):
            note = f"The {side} ends with a softmax and its loss expects that; the other returns logits."
            self._notes += [note] if note not in self._notes else []
            return None
        value = losses[side == "port"]
        labels = self._sides.original.arrays["inputs/y"]
        name = explain(value, logits, labels)
        if name is not None and TWICE in name:
            text = f"the {side} ends with a softmax, and its loss, {name}, applies another."
            return replace(found, cause=Cause(TWICE, text, TWICE_MEND))
        text = f"the {side} ends with a softmax; a loss that expects logits would apply it again."
        return replace(found, cause=Cause("softmax at the end of one", text, TWICE_MEND))

    def _dropout(self) -> Finding | None:
        calls = [side.calls("dropout") for side in (self._sides.original, self._sides.port)]
        if len(calls[0]) != len(calls[1]):
            text = f"{len(calls[0])} dropout layers in the original, {len(calls[1])} in the port"
            missing = Cause("dropout layers", f"{text}.", "Give both the same.")
            return Finding(Difference(RUNG, "dropout in training mode", text), missing)
        for one, other in zip(*calls, strict=True):
            if one.input is None or one.output is None or other.input is None or other.output is None:
                continue
            drops = observed(one.input, one.output), observed(other.input, other.output)
            if drops[0] is None or drops[1] is None:
                continue
            cause = cause_of_dropout(drops[0], drops[1])
            if cause is not None:
                where = f"{self._sides.layer_name(one.layer, other.layer)} in training mode"
                text = f"{drops[0].share:.1%} dropped in the original, {drops[1].share:.1%} in the port"
                return Finding(Difference(RUNG, where, text, abs(drops[0].share - drops[1].share)), cause)
        return None

    def _repeats(self) -> Finding | None:
        """Whether a second pass in training mode, dropout layers off, returns the same as the first."""
        for side, called in ((self._sides.original, "original"), (self._sides.port, "port")):
            if not side.about["repeatable"]:
                cause = Cause(
                    "chance outside of dropout layers",
                    f"in training mode the {called} gives something else each time, its dropout layers off.",
                    "Make a function like torch.nn.functional.dropout or jax.random.bernoulli a layer, which "
                    "can be switched off; or take out what draws.",
                )
                return Finding(
                    Difference(RUNG, "training mode", f"the {called} does not repeat itself"), cause
                )
        return None

    def _statistics(self) -> Finding | None:
        """The running statistics after one pass in training mode: how far they moved, of the larger move."""
        start, after = self._sides.carried("start"), self._sides.carried("after_forward")
        held = self._sides.held("after_forward")
        for pair, old, new, own in zip(self._sides.pairs, start, after, held, strict=True):
            parameter = self._sides.original.parameters[pair.original]
            if parameter.role not in STATISTICS or old is None or new is None or own is None:
                continue
            size = relative(new - old, own - old)
            if size > STATISTICS_TOLERANCE:
                text = f"it moves differently in one step, by {size:.1e} of the larger move"
                difference = Difference(RUNG, f"{self._sides.where(pair)} after training mode", text, size)
                return Finding(difference, self._cause_of_statistics(parameter.layer))
        return None

    def _cause_of_statistics(self, layer: int) -> Cause | None:
        sides = self._sides
        x = next((call.input for call in sides.original.calls("training") if call.layer == layer), None)

        def of_layer(arrays: Sequence[Array | None]) -> dict[str, Array]:
            found = {}
            for pair, array in zip(sides.pairs, arrays, strict=True):
                parameter = sides.original.parameters[pair.original]
                if parameter.layer == layer and array is not None:
                    found[parameter.role] = array
            return found

        before = of_layer(sides.carried("start"))
        after = of_layer(sides.carried("after_forward")), of_layer(sides.held("after_forward"))
        if x is None or not all({*STATISTICS} <= {*each} for each in (before, *after)):
            return None
        return cause_of_statistics(x, before, after)
