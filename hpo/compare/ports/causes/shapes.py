"""Why parameters do not correspond, from what the models are made of."""

from __future__ import annotations

import itertools

from hpo.compare.ports.causes.cause import Cause
from hpo.compare.ports.trace import Description, RecordedLayer


def cause_of_shapes(original: Description, port: Description) -> Cause | None:
    """A missing bias, another padding or stride, or a layer of another size."""
    first = [layer for layer in original.layers if layer.parameters]
    second = [layer for layer in port.layers if layer.parameters]
    return _missing_bias(original, port, first, second) or _other_sizes(original, port)


def _missing_bias(
    original: Description, port: Description, first: list[RecordedLayer], second: list[RecordedLayer]
) -> Cause | None:
    if len(first) != len(second):
        return None
    without = {original: [], port: []}  # type: dict[Description, list[str]]
    for one, other in zip(first, second, strict=True):
        roles = [
            {side.parameters[i].role: side.parameters[i].shape for i in layer.parameters}
            for side, layer in ((original, one), (port, other))
        ]
        for side, layer, own, others in ((original, one, *roles), (port, other, *reversed(roles))):
            if {*others} - {*own} <= {"bias", "beta"} and {*others} - {*own}:
                without[side].append(layer.name)
        shared = {*roles[0]} & {*roles[1]}
        if not shared or any(roles[0][role] != roles[1][role] for role in shared):
            return None
    lacking = [(side, names) for side, names in without.items() if names]
    if len(lacking) != 1:
        return None
    side, names = lacking[0]
    called, other = ("port", "original") if side is port else ("original", "port")
    return Cause(
        "missing bias",
        f"{', '.join(names)} of the {called} {'has' if len(names) == 1 else 'have'} no bias where the {other} has one.",
        "Give both the same, for example bias=True in torch and use_bias=True in Keras and Gluon.",
    )


def _other_sizes(original: Description, port: Description) -> Cause | None:
    """The first layer that makes of maps of one size maps of two."""
    calls = [
        [(layer, *shape) for layer in side.layers for shape in layer.shapes if _is_map(shape[0]) and _is_map(shape[1])]
        for side in (original, port)
    ]
    changing = [[call for call in side if call[1][2:] != call[2][2:] or call[0].parameters] for side in calls]
    for (layer, given, made), (other, other_given, other_made) in itertools.zip_longest(
        *changing, fillvalue=(None, None, None)
    ):
        if layer is None or other is None or given[2:] != other_given[2:]:
            return None
        if made[2:] == other_made[2:]:
            continue
        sizes = (
            f"from maps of {_size(given)}, {layer.name} of the original makes {_size(made)} and {other.name} of the "
            f"port {_size(other_made)}."
        )
        if "convolution" in (layer.kind, other.kind) and max(made[2], other_made[2]) < 2 * min(made[2], other_made[2]) - 1:
            return Cause(
                "padding",
                f"SAME against explicit padding or none: {sizes}",
                "Pad both alike: padding='same' in Keras is (kernel - 1) // 2 on each side for an odd kernel with "
                "stride 1.",
            )
        return Cause("stride or window", sizes, "Give both the same stride, window and padding.")
    return None


def _is_map(shape: object) -> bool:
    return isinstance(shape, list) and len(shape) == 4


def _size(shape: list[int]) -> str:
    return f"{shape[2]} x {shape[3]}"
