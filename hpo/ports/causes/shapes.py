"""Why parameters do not correspond, from what the models are made of."""

from __future__ import annotations

from dataclasses import dataclass

from hpo.ports.causes.cause import Cause
from hpo.ports.trace import Description, RecordedLayer


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
    without: dict[str, list[str]] = {"original": [], "port": []}
    for one, other in zip(first, second, strict=True):
        roles = [
            {side.parameters[i].role: side.parameters[i].shape for i in layer.parameters}
            for side, layer in ((original, one), (port, other))
        ]
        lacking_here = {*roles[1]} - {*roles[0]}, {*roles[0]} - {*roles[1]}
        for names, layer, lacks in zip(without.values(), (one, other), lacking_here, strict=True):
            if lacks and lacks <= {"bias", "beta"}:
                names.append(layer.name)
        shared = {*roles[0]} & {*roles[1]}
        if not shared or any(roles[0][role] != roles[1][role] for role in shared):
            return None
    lacking = [(called, names) for called, names in without.items() if names]
    if len(lacking) != 1:
        return None
    called, names = lacking[0]
    rest = "port" if called == "original" else "original"
    return Cause(
        "missing bias",
        f"{', '.join(names)} of the {called} {'has' if len(names) == 1 else 'have'} no bias where the "
        f"{rest} has one.",
        "Give both the same, for example bias=True in torch and use_bias=True in Keras, Flax and Gluon.",
    )


def _other_sizes(original: Description, port: Description) -> Cause | None:
    """The first layer whose maps differ in size between the sides although its inputs do not."""
    for one, other in zip(_changing(original), _changing(port), strict=False):
        if one.given != other.given:
            return None
        if one.made == other.made:
            continue
        sizes = (
            f"from maps of {_size(one.given)}, {one.layer.name} of the original makes {_size(one.made)} and "
            f"{other.layer.name} of the port {_size(other.made)}."
        )
        smaller, larger = sorted((one.made[0], other.made[0]))
        # Padding adds a few pixels; another stride halves a size or more.
        if "convolution" in (one.layer.kind, other.layer.kind) and larger < 2 * smaller - 1:
            return Cause(
                "padding",
                f"SAME against explicit padding or none: {sizes}",
                "Pad both alike: padding='same' in Keras, Flax' default 'SAME', is (kernel - 1) // 2 on each "
                "side for an odd kernel with stride 1.",
            )
        return Cause("stride or window", sizes, "Give both the same stride, window and padding.")
    return None


@dataclass(frozen=True)
class _Resizing:
    layer: RecordedLayer
    given: tuple[int, ...]
    made: tuple[int, ...]


def _changing(side: Description) -> list[_Resizing]:
    """The calls that have parameters or change the size of their maps."""
    found = []
    for layer in side.layers:
        for given, made in layer.shapes:
            if given is None or made is None or len(given) != 4 or len(made) != 4:
                continue
            resizing = _Resizing(layer, tuple(given[2:]), tuple(made[2:]))
            if layer.parameters or resizing.given != resizing.made:
                found.append(resizing)
    return found


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[0]} x {shape[1]}"
