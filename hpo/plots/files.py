"""Saves figures in files, and checks beforehand whether that can work."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from hpo.outputs import check_place

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DOTS_PER_INCH = 150


def check_plot_path(path: str | os.PathLike[str]) -> Path:
    """Check, before a long search, whether a figure could be saved under `path`.

    Returns:
        The path.

    Raises:
        ValueError: the suffix is none that matplotlib can write; the text lists those that are. Or it is a
            pipe, a device or a socket.
        FileNotFoundError: the folder does not exist.
        IsADirectoryError: it is a folder.
        PermissionError: the folder, or the file that is there, cannot be written.
    """
    target = Path(path)
    suffix = target.suffix.lower().removeprefix(".")
    if suffix not in _suffixes() and not target.is_dir():
        received = f"received {target} with the suffix {target.suffix!r}" if suffix else f"received {target}"
        raise ValueError(
            f"The suffix of a plot's file says its format: {', '.join(sorted(_suffixes()))}; {received}."
        )
    check_place(target, "the plot")
    return target


def save(figure: Figure, path: str | os.PathLike[str]) -> Path:
    """Write a figure, in the format that the suffix names.

    Returns:
        The path.

    Raises:
        ValueError: as `check_plot_path`, and so its other errors.
        OSError: writing failed.

    Example:
        >>> import hpo, tempfile
        >>> study = hpo.search(lambda c: c["x"] ** 2, {"x": hpo.Float(-1, 1)}, num_trials=9, seed=0)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     hpo.plots.save(hpo.plots.history(study), f"{folder}/history.svg").name
        'history.svg'
    """
    target = check_plot_path(path)
    figure.savefig(target, dpi=DOTS_PER_INCH)
    return target


def _suffixes() -> set[str]:
    from matplotlib.backend_bases import FigureCanvasBase

    return set(FigureCanvasBase.get_supported_filetypes())
