"""A table of learning curves, which is an objective."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpo.inputs import open_table
from hpo.space import Config, Space
from hpo.study.trial import Direction, Metric

_FORMAT = 1


class LearningCurves:
    """What the trials of a study reported after each epoch.

    An objective for `hpo.search(curves, curves.space, minimize=curves.metric.name)`. It yields the values of
    the recorded config that is nearest in the unit cube, epoch by epoch and without training. So it works
    with any config of the space and any searcher. But many configs share their values, and none is better
    than the best recorded one.

    Args:
        name: the table's name.
        space: the space of the configs.
        metric: what was optimised.
        configs: the recorded configs.
        values: for each metric, shape (configs, epochs); NaN after the end of a curve, and where it was NaN.
        lengths: how many epochs each curve has, shape (configs,).

    Attributes:
        name: the table's name.
        space: the space of the configs.
        metric: what was optimised.
        configs: the recorded configs.
        values: for each metric, shape (configs, epochs).
        lengths: how many epochs each curve has.
        max_epochs: the length of the longest one.

    Raises:
        ValueError: there is no curve, or the shapes do not fit each other.

    Example:
        >>> import hpo
        >>> curves = hpo.replay_curves("softmax")
        >>> curves
        <LearningCurves 'softmax': 200 configs, 27 epochs>
        >>> round(curves.best, 3)
        0.156
        >>> *others, last = curves({"learning_rate": 0.1})
        >>> sorted(last), round(last["val_error"], 2)
        (['seconds', 'val_error', 'val_loss'], 0.16)
        >>> nearest = curves.configs[curves.nearest({"learning_rate": 0.1})]
        >>> round(nearest["learning_rate"], 3)
        0.1
    """

    def __init__(
        self,
        *,
        name: str,
        space: Space,
        metric: Metric,
        configs: Sequence[Config],
        values: Mapping[str, NDArray[np.float64]],
        lengths: Sequence[int] | NDArray[np.int_],
    ) -> None:
        self.name, self.space, self.metric = name, space, metric
        self.configs = [dict(config) for config in configs]
        self.values = {key: np.asarray(curves, dtype=np.float64) for key, curves in values.items()}
        self.lengths = np.asarray(lengths, dtype=np.int_)
        if not self.configs or metric.name not in self.values:
            raise ValueError(
                f"A table of learning curves has at least one config with values of {metric.name!r}; "
                f"received {len(self.configs)} configs and values of {', '.join(self.values) or 'nothing'}."
            )
        self.max_epochs = int(self.lengths.max())
        shape = (len(self.configs), self.max_epochs)
        for key, curves in self.values.items():
            if curves.shape != shape:
                raise ValueError(
                    f"The values of {key!r} have shape {curves.shape}; {shape} was expected, a row for each "
                    f"config and a column for each epoch."
                )
        self._points = space.encode(self.configs)
        # Backwards, so that of equal configs the first one counts, as it does for `argmin`.
        self._known = {_key(config): row for row, config in reversed(list(enumerate(self.configs)))}

    def __len__(self) -> int:
        return len(self.configs)

    def __repr__(self) -> str:
        return f"<LearningCurves {self.name!r}: {len(self)} configs, {self.max_epochs} epochs>"

    def __call__(self, config: Mapping[str, Any]) -> Iterator[dict[str, float]]:
        """Yield the values of the nearest recorded config, epoch by epoch."""
        row = self.nearest(config)
        columns = {key: curves[row].tolist() for key, curves in self.values.items()}
        for epoch in range(int(self.lengths[row])):
            yield {key: column[epoch] for key, column in columns.items()}

    def nearest(self, config: Mapping[str, Any]) -> int:
        """The number of the nearest recorded config, or of the config itself if it was recorded.

        Raises:
            SpaceError: it is no config of the space.
        """
        known = self._known.get(_key(config))
        if known is not None:
            return known
        [point] = self.space.encode([self.space.validate(config)])
        return int(np.argmin(((self._points - point) ** 2).sum(axis=1)))

    @property
    def final(self) -> NDArray[np.float64]:
        """The metric after the last epoch of each curve, shape (configs,); NaN where the training broke."""
        curves = self.values[self.metric.name]
        return np.array([curve[length - 1] for curve, length in zip(curves, self.lengths, strict=True)])

    @property
    def best(self) -> float:
        """The best value after a full training."""
        full = self.final[self.lengths == self.max_epochs]
        return float(self.metric.sign * np.nanmin(self.metric.sign * full))

    def trained(self, num_epochs: int) -> LearningCurves:
        """The part of the table whose trials came so far or broke before, without those that were cut off.

        Raises:
            ValueError: there is none.
        """
        broken = ~np.isfinite(self.final)
        rows = [row for row, length in enumerate(self.lengths) if length >= num_epochs or broken[row]]
        return LearningCurves(
            name=self.name,
            space=self.space,
            metric=self.metric,
            configs=[self.configs[row] for row in rows],
            values={key: curves[rows] for key, curves in self.values.items()},
            lengths=self.lengths[rows],
        )

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the table as one compressed `.npz`, in single precision.

        Raises:
            SpaceError: the space has no JSON form.
        """
        document = {
            "format": _FORMAT,
            "name": self.name,
            "space": self.space.to_json(),
            "metric": self.metric.name,
            "direction": self.metric.direction.value,
            "metrics": list(self.values),
            "configs": self.configs,
        }
        arrays = {
            f"values.{number}": curves.astype(np.float32)
            for number, curves in enumerate(self.values.values())
        }
        target = Path(path)
        # By a file and not by its path, to which NumPy may add a suffix.
        with target.open("wb") as file:
            named: dict[str, Any] = {
                "document": np.array(json.dumps(document)),
                "lengths": self.lengths,
                **arrays,
            }
            np.savez_compressed(file, **named)
        return target

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> LearningCurves:
        """Read a table that `save` wrote.

        Raises:
            ValueError: the file is none; the text says what is wrong with it.
            OSError: it cannot be read.
        """
        try:
            with open_table(path) as opened, np.load(opened, allow_pickle=False) as file:
                document = json.loads(str(file["document"]))
                if document["format"] != _FORMAT:
                    raise ValueError(f"it is of format {document['format']}, and {_FORMAT} was expected")
                return cls(
                    name=document["name"],
                    space=Space.from_json(document["space"]),
                    metric=Metric(document["metric"], Direction(document["direction"])),
                    configs=document["configs"],
                    values={
                        # The shortest decimals of the single precision: 0.1 and not 0.10000000149.
                        key: _widened(file[f"values.{number}"])
                        for number, key in enumerate(document["metrics"])
                    },
                    lengths=file["lengths"],
                )
        except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise ValueError(f"{path} is no table of learning curves: {error}.") from error


def _widened(curves: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.array([float(str(value)) for value in curves.flat]).reshape(curves.shape)


def _key(config: Mapping[str, Any]) -> str:
    return json.dumps(dict(config), sort_keys=True)
