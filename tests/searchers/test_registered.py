"""Searchers, schedulers and executors that other distributions register as entry points."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import hpo
from hpo.backend import entry_points
from hpo.schedulers import scheduler_named
from hpo.searchers import searcher_named

CODE = """
import hpo

class Middle:
    def __init__(self, x=0.5):
        self.x = x

    def ask(self, study, n):
        return [hpo.searchers.Proposal({"x": self.x})] * n

class Short(hpo.schedulers.Scheduler):
    needs_epochs = True

    def __init__(self, max_epochs):
        self.max_epochs = max_epochs

    def next(self, study, *, can_start):
        return hpo.schedulers.Grant() if can_start else None

    def on_report(self, study, trial):
        return hpo.schedulers.CONTINUE

def curve(config, max_epochs=3):
    for epoch in range(1, max_epochs + 1):
        yield config["x"] / epoch

class Alone(hpo.executors.ExecutorPlan):
    def start(self, objective, placement, on_progress, folder):
        return hpo.executors.SerialExecutor(objective, placement, on_progress, folder)

class Mute:
    pass

NOTHING = 3
"""
SPACE = {"x": hpo.Float(0, 1)}

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Puts a distribution where Python finds it, with a module `of_others` and these entry points."""
    (tmp_path / "of_others.py").write_text(CODE)
    monkeypatch.syspath_prepend(tmp_path)

    def install(distribution: str, *, searchers: str = "", schedulers: str = "", executors: str = "") -> None:
        about = tmp_path / f"{distribution}-1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
        (about / "entry_points.txt").write_text(
            f"[hpo.searchers]\n{searchers}\n[hpo.schedulers]\n{schedulers}\n[hpo.executors]\n{executors}\n"
        )
        importlib.invalidate_caches()

    yield install
    sys.modules.pop("of_others", None)
    entry_points.look_again()


def of_others() -> Any:
    return importlib.import_module("of_others")


def test_a_registered_searcher_proposes_under_its_name(install: Install) -> None:
    install("mine", searchers="middle = of_others:Middle")
    study = hpo.search(lambda config: config["x"], SPACE, searcher="middle", num_trials=2, seed=0)
    assert [trial.config["x"] for trial in study.trials] == [0.5, 0.5]


def test_it_takes_options_and_gets_the_defaults_of_the_protocol(install: Install) -> None:
    install("mine", searchers="middle = of_others:Middle")
    searcher: Any = searcher_named("middle", x=0.25)
    assert (searcher.x, searcher.needs_results) == (0.25, True)
    with pytest.raises(TypeError, match="'middle' of mine has no option 'y'; its options are: x"):
        searcher_named("middle", y=1)


def test_a_registered_scheduler_gets_the_epochs_of_a_full_training(install: Install) -> None:
    install("mine", schedulers="short = of_others:Short")
    study = hpo.search(of_others().curve, SPACE, scheduler="short", num_trials=2, seed=0)
    assert [len(trial.reports) for trial in study.trials] == [3, 3]
    with pytest.raises(ValueError, match="scheduler='short' needs to know how many epochs"):
        scheduler_named("short")


def test_a_registered_plan_runs_the_trials_under_its_name(install: Install) -> None:
    install("mine", executors="alone = of_others:Alone")
    study = hpo.search(lambda config: config["x"], SPACE, workers="alone", num_trials=2, seed=0)
    assert study.num_completed == 2
    with pytest.raises(
        ValueError, match=r"no executor 'alon'. Known are: 'alone' of mine; in Python also an executor"
    ):
        hpo.search(lambda config: config["x"], SPACE, workers="alon", num_trials=2)


def test_names_of_others_can_be_compared(install: Install) -> None:
    install("mine", searchers="middle = of_others:Middle")
    compared = hpo.compare_searchers(
        lambda config: config["x"], ["random", "middle"], 2, space=SPACE, num_trials=2
    )
    assert set(compared.studies) == {"random", "middle"}


def test_the_command_takes_them(
    install: Install, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from hpo.cli.app import app

    install("mine", searchers="middle = of_others:Middle", schedulers="short = of_others:Short")
    monkeypatch.chdir(tmp_path)
    Path("space.toml").write_text('[x]\ntype = "float"\nlow = 0\nhigh = 1\n')
    options = ["--space", "space.toml", "--searcher", "middle", "--scheduler", "short", "--no-plot"]
    app(["run", "of_others:curve", *options, "--trials", "2"], standalone_mode=False)
    assert re.search("searcher +middle", capsys.readouterr().out)


def test_those_that_are_registered_are_listed_where_a_name_is_unknown(install: Install) -> None:
    install("mine", searchers="middle = of_others:Middle")
    with pytest.raises(ValueError, match=r"no searcher 'midle'. Known are: .* 'tpe', 'middle' of mine; in"):
        searcher_named("midle")


def test_the_librarys_own_name_is_its_own(install: Install) -> None:
    install("mine", searchers="tpe = of_others:Middle")
    assert isinstance(searcher_named("tpe"), hpo.TPE)


def test_two_distributions_with_one_name_are_named(install: Install) -> None:
    install("mine", searchers="middle = of_others:Middle")
    install("yours", searchers="middle = of_others:Middle")
    with pytest.raises(ValueError, match=r"'middle' is registered by (mine and yours|yours and mine): unins"):
        searcher_named("middle")


def test_what_cannot_be_imported_names_its_distribution(install: Install) -> None:
    install("mine", schedulers="short = of_none:Short")
    said = r"'short' is registered by mine as 'of_none:Short', which does not load: ModuleNotFoundError"
    with pytest.raises(ImportError, match=said):
        scheduler_named("short")


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("of_others:NOTHING", "'middle' is registered by mine .*, which is no class or function .* it is 3"),
        ("of_others:Mute", r"'middle' of mine is an object with ask\(study, n\); received .* of type Mute"),
    ],
)
def test_what_is_no_searcher_names_its_distribution(install: Install, target: str, said: str) -> None:
    install("mine", searchers=f"middle = {target}")
    with pytest.raises(TypeError, match=said):
        searcher_named("middle")
