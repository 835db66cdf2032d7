"""A log that was damaged or edited is the same study, or an error that says where and why."""

from __future__ import annotations

import re
import shutil
import sqlite3
import traceback
import warnings
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import hpo
from hpo.errors import CheckpointError, ObjectiveError, SpaceError, StorageError, StudyMismatchError
from hpo.storage import leases
from hpo.storage.events import MOST_LETTERS, Event, EventKind, to_text
from tests.durability.mutations import mutated, read_rows, write_rows
from tests.durability.studies.make import FOLDER, SPACE, STUDIES, Search
from tests.stress import IS_STRESS

NUM_CASES = 2000 if IS_STRESS else 800
NAMES = (
    *("searcher-random", "searcher-tpe", "searcher-grid", "searcher-local", "local-and-asha"),
    *("scheduler-asha", "scheduler-asha-stopping", "scheduler-hyperband", "scheduler-median"),
    *("checkpoints", "cohort", "replicates", "confirmed"),
)
WHERE = (
    r"The study 'study' in {0} cannot be read\. (Event \d+ |The log is empty).*Restore a copy of the storage"
    r"|The log of 'study' in {0} has an event of the kind .* \(event \d+\), which this version does not know"
)
LONGEST = 1_500
"""How many letters an error may have, whatever the log holds."""


@pytest.fixture(autouse=True)
def _long_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    # The tuners that wrote the studies: their beats stand still.
    monkeypatch.setattr(leases.LeaseWatch, "_stands_still", lambda *_: True)


def read(file: Path) -> None:
    """Read everything of a study."""
    study = hpo.load_study(file)
    str(study), study.records(), study.hints, study.trials[:], study.events, study.notes
    if len(study.metrics) == 1:
        study.incumbents(), study.confirmed, study.top(3)
        with suppress(ObjectiveError, CheckpointError):  # no trial completed, or kept its model
            study.best.checkpoint()
        with suppress(ObjectiveError, CheckpointError):
            study.best_at(1).checkpoint("last")


def go_on(file: Path, search: Search) -> None:
    """Take up what was interrupted, and begin other trials."""
    given = {"space": SPACE, "num_trials": 14, "seed": 5, "backend": "numpy", "storage": file}
    options: dict[str, Any] = {**given, **search.options, "resume": True}
    tuner = hpo.Tuner(search.objective, **options)
    for _ in range(3):
        try:
            trial = tuner.ask()
        except (SpaceError, RuntimeError) as error:
            # As in a whole study: the searcher has no more, or the scheduler waits.
            if re.search("Every config of the space was proposed|The scheduler waits", str(error)):
                return
            raise
        tuner.report(trial, 0.5)
        if trial.id in tuner.study.history.running:
            tuner.tell(trial, 0.5)


def wrong_with(file: Path, search: Search) -> str | None:
    """What is not as it should be when a study is read and goes on; None if nothing is."""
    try:
        read(file)
        go_on(file, search)
    except StudyMismatchError:
        return None  # what was changed is a setting that the search gives, too
    except StorageError as error:
        said = re.search(WHERE.format(re.escape(str(file))), str(error), re.DOTALL)
        return None if said and len(str(error)) <= LONGEST else f"StorageError: {error}"
    except Exception:
        return traceback.format_exc(limit=-6)
    return None


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", NAMES)
def test_a_log_with_one_thing_wrong_is_the_same_study_or_an_error_that_says_where(
    name: str, tmp_path: Path
) -> None:
    rows, search = read_rows(FOLDER / f"{name}.db"), STUDIES[name]()
    found = []
    for seed in range(-(-NUM_CASES // len(NAMES))):
        file = tmp_path / f"{seed}.db"
        shutil.copy(FOLDER / f"{name}.db", file)
        changed, change = mutated(rows, seed)
        write_rows(file, changed)
        wrong = wrong_with(file, search)
        found += [f"{seed}: {change:.300}\n{wrong:.1500}"] if wrong else []
    assert not found, "\n\n".join(found)


@pytest.mark.parametrize("name", NAMES)
def test_a_log_with_nothing_wrong_is_read_and_goes_on(name: str, tmp_path: Path) -> None:
    file = tmp_path / "study.db"
    shutil.copy(FOLDER / f"{name}.db", file)
    write_rows(file, read_rows(file))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read(file)
        go_on(file, STUDIES[name]())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A study of a trial that failed, the note that the search was given up for it, and a trial that runs."""
    file = tmp_path / "study.db"

    def fails(config: dict[str, Any]) -> float:
        raise ValueError("no such column")

    with pytest.raises(hpo.errors.SearchFailedError):
        hpo.search(fails, {"x": hpo.Float(0, 1)}, num_trials=3, seed=0, storage=file, give_up_after=1)
    hpo.Tuner(None, {"x": hpo.Float(0, 1)}, seed=0, storage=file, resume=True).ask()
    return file


def change(file: Path, kind: str, old: str, new: Any) -> None:
    """Change the text of the only event of a kind."""
    with closing(sqlite3.connect(file)) as connection, connection:
        [(text,)] = connection.execute("SELECT text FROM hpo_events WHERE kind = ?", [kind]).fetchall()
        assert old in text
        connection.execute("UPDATE hpo_events SET text = ? WHERE kind = ?", [text.replace(old, new, 1), kind])


@pytest.mark.parametrize(
    ("kind", "old", "new", "said"),
    [
        (
            "study_created",
            '"metrics":[]',
            '"metrics":3',
            r"'metrics' to be what is optimised.*received 3",
        ),
        ("study_created", '"seed":0', '"seed":-1', r"'seed' to be an integer of at least 0; received -1"),
        ("study_created", '"high":1.0', '"high":[1]', r"'x': The upper bound .* is a number; received \[1\]"),
        ("study_created", '"seed":0,', "", r"expected 'seed', an integer of at least 0; received \{"),
        (
            "backend_chosen",
            '"numpy"',
            "7",
            r"'backend' to be a text or null; received 7",
        ),
        ("trial_failed", '"reason":', '"because":', r"expected 'reason', a text; received \{'because': "),
        ("trial_failed", '"kind":"', '"kind":["', r"expected a JSON object; received"),
        ("noted", '"trials":[0]', '"trials":[9]', r"trial 9 was never started; the log has 1 so far"),
        ("noted", '"trials":[0]', '"trials":[' + "9" * 5000 + "]", r"expected a JSON object; received"),
        ("noted", '"trials":[0]', '"trials":' + "[" * 300 + "]" * 300, r"at most 200 deep"),
    ],
)
def test_an_error_says_what_was_expected_and_received(
    file: Path, kind: str, old: str, new: str, said: str
) -> None:
    change(file, kind, old, new)
    with pytest.raises(StorageError, match=rf"(?s)'study' in .*study\.db cannot be read\. Event \d .*{said}"):
        hpo.load_study(file)


def test_a_config_that_is_not_of_the_space_is_named(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("""UPDATE hpo_events SET text = '{"config":{"x":"far"}}' WHERE trial = 1""")
    with pytest.raises(StorageError, match=r"\(trial_started\) .*'x': .* is a number; received 'far'"):
        hpo.load_study(file)


def test_fields_that_a_newer_version_may_write_are_left_alone(file: Path) -> None:
    whole = hpo.load_study(file)
    for kind in ("study_created", "backend_chosen", "trial_failed", "noted"):
        change(file, kind, "{", '{"new":{"a":[1]},')
    assert hpo.load_study(file) == whole


@pytest.mark.parametrize(
    "owner", ["5", "[]", '""', "{}", "true", "[[1]]", '{"a":[1,"b"]}', '"////"', '"' + "x" * 10**6 + '"']
)
def test_a_malformed_owner_ends_no_resumption(file: Path, owner: str) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(
            "UPDATE hpo_events SET text = ? WHERE trial = 1", [f'{{"config":{{"x":0.5}},"owner":{owner}}}']
        )
    tuner = hpo.Tuner(None, {"x": hpo.Float(0, 1)}, seed=0, storage=file, resume=True)
    assert (tuner.ask().id, tuner.study.trials[1].attempt) == (1, 1)


def test_an_owner_whose_beats_go_on_is_left_alone_even_if_its_name_is_malformed(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases.LeaseWatch, "_stands_still", lambda *_: False)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(
            """UPDATE hpo_events SET text = '{"config":{"x":0.5},"owner":[3]}' WHERE trial = 1"""
        )
    assert hpo.Tuner(None, {"x": hpo.Float(0, 1)}, seed=0, storage=file, resume=True).ask().id == 2


def test_events_without_a_storage_are_checked_the_same(file: Path) -> None:
    created, *_ = hpo.load_study(file).events
    for events, said in (
        ([created, Event(EventKind.NOTED, text="{}")], r"Event 1 \(noted\) is malformed: expected 'topic'"),
        ([created, Event(EventKind.NOTED, text="\ud800")], "a text as content"),
        ([created, Event(EventKind.NOTED, time="late")], "numbers as times"),  # type: ignore[arg-type]  # wrong on purpose
        ([replace(created, text=created.text[:-1] + ',"value":"mean"}')], "'value' to be 'last' or 'best'"),
        ([], "The log is empty"),
    ):
        with pytest.raises(ValueError, match=rf"{said}.*Pass the events of a whole log, in order\."):
            hpo.Study.from_events(events)


def test_an_event_that_was_refused_leaves_no_trace(file: Path) -> None:
    history = hpo.load_study(file).history
    whole = tuple(history.events)
    for event in (Event(EventKind.REPORTED, 0, 0, 1, '{"y":1}'), Event(EventKind.NOTED, attempt=2**31)):
        with pytest.raises(StorageError):
            history.append(event)
    assert tuple(history.events) == whole


def test_a_text_that_could_not_be_read_again_is_not_written() -> None:
    with pytest.raises(
        ValueError, match=rf"at most {MOST_LETTERS} letters; received {MOST_LETTERS + 8}, .*file"
    ):
        to_text({"a": "x" * MOST_LETTERS})


class Stray(hpo.searchers.Searcher):
    """A searcher that leaves the space."""

    needs_results = False

    def ask(self, study: hpo.Study, n: int) -> list[hpo.searchers.Proposal]:
        return [hpo.searchers.Proposal({"x": 7.0})]


def test_a_proposal_outside_of_the_space_does_not_reach_the_log(tmp_path: Path) -> None:
    with pytest.raises(
        SpaceError, match=r"Stray proposed a config that is not of the space\. .*from 0\.0 to 1"
    ):
        hpo.search(
            lambda config: 1.0, {"x": hpo.Float(0, 1)}, searcher=Stray(), num_trials=1, storage=tmp_path / "s"
        )
    assert len(hpo.load_study(tmp_path / "s").trials) == 0
