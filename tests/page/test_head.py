"""The top of the page: how the best was found, the rungs, and the space."""

from __future__ import annotations

import json
import re
from pathlib import Path

import hpo
from hpo.page.head import head, how_found
from hpo.page.index import Index
from hpo.storage.events import Event, EventKind
from tests.page import studies
from tests.page.forms import checked


def test_the_head_says_how_the_best_was_found(tmp_path: Path) -> None:
    assert re.fullmatch(
        r"proposal \d+ of RandomSearch, trained to epoch 27, after pauses at epochs 1, 3 and 9",
        head(studies.asha(tmp_path))["best"]["how"],
    )


def test_the_head_says_why_a_searcher_was_chosen() -> None:
    study = hpo.search(
        studies.curve_of_x, {"x": hpo.Float(0, 1)}, searcher="auto", num_trials=1, seed=0, maximize="good"
    )
    searcher = head(study)["searcher"]
    assert searcher["name"] == "Auto"
    assert searcher["reason"] in dict(study.notes)["search"]


def test_a_config_that_was_made_from_another_says_so() -> None:
    def objective(config: dict[str, float]) -> float:
        return (config["x"] - 0.3) ** 2

    study = hpo.search(objective, {"x": hpo.Float(0, 1)}, searcher="local", num_trials=60, seed=0)
    index = Index(study)
    changed = [trial for trial in study.trials if "parent" in trial.info]
    for trial in changed:
        parent = trial.info["parent"]
        assert how_found(study, trial, index) == (
            f"proposal {trial.proposal} of LocalSearch (change; from the config of trial {parent})"
        )
    assert changed


def test_the_levels_are_those_of_the_rungs(tmp_path: Path) -> None:
    assert head(studies.asha(tmp_path))["scheduler"]["levels"] == [1, 3, 9, 27]
    assert head(studies.main_job(tmp_path))["scheduler"]["levels"] == []
    events = studies.many(1).events
    created = events[0].data | {"scheduler": "Mine"}
    start = events[1].data | {"until": 7, "info": {"rung": 0}}
    changed = [
        Event(EventKind.STUDY_CREATED, text=json.dumps(created)),
        Event(EventKind.TRIAL_STARTED, 0, 0, text=json.dumps(start)),
    ]
    assert head(hpo.Study.from_events(changed))["scheduler"]["levels"] == [7]


def test_the_space_is_there_with_scales_and_conditions(tmp_path: Path) -> None:
    space = {each["name"]: each for each in head(studies.conditional(tmp_path))["space"]}
    assert space["second"]["when"] == "layers >= 2"
    assert (space["second"]["low"], space["second"]["high"], space["second"]["scale"]) == (8, 64, "linear")
    assert (space["optimizer"]["values"], space["optimizer"]["choices"]) == (
        ["sgd", "adam", None],
        ["sgd", "adam", "None"],
    )
    assert space["seed"]["values"] == [str(2**60), str(2**61), str(2**62)]
    assert head(studies.empty(tmp_path))["space"][0]["scale"] == "log"


def test_what_the_log_could_not_hold_of_a_space_is_said() -> None:
    space = hpo.Space({"x": hpo.Float(0, 1)}, constraints=[lambda config: config["x"] < 2])
    study = hpo.search(lambda config: config["x"], space, num_trials=9, seed=0)
    blind = hpo.Study.from_events(study.events)
    only = checked(blind)
    assert only["head"]["space"][0]["text"] == "not in the log"
    assert "does not hold its space" in only["analysis"]["importance_why"]
    assert "\n    space,\n" in only["head"]["commands"]["made"]
