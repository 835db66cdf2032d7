"""One trial as the page shows it."""

from __future__ import annotations

import re
from pathlib import Path

from hpo.page.document import document
from hpo.page.json_values import to_script
from hpo.page.rows import row
from tests.page import studies


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
