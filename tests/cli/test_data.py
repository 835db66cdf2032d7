"""`hpo data`: the places, what would be used, fetching."""

from collections.abc import Callable
from typing import Any

import pytest

from hpo import datasets
from hpo.datasets import FileState, Location
from hpo.errors import DownloadError

Command = Callable[..., Any]


def places(state: FileState, *, detail: str = "") -> tuple[Location, ...]:
    return (
        Location("the library's cache", "/cache", state, detail, chosen=state is not FileState.ABSENT),
        Location("the embedded sample", "/package", FileState.VERIFIED, "", chosen=False),
    )


def test_the_sample_is_used_where_it_is_named(hpo: Command) -> None:
    answer = hpo("data")
    assert answer.code == 0
    assert "*  the embedded sample" in answer.stdout
    assert "used      the embedded sample" in answer.stdout


def test_json_has_the_same(hpo: Command) -> None:
    document = hpo("data", "--json").document
    assert document["usable"] is True
    [chosen] = [place for place in document["locations"] if place["chosen"]]
    assert chosen["name"] == "the embedded sample"
    assert chosen["state"] == "verified"
    assert document["chosen"] == chosen["folder"]


def test_a_corrupt_place_that_would_be_used_is_a_failure(
    hpo: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets, "locations", lambda: places(FileState.CORRUPT, detail="a wrong checksum"))
    answer = hpo("data")
    assert answer.code == 1
    assert "detail    /cache: a wrong checksum" in answer.stdout


def test_where_nothing_is_yet_the_next_step_is_said(hpo: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "locations", lambda: places(FileState.ABSENT))
    answer = hpo("data")
    assert answer.code == 0
    assert "used      none of these yet: the next use downloads it" in answer.stdout


def test_fetching_shows_a_line_for_each_file_and_where_it_went(
    hpo: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fetch(progress: datasets.Progress) -> str:
        for received in range(0, 3_000_001, 100_000):
            progress("train.gz", received, 3_000_000)
        return "/cache"

    monkeypatch.setattr(datasets, "fetch", fetch)
    answer = hpo("data", "--fetch")
    assert answer.stdout.count("Downloading train.gz (3.0 MB)") == 1
    assert "fetched   into /cache" in answer.stdout


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_failed_download_is_failed_work(
    hpo: Command, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    def fetch(progress: datasets.Progress) -> None:
        raise DownloadError("no mirror answered")

    monkeypatch.setattr(datasets, "fetch", fetch)
    answer = hpo("data", "--fetch", *options)
    assert answer.code == 1
    assert answer.stderr == "Error: no mirror answered\n"
    assert answer.stdout == ""
