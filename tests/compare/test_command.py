"""`hpo compare`, called in this process."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hpo.cli.app import app

Call = Callable[..., tuple[int, str, str]]
TASK = ("softmax", "--backends", "numpy,other", "--trials", "2", "--epochs", "1", "--batch-size", "64")


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Call:
    (tmp_path / "space.toml").write_text('[x]\ntype = "float"\nlow = 0\nhigh = 1\n')

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            app(["compare", *arguments], prog_name="hpo")
        printed = capsys.readouterr()
        return int(end.value.code or 0), printed.out, printed.err

    return run


def test_a_comparison_shows_two_tables_a_verdict_and_a_picture(call: Call, tmp_path: Path) -> None:
    code, out, _ = call(*TASK)
    assert code == 0
    lines = out.splitlines()
    assert lines[0] == "softmax on numpy, other"
    assert "data      sample (HPO_DATA names it)" in lines
    assert any(line.split()[:4] == ["config", "learning_rate", "numpy", "other"] for line in lines)
    assert any(line.split()[:4] == ["backend", "version", "s/epoch", "peak"] for line in lines)
    assert any(line.startswith("Same: no difference is more than round-off explains") for line in lines)
    assert (tmp_path / "hpo-compare.png").stat().st_size > 10_000


def test_json_is_one_document_and_nothing_else(call: Call, tmp_path: Path) -> None:
    code, out, _ = call(*TASK, "--json", "--seed", "3", "--twins", "1")
    document: dict[str, Any] = json.loads(out)
    assert code == 0
    assert (document["agrees"], document["seed"], document["data"]) == (True, 3, "sample")
    assert [len(twins) for twins in document["backends"]["numpy"]["twins"]] == [2]
    assert not (tmp_path / "hpo-compare.png").exists()


def test_what_differs_and_what_died_exit_with_one(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MISTAKE", "rate")
    code, out, _ = call(*TASK, "--no-plot")
    assert (code, "MORE on other" in out) == (1, True)
    monkeypatch.setenv("MISTAKE", "dies")
    code, out, _ = call(*TASK, "--no-plot")
    assert code == 1
    assert "other printed last:\n  the last words" in out


def test_an_objective_of_ones_own_by_another_interpreter(call: Call) -> None:
    code, out, _ = call(
        "own:square", "--space", "space.toml", "--backends", "numpy,other", "--trials", "2",
        "--python", f"other={sys.executable}", "--no-plot",
    )  # fmt: skip
    assert code == 0
    assert "there are no twins" in out


def test_interpreters_come_from_the_file_of_the_folder(call: Call, tmp_path: Path) -> None:
    (tmp_path / "hpo.toml").write_text('[python]\nother = "no/python"\nmxnet = "not/asked/for"\n')
    code, _, err = call(*TASK)
    assert code == 2
    assert f"The Python for other was not found: {tmp_path}" in err.replace("Error: ", "") or (
        "The Python for other was not found: no/python" in err
    )
    code, _, _ = call(*TASK, "--python", f"other={sys.executable}", "--no-plot")
    assert code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("sofmax", "--backends", "numpy,other"), "received 'sofmax'"),
        (("softmax", "--backends", "numpy"), "at least two backends, each once"),
        (("softmax", "--backends", "numpy,trch"), "'trch', which is not registered"),
        (("softmax", "--python", "torch"), "--python takes a backend and a path, such as mxnet=old-env/bin/"),
        ((*TASK, "--config", "lost.toml"), "There is no file lost.toml, which should name the interpreters"),
        ((*TASK, "--plot", "a.png", "--no-plot"), "--plot a.png and --no-plot contradict each other"),
        ((*TASK, "--batch-size", "6001"), "Error: The batch size must lie in 1 to 6000"),
        (("own:square", "--backends", "numpy,other"), "needs the space from which its configs are drawn"),
        (
            ("own:lost", "--backends", "numpy,other", "--space", "space.toml"),
            "own has no 'lost'; its functions",
        ),
        (("digits", "--backends", "numpy,other", "--data", "sample"), "digits does not use it. Leave it out"),
    ],
)
def test_wrong_usage_is_told_and_exits_with_two(call: Call, arguments: tuple[str, ...], message: str) -> None:
    code, _, err = call(*arguments)
    assert (code, message in err) == (2, True), err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[python", "hpo.toml is no valid TOML"),
        ("[python]\nother = 3\n", r"[python] holds a path for each backend, such as mxnet"),
    ],
)
def test_a_file_of_interpreters_that_cannot_be_read_is_told(
    call: Call, tmp_path: Path, text: str, message: str
) -> None:
    (tmp_path / "hpo.toml").write_text(text)
    code, _, err = call(*TASK)
    assert (code, message in err) == (2, True), err
