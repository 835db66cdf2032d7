from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hpo.datasets import FileState, Location, cache_folder, locations

if TYPE_CHECKING:
    from tests.datasets.conftest import Tiny


def only(name: str, found: tuple[Location, ...]) -> Location:
    (location,) = (location for location in found if location.name == name)
    return location


def test_the_cache_follows_its_variables(monkeypatch: pytest.MonkeyPatch, bare_machine: Path) -> None:
    assert bare_machine in cache_folder().parents
    monkeypatch.setenv("XDG_CACHE_HOME", str(bare_machine / "xdg"))
    assert cache_folder() == bare_machine / "xdg" / "polyhpo"
    monkeypatch.setenv("HPO_CACHE", "~/mine")
    assert cache_folder() == bare_machine / "mine"


def test_nothing_but_the_sample_is_found_on_a_bare_machine_and_nothing_is_created(bare_machine: Path) -> None:
    before = sorted(bare_machine.rglob("*"))
    found = locations()
    assert [location.name for location in found] == [
        "the library's cache",
        *["torchvision"] * 3,
        "Keras",
        "Gluon",
        "the embedded sample",
    ]
    assert {location.state for location in found[:-1]} == {FileState.ABSENT}
    assert found[-1].state is FileState.VERIFIED
    assert not any(location.chosen for location in found)
    assert sorted(bare_machine.rglob("*")) == before


def test_each_state_is_told_apart(tiny: Tiny, bare_machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HPO_CACHE", str(bare_machine / "cache"))
    cache = tiny.write(bare_machine / "cache" / "fashion-mnist")
    (cache / "train-labels-idx1-ubyte").unlink()
    keras = tiny.write(bare_machine / ".keras/datasets/fashion-mnist")
    (keras / "t10k-labels-idx1-ubyte").write_bytes(b"other")
    tiny.write(bare_machine / ".mxnet/datasets/fashion-mnist", packed=True)
    found = locations()
    incomplete, corrupt, right = (only(name, found) for name in ("the library's cache", "Keras", "Gluon"))
    assert (incomplete.state, incomplete.detail) == (FileState.INCOMPLETE, "lacks train-labels-idx1-ubyte")
    assert corrupt.state is FileState.CORRUPT
    assert "is not the original t10k-labels-idx1-ubyte" in corrupt.detail
    assert (right.state, right.chosen) == (FileState.VERIFIED, True)
    assert only("Gluon", locations(verify=False)).state is FileState.PRESENT


def test_a_corrupt_cache_is_chosen_since_it_is_an_error(
    tiny: Tiny, bare_machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HPO_CACHE", str(bare_machine / "cache"))
    cache = tiny.write(bare_machine / "cache" / "fashion-mnist")
    (cache / "t10k-labels-idx1-ubyte").write_bytes(b"other")
    tiny.write(bare_machine / ".keras/datasets/fashion-mnist")
    assert [location.name for location in locations() if location.chosen] == ["the library's cache"]


@pytest.mark.parametrize(("value", "name"), [("sample", "the embedded sample"), ("~/mine", "HPO_DATA")])
def test_the_variable_chooses(
    value: str, name: str, tiny: Tiny, bare_machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny.write(bare_machine / ".keras/datasets/fashion-mnist")
    monkeypatch.setenv("HPO_DATA", value)
    assert [location.name for location in locations() if location.chosen] == [name]


def test_importing_the_package_is_light() -> None:
    program = (
        "import sys, hpo.datasets; "
        "print([name for name in ('urllib.request', 'http.client', 'ssl', 'socket', 'scipy', 'torch') "
        "if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
