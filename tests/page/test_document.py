"""What a page is drawn from: strict JSON of one form, for a study of any kind."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import hpo
from tests.durability.studies.make import FOLDER
from tests.page.forms import checked

OLD = sorted(path.stem for path in FOLDER.glob("*.db"))


def test_a_study_of_any_kind_has_a_document(study: hpo.Study) -> None:
    only = checked(study)
    assert only["head"]["counts"]["completed"] == study.num_completed
    assert sum(only["head"]["counts"].values()) == only["head"]["num_trials"] == len(only["trials"])


@pytest.mark.parametrize("name", OLD)
def test_a_study_that_an_older_version_wrote_has_a_document(name: str, tmp_path: Path) -> None:
    only = checked(hpo.load_study(shutil.copy(FOLDER / f"{name}.db", tmp_path / "study.db")))
    assert only["trials"]
