"""What made a study and goes on with it can be copied, and does nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import hpo
from hpo.page.head import head
from hpo.storage.events import Event, EventKind
from tests.page import studies
from tests.page.forms import checked


def runs_again(code: str, **names: Any) -> hpo.Study:
    """Run a call that a report shows; the study that it makes."""
    exec(code, names)  # our own text, made a moment ago
    made: hpo.Study = names.get("study") or names["tuner"].study
    return made


def test_the_call_that_is_shown_makes_the_same_study(tmp_path: Path) -> None:
    study = studies.asha(tmp_path)
    head_of = head(study)
    assert head_of["commands"]["made"].splitlines()[:5] == [
        "import hpo",
        "from tests.page.studies import curve",
        "",
        "study = hpo.search(",
        "    curve,",
    ]
    elsewhere = head_of["commands"]["made"].replace(str(tmp_path), f"{tmp_path}/other")
    (tmp_path / "other").mkdir()
    again = runs_again(elsewhere)
    assert [trial.config for trial in again.trials] == [trial.config for trial in study.trials]
    assert again.best.value == study.best.value
    number = len(study.events)
    assert len(runs_again(head_of["commands"]["resume"]).events) == number


@pytest.mark.parametrize("searcher", ["random", "sobol", "grid", "local", "tpe", "gp", "auto"])
@pytest.mark.parametrize("scheduler", ["fifo", "median"])
def test_searchers_and_schedulers_are_named_so_that_a_search_takes_them(
    searcher: str, scheduler: str
) -> None:
    space = {
        "x": hpo.Float(0, 1),
        "kind": hpo.Choice(["a", 'quote"', None]),
        "y": hpo.Int(1, 5).when("kind", eq="a"),
    }
    study = hpo.search(
        studies.curve_of_x,
        space,
        searcher=searcher,
        scheduler=scheduler,
        num_trials=3,
        seed=0,
        maximize="good",
    )
    again = runs_again(str(head(study)["commands"]["made"]))
    assert again.trials == study.trials
    assert [again.history.created[key] for key in ("searcher", "scheduler", "metrics", "space")] == [
        study.history.created[key] for key in ("searcher", "scheduler", "metrics", "space")
    ]
    assert head(study)["commands"]["resume"] is None


def test_a_space_with_constraints_and_a_loop_by_hand_are_shown_as_they_are() -> None:
    space = hpo.Space(
        {"a": hpo.Int(1, 9), "b": hpo.Float(0, 9)}, constraints=[hpo.param("a") + hpo.param("b") <= 10]
    )
    tuner = hpo.Tuner(None, space, num_trials=2, seed=3, minimize="loss")
    tuner.tell(tuner.ask(), 1.0)
    again = runs_again(str(head(tuner.study)["commands"]["made"]))
    assert again.space == space
    assert again.seed == 3


def test_what_changes_a_search_is_in_its_call(tmp_path: Path) -> None:
    points: list[dict[str, Any]] = [{"x": 0.25, "kind": "b"}]
    study = hpo.search(
        studies.curve_of_x,
        {"x": hpo.Float(0, 1), "kind": hpo.Choice(["a", "b"], default="b")},
        maximize="good",
        num_trials=3,
        seed=0,
        storage=tmp_path / "study.db",
        name="it's",
        keep="all",
        replicates=2,
        value="best",
        points_to_evaluate=points,
    )
    made = str(head(study)["commands"]["made"])
    for argument in ("replicates=2", "keep='all'", "value='best'", f"points_to_evaluate={points!r}"):
        assert f"    {argument},\n" in made
    (tmp_path / "other").mkdir()
    assert runs_again(made.replace(str(tmp_path), f"{tmp_path}/other")).trials == study.trials


def test_defaults_of_the_space_need_no_argument() -> None:
    study = hpo.search(
        studies.curve_of_x, {"x": hpo.Float(0, 1, default=0.5)}, num_trials=1, seed=0, maximize="good"
    )
    assert "points_to_evaluate" not in str(head(study)["commands"]["made"])
    assert study.history.created["points"] == [{"x": 0.5}]


def test_a_log_that_does_not_say_what_searched_leaves_it_out_of_the_call() -> None:
    created = {
        "name": "old",
        "seed": 0,
        "metrics": [{"name": "loss", "direction": "minimize"}],
        "versions": {},
    }
    study = hpo.Study.from_events([Event(EventKind.STUDY_CREATED, text=json.dumps(created))])
    made = str(head(study)["commands"]["made"])
    assert "None(" not in made
    assert "searcher=" not in made
    assert "scheduler=" not in made


def test_a_function_that_a_log_names_is_not_imported() -> None:
    space = hpo.Space({"x": hpo.Float(0, 1, default=0.5)}, constraints=["no_such_module_at_all:fits"])
    created = studies.many(1).events[0].data | {"space": space.to_json(), "points": [{"x": 0.5}]}
    study = hpo.Study.from_events([Event(EventKind.STUDY_CREATED, text=json.dumps(created))])
    made = str(checked(study)["head"]["commands"]["made"])
    assert "constraints=['no_such_module_at_all:fits']" in made
    assert "points_to_evaluate=[{'x': 0.5}]" in made


@pytest.mark.parametrize(
    ("entries", "noted", "made"),
    [
        ({"searcher": "TPE(); evil"}, "", "    searcher=...,\n"),
        ({"searcher": "Mine"}, "", "    searcher=Mine(...),\n"),
        ({"scheduler": "ASHA(1, 9); evil()"}, "", "    scheduler=ASHA(...),\n"),
        ({"scheduler": "ASHA(evil(), 9)"}, "", "    scheduler=ASHA(...),\n"),
        ({"scheduler": "evil()\nASHA(1, 9)"}, "", "    scheduler=evil(...),\n"),
        ({"objective": {"name": "os;evil.f"}}, "", "\n    f,\n"),
        ({"objective": {"name": "train.evil()"}}, "", "\n    objective,\n"),
        ({}, "hpo run; evil", "hpo.search("),
        ({}, "hpo run $(evil)", "hpo.search("),
        ({}, "hpo run\nevil", "hpo.search("),
        ({}, "evil", "hpo.search("),
        ({}, "hpo run 'evil", "hpo.search("),
        ({}, "hpo run --name 'not; evil'", "hpo run --name 'not; evil'"),
    ],
)
def test_what_is_copied_from_a_report_does_nothing_but_search(
    entries: dict[str, Any], noted: str, made: str
) -> None:
    beginning, *rest = studies.many(1).events
    created = Event(EventKind.STUDY_CREATED, text=json.dumps(beginning.data | entries))
    note = Event(EventKind.NOTED, text=json.dumps({"topic": "command", "text": noted}))
    said = str(head(hpo.Study.from_events([created, *rest, note]))["commands"]["made"])
    assert made in said
    assert "evil()" not in said.replace("evil(...)", "")
