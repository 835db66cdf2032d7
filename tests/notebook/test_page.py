"""The page of a study below a cell."""

from __future__ import annotations

import html
import re
import sys
from types import SimpleNamespace
from typing import Any

import pytest

import hpo
from hpo.page.html import policy
from tests.page.studies import two_metrics


@pytest.fixture
def study(tmp_path: Any) -> hpo.Study:
    return two_metrics(tmp_path)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """What a notebook's kernel is told to show."""
    import IPython
    import IPython.display

    told: list[dict[str, str]] = []
    monkeypatch.setattr(IPython, "get_ipython", lambda: SimpleNamespace(kernel=object()))
    monkeypatch.setattr(IPython.display, "display", lambda data, raw: told.append(data))
    return told


def test_the_page_stands_in_a_frame_of_its_own(study: hpo.Study, shown: list[dict[str, str]]) -> None:
    hpo.page.show(study, height=600)
    [data] = shown
    frame = re.fullmatch(r'<div><iframe (.*) srcdoc="([^"]*)"></iframe></div>', data["text/html"], re.DOTALL)
    assert frame is not None
    assert 'sandbox="allow-scripts allow-modals"' in frame[1]
    assert 'height="600"' in frame[1]
    page = html.unescape(frame[2])
    assert page.startswith("<!doctype html>")
    assert html.escape(policy()) in page
    assert data["text/plain"] == f"<the page of {study.name}>"


def test_several_studies_are_compared(study: hpo.Study, shown: list[dict[str, str]]) -> None:
    hpo.page.show({"one <b>": study, "other": study})
    assert shown[0]["text/plain"] == "<the page of 2 studies>"
    assert "one \\u003cb\\u003e" in html.unescape(shown[0]["text/html"])


def test_elsewhere_it_says_how_to_have_a_file(study: hpo.Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "IPython", None)
    with pytest.raises(
        RuntimeError, match=r'this program is none\. .* hpo\.page\.save\(study, "report\.html"\)'
    ):
        hpo.page.show(study)


@pytest.mark.parametrize("height", [0, 199, 5001, True, 600.0, "600"])
def test_the_height_is_a_number_of_pixels(study: hpo.Study, shown: list[dict[str, str]], height: Any) -> None:
    with pytest.raises(ValueError, match=r"pixels from 200 to 5,000; received "):
        hpo.page.show(study, height=height)


def test_what_is_no_study_is_refused(shown: list[dict[str, str]]) -> None:
    with pytest.raises(TypeError, match=r"received 3\.$"):
        hpo.page.show(3)  # type: ignore[arg-type]  # that is the mistake
