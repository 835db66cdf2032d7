"""What is compared: a task of the library, or an objective that each environment imports for itself."""

from __future__ import annotations

import functools
import importlib.util
import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hpo.errors import CompareError
from hpo.objective.function import Objective
from hpo.objective.source import import_objective
from hpo.tasks import TASKS, Task

MAX_EPOCHS = "max_epochs"
DEFAULT_EPOCHS = 10
PLACEHOLDER = "{backend}"


@dataclass(frozen=True)
class Loaded:
    """An objective, ready to be called.

    Attributes:
        objective: the function of a config.
        metric: what is compared; None for the only one that it returns, or `val_error`.
        until: the last epoch; None where the objective itself knows its end.
    """

    objective: Objective
    metric: str | None
    until: int | None


@dataclass(frozen=True)
class Subject:
    """An objective by name, so that it can be told to another interpreter.

    Attributes:
        name: of a task (`softmax`), or `module:function`; `{backend}` in it stands for the backend's name.
        file: the file of the module, where it is not to be found by name.
        epochs: how long to train; None for what the objective does by itself.
        metric: what is compared; None for the only one that the objective returns, or `val_error`.
        options: further arguments of a task, such as `batch_size`.
    """

    name: str
    file: str | None = None
    epochs: int | None = None
    metric: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def is_task(self) -> bool:
        """Whether it is one of the library's own."""
        return self.name in TASKS

    def found(self, backend: str) -> Any:
        """The task's class, or what the path names for this backend.

        Raises:
            ObjectiveError: it cannot be imported.
        """
        if self.is_task:
            return TASKS[self.name]
        path = self.name.replace(PLACEHOLDER, backend)
        if self.file is not None:
            _import_file(path.partition(":")[0], self.file)
        return import_objective(path)

    def load(self, backend: str) -> Loaded:
        """The objective.

        Raises:
            ObjectiveError: it cannot be imported.
            TypeError, ValueError: it takes no config, or a task other options.
        """
        function = self.found(backend)
        if isinstance(function, type) and issubclass(function, Task):
            function = function(max_epochs=self.epochs or DEFAULT_EPOCHS, **self.options)
        if isinstance(function, Task):
            return Loaded(Objective(function), self.metric or function.metric, None)
        if self.options:
            raise CompareError(
                f"Only a task takes {', '.join(self.options)}; {self.name} decides that itself. Leave it out."
            )
        return Loaded(Objective(_with_epochs(function, self.epochs)), self.metric, self.epochs)


def target_of(objective: str | Callable[..., Any], **settings: Any) -> Subject:
    """A target from a name or a function.

    Args:
        objective: the name of a task, `module:function`, or a function of a module that has a file.
        **settings: the other attributes of a `Subject`.

    Raises:
        CompareError: it has no name by which another process could import it.
    """
    if isinstance(objective, str):
        if objective not in TASKS and ":" not in objective:
            raise CompareError(
                f"What is compared is a task ({', '.join(TASKS)}) or an objective named as module:function; "
                f"received {objective!r}."
            )
        return Subject(objective, **settings)
    name, module = getattr(objective, "__qualname__", ""), getattr(objective, "__module__", "")
    file = None if not module else getattr(sys.modules.get(module), "__file__", None)
    # `<lambda>` and `<locals>` stand for what no other process can import.
    if file is None or not name or "<" in name:
        raise CompareError(
            f"Each backend runs in a process of its own, which imports the objective by name; {objective!r} "
            f"has none. Define it at the top level of a module, or name it as 'module:function'."
        )
    return Subject(f"{module.replace('__main__', Path(file).stem)}:{name}", file=file, **settings)


def _with_epochs(function: Callable[..., Any], epochs: int | None) -> Callable[..., Any]:
    """The function with its parameter `max_epochs` filled, if it has one that waits for it."""
    try:
        parameter = inspect.signature(function).parameters.get(MAX_EPOCHS)
    except (TypeError, ValueError):  # some builtins have no signature
        return function
    if parameter is None or (epochs is None and parameter.default is not parameter.empty):
        return function
    return functools.partial(function, max_epochs=epochs or DEFAULT_EPOCHS)


def _import_file(module: str, file: str) -> None:
    """Import a module from its file, under its name."""
    folder = str(Path(file).parent)
    if folder not in sys.path:
        # As Python does for a script, so that the modules beside it are found.
        sys.path.insert(0, folder)
    spec = importlib.util.spec_from_file_location(module, file)
    if spec is None or spec.loader is None:
        raise CompareError(f"{file} is no Python module.")
    # Before it runs, as an import does: dataclasses look their module up there.
    sys.modules[module] = loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
