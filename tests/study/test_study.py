"""The view of what happened: best, top, incumbents, records, tables."""

import builtins
import pickle
from typing import Any, cast

import numpy as np
import pytest

import hpo

SPACE = {"x": hpo.Float(0, 1), "kind": hpo.Choice(["<b>", "&"])}


def study_of(*values: float | None, maximize: str | None = None, name: str = "s") -> hpo.Study:
    """A study whose trials have these values; None for a failed one."""
    tuner = hpo.Tuner(None, SPACE, maximize=maximize, num_trials=1, seed=0, name=name)
    for value in values:
        tuner.tell(tuner.ask(), value, failed="<broken>\nreally" if value is None else None)
    return tuner.study


def test_top_ranks_and_marks_ties_even_beyond_k() -> None:
    top = study_of(3, 1, None, 2, 1, 2).top(3)
    assert [(trial.id, trial.rank, trial.tied) for trial in top] == [(1, 1, True), (4, 1, True), (3, 3, True)]
    assert top[0].config == study_of(3, 1).trials[1].config


def test_top_of_a_metric_to_maximise_starts_with_the_largest() -> None:
    assert [trial.value for trial in study_of(1, 3, 2, maximize="score").top(2)] == [3, 2]


def test_top_gives_fewer_where_fewer_completed() -> None:
    assert [trial.tied for trial in study_of(None, 1).top(5)] == [False]
    assert study_of(None).top(5) == []


@pytest.mark.parametrize("k", [0, -1, 1.5, True])
def test_top_takes_a_count(k: Any) -> None:
    with pytest.raises((ValueError, TypeError), match="at least 1; received"):
        study_of(1).top(k)


def test_top_and_table_take_a_count_of_numpy() -> None:
    study, two = study_of(1, 2, 3), cast(int, np.int64(2))
    assert len(study.top(two)) == 2
    assert study.table(two) == study.table(2)


def test_markup_of_a_study_has_no_control_characters() -> None:
    assert "\x1b" not in study_of(1, maximize="gain\x1b[31m")._repr_html_()


def test_best_without_a_completed_trial_says_why() -> None:
    with pytest.raises(
        hpo.errors.ObjectiveError, match=r"'s' completed.*0 running, 2 failed, the first \(trial 0\)"
    ):
        _ = study_of(None, None).best


def test_incumbents_follow_the_best_value_over_ended_trials() -> None:
    incumbents = study_of(None, 3, 4, 1, maximize=None).incumbents()
    assert incumbents.num_trials.tolist() == [1, 2, 3, 4]
    assert incumbents.trials.tolist() == [-1, 1, 1, 3]
    assert incumbents.values.tolist()[1:] == [3, 3, 1]
    assert (incumbents.seconds[1:] >= incumbents.seconds[:-1]).all()


def test_incumbents_of_a_metric_to_maximise_rise() -> None:
    assert study_of(1, 3, 2, maximize="score").incumbents().values.tolist() == [1, 3, 3]


def test_a_study_cannot_be_changed_through_what_it_gives() -> None:
    study = study_of(1)
    study.trials[0].config["x"] = "changed"
    study.best.metrics["value"] = 0
    assert study.best.config["x"] != "changed"
    assert study.best.value == study.best.metrics["value"] == 1
    assert not hasattr(study.trials, "append")


def test_trials_are_a_sequence() -> None:
    trials = study_of(1, 2, 3).trials
    assert [trial.id for trial in trials] == [0, 1, 2]
    assert (trials[-1].id, [trial.id for trial in trials[1:]]) == (2, [1, 2])
    with pytest.raises(IndexError):
        trials[3]


def test_records_are_flat() -> None:
    [record] = study_of(0.5).records()
    assert list(record) == [
        "trial",
        "state",
        "value",
        "x",
        "kind",
        "epoch",
        "epochs",
        "seconds",
        "cohort_seconds",
        "reason",
    ]
    assert (record["state"], record["value"], record["epochs"]) == ("completed", 0.5, 0)


def test_names_that_records_have_already_are_told_apart() -> None:
    space = {"state": hpo.Float(0, 1), "loss": hpo.Float(0, 1)}
    study = hpo.search(lambda c: {"loss": 1, "state": 2}, space, minimize="loss", num_trials=1, seed=0)
    [record] = study.records()
    assert record["state"] == "completed"
    assert record["config.state"] == study.best.config["state"]
    assert (record["metric.loss"], record["metric.state"]) == (1, 2)


def test_a_data_frame_has_the_records() -> None:
    import pandas

    study = study_of(1, 2)
    assert study.to_frame().equals(pandas.DataFrame(study.records()))


def test_a_data_frame_without_pandas_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    original = builtins.__import__

    def without_pandas(name: str, *rest: Any) -> Any:
        if name == "pandas":
            raise ImportError(name)
        return original(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_pandas)
    with pytest.raises(ImportError, match=r'pip install "polyhpo\[pandas\]"'):
        study_of(1).to_frame()


def test_a_printed_study_is_an_aligned_table() -> None:
    first, header, *rows, search = str(study_of(0.5, None, 0.25)).splitlines()
    assert first.startswith("Study 's': 3 trials (2 completed, 1 failed), minimize value, seed 0")
    assert header.split() == ["trial", "state", "x", "kind", "value", "seconds", "reason"]
    assert [row[: header.index("trial")].strip() for row in rows] == ["", "", "best"]
    assert rows[1].endswith("<broken> really")
    assert search == "search: RandomSearch, scheduler FIFO"


def test_a_long_study_shows_its_best_trials() -> None:
    lines = str(study_of(*range(30, 0, -1))).splitlines()
    assert lines[2].split()[:2] == ["best", "29"]
    assert "(the best 20 of 30 trials; not shown: 10 completed; study.records() has all)" in lines


def test_a_study_without_trials_prints() -> None:
    first, search = str(study_of()).splitlines()
    assert first == "Study 's': 0 trials (0 completed), seed 0"
    assert search == "search: RandomSearch, scheduler FIFO"


def test_a_notebook_shows_everything_escaped() -> None:
    page = study_of(0.5, None, name="<i>")._repr_html_()
    assert "&lt;i&gt;" in page
    assert "&lt;broken&gt;" in page
    assert not any(tag in page for tag in ("<i>", "<b>", "<broken>"))


def test_a_pickled_study_comes_back_without_its_objective() -> None:
    study = hpo.search(lambda config: 1, SPACE, num_trials=2, seed=0)
    copy = pickle.loads(pickle.dumps(study))
    assert copy == study
    assert copy.objective is None
    assert study.objective is not None
