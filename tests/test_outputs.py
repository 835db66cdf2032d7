"""Files that are there completely or not at all."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from hpo.outputs import check_place, whole_file


def test_a_file_is_replaced_at_the_end_of_the_block(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("before")
    with whole_file(path) as stream:
        stream.write("after\n")
        assert path.read_text() == "before"
    assert path.read_bytes() == b"after\n"
    assert os.listdir(tmp_path) == ["report.html"]


def test_after_an_error_the_file_is_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("before")
    with pytest.raises(TypeError, match="must be str, not int"), whole_file(path) as stream:
        stream.writelines(["half", 1])  # type: ignore[list-item]  # the error in the middle
    assert path.read_text() == "before"
    assert os.listdir(tmp_path) == ["report.html"]


def test_a_link_stays_a_link_and_what_it_names_is_written(tmp_path: Path) -> None:
    there, link = tmp_path / "there.html", tmp_path / "link.html"
    link.symlink_to(there)
    with whole_file(link) as stream:
        stream.write("text")
    assert (link.is_symlink(), there.read_text()) == (True, "text")


def test_halves_of_characters_are_written_as_escapes(tmp_path: Path) -> None:
    with whole_file(tmp_path / "a.html") as stream:
        stream.write("\ud800é")
    assert (tmp_path / "a.html").read_bytes() == "\\ud800é".encode()


def test_a_long_name_has_a_temporary_file_too(tmp_path: Path) -> None:
    path = tmp_path / f"{'n' * 245}.html"
    with whole_file(path) as stream:
        stream.write("text")
    assert path.read_text() == "text"


def test_a_place_for_a_file_is_checked_before_any_work(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    check_place(tmp_path / "new.html", "the report")
    for place, error, said in (
        (tmp_path, IsADirectoryError, "The report needs the name of a file; {} is a folder."),
        (tmp_path / "pipe", ValueError, "The report needs the name of a file; {} is a pipe, a device"),
        (tmp_path / "no/a.html", FileNotFoundError, "The report cannot be saved as {}: the folder "),
    ):
        with pytest.raises(error, match=re.escape(said.format(place))):
            check_place(place, "the report")
