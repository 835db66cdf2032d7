"""`hpo run` with a storage: what is kept, what goes on, what is refused."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import hpo as library

Command = Callable[..., Any]

BOOK = ("run", "--epochs", "1", "--no-plot", "--storage", "study.db")
OWN = ("--space", "space.toml", "--no-plot", "--storage", "study.db")


def own(function: str, *options: str) -> tuple[str, ...]:
    return ("run", f"own_objectives:{function}", *OWN, *options)


@pytest.mark.parametrize("fuse", ["auto", "1"])
def test_the_header_says_what_is_there_and_a_resumed_study_ends_like_an_uninterrupted_one(
    hpo: Command, fuse: str
) -> None:
    book = (*BOOK, "--fuse", fuse)
    first = hpo(*book, "--trials", "2")
    assert "storage   study.db (empty before)" in first.stdout
    assert "study     'softmax', new" in first.stdout
    rest = hpo(*book, "--trials", "4", "--resume")
    assert "storage   study.db (1 study before: 'softmax')" in rest.stdout
    assert "study     'softmax', resumed: 2 of 4 trials are there already (2 completed)" in rest.stdout
    assert "[3/4] trial 2" in rest.stdout
    hpo(*book, "--trials", "4", "--name", "at once")
    resumed, at_once = library.load_study("study.db", "softmax"), library.load_study("study.db", "at once")
    if fuse == "1":
        assert resumed.trials == at_once.trials
    # Two and two together are not four together to the last bit, but as near as cohorts promise.
    for one, other in zip(resumed.trials, at_once.trials, strict=True):
        assert (one.id, one.config, one.state) == (other.id, other.config, other.state)
        assert one.metrics == pytest.approx(other.metrics, abs=1e-5)
        assert [each.epoch for each in one.reports] == [each.epoch for each in other.reports]
    assert resumed.notes == at_once.notes


def test_the_json_says_where_the_study_is_and_what_was_resumed(hpo: Command) -> None:
    new = hpo(*own("square", "--trials", "2", "--json")).document
    assert (new["storage"], new["name"], new["resumed"]) == ("study.db", "own_objectives:square", None)
    rest = hpo(*own("square", "--trials", "5", "--resume", "--json")).document
    assert rest["resumed"]["trials"] == 2
    assert rest["resumed"]["states"]["completed"] == 2
    assert len(rest["trials"]) == 5


def test_without_a_storage_the_json_has_none(hpo: Command) -> None:
    document = hpo("run", "own_objectives:square", "--space", "space.toml", "--json").document
    assert (document["storage"], document["resumed"]) == (None, None)


def test_a_resumed_study_keeps_which_report_is_a_value(hpo: Command) -> None:
    assert hpo(*BOOK, "--trials", "1", "--value", "best").code == 0
    assert hpo(*BOOK, "--trials", "2", "--resume").code == 0
    study = library.load_study("study.db")
    assert (study.value_of, len(study.trials)) == ("best", 2)
    answer = hpo(*BOOK, "--trials", "3", "--resume", "--value", "last")
    assert answer.code != 0
    assert "value: 'best' there, 'last' here" in " ".join(answer.stderr.split())


def test_a_resumed_study_keeps_seed_metric_and_replicates_that_no_option_changes(hpo: Command) -> None:
    hpo(*BOOK, "--trials", "1", "--seed", "7", "--minimize", "val_loss", "--replicates", "2")
    answer = hpo(*BOOK, "--trials", "2", "--resume")
    assert answer.code == 0, answer.stderr
    study = library.load_study("study.db")
    assert (study.seed, study.metric.name, study.replicates, len(study.trials)) == (7, "val_loss", 2, 2)


def test_a_study_that_has_run_to_its_end_says_so(hpo: Command) -> None:
    hpo(*own("square", "--trials", "3"))
    answer = hpo(*own("square", "--trials", "3", "--resume"))
    assert answer.code == 0
    assert (
        "ended     at once, as its 3 trials had run before; with a larger --trials it goes" in answer.stdout
    )


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (("--target", "0.2"), "reached value"),
        (("--patience", "2"), "2 trials ended since the best one, of 2 that its patience allows"),
        (("--timeout", "0.3"), "its 0.3 seconds are over"),
    ],
)
def test_a_search_without_a_number_of_trials_ends_by_its_rule_and_says_how_to_go_on(
    hpo: Command, options: tuple[str, ...], text: str
) -> None:
    answer = hpo(*own("square", *options))
    assert answer.code == 0
    [ended] = [line for line in answer.stdout.splitlines() if line.startswith("ended")]
    assert text in ended
    assert "Go on with: hpo run own_objectives:square" in ended
    assert ended.endswith("--resume --no-plot")
    assert library.load_study("study.db").num_completed >= 1


def test_a_trial_that_was_interrupted_is_run_again_and_the_progress_goes_on(hpo: Command) -> None:
    # As a killed process leaves it: a trial that has started and reported.
    tuner = library.Tuner(
        None, {"x": library.Float(0, 1)}, num_trials=3, seed=0, storage="study.db", name="left"
    )
    tuner.report(tuner.ask(), 0.25)
    del tuner  # and no tuner runs its trial any more
    answer = hpo(*own("square", "--trials", "2", "--resume", "--name", "left"))
    assert answer.code == 0, answer.stderr
    assert "1 of 2 trial is there already (1 running)" in answer.stdout
    assert "[2/2] trial 1" in answer.stdout
    assert [trial.state.value for trial in library.load_study("study.db").trials] == [
        "completed",
        "completed",
    ]


def test_another_result_of_a_trial_that_is_run_again_is_said(hpo: Command) -> None:
    space = {"x": library.Float(0, 1)}
    tuner = library.Tuner(None, space, num_trials=3, seed=0, storage="study.db", name="noisy")
    tuner.report(tuner.ask(), 7.0)
    del tuner  # and no tuner runs its trial any more
    answer = hpo(*own("noisy", "--trials", "1", "--resume", "--name", "noisy"))
    assert (
        "Warning: trial 0, run again, reported something else for epoch 1 than the log has" in answer.stdout
    )


def test_a_changed_objective_is_warned_about(hpo: Command) -> None:
    hpo(*own("square", "--trials", "1", "--name", "a"))
    answer = hpo(*own("loud", "--trials", "2", "--name", "a", "--resume"))
    assert answer.code == 0
    assert "Warning: The objective of the study 'a' changed since it was created" in answer.stdout


def test_other_training_of_the_books_job_is_warned_about(hpo: Command) -> None:
    hpo(*BOOK, "--trials", "1")
    answer = hpo("run", "--epochs", "2", "--no-plot", "--storage", "study.db", "--resume", "--trials", "2")
    assert "Warning: the study was begun with other training: 1 epoch, batch size 16" in answer.stdout
    assert "now 2 epochs" in answer.stdout


def test_a_new_study_starts_from_the_results_of_another_and_tries_other_configs(hpo: Command) -> None:
    hpo(*own("square", "--trials", "3", "--name", "old"))
    answer = hpo(*own("square", "--trials", "2", "--name", "new", "--warm-start", "old"))
    assert "study     'new', new, from the results of 'old'" in answer.stdout
    assert "[2/2] trial 4" in answer.stdout
    old, new = library.load_study("study.db", "old"), library.load_study("study.db", "new")
    assert [trial.value for trial in new.trials[:3]] == [trial.value for trial in old.trials]
    assert not {trial.config["x"] for trial in new.trials[3:]} & {trial.config["x"] for trial in old.trials}


def test_workers_run_a_function_of_the_current_folder_in_processes(hpo: Command) -> None:
    answer = hpo(*own("square", "--trials", "4", "--workers", "2"))
    assert answer.code == 0, answer.stderr
    assert "workers   2 processes" in answer.stdout
    assert all(
        math.isclose(trial.value or 0, (trial.config["x"] - 0.5) ** 2)
        for trial in library.load_study("study.db").trials
    )


def test_a_trial_that_takes_too_long_is_run_again_then_failed_and_the_others_go_on(hpo: Command) -> None:
    answer = hpo(*own("endures", "--trials", "2", "--trial-timeout", "0.5"))
    assert answer.code == 0, answer.stderr
    assert "Trial 0 is run again:" in answer.stdout
    assert "[1/2] trial 0: x=0.6669: failed" in answer.stdout
    states = [trial.state.value for trial in library.load_study("study.db").trials]
    assert states == ["failed", "completed"]


def test_keep_all_keeps_the_models_of_all_trials(hpo: Command) -> None:
    hpo(*own("learns", "--trials", "3", "--keep", "all"))
    assert all(trial.kept for trial in library.load_study("study.db").trials)


class TestRefusals:
    def test_an_existing_name_offers_each_way_on(self, hpo: Command) -> None:
        hpo(*own("square", "--trials", "2"))
        answer = hpo(*own("square", "--trials", "2"))
        assert answer.code == 2
        assert "study.db has a study 'own_objectives:square' already, of 2 trials." in answer.stderr
        for way in ("--resume", "hpo show study.db own_objectives:square", "--name NAME", "--warm-start"):
            assert way in answer.stderr

    def test_another_space_is_shown(self, hpo: Command, tmp_path: Path) -> None:
        hpo(*own("square", "--trials", "1"))
        space = (tmp_path / "space.toml").read_text()
        (tmp_path / "space.toml").write_text(space.replace("high = 1", "high = 2"))
        answer = hpo(*own("square", "--trials", "2", "--resume"))
        assert answer.code == 2
        assert "x: Float(0.0, 1.0) there, Float(0.0, 2.0) here" in answer.stderr
        assert "with --name NAME --warm-start own_objectives:square." in answer.stderr

    def test_another_metric_is_shown(self, hpo: Command) -> None:
        hpo(*own("square", "--trials", "1"))
        answer = hpo(*own("square", "--trials", "2", "--resume", "--maximize", "value"))
        assert answer.code == 2
        assert "metric: minimize value there, maximize value here" in answer.stderr
        assert "--warm-start" in answer.stderr

    def test_another_backend_is_named_before_the_search(self, hpo: Command) -> None:
        space = {"x": library.Float(0, 1)}
        with library.use_backend("numpy"):
            library.search(lambda config: config["x"], space, num_trials=1, storage="study.db", name="a")
        answer = hpo(*own("square", "--name", "a", "--resume", "--backend", "torch"))
        assert answer.code == 2
        assert "'a' was begun on the backend numpy and cannot go on on torch" in answer.stderr
        assert "Take --backend numpy, or start a new study from its results with --name NAME" in answer.stderr

    def test_a_study_to_start_from_has_to_be_there(self, hpo: Command) -> None:
        answer = hpo(*own("square", "--warm-start", "nothing"))
        assert answer.code == 2
        assert "--warm-start nothing names no study of study.db. The studies in it: none." in answer.stderr
        hpo(*own("square", "--trials", "1"))
        answer = hpo(*own("square", "--name", "b", "--warm-start", "nothing"))
        assert "The studies in it: 'own_objectives:square'." in answer.stderr

    def test_wrong_usage_leaves_no_storage_behind(self, hpo: Command, tmp_path: Path) -> None:
        assert hpo(*own("square", "--backend", "abacus")).code == 2
        assert not (tmp_path / "study.db").exists()

    def test_what_is_no_storage_is_not_overwritten(self, hpo: Command, tmp_path: Path) -> None:
        (tmp_path / "study.db").write_text("dear diary, " * 100)
        answer = hpo(*own("square"))
        assert answer.code == 2
        assert "study.db is no SQLite database" in answer.stderr
        assert (tmp_path / "study.db").read_text().startswith("dear diary")

    def test_an_empty_file_becomes_a_storage(self, hpo: Command, tmp_path: Path) -> None:
        (tmp_path / "study.db").touch()
        assert hpo(*own("square", "--trials", "1")).code == 0

    def test_a_storage_that_fails_on_the_way_shows_what_there_is_and_how_to_go_on(
        self, hpo: Command, tmp_path: Path
    ) -> None:
        (tmp_path / "lost_objective.py").write_text(
            "import pathlib\n"
            "def f(config, trial):\n"
            "    if trial.id == 2:\n"
            "        pathlib.Path('study.db').unlink()\n"
            "    return config['x']\n"
        )
        answer = hpo("run", "lost_objective:f", *OWN)
        assert answer.code == 1
        assert "best      x = " in answer.stdout
        assert "study.db was deleted while it was in use" in answer.stderr
        assert "Go on with: hpo run lost_objective:f" in answer.stderr


def test_checkpoints_that_cannot_be_written_are_warned_about_once_and_shown_as_one_note(
    hpo: Command, hpo_process: Command
) -> None:
    Path("study.db.files").touch()
    answer = hpo_process(*own("learns", "--trials", "4", "--name", "a"))
    assert answer.code == 0
    assert (answer.stdout + answer.stderr).count("could not be written") == 1
    assert "Warning: Trial 0: The checkpoint " in answer.stdout
    shown = hpo("show", "study.db").stdout
    assert shown.count("could not be written") == 1
    assert "checkpoints Checkpoints of 4 trials could not be written" in " ".join(shown.split())
    assert "--keep none does without checkpoints." in " ".join(shown.split())
