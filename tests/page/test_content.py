"""What a page is drawn from: strict JSON of one form, for a study of any kind."""

from __future__ import annotations

import json
import math
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

import hpo
from hpo.page.analysis import analysis
from hpo.page.document import change, document
from hpo.page.head import head, how_found
from hpo.page.index import Index
from hpo.page.json_values import plain, to_script
from hpo.page.rows import row
from hpo.storage.events import Event, EventKind
from hpo.study.history import History
from tests.durability.studies.make import FOLDER
from tests.page import studies
from tests.page.studies import STUDIES

OLD = sorted(path.stem for path in FOLDER.glob("*.db"))

NUMBER = (int, float, type(None))
MEASURED = (int, float, str)
"""A number of the study: NaN and the infinities are texts."""

TEXT = (str, type(None))
HEAD: dict[str, Any] = {
    "name": str,
    "place": TEXT,
    "metrics": [{"name": str, "direction": str}],
    "value": str,
    "seed": (int, str),
    "backend": TEXT,
    "device": TEXT,
    "objective": TEXT,
    "searcher": {"name": TEXT, "reason": TEXT},
    "scheduler": {"name": TEXT, "levels": [int]},
    "replicates": int,
    "versions": dict,
    "created": float,
    "last_event": float,
    "seconds": float,
    "counts": dict.fromkeys(("completed", "failed", "stopped", "paused", "running"), int),
    "num_trials": int,
    "best": dict,
    "notes": [{"topic": str, "text": str}],
    "space": [
        {"name": str, "text": str, "scale": str, "low": NUMBER, "high": NUMBER}
        | {"choices": (list, type(None)), "values": (list, type(None)), "when": TEXT}
    ],
    "other_metrics": [str],
    "commands": {"made": TEXT, "resume": TEXT},
    "plans": [{"kind": str, "members": int, "reason": str}],
    "tested": (dict, type(None)),
    "confirmed": [dict],
}
BEST = {"trial": int, "value": MEASURED, "epoch": NUMBER, "config": dict, "how": str}
ROW: dict[str, Any] = {
    "id": int,
    "state": str,
    "config": dict,
    "value": MEASURED,
    "epoch": int,
    "last_epoch": int,
    "metrics": dict,
    "reports": [[MEASURED]],
    "more": dict,
    "seconds": MEASURED,
    "cohort_seconds": MEASURED,
    "cohort": [int],
    "reason": str,
    "traceback": str,
    "attempt": int,
    "proposal": int,
    "info": dict,
    "started": MEASURED,
    "finished": MEASURED,
    "life": [[MEASURED]],
    "runs": [[MEASURED]],
    "kept": [int],
    "best_epoch": int,
}
ALWAYS = {"id", "state", "attempt", "started", "life"}
ANALYSIS: dict[str, Any] = {
    "hints": [str],
    "importance": (list, type(None)),
    "importance_why": str,
    "contours": [{"x": str, "y": str, "xs": list, "ys": list, "z": [list], "epoch": NUMBER, "trials": int}],
}


def check(value: Any, form: Any, where: str) -> None:
    """Whether a JSON value has a form: a type or several, a list of one form, or a dict of forms."""
    if isinstance(form, dict):
        assert isinstance(value, dict), where
        assert set(value) == set(form), where
        for key in form:
            check(value[key], form[key], f"{where}.{key}")
    elif isinstance(form, list):
        assert isinstance(value, list), where
        for number, inner in enumerate(value):
            check(inner, form[0], f"{where}[{number}]")
    else:
        assert isinstance(value, form), f"{where}: {value!r}"


def checked(study: hpo.Study) -> Any:
    """The document of a study, after its form was checked, as a browser reads it."""

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not JSON")

    read = json.loads(to_script(document(study)), parse_constant=refuse)
    [only] = read["changes"]
    assert (read["format"], read["live"], only["key"]) == (1, False, "0")
    check(only["head"] | {"best": only["head"]["best"] or {}}, HEAD | {"best": dict}, "head")
    if only["head"]["best"]:
        check(only["head"]["best"], BEST, "best")
    for entries in only["trials"]:
        assert set(entries) >= ALWAYS
        check(entries, {key: ROW[key] for key in entries}, f"trial {entries['id']}")
        assert not [key for key, value in entries.items() if value in (None, [], {})]
    check(only["analysis"], {key: ANALYSIS[key] for key in only["analysis"]}, "analysis")
    assert [entries["id"] for entries in only["trials"]] == list(range(len(study.trials)))
    return only


@pytest.fixture(params=STUDIES)
def study(request: pytest.FixtureRequest, tmp_path: Path) -> hpo.Study:
    made: Callable[[Path], hpo.Study] = STUDIES[request.param]
    return made(tmp_path)


def test_a_study_of_any_kind_has_a_document(study: hpo.Study) -> None:
    only = checked(study)
    assert only["head"]["counts"]["completed"] == study.num_completed
    assert sum(only["head"]["counts"].values()) == only["head"]["num_trials"] == len(only["trials"])


@pytest.mark.parametrize("name", OLD)
def test_a_study_that_an_older_version_wrote_has_a_document(name: str, tmp_path: Path) -> None:
    only = checked(hpo.load_study(shutil.copy(FOLDER / f"{name}.db", tmp_path / "study.db")))
    assert only["trials"]


def test_an_index_that_grows_with_the_study_is_one_that_is_made_at_its_end(study: hpo.Study) -> None:
    events, space = list(study.events), study.history.space
    growing = hpo.Study(History(events[:1], space=space))
    index, rows = Index(growing), dict[int, Any]()
    for place, event in enumerate(events[1:]):
        growing.history.append(event)
        if place % 3 == 0:
            rows |= {number: row(growing, number, index=index) for number in index.read_on()}
            head(growing, index=index)
    rows |= {number: row(growing, number, index=index) for number in index.read_on()}
    afterwards = hpo.Study(History(events, space=space))
    fresh = Index(afterwards)
    for number in range(len(afterwards.trials)):
        assert settled(rows[number]) == settled(row(afterwards, number, index=fresh))
    assert head(growing, index=index) == head(afterwards, index=fresh)


def settled(entries: dict[str, Any]) -> dict[str, Any]:
    """A row without the moment to which its run has come, which moves on without an event of the trial."""
    runs = [[*run[:1], *run[2:]] if run[4] == "running" else run for run in entries.get("runs", [])]
    return entries | {"runs": runs}


def test_with_a_tuner_that_is_gone_all_of_its_runs_ended() -> None:
    def event(kind: EventKind, trial: int, attempt: int, at: float, **data: Any) -> Event:
        return Event(kind, trial, attempt, text=json.dumps(data), elapsed=at)

    beginning = studies.many(1).events[0]
    starts = [
        event(EventKind.TRIAL_STARTED, n, 0, n + 1.0, config=config, proposal=n, owner="a")
        for n, config in enumerate(studies.SPACE.sample(0, n=2))
    ]
    study = hpo.Study(History([beginning, *starts]))
    index = Index(study)
    study.history.append(event(EventKind.TRIAL_STARTED, 0, 1, 9.0, owner="b"))
    assert index.read_on() == {0, 1}
    assert row(study, 1, index=index)["runs"] == [[2.0, 2.0, 0, 0, "interrupted"]]
    assert row(study, 0, index=index)["runs"] == [
        [1.0, 2.0, 0, 0, "interrupted"],
        [9.0, 9.0, 0, 0, "running"],
    ]


def test_the_head_looks_at_no_trial_but_the_best(monkeypatch: pytest.MonkeyPatch) -> None:
    many = studies.many(200)
    index, asked, trial = Index(many), list[int](), History.trial

    def counted(history: History, number: int) -> hpo.Trial:
        asked.append(number)
        return trial(history, number)

    monkeypatch.setattr(History, "trial", counted)
    assert head(many, index=index)["best"]["trial"] == many.history.best
    assert asked == [many.history.best]


def test_events_that_were_taken_back_are_read_again(tmp_path: Path) -> None:
    study = studies.asha(tmp_path)
    index = Index(study)
    events = list(study.events)
    study.history.rewind(len(events) - 20)
    for event in events[len(events) - 20 :]:
        study.history.append(event)
    assert index.read_on() == set(range(len(study.trials)))
    assert change(study, "0", index=index) == change(study, "0")


JSON = some.recursive(
    some.none()
    | some.booleans()
    | some.floats(allow_nan=False, allow_infinity=False)
    | some.text()
    # Halves of characters, which JSON may hold and UTF-8 may not.
    | some.text(some.characters(exclude_categories=()), max_size=5)
    | some.sampled_from(["</script>", "<!--", "<script", "]]>", "\u2028\u2029", "&lt;", '"', "\\"]),
    lambda inner: some.lists(inner) | some.dictionaries(some.text(), inner),
    max_leaves=8,
)


@given(JSON)
def test_a_text_for_a_script_reads_back_and_ends_no_script(value: Any) -> None:
    text = to_script(value)
    read = json.loads(text)
    # Two halves that follow each other are one character, in JSON as in JavaScript.
    assert json.dumps(read) == json.dumps(json.loads(json.dumps(value)))
    assert not re.search("[<>&\u2028\u2029\ud800-\udfff]", text)
    text.encode()


def test_no_number_that_is_none_gets_into_a_script() -> None:
    with pytest.raises(ValueError, match="Out of range float values are not JSON compliant"):
        to_script([math.nan])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (math.nan, "NaN"),
        (math.inf, "Infinity"),
        (-math.inf, "-Infinity"),
        (2**53, 2**53),
        (-(2**53) - 1, "-9007199254740993"),
        (True, True),
        ((1, None, [2.5]), [1, None, [2.5]]),
        ({1: {"a": math.inf}}, {"1": {"a": "Infinity"}}),
        (Path("a"), "a"),
    ],
)
def test_values_are_such_that_javascript_takes_them_without_loss(value: object, expected: object) -> None:
    assert plain(value) == expected
    assert type(plain(value)) is type(expected)


def test_a_number_of_any_length_is_a_text() -> None:
    assert plain(10**400) == "1" + 400 * "0"
    assert str(plain(10**5000)).startswith("0x")


def test_a_row_tells_the_life_of_a_trial(tmp_path: Path) -> None:
    study = studies.asha(tmp_path)
    entries = row(study, study.best.id)
    said = [words for _, words in entries["life"]]
    assert said[0].startswith(f"start 0: proposal {study.best.proposal}, rung 0, until epoch 1")
    assert re.match(r"paused: rank \d+ of \d+ at epoch 1", said[1])
    assert said[2].startswith("start 1: after its pause, rung 1")
    assert said[-1] == "completed"
    assert [run[2:] for run in entries["runs"]] == [
        [0, 1, "paused"],
        [1, 3, "paused"],
        [3, 9, "paused"],
        [9, 27, "completed"],
    ]
    assert [epoch for epoch, _ in entries["reports"]] == list(range(1, 28))
    assert set(entries["more"]) == {"loss", "train_loss"}


def test_the_name_of_the_computer_is_not_in_a_report(tmp_path: Path) -> None:
    study = studies.interrupted(tmp_path)
    owners = {event.data["owner"] for event in study.events if "owner" in event.data}
    text = to_script(document(study))
    assert len(owners) == 2
    assert not [owner for owner in owners if owner in text]
    # What the first tuner began, the second one went on with.
    assert "start 1: after an interruption, by tuner 2" in text
    assert [run[4] for run in row(study, 3)["runs"]] == ["interrupted", "completed"]


def test_every_member_of_a_cohort_knows_the_others(tmp_path: Path) -> None:
    study = studies.cohort(tmp_path)
    for number in range(5):
        entries = row(study, number)
        assert entries["cohort"] == [0, 1, 2, 3, 4]
        others = ", ".join(f"trial {other}" for other in range(5) if other != number)
        assert f"trains together with {others}" in [words for _, words in entries["life"]]


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


def test_why_there_is_no_importance_is_said(tmp_path: Path) -> None:
    found = analysis(studies.empty(tmp_path))
    assert found["importance"] is None
    assert found["importance_why"].startswith("Importance needs at least 8 trials that ended")
    assert found["contours"] == []


def test_contours_are_of_the_hyperparameters_that_mattered(tmp_path: Path) -> None:
    study = hpo.search(
        lambda config: (config["rate"] - 0.5) ** 2 + (config["optimizer"] == "sgd"),
        {
            "rate": hpo.Float(0.01, 1, log=True),
            "optimizer": hpo.Choice(["sgd", "adam"]),
            "none": hpo.Int(1, 9),
        },
        num_trials=80,
        seed=0,
    )
    found = analysis(study)
    first = found["contours"][0]
    assert (
        {first["x"], first["y"]}
        == {"rate", "optimizer"}
        == {each["name"] for each in found["importance"][:2]}
    )
    assert len(first["z"]) == len(first["ys"])
    assert {len(line) for line in first["z"]} == {len(first["xs"])}
    columns, rows = (first["xs"], first["ys"]) if first["x"] == "rate" else (first["ys"], first["xs"])
    assert rows == ["sgd", "adam"]
    assert 0.01 < columns[0] < columns[-1] < 1
    values = [cell for line in first["z"] for cell in line if cell is not None]
    assert 0 <= min(values) < max(values) <= 1.25


def test_where_few_trials_complete_a_contour_is_of_the_last_epoch_that_enough_reached(tmp_path: Path) -> None:
    study = studies.asha(tmp_path)
    found = analysis(study)["contours"]
    assert study.num_completed == 3
    assert {(each["epoch"], each["trials"]) for each in found} == {(3, 15)}
    assert [each["epoch"] for each in analysis(studies.failures(tmp_path))["contours"]] == 6 * [None]


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
