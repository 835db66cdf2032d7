"""The objective on its way to the workers."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from importlib.machinery import ModuleSpec
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from hpo.errors import ObjectiveError

# Deep enough for a message; what is deeper is named by the part that holds it.
_DEPTH = 8


def pack(function: Callable[..., Any]) -> bytes:
    """Pickle an objective for a worker.

    What can be imported goes as its import path. The rest, such as a function of a script or a notebook,
    goes as code with what it refers to.

    Raises:
        ObjectiveError: it cannot be sent; the text names the part that cannot.
    """
    import cloudpickle  # loads a part of the standard library that nothing else here needs

    with _as_code(_hidden_module(function)):
        try:
            return bytes(cloudpickle.dumps(function))
        except Exception as error:
            path, thing, reason = _culprit(function, error)
            failure = error
    raise ObjectiveError(
        f"The objective {_name(function)} cannot be sent to worker processes: {' of '.join(path)} is of "
        f"type {type(thing).__name__}, which cannot be pickled ({reason}). Create it inside of the "
        "objective, so that each worker has its own, or at the top of a module that the objective is "
        "imported from; or leave out workers=, and the trials run in this process."
    ) from failure


def _hidden_module(function: object) -> ModuleType | None:
    """The module that defines an objective, if this process has it but a fresh one could not import it.

    That is so if it was loaded from a file by other means than `import`.
    """
    # A partial and a bound method have no module of their own that would help.
    while isinstance(function, partial):
        function = function.func
    function = getattr(function, "__func__", function)
    name = getattr(function, "__module__", None) or type(function).__module__
    module = sys.modules.get(name)
    if module is None or name == "__main__" or _can_be_imported(name, getattr(module, "__file__", None)):
        return None
    return module


def _can_be_imported(name: str, file: str | None) -> bool:
    """Whether an import of that name leads to that file."""
    parts = name.split(".")
    path: Sequence[str] | None = None
    found = None
    for length in range(1, len(parts) + 1):
        found = _find(".".join(parts[:length]), path)
        if found is None:
            return False
        path = list(found.submodule_search_locations or ())
    return file is None or found is None or found.origin == file


def _find(name: str, path: Sequence[str] | None) -> ModuleSpec | None:
    """What `importlib.util.find_spec` finds, without a look at what is loaded already.

    A fresh process has nothing loaded, so what is loaded here says nothing about it.
    """
    specs = (finder.find_spec(name, path) for finder in sys.meta_path)
    return next((spec for spec in specs if spec is not None), None)


@contextmanager
def _as_code(module: ModuleType | None) -> Iterator[None]:
    """Pickle what a module defines as code inside the block, not by its name."""
    import cloudpickle

    if module is None or module.__name__ in cloudpickle.list_registry_pickle_by_value():
        yield
        return
    cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        cloudpickle.unregister_pickle_by_value(module)


def _culprit(thing: object, error: Exception) -> tuple[list[str], object, Exception]:
    """The innermost part that cannot be pickled: the way to it from inside out, itself, and the reason."""
    import cloudpickle

    path = ["the objective itself"]
    seen = {id(thing)}
    for _ in range(_DEPTH):
        for description, part in _parts(thing):
            if id(part) in seen:
                continue
            seen.add(id(part))
            try:
                cloudpickle.dumps(part)
            except Exception as raised:
                path.insert(0, description)
                thing, error = part, raised
                break
        else:
            break
    return path[:-1] or path, thing, error


def _parts(thing: object) -> Iterator[tuple[str, object]]:
    """The parts of an object that are pickled with it, each with a description."""
    if isinstance(thing, MethodType):
        yield f"the object that {_name(thing)} is a method of", thing.__self__
    elif isinstance(thing, partial):
        yield "the function in the partial", thing.func
        yield from ((f"the argument {place}", value) for place, value in enumerate(thing.args))
        yield from ((f"the argument {name!r}", value) for name, value in thing.keywords.items())
    elif isinstance(thing, FunctionType):
        yield from _parts_of_function(thing)
    elif isinstance(thing, Mapping):
        yield from ((f"the entry {key!r}", value) for key, value in thing.items())
    elif isinstance(thing, (list, tuple, set, frozenset)):
        yield from ((f"the element {place}", value) for place, value in enumerate(thing))
    else:
        attributes = getattr(thing, "__dict__", {})
        yield from ((f"the attribute {name!r}", value) for name, value in attributes.items())
        if not isinstance(thing, type):
            yield f"the class {type(thing).__name__}", type(thing)


def _parts_of_function(function: FunctionType) -> Iterator[tuple[str, object]]:
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        with suppress(ValueError):  # it is not set yet
            yield f"the variable {name!r} around it", cell.cell_contents
    for name in _names_in(function.__code__):
        if name in function.__globals__:
            yield f"the global variable {name!r}", function.__globals__[name]
    for place, value in enumerate(function.__defaults__ or ()):
        yield f"the default {place}", value
    for name, value in (function.__kwdefaults__ or {}).items():
        yield f"the default of {name!r}", value


def _names_in(code: CodeType) -> Iterator[str]:
    """The global names that a function's code may use, those of the functions inside it included."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names_in(constant)


def _name(function: object) -> str:
    return str(getattr(function, "__qualname__", type(function).__name__))
