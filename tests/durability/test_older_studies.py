"""Studies that older versions wrote are read and resumed as if today's code had written them."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import warnings
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import scipy

import hpo
from hpo.schedulers.named import SCHEDULERS
from hpo.searchers.named import SEARCHERS
from hpo.storage import leases
from tests.durability.studies.make import FOLDER, STUDIES, outcome, rounded, told

EXPECTED: dict[str, Any] = json.loads((FOLDER / "expected.json").read_text())
CAME_LATER: tuple[str, ...] = ()
"""Searchers and schedulers of which no older version can have written a study."""

Copy = Callable[[str], Path]


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Copy:
    """Copies a study with its checkpoints, found when its tuners are long gone."""
    monkeypatch.setattr(leases.LeaseWatch, "_stands_still", lambda *_: True)

    def copied(name: str) -> Path:
        file = shutil.copy(FOLDER / f"{name}.db", tmp_path)
        if (FOLDER / f"{name}.db.files").exists():
            shutil.copytree(FOLDER / f"{name}.db.files", tmp_path / f"{name}.db.files")
        return Path(file)

    return copied


def continue_with(kind: str, version: str, file: Path) -> None:
    """Let another version have created the study, and appended an event of that kind."""
    created_by = hpo.load_study(file).versions["polyhpo"]
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(
            "UPDATE hpo_events SET text = replace(text, ?, ?) WHERE number = 0", [created_by, version]
        )
        connection.execute(
            "INSERT INTO hpo_events (study, number, kind, trial, attempt, text, seen) "
            "SELECT study, MAX(number) + 1, ?, 0, 0, '{}', 0 FROM hpo_events",
            [kind],
        )


def running(study: hpo.Study) -> dict[int, int]:
    """The attempts of the trials that are under way, by their ids."""
    return {trial.id: trial.attempt for trial in study.trials if trial.state is hpo.study.TrialState.RUNNING}


@pytest.mark.parametrize("name", STUDIES)
def test_what_an_older_version_wrote_is_read(copy: Copy, name: str) -> None:
    study = hpo.load_study(copy(name))
    ended = [told(trial) for trial in study.trials if trial.finished is not None]
    assert ended == [EXPECTED[name]["trials"][trial["id"]] for trial in ended]
    assert running(study) or name == "confirmed"


@pytest.mark.parametrize("name", STUDIES)
def test_what_an_older_version_began_goes_on_without_a_warning_to_the_same_end(copy: Copy, name: str) -> None:
    file, search = copy(name), STUDIES[name]()
    begun = hpo.load_study(file)
    interrupted, num_begun = running(begun), len(begun.trials)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        study = search.run(file, resume=True)
    found, expected = rounded(outcome(study), search.digits), rounded(EXPECTED[name], search.digits)
    if tuple(map(int, scipy.__version__.split(".")[:2])) < search.scipy:
        assert len(found["trials"]) == len(expected["trials"])
        found, expected = (each["trials"][:num_begun] for each in (found, expected))
    assert found == expected
    assert all(study.trials[trial].attempt > attempt for trial, attempt in interrupted.items())


def test_a_value_of_an_older_version_is_the_last_report_and_stays_so(copy: Copy) -> None:
    file = copy("object-median")
    study = hpo.load_study(file)
    assert "value" not in study.events[0].data
    assert study.value_of == "last"
    [metric] = study.metrics
    ended = [trial for trial in study.trials if trial.value is not None]
    assert [trial.value for trial in ended] == [trial.reports[-1].metrics[metric.name] for trial in ended]
    with pytest.raises(hpo.errors.StudyMismatchError, match="value: 'last' there, 'best' here"):
        STUDIES["object-median"]().run(file, resume=True, value="best")


def test_trials_of_an_older_version_that_trained_together_have_a_share_of_the_seconds(copy: Copy) -> None:
    file = copy("cohort")
    [*_, cohort] = [event for event in hpo.load_study(file).events if event.kind.value == "cohort_formed"]
    assert "attempts" not in cohort.data
    study = STUDIES["cohort"]().run(file, resume=True)
    for trial in cohort.data["trials"]:
        seconds, cohort_seconds = study.trials[trial].seconds, study.trials[trial].cohort_seconds
        assert seconds is not None
        assert cohort_seconds is not None
        assert 0 < seconds < cohort_seconds


def test_each_searcher_and_each_scheduler_has_a_study_of_an_older_version() -> None:
    names = {f"searcher-{name}" for name in SEARCHERS} | {f"scheduler-{name}" for name in SCHEDULERS}
    assert names - set(STUDIES) == set(CAME_LATER)


def test_each_study_has_a_file_and_an_end() -> None:
    assert set(STUDIES) == set(EXPECTED) == {path.stem for path in FOLDER.glob("*.db")}


def test_an_event_of_an_unknown_kind_is_refused_with_the_version_that_wrote_it(copy: Copy) -> None:
    file = copy("searcher-random")
    continue_with("trial_teleported", "7.8.9", file)
    said = rf"'study' in {re.escape(str(file))} .*the kind 'trial_teleported'.*created by polyhpo 7\.8\.9"
    with pytest.raises(hpo.errors.StorageError, match=said):
        hpo.load_study(file)
    with pytest.raises(hpo.errors.StorageError, match=said):
        STUDIES["searcher-random"]().run(file, resume=True)
