"""`hpo run`: the book's job, an objective of one's own, what is printed, what is saved."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]

BOOK = ("run", "--trials", "3", "--epochs", "1")
OWN = ("--space", "space.toml", "--trials", "3", "--no-plot")


def test_the_books_job_prints_where_what_and_the_best(hpo: Command, tmp_path: Path) -> None:
    answer = hpo(*BOOK)
    assert answer.code == 0, answer.stderr
    for text in (
        "backend   numpy",
        "because of HPO_BACKEND=numpy",
        "sample: 6,000 training and 1,000 test images (HPO_DATA names it)",
        "learning_rate: Float(0.0001, 1.0, log=True)",
        "seed      0",
        "[3/3] trial 2",
        "best      learning_rate = ",
        "plot      hpo-run.png",
    ):
        assert text in answer.stdout
    assert (tmp_path / "hpo-run.png").read_bytes().startswith(b"\x89PNG")


def test_json_is_the_only_thing_on_standard_output(hpo: Command, tmp_path: Path) -> None:
    answer = hpo(*BOOK, "--json", "--seed", "7")
    document = answer.document
    assert answer.code == 0
    assert {key: document[key] for key in ("backend", "device", "data", "seed", "error")} == {
        "backend": "numpy",
        "device": "cpu",
        "data": "sample",
        "seed": 7,
        "error": None,
    }
    assert [trial["id"] for trial in document["trials"]] == [0, 1, 2]
    assert {trial["state"] for trial in document["trials"]} == {"completed"}
    best = min(document["trials"], key=lambda trial: trial["value"])
    assert document["best"] == {"trial": best["id"], "config": best["config"], "value": best["value"]}
    [report] = best["reports"]
    assert report["epoch"] == 1
    assert report["val_error"] == best["value"]
    assert not (tmp_path / "hpo-run.png").exists()


def test_the_data_and_why_are_in_the_study(hpo: Command) -> None:
    document = hpo(*BOOK, "--json", "--data", "sample").document
    assert document["notes"]["data"] == "sample (--data names it)"


def test_the_same_seed_gives_the_same_configurations(hpo: Command) -> None:
    first, second = (hpo(*BOOK, "--json").document["trials"] for _ in range(2))
    assert [trial["config"] for trial in first] == [trial["config"] for trial in second]


def test_holdout_keeps_the_test_images_out(hpo: Command) -> None:
    on_test, on_holdout = (
        hpo(*BOOK, "--json", "--validation", kind).document for kind in ("test", "holdout")
    )
    assert on_test["best"]["value"] != on_holdout["best"]["value"]


def test_the_books_job_takes_another_of_its_metrics(hpo: Command) -> None:
    document = hpo(*BOOK, "--json", "--minimize", "val_loss").document
    assert document["metrics"] == [{"name": "val_loss", "direction": "minimize"}]


def test_a_function_of_ones_own_is_found_in_the_current_folder(hpo: Command) -> None:
    document = hpo("run", "own_objectives:square", *OWN, "--json").document
    assert document["name"] == "own_objectives:square"
    assert document["data"] is None
    assert all(
        math.isclose(trial["value"], (trial["config"]["x"] - 0.5) ** 2) for trial in document["trials"]
    )


@pytest.mark.parametrize(("options", "epochs"), [((), 2), (("--epochs", "4"), 4)])
def test_epochs_reach_a_function_that_takes_max_epochs(
    hpo: Command, options: tuple[str, ...], epochs: int
) -> None:
    document = hpo("run", "own_objectives:curve", *OWN, "--json", "--maximize", "accuracy", *options).document
    assert {len(trial["reports"]) for trial in document["trials"]} == {epochs}
    assert document["best"]["value"] == max(trial["value"] for trial in document["trials"])


def test_what_an_objective_prints_is_not_mixed_into_the_json(hpo_process: Command) -> None:
    answer = hpo_process("run", "own_objectives:loud", *OWN, "--json")
    assert len(answer.document["trials"]) == 3
    assert "printed by the objective" in answer.stderr
    assert "printed by a child process" in answer.stderr


def test_nan_in_a_report_is_null_in_the_json(hpo: Command) -> None:
    document = hpo("run", "own_objectives:not_a_number", *OWN, "--json", "--minimize", "loss").document
    assert document["trials"][0]["reports"][0]["other"] is None


def test_when_all_trials_fail_the_json_says_why_and_the_code_is_1(hpo: Command) -> None:
    answer = hpo("run", "own_objectives:always_fails", *OWN, "--json")
    assert answer.code == 1
    assert answer.document["best"] is None
    assert "the moon is in the way" in answer.document["error"]
    assert {trial["state"] for trial in answer.document["trials"]} == {"failed"}
    assert "RuntimeError: the moon is in the way" in answer.document["trials"][0]["reason"]
    assert "Error: The search was ended: its first 3 trials failed in the same way" in " ".join(
        answer.stderr.split()
    )


def test_a_long_search_prints_few_lines(hpo: Command) -> None:
    arguments = ("--space", "space.toml", "--trials", "200", "--no-plot")
    lines = hpo("run", "own_objectives:square", *arguments).stdout.splitlines()
    assert len(lines) < 60
    assert "(the best 20 of 200 trials; not shown: 180 completed; --json has all)" in lines


def test_the_plot_is_saved_where_it_was_asked_for(hpo: Command, tmp_path: Path) -> None:
    assert hpo(*BOOK, "--plot", "scatter.svg").code == 0
    assert "<svg" in (tmp_path / "scatter.svg").read_text()
    assert not (tmp_path / "hpo-run.png").exists()


def test_no_plot_saves_none(hpo: Command, tmp_path: Path) -> None:
    assert hpo(*BOOK, "--no-plot").code == 0
    assert not list(tmp_path.glob("*.png"))


def test_a_default_plot_that_cannot_be_saved_costs_no_search(hpo: Command, tmp_path: Path) -> None:
    (tmp_path / "hpo-run.png").mkdir()
    answer = hpo(*BOOK)
    assert answer.code == 0
    assert "Warning: The plot needs the name of a file; hpo-run.png is a folder." in answer.stdout


def test_configurations_train_together_unless_told_otherwise(hpo: Command, tmp_path: Path) -> None:
    from hpo import load_study
    from hpo.storage.events import EventKind

    for name, options in (("together", ()), ("alone", ("--fuse", "1")), ("pairs", ("--fuse", "2"))):
        hpo(*BOOK, "--json", "--storage", "studies.db", "--name", name, *options)
    cohorts = {
        name: [
            event.data["trials"]
            for event in load_study(tmp_path / "studies.db", name).events
            if event.kind is EventKind.COHORT_FORMED
        ]
        for name in ("together", "alone", "pairs")
    }
    assert cohorts == {"together": [[0, 1, 2]], "alone": [], "pairs": [[0, 1]]}


def test_a_warning_of_the_library_is_a_line_in_the_syntax_of_the_command(hpo: Command) -> None:
    said = hpo("run", "own_objectives:curve", *OWN, "--minimize", "accuracy").stdout
    assert "Warning: The study makes 'accuracy' small" in said
    assert "begin a new study with --maximize accuracy." in said
    assert "maximize='accuracy'" not in said
