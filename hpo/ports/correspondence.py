"""Original and port side by side: which layers and calls belong together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from hpo.ports.differences import Array
from hpo.ports.pairs import ParameterPair
from hpo.ports.trace import Call, Description, PortTrace


@dataclass(frozen=True)
class Correspondence:
    """Two traces and the pairs of parameters that hold the same."""

    original: PortTrace
    port: PortTrace
    pairs: Sequence[ParameterPair]

    @property
    def num_rows(self) -> int:
        """The rows of the batch."""
        return len(self.original.arrays["inputs/x"])

    def where(self, pair: ParameterPair) -> str:
        """A parameter by its names in both."""
        own, other = self.original.parameters[pair.original].name, self.port.parameters[pair.port].name
        return own if own == other else f"{own} (port: {other})"

    def layer_name(self, layer: int, other: int) -> str:
        """A layer by its names in both."""
        own, name = self.original.layers[layer].name, self.port.layers[other].name
        return own if own == name else f"{own} (port: {name})"

    def layers(self) -> dict[int, int]:
        """For each layer of the original with parameters, the port's."""
        return {
            self.original.parameters[pair.original].layer: self.port.parameters[pair.port].layer
            for pair in self.pairs
        }

    def calls(self, mode: str) -> Iterator[tuple[int, Call, int, Call]]:
        """The calls of layers with parameters that belong together, with their places on the tapes."""
        layers, places = self.layers(), defaultdict[int, list[int]](list)
        port = self.port.calls(mode)
        for j, call in enumerate(port):
            places[call.layer].append(j)
        for i, call in enumerate(self.original.calls(mode)):
            waiting = places.get(layers.get(call.layer, -1))
            if waiting:
                # A layer may be called more than once: its calls belong together in their order.
                j = waiting.pop(0)
                yield i, call, j, port[j]

    def of_layer(self, layer: int) -> list[ParameterPair]:
        """The pairs whose original belongs to a layer."""
        return [pair for pair in self.pairs if self.original.parameters[pair.original].layer == layer]

    def carried(self, prefix: str) -> list[Array | None]:
        """For each pair, the original's array as the port holds it."""
        state = self.original.state(prefix)
        found = []
        for pair in self.pairs:
            array = state[pair.original]
            found.append(None if array is None else pair.carry(array))
        return found

    def held(self, prefix: str) -> list[Array | None]:
        """For each pair, the port's array."""
        state = self.port.state(prefix)
        return [state[pair.port] for pair in self.pairs]

    def round_off(self) -> list[float]:
        """For each pair, how far round-off changes nine tenths of the original's gradient."""
        noises = self.original.about["round_off"]
        return [float(noises[pair.original]) for pair in self.pairs]

    def input_of(self, call: Call) -> Array | None:
        """What the original's layer was given, its features in the port's order."""
        rows = [pair.rows for pair in self.of_layer(call.layer) if pair.rows is not None]
        if call.input is None or not rows:
            return call.input
        return np.asarray(call.input[:, list(rows[0])])


def maps_before(side: Description, layer: int, features: int) -> tuple[int, ...] | None:
    """Channels, height and width of the maps that so wide a layer's inputs were flattened from, if known."""
    found = None
    for each in side.layers[:layer]:
        for _, made in each.shapes:
            if made is not None and len(made) == 4:
                channels = int(made[1])
                if int(np.prod(made[1:])) == features:
                    found = tuple(int(size) for size in made[1:])
                # Pooling by a function leaves no call with its size: square maps are assumed.
                elif (
                    features % channels == 0
                    and (root := round((features // channels) ** 0.5)) ** 2 * channels == features
                ):
                    found = (channels, root, root)
    return found
