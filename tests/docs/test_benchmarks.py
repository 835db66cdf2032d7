"""The pages of benchmarks: every figure comes from a file, and every file says how it was made."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.docs.pages import DOCS, ROOT

RESULTS = ROOT / "benchmarks" / "results"
FILES = sorted(RESULTS.glob("*.json"))
PAGES = sorted((DOCS / "benchmarks").glob("*.md"))
DIRECTIVE = re.compile(r"^```\{benchmark\} (\S+)$", re.MULTILINE)
TYPED = re.compile(r"\d\.\d|\d ?%|\bper cent\b|\btimes\b")
"""What a measured figure looks like."""

QUICK = [
    *("--tables", "softmax", "--contenders", "random", "asha"),
    *("--workers", "1", "4", "--seeds", "1", "--trainings", "2"),
]


def shown(page: Path) -> list[str]:
    """The names of the files that a page shows."""
    return DIRECTIVE.findall(page.read_text(encoding="utf-8"))


def prose(page: Path) -> str:
    """A page without its fences and without code in a line."""
    text = re.sub(r"^(`{3,}).*?^\1\s*$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"`[^`]*`|\]\([^)]*\)", "", text)


def check(document: dict[str, Any]) -> None:
    """A document has all that a page says about it, and no path of the machine on which it was made."""
    assert re.match(r"python benchmarks/\w+\.py ", document["command"])
    assert not re.search(r"(^|[ ='\"])/", document["command"])
    assert date.fromisoformat(document["date"])
    assert document["machine"]["processor"]
    assert "polyhpo" in document["versions"]
    assert document["tables"]
    for table in document["tables"]:
        assert table["title"]
        assert table["rows"]
        assert {len(row) for row in table["rows"]} == {len(table["columns"])}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_says_how_its_figures_were_made(path: Path) -> None:
    check(json.loads(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_is_named_after_its_script_and_shown_by_a_page(path: Path) -> None:
    script = f"benchmarks/{path.stem.partition('-')[0]}.py"
    assert (ROOT / script).exists()
    assert f" {script} " in json.loads(path.read_text(encoding="utf-8"))["command"]
    assert path.stem in {name for page in PAGES for name in shown(page)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_shows_a_file_and_types_no_figure(page: Path) -> None:
    assert shown(page) or page.stem == "index"
    assert not TYPED.findall(prose(page))


def test_a_script_saves_what_a_page_can_show(tmp_path: Path) -> None:
    command = [sys.executable, "benchmarks/multi_fidelity.py", *QUICK, "--save", str(tmp_path / "quick.json")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    document = json.loads((tmp_path / "quick.json").read_text(encoding="utf-8"))
    check(document)
    assert document["command"].endswith("--trainings 2 --save quick.json")
    assert document["tables"][0]["columns"] == ["scheduler", "1 worker, epochs", "4 workers, epochs"]


def test_a_script_refuses_at_once_a_folder_that_is_not_there() -> None:
    command = [sys.executable, "benchmarks/multi_fidelity.py", *QUICK, "--save", "nowhere/quick.json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "there is no folder nowhere for the file quick.json." in done.stderr
    assert not done.stdout


def test_the_numbers_of_a_column_have_as_many_decimals_as_its_median_needs() -> None:
    from executed.benchmark import cells

    assert cells([1.234, 5.6789, 1234.5]) == ["1.23", "5.68", "1,234.50"]
    assert cells([27.126, None, 292.4, 2806.0]) == ["27", "-", "292", "2,806"]
    assert cells([0.00012, 0.00034]) == ["0.0001", "0.0003"]
    assert cells([1000, 10]) == ["1,000", "10"]
    assert cells(["one", None]) == ["one", "-"]


def test_a_missing_file_ends_the_build_with_the_command_that_makes_it(tmp_path: Path) -> None:
    from sphinx.errors import ExtensionError

    from executed.benchmark import read

    with pytest.raises(
        ExtensionError, match=r"p\.md, line 3: there is no file .*storage-old\.json"
    ) as raised:
        read(tmp_path / "storage-old.json", "p.md, line 3")
    command = "python benchmarks/storage.py --save benchmarks/results/storage-old.json"
    assert str(raised.value).endswith(command)
