"""`hpo export`: CSV and JSON lines."""

import csv
import io
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import hpo as library

Command = Callable[..., Any]

SPACE = {
    "x": library.Float(0, 1),
    "kind": library.Choice(["=1+1", "-3", None]),
    "depth": library.Int(1, 9).when("kind", eq="-3"),
}


def odd(config: dict[str, Any], trial: library.objective.CurrentTrial) -> Any:
    if trial.id == 1:
        raise RuntimeError('the moon, "full", is\nin the way')
    yield {"loss": config["x"], "odd": float("inf") if trial.id == 0 else float("nan")}
    yield {"loss": config["x"] / 2, "odd": -math.inf, "late": 1.0}


@pytest.fixture
def study() -> library.Study:
    """Twelve trials in `study.db`, the second of which failed."""
    return library.search(odd, SPACE, minimize="loss", num_trials=12, seed=0, storage="study.db", name="a")


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_trials_are_the_records_of_the_study(hpo: Command, study: library.Study) -> None:
    answer = hpo("export", "study.db")
    rows = table(answer.stdout)
    assert list(rows[0]) == [
        *("trial", "state", "value", "x", "kind", "depth", "loss", "odd", "late"),
        *("epoch", "epochs", "seconds", "cohort_seconds", "reason"),
    ]
    assert [float(row["x"]) for row in rows] == [trial.config["x"] for trial in study.trials]
    assert rows[1]["value"] == ""
    assert rows[1]["reason"].startswith('RuntimeError: the moon, "full", is')
    assert {row["odd"] for row in rows} == {"-inf", ""}


def test_a_trial_without_a_hyperparameter_is_told_from_one_whose_value_is_none(
    hpo: Command, study: library.Study
) -> None:
    rows = table(hpo("export", "study.db").stdout)
    for row, trial in zip(rows, study.trials, strict=True):
        assert (row["depth"] == "") == ("depth" not in trial.config)
        assert (row["kind"] == "null") == (trial.config["kind"] is None)


def test_text_that_looks_like_a_formula_is_plain_text_to_a_spreadsheet(
    hpo: Command, study: library.Study
) -> None:
    kinds = {row["kind"] for row in table(hpo("export", "study.db").stdout)}
    assert kinds == {"'=1+1", "-3", "null"}


def test_a_name_that_looks_like_a_formula_is_plain_text_too(hpo: Command) -> None:
    space = {"@SUM(A1)": library.Float(0, 1)}
    library.search(lambda config: 1.0, space, num_trials=1, storage="study.db")
    assert "'@SUM(A1)" in hpo("export", "study.db").stdout.splitlines()[0]


def test_the_columns_stay_the_same_while_a_study_grows(hpo: Command) -> None:
    tuner = library.Tuner(odd, SPACE, minimize="loss", num_trials=6, seed=0, storage="study.db")
    tuner.run(1)
    before = hpo("export", "study.db").stdout.splitlines()[0]
    tuner.run()
    assert hpo("export", "study.db").stdout.splitlines()[0] == before


def test_reports_have_a_row_for_each_epoch(hpo: Command, study: library.Study) -> None:
    rows = table(hpo("export", "study.db", "a", "--what", "reports").stdout)
    assert list(rows[0]) == ["trial", "epoch", "loss", "odd", "late"]
    assert len(rows) == 22
    assert [row["odd"] for row in rows[:3]] == ["inf", "-inf", "nan"]
    assert [row["late"] for row in rows[:2]] == ["", "1.0"]


def test_a_metric_called_like_a_column_has_a_column_of_its_own(hpo: Command) -> None:
    space = {"x": library.Float(0, 1)}
    library.search(
        lambda config: iter([{"loss": 1.0, "trial": 2.0}]),
        space,
        minimize="loss",
        num_trials=1,
        storage="s.db",
    )
    [row] = table(hpo("export", "s.db", "--what", "reports").stdout)
    assert (row["trial"], row["metric.trial"]) == ("0", "2.0")


def test_events_are_the_log(hpo: Command, study: library.Study) -> None:
    rows = table(hpo("export", "study.db", "--what", "events").stdout)
    assert [row["kind"] for row in rows] == [event.kind.value for event in study.events]
    assert [json.loads(row["data"]) for row in rows] == [event.data for event in study.events]


@pytest.mark.parametrize("what", ["trials", "reports", "events"])
def test_each_line_is_one_strict_json_object(hpo: Command, study: library.Study, what: str) -> None:
    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not JSON")

    answer = hpo("export", "study.db", "--what", what, "--format", "jsonl")
    objects = [json.loads(line, parse_constant=refuse) for line in answer.stdout.splitlines()]
    expected = {"trials": 12, "reports": 22, "events": len(study.events)}
    assert len(objects) == expected[what]
    if what == "trials":
        assert objects[0]["config"] == study.trials[0].config
        assert objects[0]["metrics"]["odd"] == "-inf"
        assert objects[1]["traceback"].startswith("Traceback")
    if what == "reports":
        assert objects[0] == {
            "trial": 0,
            "epoch": 1,
            "metrics": {"loss": study.trials[0].config["x"], "odd": "inf"},
        }


@pytest.mark.parametrize(("name", "first"), [("out.csv", "trial,state"), ("out.jsonl", '{"trial": 0')])
def test_the_suffix_of_the_output_says_the_format(
    hpo: Command, study: library.Study, tmp_path: Path, name: str, first: str
) -> None:
    answer = hpo("export", "study.db", "--output", name)
    assert answer.stdout == f"12 trials of 'a' in {name}\n"
    assert (tmp_path / name).read_text().startswith(first)


def test_an_output_is_whole_or_as_it_was(
    hpo: Command, study: library.Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "out.csv").write_text("what was there")

    def no_room(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("hpo.outputs.os.fsync", no_room)
    answer = hpo("export", "study.db", "-o", "out.csv")
    assert answer.code == 1
    assert "No space left on device" in answer.stderr
    assert (tmp_path / "out.csv").read_text() == "what was there"
    assert not list(tmp_path.glob(".out.csv*"))


@pytest.mark.parametrize(
    ("output", "text"),
    [
        ("study.db", "--output study.db is the storage itself, which would be lost: name another file."),
        (".", "--output . is no file. Name a file, or leave --output out"),
        ("nowhere/out.csv", "the folder nowhere does not exist. Make it first."),
    ],
)
def test_an_output_that_cannot_be_is_refused(
    hpo: Command, study: library.Study, output: str, text: str
) -> None:
    answer = hpo("export", "study.db", "--output", output)
    assert answer.code == 2
    assert text in answer.stderr
    assert library.load_study("study.db") == study


def test_a_reader_that_goes_away_is_no_error(hpo_process: Command, study: library.Study) -> None:
    code = (
        "import os, sys; from hpo.cli.entry import main; read, write = os.pipe(); os.close(read); "
        "os.dup2(write, 1); main()"
    )
    answer = hpo_process("export", "study.db", code=code)
    assert "Traceback" not in answer.stderr


def test_another_alphabet_goes_through_any_terminal(
    hpo_process: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    space = {"größe": library.Float(0, 1)}
    library.search(lambda config: 1.0, space, num_trials=1, storage="study.db")
    answer = hpo_process("export", "study.db")
    assert answer.code == 0, answer.stderr
    assert "größe" in answer.stdout.splitlines()[0]
