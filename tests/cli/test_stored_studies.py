"""`hpo list` and `hpo show`: what a storage holds."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hpo as library

Command = Callable[..., Any]

SPACE = {"x": library.Float(0, 1)}


def by_trial(config: dict[str, Any], trial: library.objective.CurrentTrial) -> Any:
    if trial.id == 1:
        raise RuntimeError("the moon is in the way")
    yield {"loss": config["x"], "odd": float("nan")}
    yield {"loss": config["x"] / 2, "odd": 1.0}


def learns(config: dict[str, Any], trial: library.objective.CurrentTrial) -> Any:
    weights = np.zeros(3)
    trial.checkpoint(weights=weights)
    for epoch in trial.epochs(3):
        weights += 1
        yield config["x"] + epoch


@pytest.fixture
def file() -> str:
    """A storage with a study of three trials, one of which failed, and an empty one."""
    library.search(by_trial, SPACE, minimize="loss", num_trials=3, seed=0, storage="study.db", name="mlp")
    library.Tuner(None, SPACE, maximize="score", num_trials=1, seed=5, storage="study.db", name="by hand")
    return "study.db"


class TestList:
    def test_each_study_has_a_row(self, hpo: Command, file: str) -> None:
        answer = hpo("list", file)
        assert answer.code == 0
        names, first, second = answer.stdout.splitlines()
        assert " ".join(names.split()) == (
            "name trials states metric best backend objective created last event"
        )
        for text in ("mlp", "2 completed, 1 failed", "minimize loss", "0.0752", "numpy", "by_trial"):
            assert text in first
        assert second.startswith("by hand")
        assert "maximize score" in second

    def test_json_has_the_same(self, hpo: Command, file: str) -> None:
        document = hpo("list", file, "--json").document
        assert document["storage"] == file
        mlp, by_hand = document["studies"]
        assert (mlp["name"], mlp["trials"], mlp["seed"]) == ("mlp", 3, 0)
        assert mlp["states"] == {"completed": 2, "failed": 1, "stopped": 0, "paused": 0, "running": 0}
        assert mlp["best"]["trial"] == 2
        assert mlp["created"] <= mlp["last_event"]
        assert mlp["created"].endswith("Z")
        assert (by_hand["best"], by_hand["objective"], by_hand["backend"]) == (None, None, None)

    def test_a_storage_without_studies_says_so(self, hpo: Command) -> None:
        library.storage.open_storage("empty.db").close()
        assert hpo("list", "empty.db").stdout == "empty.db holds no study yet.\n"
        answer = hpo("show", "empty.db")
        assert answer.code == 2
        assert "holds no study yet. `hpo run --storage empty.db` puts one in." in answer.stderr


class TestShowStudy:
    def test_it_has_all_that_is_known(self, hpo: Command, file: str) -> None:
        answer = hpo("show", file, "mlp")
        assert answer.code == 0
        for text in (
            "study 'mlp' of study.db",
            "trials      3 (2 completed, 1 failed)",
            "metric      minimize loss",
            "search      RandomSearch, scheduler FIFO",
            "backend     numpy, because of HPO_BACKEND=numpy",
            "seed        0",
            "space       x: Float(0.0, 1.0)",
            "versions    polyhpo ",
            "RuntimeError: the moon is in the way",
            "best      x = 0.1505: loss 0.07526 (trial 2, 2 epochs, proposed by RandomSearch)",
        ):
            assert text in answer.stdout

    def test_a_study_without_trials_is_shown(self, hpo: Command, file: str) -> None:
        answer = hpo("show", file, "by hand")
        assert answer.code == 0
        assert "trials      0" in answer.stdout
        assert "objective   none, it is driven by hand" in answer.stdout
        assert "backend     none yet" in answer.stdout

    def test_notes_and_confirmed_configs_are_shown(self, hpo: Command) -> None:
        tuner = library.Tuner(
            lambda config: config["x"], SPACE, num_trials=3, seed=0, storage="study.db", name="a"
        )
        tuner.note("weather", "fine")
        library.confirm(tuner.run(), top=2, replicates=2)
        answer = hpo("show", "study.db")
        assert "weather     fine" in answer.stdout
        assert "confirmed on fresh draws\nrank  trial  in the search" in answer.stdout
        document = hpo("show", "study.db", "--json").document
        assert document["notes"]["weather"] == "fine"
        assert [one["rank"] for one in document["confirmed"]] == [1, 2]
        assert len(document["confirmed"][0]["values"]) == 2

    def test_kept_models_are_there_with_path_and_size(self, hpo: Command) -> None:
        library.search(learns, SPACE, num_trials=2, seed=0, storage="study.db")
        shown = hpo("show", "study.db").stdout
        kept = hpo("show", "study.db", "--json").document["kept"]
        assert "kept models\ntrial  epoch  which" in shown
        assert kept
        for one in kept:
            assert one["path"] in shown
            assert one["bytes"] == Path(one["path"]).stat().st_size
        assert [(one["epoch"], one["is_best"], one["is_last"]) for one in kept] == [
            (1, True, False),
            (3, False, True),
        ]
        assert {one["trial"] for one in kept} == {library.load_study("study.db").best.id}

    def test_json_is_that_of_run_and_more(self, hpo: Command, file: str) -> None:
        document = hpo("show", file, "mlp", "--json").document
        assert document["storage"] == file
        assert [trial["state"] for trial in document["trials"]] == ["completed", "failed", "completed"]
        assert document["trials"][0]["reports"][0]["odd"] is None
        assert document["space"]["parameters"][0]["name"] == "x"
        assert document["objective"]["name"].endswith("by_trial")
        assert (document["searcher"], document["replicates"]) == ("RandomSearch", 1)

    def test_a_space_that_the_log_could_not_hold_is_no_obstacle(self, hpo: Command) -> None:
        space = library.Space(SPACE, constraints=[lambda config: config["x"] < 0.9])
        library.search(lambda config: config["x"], space, num_trials=2, seed=0, storage="study.db")
        answer = hpo("show", "study.db")
        assert answer.code == 0, answer.stderr
        assert "space       not in the log, as it had no JSON form" in answer.stdout
        assert "best      x = 0.06929: value 0.06929" in answer.stdout
        assert hpo("show", "study.db", "--json").document["space"] is None
        assert hpo("export", "study.db").stdout.startswith("trial,state,value,x,")


class TestShowTrial:
    def test_each_epoch_says_what_became_of_its_checkpoint(self, hpo: Command) -> None:
        library.search(learns, SPACE, num_trials=1, seed=0, storage="study.db")
        shown = hpo("show", "study.db", "--trial", "0").stdout
        epochs = shown.partition("kept models")[0]
        ends = [line.split()[-1] for line in epochs.splitlines() if line.startswith("    ")]
        assert ends == ["kept", "deleted", "kept"]
        assert "kept models\ntrial  epoch  which" in shown
        assert ".npz\n" in shown

    def test_a_life_with_reports(self, hpo: Command, file: str) -> None:
        answer = hpo("show", file, "mlp", "--trial", "2")
        assert answer.code == 0
        for text in (
            "trial 2 of study 'mlp' of study.db",
            "state       completed, the best of the study",
            "config      x = 0.15051711116976585",
            "result      loss 0.07526, odd 1",
            "best epoch  2",
            "start 0: proposal 2, by ",
            "epoch     loss  odd  at second  start",
            "    1  0.1505   nan",
        ):
            assert text in answer.stdout

    def test_a_failure_has_its_traceback(self, hpo: Command, file: str) -> None:
        shown = hpo("show", file, "mlp", "--trial", "1").stdout
        assert "failed: RuntimeError: the moon is in the way" in shown
        assert "Traceback (most recent call last):" in shown
        assert 'raise RuntimeError("the moon is in the way")' in shown

    def test_json_has_every_event(self, hpo: Command, file: str) -> None:
        document = hpo("show", file, "mlp", "--trial", "1", "--json").document
        assert document["study"] == "mlp"
        assert document["trial"]["traceback"].startswith("Traceback")
        assert document["trial"]["proposal"] == 1
        assert [event["kind"] for event in document["events"]] == ["trial_started", "trial_failed"]
        assert document["events"][0]["data"]["config"] == document["trial"]["config"]

    def test_each_start_and_decision_has_its_reason(self, hpo: Command) -> None:
        class PausesThenStops(library.schedulers.FIFO):
            def next(self, study: library.Study, *, can_start: bool) -> Any:
                waiting = [trial.id for trial in study.trials if trial.state.value == "paused"]
                grant = super().next(study, can_start=can_start and not waiting)
                return library.schedulers.Grant(waiting[0], None, {"rung": 1}) if waiting else grant

            def on_report(self, study: library.Study, trial: int) -> library.schedulers.Decision:
                if len(study.trials[trial].reports) == 1:
                    return library.schedulers.Decision(
                        library.schedulers.Verdict.PAUSE, "the first rung is full"
                    )
                return library.schedulers.Decision(
                    library.schedulers.Verdict.STOP, "it is not among the best"
                )

        library.search(
            by_trial,
            SPACE,
            minimize="loss",
            num_trials=1,
            seed=0,
            scheduler=PausesThenStops(),
            storage="study.db",
        )
        shown = hpo("show", "study.db", "--trial", "0").stdout
        assert "paused: the first rung is full" in shown
        assert "start 1: after its pause, rung 1, by " in shown
        assert "stopped: it is not among the best" in shown

    def test_interruptions_and_contradictions_are_told(self, hpo: Command) -> None:
        tuner = library.Tuner(None, SPACE, num_trials=3, seed=0, storage="study.db")
        tuner.report(tuner.ask(), 7.0)
        del tuner  # and no tuner runs its trial any more
        library.search(lambda config: iter([1.0, 2.0]), SPACE, num_trials=1, storage="study.db", resume=True)
        shown = hpo("show", "study.db", "--trial", "0").stdout
        assert "start 1: after an interruption" in shown
        assert "epoch 1 came out differently when it was run again: value 1 instead of value 7" in shown

    def test_an_added_config_says_where_it_came_from(self, hpo: Command, file: str) -> None:
        library.Tuner(
            None,
            SPACE,
            minimize="loss",
            num_trials=1,
            storage=file,
            name="b",
            warm_start=[library.load_study(file, "mlp")],
        )
        assert (
            "start 0: a config that was added, from mlp, trial 0"
            in hpo("show", file, "b", "--trial", "0").stdout
        )

    @pytest.mark.parametrize(
        ("name", "text"),
        [("mlp", "has no trial 9: its trials are 0 to 2."), ("by hand", "no trial 9: it has no trial yet.")],
    )
    def test_a_trial_that_is_not_there(self, hpo: Command, file: str, name: str, text: str) -> None:
        answer = hpo("show", file, name, "--trial", "9")
        assert answer.code == 2
        assert text in answer.stderr


@pytest.mark.parametrize("command", ["list", "show", "export"])
class TestWhatCannotBeRead:
    def test_a_file_that_is_not_there_lists_those_near_it(
        self, hpo: Command, command: str, tmp_path: Path
    ) -> None:
        (tmp_path / "stduy.db").touch()
        answer = hpo(command, "study.db")
        assert answer.code == 2
        assert f"There is no storage {tmp_path / 'study.db'}; the folder has stduy.db." in answer.stderr
        assert not (tmp_path / "study.db").exists()

    def test_a_file_that_is_no_database(self, hpo: Command, command: str, tmp_path: Path) -> None:
        (tmp_path / "study.db").write_text("dear diary, " * 100)
        answer = hpo(command, "study.db")
        assert answer.code == 2
        assert "study.db is no SQLite database. Give the path of a storage" in answer.stderr

    def test_a_newer_schema(self, hpo: Command, command: str, file: str) -> None:
        with sqlite3.connect(file) as connection:
            connection.execute("UPDATE hpo_schema SET version = 99")
        connection.close()
        answer = hpo(command, file)
        assert answer.code == 2
        assert "was written by a newer polyhpo" in answer.stderr
        assert "Upgrade polyhpo." in answer.stderr


@pytest.mark.parametrize("command", ["show", "export"])
class TestNames:
    def test_of_several_studies_one_has_to_be_named(self, hpo: Command, command: str, file: str) -> None:
        answer = hpo(command, file)
        assert answer.code == 2
        assert (
            f"study.db holds 2 studies: 'mlp', 'by hand'. Name one: hpo {command} study.db mlp"
            in answer.stderr
        )

    def test_an_unknown_name_lists_those_that_are_there(self, hpo: Command, command: str, file: str) -> None:
        answer = hpo(command, file, "nlp")
        assert answer.code == 2
        assert "There is no study 'nlp'" in answer.stderr
        assert "The studies in it: 'mlp', 'by hand'." in answer.stderr
