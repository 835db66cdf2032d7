"""A report is one file, which is there completely or not at all."""

from __future__ import annotations

import json
import os
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import hpo
from tests.page.studies import SPACE, asha, empty, failures, hostile, interrupted


class Data(HTMLParser):
    """Reads the document out of a page as a browser does."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=False)
        self.text: list[str] = []
        self._is_data = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._is_data = tag == "script" and ("type", "application/json") in attrs

    def handle_endtag(self, tag: str) -> None:
        self._is_data = self._is_data and tag != "script"

    def handle_data(self, data: str) -> None:
        if self._is_data:
            self.text.append(data)

    @property
    def document(self) -> Any:
        return json.loads("".join(self.text))


def names(page: Path) -> list[str]:
    document = Data(page.read_text(encoding="utf-8")).document
    return [change["label"] for change in document["changes"]]


def study(name: str = "small") -> hpo.Study:
    return hpo.search(lambda config: config["rate"], SPACE, num_trials=3, seed=0, name=name)


def test_a_report_holds_its_study(tmp_path: Path) -> None:
    path = hpo.page.save(study(), tmp_path / "report.html")
    document = Data(path.read_text(encoding="utf-8")).document
    [change] = document["changes"]
    assert (document["title"], document["live"]) == ("small", False)
    assert [row["id"] for row in change["trials"]] == [0, 1, 2]
    assert os.listdir(tmp_path) == ["report.html"]


@pytest.mark.parametrize("made", [asha, failures, interrupted, hostile, empty])
def test_a_study_of_any_kind_has_a_report(made: Any, tmp_path: Path) -> None:
    one = made(tmp_path)
    path = hpo.page.save(one, tmp_path / "report.htm")
    document = Data(path.read_text(encoding="utf-8")).document
    assert document["changes"][0]["head"]["name"] == one.name
    assert len(document["changes"][0]["trials"]) == len(one.trials)


def test_several_studies_are_compared_by_name(tmp_path: Path) -> None:
    one, two = study("one"), study("two")
    assert names(hpo.page.save([one, two], tmp_path / "a.html")) == ["one", "two"]
    assert names(hpo.page.save({"before": one, "after": two}, tmp_path / "a.html")) == ["before", "after"]
    assert names(hpo.page.save((one, two, one), tmp_path / "a.html")) == ["one (1)", "two", "one (2)"]


def test_names_that_are_made_different_stay_different(tmp_path: Path) -> None:
    given = [study("a"), study("a"), study("a (1)")]
    assert len(set(names(hpo.page.save(given, tmp_path / "a.html")))) == 3


def test_what_is_no_study_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    for wrong, error, said in (
        ([], ValueError, "A page shows one study or several; received []."),
        ({}, ValueError, "A page shows one study or several; received {}."),
        (3, TypeError, "A page shows a study, a list of them, or a dict by name; received 3."),
        (
            [study(), "small"],
            TypeError,
            "A page shows studies, such as those of hpo.search or hpo.load_study",
        ),
        ("study.db", TypeError, "A page shows studies, such as those of hpo.search or hpo.load_study"),
    ):
        with pytest.raises(error, match=re.escape(said)):
            hpo.page.save(wrong, path)  # type: ignore[arg-type]  # that is the mistake
    assert not path.exists()


def test_where_no_report_can_be_is_said_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "folder.html").mkdir()
    os.mkfifo(tmp_path / "pipe.html")
    for path, error, said in (
        ("report.pdf", ValueError, "A report is a file that a browser opens, and ends in .html or .htm; rec"),
        ("report", ValueError, "ends in .html or .htm; received {}"),
        ("folder.html", IsADirectoryError, "The report needs the name of a file; {} is a folder."),
        ("pipe.html", ValueError, "The report needs the name of a file; {} is a pipe, a device or a socket."),
        ("no/report.html", FileNotFoundError, "The report cannot be saved as {}: the folder "),
    ):
        with pytest.raises(error, match=re.escape(said.format(tmp_path / path))):
            hpo.page.save(study(), tmp_path / path)


def test_a_report_does_not_replace_the_storage(tmp_path: Path) -> None:
    storage = tmp_path / "study.html"
    one = hpo.search(lambda config: config["rate"], SPACE, num_trials=1, seed=0, storage=storage)
    (tmp_path / "link.html").symlink_to(storage)
    for path in (storage, tmp_path / "link.html"):
        with pytest.raises(ValueError, match=r"is the storage of a study, which would be lost: name another"):
            hpo.page.save(one, path)
    assert hpo.load_study(storage) == one


def test_a_report_that_cannot_be_written_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "report.html"
    path.write_text("the old one")
    monkeypatch.setattr("hpo.outputs.os.fsync", no_room)
    with pytest.raises(OSError, match="No space left"):
        hpo.page.save(study(), path)
    assert (path.read_text(), os.listdir(tmp_path)) == ("the old one", ["report.html"])
