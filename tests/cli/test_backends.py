"""`hpo backends`: what is there, what is broken, what would be chosen."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hpo.backend import registry
from hpo.cli import probe as probing
from hpo.cli.probe import Availability, ProbeResult, probe
from hpo.errors import MissingFrameworkError

Command = Callable[..., Any]


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare the tests of the output the imports of whatever frameworks are installed."""
    findings = [
        ProbeResult("numpy", Availability.INSTALLED, "2.0", ("cpu",), "cpu"),
        ProbeResult("torch", Availability.MISSING, detail='pip install "polyhpo[torch]"'),
        ProbeResult("zebra", Availability.BROKEN, detail="it kicks"),
    ]
    monkeypatch.setattr(probing, "probe_all", lambda names: findings)


@pytest.mark.usefixtures("found")
def test_each_is_shown_with_what_to_do(hpo: Command) -> None:
    answer = hpo("backends")
    assert answer.code == 0
    for text in (
        "*  numpy    2.0      installed      cpu",
        'torch     pip install "polyhpo[torch]"',
        "zebra     it kicks",
        "chosen    numpy on cpu, because of HPO_BACKEND=numpy",
    ):
        assert text in answer.stdout


@pytest.mark.usefixtures("found")
def test_json_has_the_same(hpo: Command) -> None:
    document = hpo("backends", "--json").document
    assert document["chosen"] == "numpy"
    assert document["reason"] == "of HPO_BACKEND=numpy"
    assert [each["state"] for each in document["backends"]] == ["installed", "not installed", "broken"]
    assert document["backends"][0]["devices"] == ["cpu"]


@pytest.mark.usefixtures("found")
def test_a_choice_that_cannot_be_is_explained_beside_what_is_there(
    hpo: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HPO_BACKEND", "abacus")
    answer = hpo("backends")
    assert answer.code == 2
    assert "numpy    2.0" in answer.stdout
    assert "chosen    none, because HPO_BACKEND names the backend 'abacus'" in answer.stdout


def test_numpy_is_looked_at_in_a_process_of_its_own() -> None:
    finding = probe("numpy")
    assert finding.state is Availability.INSTALLED
    assert finding.devices == ("cpu",)
    assert finding.device == "cpu"
    assert finding.version


def test_a_missing_framework_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def load(name: str) -> None:
        raise MissingFrameworkError("not here")

    monkeypatch.setattr(registry, "load", load)
    monkeypatch.setattr(registry, "how_to_install", lambda name: f"pip install {name}")
    probing.look("torch")
    assert '"state": "not installed"' in capsys.readouterr().out


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("import os; os._exit(7)", "its import ended the process with 7"),
        ("import sys; sys.exit('an illegal instruction')", "with 1: an illegal instruction"),
        ("import time; time.sleep(60)", "its import did not end within 0.5 s"),
    ],
)
def test_one_that_crashes_or_hangs_is_broken_and_says_how(
    monkeypatch: pytest.MonkeyPatch, code: str, text: str
) -> None:
    monkeypatch.setattr(probing, "_CODE", code)
    finding = probe("numpy", seconds=0.5 if "sleep" in code else 30)
    assert finding.state is Availability.BROKEN
    assert finding.detail is not None
    assert text in finding.detail


def test_a_file_named_like_a_framework_in_the_current_folder_is_not_imported(tmp_path: Path) -> None:
    (tmp_path / "autograd.py").write_text("raise RuntimeError('shadowed')")
    assert probe("numpy").state is Availability.INSTALLED


def test_looking_imports_no_framework_into_the_asking_process() -> None:
    code = (
        "import sys; from hpo.cli.probe import probe; probe('numpy'); "
        "print('hpo_numpy' in sys.modules or 'torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert done.stdout.strip() == "False"
