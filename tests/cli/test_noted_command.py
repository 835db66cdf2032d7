"""The command line of `hpo run` is kept with its study, so that a report can repeat it."""

from __future__ import annotations

import hpo as library
from hpo.cli.run_options import RunOptions
from hpo.cli.setup import _note_command
from hpo.page.commands import commands
from tests.cli.conftest import Hpo

OWN = ("run", "own_objectives:square", "--space", "space.toml", "--storage", "study.db", "--no-plot")


def test_a_study_knows_the_command_that_made_it_and_the_one_that_goes_on(hpo: Hpo) -> None:
    hpo(*OWN, "--trials", "2", "--name", "it's mine")
    made = (
        "hpo run own_objectives:square --space space.toml --trials 2 --storage study.db "
        "--name 'it'\"'\"'s mine' --no-plot"
    )
    assert commands(library.load_study("study.db")) == {"made": made, "resume": f"{made} --resume"}


def test_what_goes_on_is_the_last_command(hpo: Hpo) -> None:
    hpo(*OWN, "--trials", "2")
    hpo(*OWN, "--trials", "4", "--resume")
    number = len(library.load_study("study.db").events)
    hpo(*OWN, "--trials", "4", "--resume")
    study = library.load_study("study.db")
    said = commands(study)
    assert str(said["made"]).count("--trials 2") == 1
    assert str(said["resume"]).count("--trials 4") == str(said["resume"]).count("--resume") == 1
    # The same command once more is not noted again.
    assert len(study.events) == number


def test_the_command_is_no_remark_on_the_results(hpo: Hpo) -> None:
    hpo(*OWN, "--trials", "3", "--name", "a")
    study = library.load_study("study.db", "a")
    assert not [note for note in study.notes if "hpo run" in note.text]
    assert "hpo run" not in str(study)


def test_passwords_do_not_get_into_the_log() -> None:
    tuner = library.Tuner(None, {"x": library.Float(0, 1)}, num_trials=1, seed=0)
    for storage in ("postgresql://me:se'cr et@host/base", "postgresql://host/base?password=se'cr et"):
        _note_command(tuner, RunOptions(storage=storage))
    logged = "".join(event.text for event in tuner.study.events)
    assert "cr et" not in logged
    assert tuner.study.history.commands == [
        "hpo run --storage 'postgresql://me:***@host/base'",
        "hpo run --storage 'postgresql://host/base?password=***'",
    ]
