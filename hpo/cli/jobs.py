"""What `hpo run` can run: the book's job, and a user's own objective."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from rich.console import Console

from hpo.cli.failures import UsageError, wrong_arguments
from hpo.cli.screen import DownloadProgress
from hpo.cli.syntax import as_typed
from hpo.datasets import FashionMNISTArrays, fashion_mnist_or_sample
from hpo.objective.source import import_objective
from hpo.space import Space, load_space_toml
from hpo.space.constraints import import_function
from hpo.study.numbers import counted
from hpo.tasks import SoftmaxTask
from hpo.tuner.progress.console import print_line

DEFAULT_EPOCHS = 10
DEFAULT_BATCH_SIZE = 16
MAX_EPOCHS = "max_epochs"


@dataclass(frozen=True)
class Job:
    """An objective with all that its search needs.

    Attributes:
        title: what it is, for the header.
        name: what its study is called by default.
        objective: the function to tune.
        space: what is searched.
        minimize: the metric to make small by default; None if the objective has only one.
        epochs: how many reports each trial will make; None where it is not known.
        default_device: the device where none is asked for.
        data_source: the data that are used, where the command chose them.
        data_reason: why these.
        training: how a config is trained, for the header and the study's notes.
        fields: more lines of the header, labels and texts.
    """

    title: str
    name: str
    objective: Callable[..., Any]
    space: Space
    minimize: str | None = None
    epochs: int | None = None
    default_device: str = "auto"
    data_source: str | None = None
    data_reason: str | None = None
    training: str | None = None
    fields: tuple[tuple[str, str], ...] = field(default=())


def book_job(
    console: Console,
    *,
    data: str | None,
    epochs: int | None,
    batch_size: int | None,
    validation: Literal["test", "holdout"] | None,
) -> Job:
    """Softmax regression on Fashion-MNIST, or where that cannot be had on the embedded sample of it."""
    epochs = DEFAULT_EPOCHS if epochs is None else epochs
    batch_size = DEFAULT_BATCH_SIZE if batch_size is None else batch_size
    arrays = fashion_mnist_for(console, data)
    with wrong_arguments():
        task = SoftmaxTask(
            max_epochs=epochs, batch_size=batch_size, data=arrays, validation=validation or "test"
        )
    held_out = "a sixth of the training images" if validation == "holdout" else "the test images"
    return Job(
        title="softmax regression on Fashion-MNIST",
        name="softmax",
        objective=task,
        space=task.space,
        minimize=task.metric,
        epochs=epochs,
        default_device="cpu",
        data_source=arrays.source,
        data_reason=arrays.why,
        training=f"{counted(epochs, 'epoch')}, batch size {batch_size}, validated on {held_out}",
        fields=(
            (
                "data",
                f"{arrays.source}: {len(arrays.train_images):,} training and "
                f"{len(arrays.test_images):,} test images ({arrays.why})",
            ),
        ),
    )


def own_space(file: str | None, allowed: Sequence[str] | None) -> Space | None:
    """The space in a TOML file, with those of the functions that it names which the user allows.

    Args:
        file: the file; None if there is none.
        allowed: the functions, each as `module:function`; these are imported.
    """
    if file is None:
        for path in allowed or ():
            raise UsageError(f"--allow-function {path} belongs to a space in a file: add --space FILE.")
        return None
    with wrong_arguments():
        return load_space_toml(file).with_functions({path: import_function(path) for path in allowed or ()})


def own_job(
    target: str,
    *,
    space: str | None,
    allowed: Sequence[str] | None,
    epochs: int | None,
    has_scheduler: bool = False,
) -> Job:
    """A user's own function, given as `module:function`.

    Args:
        target: the function.
        space: the file with its space.
        allowed: the functions that this file may name.
        epochs: how long to train; None where the user did not say.
        has_scheduler: whether a scheduler decides after epochs, and so tells the trials how far to train.
    """
    searched = own_space(space, allowed)
    if searched is None:
        raise UsageError(f"{target} needs its space: --space FILE, a TOML file with a table for each name.")
    function = import_objective(target)
    takes_epochs = MAX_EPOCHS in _parameters(function)
    fixed = _epochs_for(function, target, searched, epochs) if takes_epochs or not has_scheduler else None
    known = _known_epochs(function) if fixed is None else fixed
    return Job(
        title=target,
        name=target,
        objective=function if fixed is None else functools.partial(function, max_epochs=fixed),
        space=searched,
        epochs=epochs if known is None else known,
        training=None if fixed is None else f"{fixed} epochs",
    )


def fashion_mnist_for(console: Console, data: str | None) -> FashionMNISTArrays:
    """Fashion-MNIST as `--data` names it, else wherever it can be had; the console shows a download."""
    # A corrupt copy in another tool's folder is passed over with a warning, which is for the user to read.
    with warnings.catch_warnings(record=True) as caught, DownloadProgress(console) as download:
        warnings.simplefilter("always")
        arrays = fashion_mnist_or_sample(data, progress=download.update)
    for warning in caught:
        print_line(console, f"Warning: {as_typed(str(warning.message), {'data': '--data'})}", style="yellow")
    return arrays if data is None else dataclasses.replace(arrays, why="--data names it")


def _epochs_for(function: Callable[..., Any], target: str, space: Space, epochs: int | None) -> int | None:
    """What the function gets as `max_epochs`; None to leave it alone."""
    parameter = _parameters(function).get(MAX_EPOCHS)
    if parameter is None:
        if epochs is not None:
            raise UsageError(
                f"--epochs {epochs} is given to a function as its parameter {MAX_EPOCHS!r}, which {target} "
                f"does not have. Leave --epochs out, or add the parameter."
            )
        return None
    if MAX_EPOCHS in space:
        raise UsageError(
            f"{MAX_EPOCHS!r} is a hyperparameter of the space and a parameter of {target}: rename one of "
            f"them."
        )
    if epochs is None and parameter.default is inspect.Parameter.empty:
        return DEFAULT_EPOCHS
    return epochs


def _known_epochs(function: Callable[..., Any]) -> int | None:
    parameter = _parameters(function).get(MAX_EPOCHS)
    default = None if parameter is None else parameter.default
    is_count = isinstance(default, int) and not isinstance(default, bool) and default >= 1
    return default if is_count else None


def _parameters(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    try:
        return dict(inspect.signature(function).parameters)
    except (TypeError, ValueError):  # some builtins have no signature
        return {}
