"""What wrong usage and failures of `hpo run` say, and with which exit code."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]

OWN = ("--space", "space.toml", "--trials", "2", "--no-plot")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("--trials", "0"), "Invalid value for '--trials': it must be at least 1; received 0."),
        (("--seed", "-1"), "Invalid value for '--seed': it must be at least 0; received -1."),
        (("--epochs", "0"), "Invalid value for '--epochs'"),
        (("--workers", "0"), "Invalid value for '--workers': it must be at least 1; received 0."),
        (("--fuse", "0"), "--fuse takes auto or a number of at least 1; received 0."),
        (("--fuse", "all"), "--fuse takes auto or a number of at least 1; received all."),
        (("--timeout", "0"), "Invalid value for '--timeout': it must be a number above 0; received 0."),
        (("--trial-timeout", "nan"), "'--trial-timeout': it must be a number above 0; received nan."),
        (("--target", "inf"), "'--target': it must be a number that can be reached; received inf."),
        (("--keep", "some"), "Invalid value for '--keep'"),
        (("--memory-limit", "lots"), "an amount of memory such as 2GB, 512MB or 1.5GiB; received 'lots'."),
        (("--memory-limit", "0.1B"), "--memory-limit takes an amount of memory"),
        (("--resume",), "--resume needs the storage that holds the study: add --storage FILE"),
        (("--storage", "/dev/zero"), "A storage is a regular file, and /dev/zero is a device."),
        (("--storage", "/dev/null"), "A storage is a regular file, and /dev/null is a device."),
        (("--keep", "all"), "--keep all needs the storage that holds the study"),
        (("--output", "log"), "--output log keeps files beside the storage: add --storage FILE."),
        (("--output", "file"), "Invalid value for '--output'"),
        (("--warm-start", "a"), "--warm-start a needs the storage that holds the study"),
        (("--validation", "guess"), "Invalid value for '--validation'"),
        (("--backend", "abacus"), "--backend names the backend 'abacus', which is not registered."),
        (("--device", "cuda:7"), "the backend 'numpy' has no such device here. Available: cpu"),
        (("--data", "nowhere"), "lacks train-images-idx3-ubyte"),
        (("--batch-size", "6001"), "must lie in 1 to 6000"),
        (("--plot", "nowhere/plot.png"), "the folder nowhere does not exist"),
        (("--plot", "plot.xyz"), "received plot.xyz with the suffix '.xyz'"),
        (("--plot", "plot"), "The suffix of a plot's file says its format"),
        (("--plot", "plot.png", "--no-plot"), "--plot plot.png and --no-plot contradict each other"),
        (("--minimize", "a", "--maximize", "b"), "give --minimize or --maximize, not both"),
        (("--space", "space.toml"), "belongs to an objective of your own"),
    ],
)
def test_wrong_options_exit_2_with_their_reason(hpo: Command, arguments: tuple[str, ...], text: str) -> None:
    answer = hpo("run", *arguments)
    assert answer.code == 2
    assert text in answer.stderr
    assert "Traceback" not in answer.stderr
    assert answer.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("own_objectives:square",), "own_objectives:square needs its space: --space FILE"),
        (("own_objectives:square", "--space", "no.toml"), "no.toml: No such file or directory."),
        (("own_objectives", *OWN), "An objective is named as module:function"),
        (("own_objectives:cube", *OWN), "own_objectives has no 'cube'; its functions are: square, curve"),
        (("own_objectives:not_a_function", *OWN), "An objective is a function of a config"),
        (("missing_module:f", *OWN), "There is no module 'missing_module'"),
        (("own_objectives.py:square", *OWN), "named without path and suffix: own_objectives;"),
        (("needs_more:f", *OWN), "it needs 'a_missing_library', which is not installed"),
        (("broken:f", *OWN), "Importing broken failed: ZeroDivisionError: division by zero"),
        (("leaves:f", *OWN), "Importing leaves failed: SystemExit: 3"),
        (("own_objectives:square", *OWN, "--epochs", "2"), "own_objectives:square does not have"),
        (("own_objectives:square", *OWN, "--batch-size", "2"), "--batch-size 2 belongs to the book's job"),
        (("own_objectives:square", *OWN, "--data", "sample"), "--data sample belongs to the book's job"),
        (("own_objectives:square", *OWN, "--validation", "test"), "--validation test belongs to"),
        (("own_objectives:curve", *OWN), "the search does not say which one to optimise"),
        (("own_objectives:square", "--space", "bad.toml"), "bad.toml: "),
        (("own_objectives:curve", "--space", "epochs.toml"), "'max_epochs' is a hyperparameter of the space"),
    ],
)
def test_objectives_that_cannot_be_run_exit_2_with_their_reason(
    hpo: Command, tmp_path: Path, arguments: tuple[str, ...], text: str
) -> None:
    (tmp_path / "needs_more.py").write_text("import a_missing_library")
    (tmp_path / "broken.py").write_text("1 / 0")
    (tmp_path / "leaves.py").write_text("raise SystemExit(3)")
    (tmp_path / "bad.toml").write_text("[x]\ntype = 'float'\nlow = 2\nhigh = 1\n")
    (tmp_path / "epochs.toml").write_text("[max_epochs]\ntype = 'int'\nlow = 1\nhigh = 3\n")
    answer = hpo("run", *arguments)
    assert answer.code == 2
    assert text in answer.stderr
    assert "Traceback" not in answer.stderr


def test_an_unwritable_folder_is_named_before_the_search(
    hpo: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Not by permissions: the tests may run as root, whom they do not stop.
    monkeypatch.setattr("hpo.plots.files.os.access", lambda path, mode: False)
    answer = hpo("run", "--plot", "plot.png")
    assert answer.code == 2
    assert "The plot cannot be saved as plot.png: . is not writable." in answer.stderr


def test_corrupt_data_are_failed_work(hpo: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HPO_DATA")
    for name in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        (tmp_path / f"{name}-ubyte").write_bytes(b"nonsense")
    answer = hpo("run", "--data", str(tmp_path))
    assert answer.code == 1
    assert "train-images-idx3-ubyte" in answer.stderr


@pytest.mark.parametrize("way", ["option", "variable"])
def test_a_traceback_is_shown_to_who_asks(hpo: Command, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    if way == "variable":
        monkeypatch.setenv("HPO_DEBUG", "1")
    answer = hpo("run", "--backend", "abacus", *(["--traceback"] if way == "option" else []))
    assert answer.code == 2
    assert "Traceback (most recent call last)" in answer.stderr


def test_an_unforeseen_error_is_one_message_and_code_1(hpo: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: Any, **options: Any) -> None:
        raise RuntimeError("no such luck")

    monkeypatch.setattr("hpo.cli.session.document_of", broken)
    answer = hpo("run", "own_objectives:square", *OWN, "--json")
    assert answer.code == 1
    assert "Error: RuntimeError: no such luck (--traceback shows where this came from)" in answer.stderr
