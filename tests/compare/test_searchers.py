from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import hpo

pytestmark = pytest.mark.usefixtures("numpy_backend")

SPACE = {"x": hpo.Float(-1, 1), "y": hpo.Float(-1, 1)}


def bowl(config: dict[str, Any]) -> float:
    return float(config["x"] ** 2 + config["y"] ** 2)


def test_each_searcher_searches_with_each_seed() -> None:
    compared = hpo.compare_searchers(bowl, ["random", "tpe"], [3, 5], space=SPACE, num_trials=12)
    assert {label: [study.seed for study in group] for label, group in compared.studies.items()} == {
        "random": [3, 5],
        "tpe": [3, 5],
    }
    alone = hpo.search(bowl, SPACE, searcher="tpe", num_trials=12, seed=5)
    assert [t.config for t in compared.studies["tpe"][1].trials] == [t.config for t in alone.trials]


def test_the_table_has_medians_and_quartiles_on_the_way() -> None:
    compared = hpo.compare_searchers(
        bowl, {"a": "random", "b": hpo.LocalSearch()}, 3, space=SPACE, num_trials=8
    )
    names, rows = compared.table()
    assert names == ["searcher", "after 2", "after 4", "after 8"]
    assert [row[0] for row in rows] == ["a", "b"]
    values = sorted(float(study.best.value or 0) for study in compared.studies["a"])
    assert str(rows[0][3]).startswith(f"{values[1]:.4g} [")
    assert "median [quartiles] of 3 seeds" in str(compared)


def test_its_figure_has_a_line_for_each(tmp_path: Path) -> None:
    compared = hpo.compare_searchers(bowl, ["random", "sobol"], 2, space=SPACE, num_trials=6)
    [ax] = compared.plot().axes
    assert [line.get_label() for line in ax.lines] == ["random", "sobol"]
    compared.save(tmp_path / "anytime.png")
    assert (tmp_path / "anytime.png").stat().st_size > 1000


def test_an_objective_with_a_space_of_its_own_needs_none() -> None:
    class Ready:
        space = hpo.Space(SPACE)
        metric = "error"

        def __call__(self, config: dict[str, Any]) -> dict[str, float]:
            return {"error": bowl(config), "seconds": 1.0}

    compared = hpo.compare_searchers(Ready(), ["random"], 1, num_trials=3)
    assert compared.studies["random"][0].metric.name == "error"


@pytest.mark.parametrize(
    ("searchers", "seeds", "error", "text"),
    [
        ("tpe", 2, TypeError, r"searchers is a list of names.*received 'tpe'"),
        ([], 2, ValueError, "no searchers to compare"),
        (["tpe", "tpe"], 2, ValueError, r"Two searchers are called 'tpe': give a dict"),
        (["tpee"], 2, ValueError, "There is no searcher 'tpee'"),
        (["tpe"], 0, ValueError, "There are no seeds.*received 0"),
        (["tpe"], "ab", TypeError, "seeds is a number of seeds.*received 'ab'"),
    ],
)
def test_wrong_arguments(searchers: Any, seeds: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        hpo.compare_searchers(bowl, searchers, seeds, space=SPACE)


def test_without_a_space_there_is_nothing_to_search() -> None:
    with pytest.raises(ValueError, match=r"Say what is searched: compare_searchers\(\.\.\., space="):
        hpo.compare_searchers(bowl, ["random"])
