from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from hpo.backend import registry
from hpo.errors import (
    AmbiguousBackendError,
    BrokenBackendError,
    DeviceError,
    MissingFrameworkError,
    UnknownBackendError,
)


class Machine:
    """A backend with two accelerators."""

    name = "numpy"

    def devices(self) -> list[str]:
        return ["cpu", "cuda:0", "cuda:1"]


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing chosen, nothing imported, four backends of which two are made up."""
    monkeypatch.delenv("HPO_BACKEND", raising=False)
    monkeypatch.delenv("HPO_DEVICE", raising=False)
    points = {
        name: EntryPoint(name, f"hpo_{name}:BACKEND", registry.GROUP) for name in ("fire", "flow", "numpy")
    }
    monkeypatch.setattr(registry, "registered", lambda: points)
    monkeypatch.setattr(registry, "_loaded", {})
    monkeypatch.setattr(registry, "_imported_here", set())
    for module in ("hpo_fire", "hpo_flow", "hpo_numpy", "fire", "flow"):
        monkeypatch.delitem(sys.modules, module, raising=False)


def imported(monkeypatch: pytest.MonkeyPatch, *modules: str) -> None:
    for module in modules:
        monkeypatch.setitem(sys.modules, module, ModuleType(module))


def test_an_explicit_name_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HPO_BACKEND", "flow")
    with registry.use_backend("flow"):
        assert registry.choose("Fire").name == "fire"


def test_use_backend_comes_before_the_environment_and_ends_with_its_block(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HPO_BACKEND", "flow")
    with registry.use_backend("fire"):
        assert registry.choose().name == "fire"
    assert registry.choose() == registry.BackendChoice("flow", "of HPO_BACKEND=flow", was_asked_for=True)


def test_the_package_that_was_imported_comes_before_the_framework(monkeypatch: pytest.MonkeyPatch) -> None:
    imported(monkeypatch, "fire", "hpo_flow")
    assert registry.choose().name == "flow"
    assert "hpo_flow" in registry.choose().reason


def test_the_only_framework_that_was_imported_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    imported(monkeypatch, "fire")
    assert registry.choose().name == "fire"


def test_numpy_is_what_nothing_said_means() -> None:
    assert registry.choose().name == "numpy"


def test_two_frameworks_and_no_choice_is_an_error_that_names_both(monkeypatch: pytest.MonkeyPatch) -> None:
    imported(monkeypatch, "fire", "flow")
    with pytest.raises(AmbiguousBackendError, match=r"fire and flow.*none was chosen.*HPO_BACKEND=fire"):
        registry.choose()


def with_keras(monkeypatch: pytest.MonkeyPatch, engine: str, modules: list[str]) -> None:
    """A program that has imported these modules, in this order, with Keras on that engine."""
    frameworks = ("jax", "tensorflow", "torch")
    points = {
        name: EntryPoint(name, f"hpo_{name}:BACKEND", registry.GROUP) for name in (*frameworks, "numpy")
    }
    monkeypatch.setattr(registry, "registered", lambda: points)
    for module in list(sys.modules):
        if module.partition(".")[0] in ("keras", *frameworks, *(f"hpo_{name}" for name in frameworks)):
            monkeypatch.delitem(sys.modules, module)
    imported(monkeypatch, *modules)
    keras: Any = sys.modules["keras"]
    keras.config = SimpleNamespace(backend=lambda: engine)


TENSORFLOW = ["tensorflow.python", "jax", "tensorflow", "keras.src", "keras"]


@pytest.mark.parametrize(
    ("engine", "modules"),
    [
        ("tensorflow", TENSORFLOW),
        ("torch", ["torch", "keras.src", "jax", "keras"]),
        ("torch", ["torch", "keras.src", "jax", "keras", "tensorflow.python", "tensorflow"]),
        ("jax", ["jax", "keras.src", "keras"]),
        ("jax", ["jax", "keras.src", "keras", "tensorflow.python", "tensorflow"]),
    ],
)
def test_what_keras_or_tensorflow_import_is_no_sign_beside_the_engine(
    engine: str, modules: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with_keras(monkeypatch, engine, modules)
    assert registry.choose().name == engine


@pytest.mark.parametrize(
    ("engine", "modules", "named"),
    [
        ("tensorflow", ["jax", *TENSORFLOW], "jax and tensorflow"),
        ("tensorflow", [*TENSORFLOW, "torch"], "tensorflow and torch"),
        ("jax", [*TENSORFLOW], "jax and tensorflow"),
    ],
)
def test_what_was_imported_before_keras_is_a_sign(
    engine: str, modules: list[str], named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_keras(monkeypatch, engine, modules)
    with pytest.raises(AmbiguousBackendError, match=named):
        registry.choose()


def test_a_keras_whose_import_is_under_way_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with_keras(monkeypatch, "torch", ["torch", "keras.src", "jax", "keras"])
    del sys.modules["keras"].config
    with pytest.raises(AmbiguousBackendError, match="jax and torch"):
        registry.choose()


def test_what_the_registry_imports_itself_decides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    package = ModuleType("hpo_fire")
    package.BACKEND = object()  # type: ignore[attr-defined]  # a module takes any

    def load(self: EntryPoint) -> Any:
        imported(monkeypatch, "fire")
        monkeypatch.setitem(sys.modules, "hpo_fire", package)
        return package.BACKEND

    monkeypatch.setattr(EntryPoint, "load", load)
    assert registry.get("fire") is package.BACKEND
    assert registry.choose().name == "numpy"
    imported(monkeypatch, "flow")
    assert registry.choose().name == "flow"


@pytest.mark.parametrize(
    ("alias", "name"), [("pytorch", "torch"), ("tf", "tensorflow"), (" TF ", "tensorflow")]
)
def test_aliases_stand_for_their_backends(alias: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    points = {
        name: EntryPoint(name, f"hpo_{name}:BACKEND", registry.GROUP) for name in ("tensorflow", "torch")
    }
    monkeypatch.setattr(registry, "registered", lambda: points)
    assert registry.canonical_name(alias) == name


def test_an_unknown_name_lists_the_registered_ones() -> None:
    with pytest.raises(UnknownBackendError, match=r"'jxa', which is not registered.*: fire, flow, numpy\."):
        registry.choose("jxa")


def test_a_library_that_is_not_installed_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "registered", dict)
    with pytest.raises(UnknownBackendError, match=r"none is registered: .* without being installed"):
        registry.load("numpy")


def test_an_unknown_name_in_the_environment_says_where_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HPO_BACKEND", "jxa")
    with pytest.raises(UnknownBackendError, match="HPO_BACKEND names the backend 'jxa'"):
        registry.choose()


def test_a_name_that_is_no_string_is_refused() -> None:
    name: Any = 7
    with pytest.raises(TypeError, match=r"chosen by its name.*given 7"):
        registry.choose(name)


def test_a_missing_framework_is_named_with_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(self: EntryPoint) -> Any:
        raise ModuleNotFoundError("No module named 'fire'", name="fire")

    monkeypatch.setattr(EntryPoint, "load", load)
    with pytest.raises(MissingFrameworkError, match=r"needs fire, which is not installed.*pip install fire"):
        registry.load("fire")


def test_an_entry_point_that_does_not_load_is_named_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(self: EntryPoint) -> Any:
        raise RuntimeError("out of luck")

    monkeypatch.setattr(EntryPoint, "load", load)
    with pytest.raises(
        BrokenBackendError, match=r"'hpo_fire:BACKEND', which does not load: RuntimeError: out of"
    ):
        registry.load("fire")


def test_a_module_missing_inside_of_a_framework_is_not_taken_for_the_framework(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def load(self: EntryPoint) -> Any:
        raise ModuleNotFoundError("No module named 'attrs'", name="attrs")

    monkeypatch.setattr(EntryPoint, "load", load)
    with pytest.raises(BrokenBackendError, match="No module named 'attrs'"):
        registry.load("fire")


@pytest.mark.parametrize(
    ("requested", "device"),
    [
        (None, "cpu"),
        ("cpu", "cpu"),
        ("CPU:0", "cpu"),
        ("cuda", "cuda:0"),
        ("cuda:1", "cuda:1"),
        ("gpu", "cuda:0"),
        ("gpu:1", "cuda:1"),
        ("auto", "cuda:0"),
    ],
)
def test_devices_by_their_names(requested: str | None, device: str) -> None:
    machine: Any = Machine()
    assert registry.resolve_device(machine, requested) == device


@pytest.mark.parametrize("requested", ["gpu:2", "cuda:2", "cuda:x", "mps", "tpu:0", "cpu:1", ""])
def test_a_device_that_is_not_there_lists_those_that_are(requested: str) -> None:
    machine: Any = Machine()
    with pytest.raises(DeviceError, match="Available: cpu, cuda:0, cuda:1; or 'auto'"):
        registry.resolve_device(machine, requested)


def test_the_environment_names_a_device_where_the_call_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    machine: Any = Machine()
    monkeypatch.setenv("HPO_DEVICE", "gpu:1")
    assert registry.resolve_device(machine) == "cuda:1"
    assert registry.resolve_device(machine, "cpu") == "cpu"
    monkeypatch.setenv("HPO_DEVICE", "gpu:7")
    with pytest.raises(DeviceError, match="HPO_DEVICE='gpu:7'"):
        registry.resolve_device(machine)


def test_a_framework_that_is_not_installed_names_the_extra() -> None:
    code = """
import sys
sys.modules["torch"] = None
import hpo.backend.registry
try:
    hpo.backend.registry.load("torch")
except hpo.HpoError as error:
    print(type(error).__name__, error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("MissingFrameworkError")
    assert 'pip install "polyhpo[torch]"' in done.stdout
