"""Which parameter of the port takes the values of which one of the original."""

from __future__ import annotations

import itertools
import json
import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hpo.errors import PortMappingError
from hpo.inputs import read_text
from hpo.ports.differences import Array
from hpo.ports.trace import Description, RecordedLayer

MappingArgument = str | os.PathLike[str] | Mapping[str, str | None]


@dataclass(frozen=True)
class ParameterPair:
    """A parameter of the original and the one of the port that takes its values.

    Attributes:
        original: index of the original's parameter.
        port: index of the port's.
        axes: how the original's axes are ordered for the port; None as they are.
        rows: in which order the original's rows go to the port, for a dense layer after a flatten; None as
            they are.
    """

    original: int
    port: int
    axes: tuple[int, ...] | None = None
    rows: tuple[int, ...] | None = None

    def carry(self, array: Array) -> Array:
        """What the port gets, or would have, for an array of the original."""
        carried = array if self.axes is None else array.transpose(self.axes)
        return carried if self.rows is None else carried[list(self.rows)]


def by_order_and_shape(original: Description, port: Description) -> list[ParameterPair] | None:
    """The mapping, where order and shapes leave no doubt; None where parameters do not correspond.

    Raises:
        PortMappingError: they correspond in more than one way.
    """
    first, second = _with_parameters(original), _with_parameters(port)
    shapes = [
        [_signature(side, layer) for layer in layers] for side, layers in ((original, first), (port, second))
    ]
    if shapes[0] == shapes[1]:
        return _pairs(original, port, zip(first, second, strict=True))
    if Counter(shapes[0]) == Counter(shapes[1]):
        # Layers that are alike and stand in another order may have changed places.
        if max(Counter(shapes[0]).values()) > 1:
            raise PortMappingError(question(original, port), kind="mapping")
        order = [shapes[1].index(each) for each in shapes[0]]
        return _pairs(original, port, zip(first, [second[i] for i in order], strict=True))
    return _by_axes(original, port)


def by_surroundings(original: Description, port: Description) -> list[ParameterPair] | None:
    """A guess where order and shapes leave a doubt, by what a layer follows and makes; numbers must prove it.

    Networks with branches call the layers of the branches in an order that is the framework's own.
    """
    groups: list[dict[object, list[RecordedLayer]]] = []
    for side in (original, port):
        found: dict[object, list[RecordedLayer]] = defaultdict(list)
        for layer in _with_parameters(side):
            found[_surroundings(side, layer)].append(layer)
        groups.append(found)
    first, second = groups
    if {key: len(layers) for key, layers in first.items()} != {
        key: len(layers) for key, layers in second.items()
    }:
        return None
    matched = [pair for key in first for pair in zip(first[key], second[key], strict=True)]
    return _pairs(original, port, matched)


def read_mapping(given: MappingArgument, original: Description, port: Description) -> list[ParameterPair]:
    """The pairs that a user names, `{original: port}` of parameters or whole layers, or a JSON file of it.

    Raises:
        PortMappingError: a name is not there, or shapes do not fit.
    """
    names = _names(given)
    pairs = []
    for own, other in names.items():
        if other is None:
            continue
        for i, j in _named(own, other, original, port):
            pair = _pair(original, port, i, j)
            if pair is None:
                raise PortMappingError(
                    f"{own} has the shape {original.parameters[i].shape} and {other} "
                    f"{port.parameters[j].shape}, which no order of axes makes the same (dense weights are "
                    "read as (in, out), convolutions as OIHW). Mend the mapping.\n"
                    f"{both_lists(original, port)}"
                )
            pairs.append(pair)
    return pairs


def with_rows(pairs: Sequence[ParameterPair], port: int, rows: Sequence[int]) -> list[ParameterPair]:
    """The mapping with the rows of one parameter of the port in another order."""
    return [replace(pair, rows=tuple(rows)) if pair.port == port else pair for pair in pairs]


def question(original: Description, port: Description) -> str:
    """The text that asks which parameter corresponds to which, with both lists and a file to fill in."""
    suggestion = json.dumps(template(original, port), indent=4)
    return (
        f"The parameters of {original.title} and {port.title} correspond in more than one way, so it has to "
        f"be said which takes the values of which.\n{both_lists(original, port)}\nFill in the null ones of "
        "this file, original on the left and port on the right (null: not carried), and pass it as "
        "mapping='mapping.json'; if that file does not exist yet it is written for "
        f"you:\n{suggestion}"
    )


def template(original: Description, port: Description) -> dict[str, str | None]:
    """A mapping file to fill in: what is certain by its shape stands there already."""
    counts = [Counter(each.shape for each in side.parameters) for side in (original, port)]
    certain = {
        each.shape: each.name
        for each in port.parameters
        if counts[0][each.shape] == 1 and counts[1][each.shape] == 1
    }
    return {each.name: certain.get(each.shape) for each in original.parameters}


def ask_in_file(path: Path, original: Description, port: Description) -> None:
    """Write the file to fill in, and ask.

    Raises:
        PortMappingError: always.
    """
    path.write_text(json.dumps(template(original, port), indent=4) + "\n", encoding="utf-8")
    raise PortMappingError(f"{path} was written, to be filled in. {question(original, port)}", kind="mapping")


def both_lists(original: Description, port: Description) -> str:
    """The parameters of both, side by side, in the order in which their layers are called."""
    left = [f"{each.name} {list(each.shape)}" for each in original.parameters]
    right = [f"{each.name} {list(each.shape)}" for each in port.parameters]
    width = max([len(original.title), *map(len, left)]) + 2
    lines = [
        f"    {one:<{width}}{other}"
        for one, other in itertools.zip_longest([original.title, *left], [port.title, *right], fillvalue="")
    ]
    return "\n".join(line.rstrip() for line in lines)


def _names(given: MappingArgument) -> Mapping[str, str | None]:
    if isinstance(given, Mapping):
        return given
    try:
        names = json.loads(read_text(given))
    except (OSError, ValueError) as error:
        raise PortMappingError(
            f"A mapping of names of the original to names of the port was expected in the JSON file {given}: "
            f"{error}."
        ) from error
    if not isinstance(names, dict):
        raise PortMappingError(
            f"A JSON object of names of the original to names of the port was expected in {given}; it holds "
            f"a {type(names).__name__}."
        )
    return names


def _named(own: str, other: str, original: Description, port: Description) -> list[tuple[int, int]]:
    """The indices that a line of a mapping means; of a layer, its parameters by their roles."""
    found = []
    for name, side, called in ((own, original, "original"), (other, port, "port")):
        parameters = [i for i, each in enumerate(side.parameters) if each.name == name]
        layers = [layer for layer in side.layers if layer.name == name and layer.parameters]
        if not parameters and not layers:
            raise PortMappingError(
                f"The mapping names {name!r}, and the {called} has no such parameter or layer.\n"
                f"{both_lists(original, port)}"
            )
        found.append(parameters or list(layers[0].parameters))
    first, second = found
    if len(first) == len(second) == 1:
        return [(first[0], second[0])]
    roles = {port.parameters[j].role: j for j in second}
    return [(i, roles[original.parameters[i].role]) for i in first if original.parameters[i].role in roles]


def _with_parameters(side: Description) -> list[RecordedLayer]:
    return [layer for layer in side.layers if layer.parameters]


def _surroundings(side: Description, layer: RecordedLayer) -> object:
    maker = None if layer.made_by is None else side.layers[layer.made_by]
    before = _signature(side, maker) if maker is not None and maker.parameters else None
    made = layer.shapes[0][1] if layer.shapes else None
    return _signature(side, layer), before, None if made is None else tuple(made)


def _signature(side: Description, layer: RecordedLayer) -> tuple[tuple[str, tuple[int, ...]], ...]:
    return tuple(sorted((side.parameters[i].role, side.parameters[i].shape) for i in layer.parameters))


def _pairs(
    original: Description, port: Description, layers: Iterable[tuple[RecordedLayer, RecordedLayer]]
) -> list[ParameterPair]:
    pairs = []
    for first, second in layers:
        roles = {port.parameters[j].role: j for j in second.parameters}
        pairs += [ParameterPair(i, roles[original.parameters[i].role]) for i in first.parameters]
    return pairs


def _by_axes(original: Description, port: Description) -> list[ParameterPair] | None:
    """Parameter by parameter in their order, for layers that the recorder knows nothing of."""
    if len(original.parameters) != len(port.parameters):
        return None
    pairs = [_pair(original, port, i, i) for i in range(len(port.parameters))]
    found = [pair for pair in pairs if pair is not None]
    return found if len(found) == len(pairs) else None


def _pair(original: Description, port: Description, i: int, j: int) -> ParameterPair | None:
    own, other = original.parameters[i].shape, port.parameters[j].shape
    if own == other:
        return ParameterPair(i, j)
    orders = itertools.permutations(range(len(own)))
    fitting = [axes for axes in orders if tuple(own[axis] for axis in axes) == other]
    if not fitting:
        return None
    # Of several, the one that leaves most neighbours in their order: from HWIO to OIHW, H stays before W.
    return ParameterPair(i, j, min(fitting, key=lambda axes: sum(a > b for a, b in itertools.pairwise(axes))))
