"""Backends: which are registered, which one is chosen and why, and its devices.

A backend is chosen when it is first needed, never at import, by the first of these that decides:

1. an explicit argument (`backend="torch"`, `--backend torch`);
2. the innermost `with hpo.use_backend("torch")`;
3. the environment variable `HPO_BACKEND`;
4. the single `hpo_*` package that the program has imported;
5. the single supported framework that the program has imported;
6. NumPy.

What the registry itself imports while it carries out a choice does not count for 4 and 5, so a
choice leaves no trace in the next one. What Keras and TensorFlow import beside Keras' engine does not
count for 5, see `hpo.backend.keras_engine`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from typing import Any

from hpo.backend import entry_points, keras_engine
from hpo.backend.protocol import Backend
from hpo.errors import (
    AmbiguousBackendError,
    BackendError,
    BrokenBackendError,
    DeviceError,
    MissingFrameworkError,
    UnknownBackendError,
)

GROUP = "hpo.backends"
VARIABLE = "HPO_BACKEND"
DEVICE_VARIABLE = "HPO_DEVICE"
DEFAULT = "numpy"
ALIASES = {"pytorch": "torch", "tf": "tensorflow"}

_preferred: ContextVar[str | None] = ContextVar("hpo_preferred_backend", default=None)
_loaded: dict[str, Backend] = {}
# What the registry imported while it carried out a choice, see above.
_imported_here: set[str] = set()


@dataclass(frozen=True)
class BackendChoice:
    """A chosen backend, and the reason in words.

    Attributes:
        name: the backend's.
        reason: what decided, for the study's log.
        was_asked_for: whether the user named it; False where imports or the default decided.
    """

    name: str
    reason: str
    was_asked_for: bool = False


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says, or was caused by one that says, that memory is out, of whatever framework."""
    chain: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in chain:
        chain.append(cause)
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    if any(isinstance(one, MemoryError) for one in chain):
        return True
    # Only a framework that the program has imported can have raised it.
    for name in registered():
        if name in sys.modules:
            with suppress(BackendError):  # one that does not load says nothing
                says = getattr(load(name), "is_out_of_memory", None)
                if says is not None and any(says(one) for one in chain):
                    return True
    return False


def compiling(value: Any = None) -> str | None:
    """The backend in use whose framework traces the code that is running, or has so made a value; or None."""
    for name, backend in _loaded.items():
        says = getattr(backend, "is_compiling", None)
        if says is not None and says(value):
            return name
    return None


def registered() -> dict[str, EntryPoint]:
    """The entry points of the group `hpo.backends` by name, in alphabetical order."""
    return {name: points[-1] for name, points in entry_points.registered(GROUP).items()}


def packages() -> set[str]:
    """The top-level packages of the registered backends, such as `hpo_torch`."""
    return {point.module.partition(".")[0] for point in registered().values()}


def how_to_install(name: str) -> str:
    """The command that installs the framework of a registered backend."""
    distribution = registered()[name].dist
    if distribution is None or name not in (distribution.metadata.get_all("Provides-Extra") or []):
        return f"pip install {name}"
    return f'pip install "{distribution.metadata["Name"]}[{name}]"'


def canonical_name(name: str, *, origin: str = "backend=") -> str:
    """The registered name that `name` or its alias stands for.

    Args:
        name: a backend's name; case does not matter.
        origin: where the name came from, for the error's text.

    Raises:
        UnknownBackendError: none of that name is registered; the text lists those that are.
    """
    if not isinstance(name, str):
        raise TypeError(f"A backend is chosen by its name, for example 'numpy'; {origin} was given {name!r}.")
    wanted = name.strip().lower()
    wanted = ALIASES.get(wanted, wanted)
    if wanted not in registered():
        entry_points.look_again()
    known = registered()
    if not known:
        raise UnknownBackendError(
            f"{origin} names the backend {name!r}, and none is registered: hpo is imported from "
            f"{os.path.dirname(__file__)} without being installed. Install it: pip install polyhpo, or in a "
            f"clone of its repository pip install ."
        )
    if wanted not in known:
        aliases = {alias for alias, target in ALIASES.items() if target in known}
        raise UnknownBackendError(
            f"{origin} names the backend {name!r}, which is not registered. Registered are: "
            f"{', '.join(known)}" + (f" (aliases: {', '.join(sorted(aliases))})." if aliases else ".")
        )
    return wanted


@contextmanager
def use_backend(name: str) -> Iterator[None]:
    """Choose a backend for everything inside the block that does not name one itself.

    Example:
        >>> import hpo
        >>> with hpo.use_backend("numpy"):
        ...     study = hpo.search(lambda config: config["x"], {"x": hpo.Float(0, 1)}, num_trials=1, seed=0)
        >>> study.backend, study.backend_reason
        ('numpy', 'of the enclosing use_backend()')
    """
    token = _preferred.set(canonical_name(name, origin="use_backend()"))
    try:
        yield
    finally:
        _preferred.reset(token)


def choose(explicit: str | None = None) -> BackendChoice:
    """Decide which backend to use, without importing anything.

    Raises:
        UnknownBackendError: a name that is not registered.
        AmbiguousBackendError: none was chosen, and several frameworks are loaded.
    """
    if explicit is not None:
        return BackendChoice(canonical_name(explicit), "it was asked for", was_asked_for=True)
    preferred = _preferred.get()
    if preferred is not None:
        return BackendChoice(preferred, "of the enclosing use_backend()", was_asked_for=True)
    variable = os.environ.get(VARIABLE, "").strip()
    if variable:
        return BackendChoice(
            canonical_name(variable, origin=VARIABLE), f"of {VARIABLE}={variable}", was_asked_for=True
        )
    known = registered()
    packages = {name: point.module.partition(".")[0] for name, point in known.items()}
    # NumPy is no sign of a choice: every program here has imported it.
    for modules, kind in (
        (packages, "package"),
        ({name: name for name in known if name != DEFAULT}, "framework"),
    ):
        found = {name: module for name, module in modules.items() if is_imported(module)}
        if len(found) > 1:
            found = {name: module for name, module in found.items() if not keras_engine.came_along(module)}
        if len(found) == 1:
            [(name, module)] = found.items()
            return BackendChoice(name, f"{module} is the only supported {kind} that this program imported")
        if found:
            raise AmbiguousBackendError(
                f"Several {kind}s are imported ({' and '.join(found.values())}) and none was chosen. Choose "
                f"one: backend={next(iter(found))!r}, or the environment variable "
                f"{VARIABLE}={next(iter(found))}."
            )
    return BackendChoice(DEFAULT, "nothing else was asked for or imported")


def load(name: str) -> Backend:
    """Import a backend and its framework.

    Raises:
        UnknownBackendError: a name that is not registered.
        MissingFrameworkError: its framework is not installed; the text says how to install it.
        BrokenBackendError: its entry point does not load for another reason.
    """
    name = canonical_name(name)
    if name not in _loaded:
        before = _watched_modules()
        try:
            _loaded[name] = _import(name)
        finally:
            # After a failure, too: half of a framework may be in `sys.modules` by then.
            _imported_here.update(_watched_modules() - before)
    return _loaded[name]


def get(explicit: str | None = None) -> Backend:
    """The backend that `choose(explicit)` decides on, imported."""
    return load(choose(explicit).name)


def resolve_device(backend: Backend, requested: str | None = None, *, default: str = "cpu") -> str:
    """The name of the device to use, one of `backend.devices()`.

    Args:
        backend: whose devices.
        requested: `cpu`, `cuda:0`, `mps`, `gpu:1` (the second accelerator of whatever kind) or
            `auto` (the first accelerator, else the CPU); None takes `HPO_DEVICE`, else `default`.
        default: the device where nothing else decides.

    Raises:
        DeviceError: there is no such device; the text lists those that are there.
    """
    origin = "device="
    if requested is None and os.environ.get(DEVICE_VARIABLE, "").strip():
        requested, origin = os.environ[DEVICE_VARIABLE], f"{DEVICE_VARIABLE}="
    if requested is None:
        requested = default
    if not isinstance(requested, str):
        raise TypeError(f"A device is named by a string such as 'cpu' or 'cuda:0'; received {requested!r}.")
    available = backend.devices()
    accelerators = [device for device in available if not device.startswith("cpu")]
    # Exact names come first; then the general ones, which mean the same on every framework.
    wanted = requested.strip().lower()
    if wanted in available:
        return wanted
    if wanted == "auto":
        return (accelerators or available)[0]
    kind, _, number = wanted.partition(":")
    if number in ("", "0") and kind in available:
        return kind
    # What is no number is beyond every list.
    index = int(number) if number.isdecimal() else 0 if not number else len(available)
    # "gpu:1" counts accelerators of every kind, "cuda:1" those that CUDA knows.
    if kind == "gpu" and index < len(accelerators):
        return accelerators[index]
    # A framework may call its accelerators gpu:0, where others say cuda:0.
    same_kind = [device for device in accelerators if device.partition(":")[0] in (kind, "gpu")]
    if kind == "cuda" and index < len(same_kind):
        return same_kind[index]
    raise DeviceError(
        f"{origin}{requested!r}: the backend {backend.name!r} has no such device here. Available: "
        f"{', '.join(available)}; or 'auto' for the best of them."
    )


def is_imported(module: str) -> bool:
    """Whether the program has imported a framework, or Keras, and not the registry for it."""
    # None in `sys.modules` forbids an import, which is no import.
    return sys.modules.get(module) is not None and module not in _imported_here


def _watched_modules() -> set[str]:
    """The imported modules, frameworks and backends, that say what a program works with."""
    watched = {*registered(), *packages(), keras_engine.KERAS}
    return {module for module in watched if sys.modules.get(module) is not None}


def _import(name: str) -> Backend:
    point = registered()[name]
    try:
        backend: Any = point.load()
    except ModuleNotFoundError as error:
        # Another module that is missing means a broken installation, and not that the framework is absent.
        if error.name is None or error.name.partition(".")[0] != name:
            raise _broken(point, error) from error
        raise MissingFrameworkError(
            f"The backend {name!r} needs {name}, which is not installed here. Install it with: "
            f"{how_to_install(name)}"
        ) from error
    except MissingFrameworkError:
        raise
    except Exception as error:
        raise _broken(point, error) from error
    return backend  # type: ignore[no-any-return]  # what a third party registers is checked by its contract


def _broken(point: EntryPoint, error: Exception) -> BrokenBackendError:
    owner = entry_points.owner(point)
    return BrokenBackendError(
        f"The backend {point.name!r} is registered by {owner} as {point.value!r}, which does not load: "
        f"{type(error).__name__}: {error}. Reinstall {owner}, or choose another backend."
    )
