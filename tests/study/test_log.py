"""The log is the only state: whatever happened, reading it again gives the same study."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hpo
from hpo.storage.events import EventKind, metrics_from_json, metrics_to_json, to_text
from hpo.study.history import History
from hpo.study.trial import Direction, Metric

SPACE = hpo.Space({"x": hpo.Float(0, 1), "kind": hpo.Choice(["a", 2, True, None])})
ENDS = st.sampled_from(["tell", "fail", "leave"])
STARTED = '{"config": {"x": 0.5, "kind": "a"}}'
NUMBERS = st.floats(allow_nan=True, allow_infinity=True)
STEPS = st.lists(st.tuples(st.lists(NUMBERS, max_size=3), ENDS, NUMBERS), max_size=8)


def work(steps: list[tuple[list[float], str, float]], maximize: str | None = None) -> hpo.Tuner:
    tuner = hpo.Tuner(None, SPACE, maximize=maximize, num_trials=1, seed=0)
    for reports, end, value in steps:
        trial = tuner.ask()
        for number in reports:
            tuner.report(trial, number)
        if end == "tell":
            tuner.tell(trial, value)
        elif end == "fail":
            tuner.tell(trial, failed="by hand")
        tuner.note("data", f"after trial {trial.id}")
    return tuner


@given(STEPS, st.sampled_from([None, "accuracy"]))
def test_a_study_folded_afresh_equals_the_live_one(steps: Any, maximize: str | None) -> None:
    live = work(steps, maximize).study
    afresh = hpo.Study.from_events(live.events)
    assert afresh == live
    assert afresh.space == SPACE
    assert list(afresh.incumbents().trials) == list(live.incumbents().trials) if live.metrics else True


@given(STEPS)
def test_the_log_goes_through_json_unchanged(steps: Any) -> None:
    live = work(steps).study
    lines = [json.dumps([e.kind, e.trial, e.attempt, e.epoch, e.text]) for e in live.events]
    read = [hpo.study.Event(EventKind(kind), *rest) for kind, *rest in map(json.loads, lines)]
    assert tuple(read) == live.events
    assert hpo.Study.from_events(read) == live


@given(STEPS)
def test_every_prefix_of_a_log_is_a_study(steps: Any) -> None:
    events = work(steps).study.events
    for length in range(1, len(events) + 1):
        assert len(hpo.Study.from_events(events[:length]).events) == length


@given(STEPS)
def test_the_best_is_the_first_of_the_smallest_values(steps: Any) -> None:
    study = work(steps).study
    values = [trial.value for trial in study.trials if trial.state is hpo.study.TrialState.COMPLETED]
    if values:
        assert study.best.value == min(value for value in values if value is not None)
        assert study.best.id == study.top(1)[0].id == study.incumbents().trials[-1]


@given(STEPS)
def test_no_two_events_of_a_trial_have_the_same_key(steps: Any) -> None:
    events = [event for event in work(steps).study.events if event.kind is not EventKind.NOTED]
    keys = [(event.kind, event.trial, event.attempt, event.epoch) for event in events]
    assert len(set(keys)) == len(keys)


def test_times_are_no_part_of_equality() -> None:
    assert hpo.study.Event(EventKind.NOTED, time=1.0) == hpo.study.Event(
        EventKind.NOTED, time=2.0, elapsed=3.0
    )


def test_an_events_content_cannot_be_changed_through_it() -> None:
    study = work([([], "tell", 0.5)]).study
    study.events[0].data["seed"] = "changed"
    assert study.seed == 0


def test_metrics_that_json_cannot_hold_come_back() -> None:
    metrics = {"a": math.inf, "b": -math.inf, "c": 0.1}
    assert metrics_from_json(json.loads(to_text(metrics_to_json(metrics)))) == metrics


def test_what_json_cannot_hold_is_refused_with_its_content() -> None:
    with pytest.raises(TypeError, match=r"holds JSON values.*received \{'x': <object"):
        to_text({"x": object()})


def test_a_study_of_several_metrics_can_be_read_and_says_that_it_has_no_best() -> None:
    metrics = [{"name": name, "direction": "minimize"} for name in ("error", "seconds")]
    data = {"name": "two", "seed": 0, "metrics": metrics, "space": SPACE.to_json(), "versions": {}}
    study = hpo.Study.from_events([hpo.study.Event(EventKind.STUDY_CREATED, text=to_text(data))])
    assert study.metrics == (Metric("error", Direction.MINIMIZE), Metric("seconds"))
    with pytest.raises(hpo.errors.ObjectiveError, match="exactly one metric; 'two' has: error, seconds"):
        _ = study.best


def test_a_space_without_json_has_to_be_given_again() -> None:
    space = hpo.Space({"x": hpo.Float(0, 1)}, constraints=[lambda config: config["x"] < 0.9])
    live = hpo.search(lambda config: config["x"], space, num_trials=3, seed=0)
    with pytest.raises(ValueError, match=r"does not hold its space.*from_events\(events, space=space\)"):
        _ = hpo.Study.from_events(live.events).space
    assert hpo.Study.from_events(live.events, space=space) == live


def test_a_study_without_its_space_shows_what_is_known(tmp_path: Path) -> None:
    space = hpo.Space(
        {"kind": hpo.Choice(["a", "b"]), "x": hpo.Float(0, 1).when("kind", eq="b")},
        constraints=[lambda config: True],
    )
    file = tmp_path / "study.db"
    live = hpo.search(lambda config: config.get("x", 2.0), space, num_trials=20, seed=0, storage=file)
    blind = hpo.load_study(file)
    names = {"kind", "x"}
    assert names <= set(blind.table().splitlines()[0].split())
    assert all(f">{name}</th>" in blind._repr_html_() for name in names)
    assert [sorted(row.items(), key=str) for row in blind.records()] == [
        sorted(row.items(), key=str) for row in live.records()
    ]
    assert "space: not in the log" in str(blind)
    assert "space: not in the log" not in str(live)
    assert "20 trials" in repr(blind)
    with pytest.raises(hpo.errors.SpaceError, match=r"hpo\.load_study\(storage, name, space=space\)"):
        _ = blind.space


def test_hints_on_the_metric_need_no_space() -> None:
    space = hpo.Space({"x": hpo.Float(0, 1)}, constraints=[lambda config: True])
    live = hpo.search(lambda config: config["x"], space, minimize="train_loss", num_trials=9, seed=0)
    assert [hint.kind for hint in hpo.Study.from_events(live.events).hints] == ["training_metric"]


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (hpo.study.Event(EventKind.STUDY_CREATED), "starts with its only study_created"),
        (hpo.study.Event(EventKind.REPORTED, 5, 0, 1), "no such attempt is running"),
        (hpo.study.Event(EventKind.REPORTED, 1, 1, 1), "no such attempt is running"),
        (hpo.study.Event(EventKind.REPORTED, 1, 0, 1, '{"value": 1}'), "does not come after the last one"),
        (hpo.study.Event(EventKind.TRIAL_FAILED, 0, 0, None, '{"reason": ""}'), "no such attempt is running"),
        (
            hpo.study.Event(EventKind.TRIAL_STARTED, 7, 0, None, STARTED),
            "where trial 2 or another attempt can start",
        ),
        (hpo.study.Event(EventKind.TRIAL_STARTED, 1, 2), "where trial 2 or another attempt can start"),
    ],
)
def test_events_that_do_not_follow_are_refused(event: hpo.study.Event, text: str) -> None:
    events = work([([], "tell", 0.5), ([0.5], "leave", 0)]).study.events
    with pytest.raises(ValueError, match=text):
        History([*events, event])


def test_a_log_that_does_not_start_with_its_study_is_refused() -> None:
    with pytest.raises(ValueError, match=r"Event 0 \(noted\) .* a log starts with its only study_created"):
        History([hpo.study.Event(EventKind.NOTED)])


@pytest.mark.parametrize(
    "event",
    [
        hpo.study.Event(EventKind.TRIAL_STARTED, 0, 1),
        hpo.study.Event(EventKind.REPORTED, 1, 0, 7, '{"value": 1}'),
        hpo.study.Event(EventKind.TRIAL_COMPLETED, 1, 0),
    ],
)
def test_what_a_tuner_writes_too_late_has_no_effect(event: hpo.study.Event) -> None:
    # Trial 0 has ended, and trial 1 was started again by another tuner.
    events = work([([], "tell", 0.5), ([0.5], "leave", 0)]).study.events
    again = hpo.study.Event(EventKind.TRIAL_STARTED, 1, 1)
    assert hpo.Study.from_events([*events, again, event]) == hpo.Study.from_events([*events, again])
