"""Which backend and device a study uses, and what its trials see of them."""

import sys
from importlib.metadata import EntryPoint
from types import ModuleType
from typing import Any

import pytest

import hpo
from hpo.backend import registry
from hpo.errors import AmbiguousBackendError, DeviceError, MissingFrameworkError, UnknownBackendError

SPACE = {"x": hpo.Float(0, 1)}


class Framework:
    """Stands for a backend: it remembers its seeds."""

    name = "jot"
    version = "1"

    def __init__(self) -> None:
        self.seeds: list[int] = []

    def devices(self) -> list[str]:
        return ["cpu", "cuda:0"]

    def device(self, name: str) -> str:
        return f"jot device {name}"

    def seed(self, seed: int) -> None:
        self.seeds.append(seed)


@pytest.fixture
def jot(numpy_backend: None, monkeypatch: pytest.MonkeyPatch) -> Framework:
    """A registered backend beside NumPy; nothing says which of them to use."""
    module: Any = ModuleType("hpo_jot")
    module.BACKEND = Framework()
    values = {"jot": "hpo_jot:BACKEND", "numpy": "hpo_numpy:BACKEND", "absent": "hpo_absent:BACKEND"}
    points = {name: EntryPoint(name, value, registry.GROUP) for name, value in values.items()}
    monkeypatch.setattr(registry, "registered", lambda: points)
    monkeypatch.setattr(registry, "_loaded", {})
    monkeypatch.setattr(registry, "_imported_here", {"hpo_jot", "hpo_numpy"})
    monkeypatch.setattr(registry, "how_to_install", lambda name: f"pip install {name}")
    monkeypatch.setitem(sys.modules, "hpo_jot", module)
    monkeypatch.delenv("HPO_BACKEND")
    backend: Framework = module.BACKEND
    return backend


def find_device(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> float:
    seen.append((trial.backend, trial.device_name, trial.device))
    return 1.0


seen: list[Any] = []


@pytest.fixture(autouse=True)
def _nothing_seen() -> None:
    seen.clear()


def test_the_backend_is_logged_with_its_reason(jot: Framework) -> None:
    study = hpo.search(lambda config: 1, SPACE, num_trials=1, seed=0, backend="JOT")
    assert (study.backend, study.backend_reason, study.device) == ("jot", "it was asked for", None)


def test_a_trials_device_is_the_best_there_is(jot: Framework) -> None:
    hpo.search(find_device, SPACE, num_trials=1, seed=0, backend="jot")
    assert seen == [("jot", None, "jot device cuda:0")]


def test_the_device_that_was_asked_for_is_used_and_logged(jot: Framework) -> None:
    study = hpo.search(find_device, SPACE, num_trials=1, seed=0, backend="jot", device="cpu")
    assert seen == [("jot", "cpu", "jot device cpu")]
    assert study.device == "cpu"


def test_the_environment_names_a_device_too(jot: Framework, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HPO_DEVICE", "cpu")
    hpo.search(find_device, SPACE, num_trials=1, seed=0, backend="jot")
    assert seen == [("jot", None, "jot device cpu")]


def test_the_framework_is_seeded_alike_before_each_trial(jot: Framework) -> None:
    hpo.search(lambda config: 1, SPACE, num_trials=3, seed=0, backend="jot")
    assert len(jot.seeds) == 3
    assert len(set(jot.seeds)) == 1
    hpo.search(lambda config: 1, SPACE, num_trials=1, seed=1, backend="jot")
    assert jot.seeds[3] != jot.seeds[0]


def test_plain_objectives_import_no_backend(jot: Framework) -> None:
    study = hpo.search(lambda config: 1, SPACE, num_trials=1, seed=0)
    assert study.backend == "numpy"
    assert registry._loaded == {}


def test_a_device_that_is_not_there_is_refused_before_the_first_trial(jot: Framework) -> None:
    tuner = hpo.Tuner(find_device, SPACE, num_trials=1, seed=0, backend="jot", device="mps")
    with pytest.raises(DeviceError, match=r"no such device here\. Available: cpu, cuda:0"):
        tuner.run()
    assert len(tuner.study.trials) == 0


def test_a_backend_without_its_framework_is_refused_before_the_first_trial(
    jot: Framework, monkeypatch: pytest.MonkeyPatch
) -> None:
    def import_absent(name: str) -> Any:
        raise MissingFrameworkError("Install it with: pip install absent")

    monkeypatch.setattr(registry, "_import", import_absent)
    with pytest.raises(MissingFrameworkError, match="pip install absent"):
        hpo.search(find_device, SPACE, num_trials=1, seed=0, backend="absent")
    assert seen == []


def test_a_wrong_name_in_the_environment_is_refused_before_the_first_trial(
    jot: Framework, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HPO_BACKEND", "theano")
    with pytest.raises(UnknownBackendError, match="HPO_BACKEND names the backend 'theano'"):
        hpo.search(find_device, SPACE, num_trials=1, seed=0)
    assert seen == []


@pytest.fixture
def two_frameworks(jot: Framework, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program imported two frameworks and named none."""
    monkeypatch.setitem(sys.modules, "jot", ModuleType("jot"))
    monkeypatch.setitem(sys.modules, "absent", ModuleType("absent"))


@pytest.mark.usefixtures("two_frameworks")
def test_two_frameworks_do_not_hinder_an_objective_that_needs_none() -> None:
    study = hpo.search(lambda config: 1, SPACE, num_trials=1, seed=0)
    assert study.backend is None
    assert "Several frameworks are imported" in (study.backend_reason or "")


@pytest.mark.usefixtures("two_frameworks")
def test_two_frameworks_are_an_error_for_a_trial_that_asks_for_its_device() -> None:
    with pytest.raises(hpo.errors.SearchFailedError, match="AmbiguousBackendError: Several frameworks"):
        hpo.search(find_device, SPACE, num_trials=1, seed=0)


@pytest.mark.usefixtures("two_frameworks")
def test_two_frameworks_are_an_error_where_a_device_is_named() -> None:
    with pytest.raises(AmbiguousBackendError, match="Choose one: backend="):
        hpo.search(find_device, SPACE, num_trials=1, seed=0, device="cpu")
