"""The notebook among the examples, as it is committed. `examples/run_notebook.py` runs it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

FRAMEWORKS = ["jax", "mxnet", "numpy", "pytorch", "tensorflow"]
CELLS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "examples" / "random_search.ipynb").read_text(encoding="utf-8")
)["cells"]
CODE = {cell["id"]: "".join(cell["source"]) for cell in CELLS if cell["cell_type"] == "code"}


def test_it_is_committed_without_outputs() -> None:
    assert [cell["id"] for cell in CELLS if cell.get("outputs") or cell.get("execution_count")] == []


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("part", ["imports", "model"])
def test_each_framework_has_a_cell_of_its_own_where_they_differ(framework: str, part: str) -> None:
    assert CODE[f"{part}-{framework}"].startswith(f"%%tab {framework}\n")


def test_every_other_cell_is_the_same_for_all() -> None:
    shared = {name: text for name, text in CODE.items() if not name.endswith(tuple(FRAMEWORKS))}
    first = shared.pop("tabs")
    assert all(f'"{framework}"' in first for framework in FRAMEWORKS)
    assert {text.splitlines()[0] for text in shared.values()} == {"%%tab all"}
