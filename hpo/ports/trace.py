"""A trace that a recorder left, as it is read."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hpo.errors import PortError
from hpo.inputs import open_table
from hpo.ports.differences import Array
from hpo.ports.standalone.recorder import FORMAT


@dataclass(frozen=True)
class RecordedParameter:
    """A parameter or running statistic: its name, role, canonical shape, and the index of its layer."""

    name: str
    role: str
    shape: tuple[int, ...]
    trainable: bool
    layer: int


@dataclass(frozen=True)
class RecordedLayer:
    """A layer.

    Attributes:
        name: its path in the model.
        type: its class.
        kind: what the recorder takes it for.
        parameters: the indices of its parameters.
        shapes: of each call, those of what went in and what came out.
        made_by: the index of the layer whose output it is given as it is, if it is one.
    """

    name: str
    type: str
    kind: str
    parameters: tuple[int, ...]
    shapes: tuple[tuple[Sequence[int] | None, Sequence[int] | None], ...]
    made_by: int | None


@dataclass(frozen=True)
class Call:
    """One call of a layer: its index, what went in and what came out; None where that is no single tensor."""

    layer: int
    input: Array | None
    output: Array | None


class Description:
    """What a model is made of: its layers in the order in which they are called, and their parameters."""

    def __init__(self, about: Mapping[str, Any]) -> None:
        self.about = about
        self.framework: str = about["options"]["framework"]
        self.factory: str = about["options"]["factory"]
        self.parameters: list[RecordedParameter] = []
        self.layers: list[RecordedLayer] = []
        for i, layer in enumerate(about["layers"]):
            first = len(self.parameters)
            self.parameters += [
                RecordedParameter(each["name"], each["role"], tuple(each["shape"]), each["trainable"], i)
                for each in layer["parameters"]
            ]
            indices = tuple(range(first, len(self.parameters)))
            shapes = tuple((given, made) for given, made in layer["shapes"])
            self.layers.append(
                RecordedLayer(layer["name"], layer["type"], layer["kind"], indices, shapes, layer["made_by"])
            )

    @property
    def title(self) -> str:
        """The framework and the factory, as they were asked for."""
        return f"{self.framework}:{self.factory}"


class PortTrace(Description):
    """All that a recorder wrote.

    Args:
        about: the JSON part.
        arrays: the arrays by name.
    """

    def __init__(self, about: Mapping[str, Any], arrays: Mapping[str, Array]) -> None:
        super().__init__(about)
        self.arrays = arrays
        self.failures: Mapping[str, str] = about.get("failures", {})

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> PortTrace:
        """Read a trace.

        Raises:
            PortError: it is no trace, or one of a newer recorder.
        """
        try:
            with open_table(path) as opened, np.load(opened, allow_pickle=False) as file:
                arrays = {key: file[key] for key in file.files}
            about = json.loads(str(arrays.pop("about")))
            version = about["format"]
            # The recorder stores equal arrays once.
            arrays.update({name: arrays[other] for name, other in about.pop("aliases").items()})
        except (ValueError, KeyError, OSError) as error:
            raise PortError(
                f"{path} is no trace of a recorder: {error}. One is made by python recorder.py, see its "
                "first lines."
            ) from error
        if version != FORMAT:
            raise PortError(
                f"{path} has format {version} of a trace; this version reads {FORMAT}. Record it again with "
                "the recorder.py of this version."
            )
        return cls(about, arrays)

    def state(self, prefix: str) -> list[Array | None]:
        """One array for each parameter; None where there is none."""
        return [self.arrays.get(f"{prefix}/{j}") for j in range(len(self.parameters))]

    def calls(self, mode: str) -> list[Call]:
        """The calls of a pass, `evaluation`, `training` or `dropout`, in their order."""
        return [
            Call(layer, self.arrays.get(f"{mode}/{i}/input"), self.arrays.get(f"{mode}/{i}/output"))
            for i, layer in enumerate(self.about.get(mode, ()))
        ]

    def inputs(self) -> dict[str, Array]:
        """The data that the trace was made with."""
        return {
            name.partition("/")[2]: array for name, array in self.arrays.items() if name.startswith("inputs/")
        }
