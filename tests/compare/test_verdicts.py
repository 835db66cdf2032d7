"""What is said of values, without a process."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from hpo.compare import Comparison, picture
from hpo.compare.documents import document_of
from hpo.compare.results import BackendResult, ConfigCurve
from hpo.compare.statistics import paired


def result(name: str, *values: float, twins: tuple[tuple[float, ...], ...] = ()) -> BackendResult:
    def curves(numbers: tuple[float, ...]) -> list[ConfigCurve]:
        return [
            ConfigCurve([2 * number, number], [0.4, 0.1], number, "it broke." if math.isnan(number) else None)
            for number in numbers
        ]

    return BackendResult(
        name, "python", curves=curves(values), twins=[curves(twin) for twin in twins], peak_memory=10**8
    )


def comparison(*results: BackendResult, tolerance: float = 0.001) -> Comparison:
    configs = tuple({"x": number} for number in range(len(results[0].curves)))
    named = {each.backend: each for each in results}
    return Comparison("own:f", "loss", 0, results[0].backend, configs, named, tolerance)


def test_what_ten_times_the_twins_explain_is_the_same() -> None:
    found = comparison(result("a", 0.5, 0.5, twins=((0.505, 0.5), (0.5, 0.5))), result("b", 0.59, 0.5009))
    assert found.agrees
    # A twin's largest difference is that of its first epoch, where the values are twice as large.
    assert [row.spread for row in found.rows] == [pytest.approx(0.01), 0]
    assert [row.allowed for row in found.rows] == [pytest.approx(0.1), 0.001]
    assert "Chaotic: 1 of 2 configs, whose twins round-off alone parts by up to 0.01" in found.verdict


def test_a_difference_beyond_it_is_told() -> None:
    found = comparison(result("a", 0.5, 0.5, twins=((0.505, 0.5),)), result("b", 0.59, 0.502))
    assert [row.apart for row in found.rows] == [(), ("b",)]
    assert "config 1 gives 0.502 on b and 0.5 on a, where 0.001 is explained" in found.verdict


def test_a_tenth_of_a_percent_of_counted_errors_is_within_the_tolerance() -> None:
    assert comparison(result("a", 0.3), result("b", 0.301)).agrees


def test_where_a_twin_fails_too_a_failure_is_explained() -> None:
    found = comparison(result("a", 0.5, twins=((math.nan,),)), result("b", math.nan))
    assert found.agrees
    assert found.rows[0].difference == math.inf


def test_configs_that_fail_everywhere_are_no_agreement() -> None:
    found = comparison(result("a", math.nan), result("b", math.nan))
    assert not found.agrees
    assert found.verdict == (
        "Nothing could be compared: every config failed on every backend. The first: it broke."
    )


def test_the_first_epoch_of_each_config_is_not_timed() -> None:
    assert result("a", 0.5, 0.4).seconds_per_epoch == 0.1
    assert BackendResult("a", "python", curves=[ConfigCurve([1.0], [0.7], 1.0)]).seconds_per_epoch == 0.7
    assert BackendResult("a", "python").seconds_per_epoch is None


def test_paired_statistics_are_those_of_scipy() -> None:
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=12), rng.normal(size=12)
    found = paired(list(one), list(other))
    assert found is not None
    assert found.mean_difference == pytest.approx((one - other).mean())
    assert found.p_value == stats.wilcoxon(one - other).pvalue
    assert found.rank_correlation == pytest.approx(stats.spearmanr(one, other).statistic)
    assert found.low is not None
    assert found.high is not None
    assert (found.low + found.high) / 2 == pytest.approx(found.mean_difference, abs=0.05)
    # That of a normal distribution, with the spread of the sample itself as the bootstrap has it.
    assert found.high - found.low == pytest.approx(2 * 1.96 * (one - other).std() / 12**0.5, rel=0.1)


def test_few_configs_have_few_statistics() -> None:
    assert paired([], []) is None
    one = paired([0.5], [0.25])
    assert one is not None
    assert (one.count, one.mean_difference, one.low, one.p_value) == (1, 0.25, None, None)
    same = paired([0.5, 0.5], [0.5, 0.5])
    assert same is not None
    assert (same.p_value, same.rank_correlation) == (1, None)


def test_a_document_is_strict_json_with_all_that_is_known() -> None:
    import json

    found = comparison(result("a", 0.5, 0.4, twins=((0.5, 0.4),)), result("b", math.nan, 0.4))
    document = json.loads(json.dumps(document_of(found), allow_nan=False))
    assert document["configs"][0]["values"] == {"a": 0.5, "b": None}
    assert document["configs"][0]["reasons"] == {"b": "it broke."}
    assert document["backends"]["a"]["curves"][1]["values"] == [0.8, 0.4]
    assert document["statistics"]["b"]["configs"] == 1
    assert document["agrees"] is False


def test_a_picture_shows_each_backend_and_what_is_explained() -> None:
    found = comparison(
        result("a", 0.5, 0.4, twins=((0.6, 0.4),)), result("b", 0.6, math.nan), result("c", 0.5)
    )
    left, right = picture(found).axes
    assert left.legend_ is not None
    assert right.legend_ is not None
    assert [text.get_text() for text in left.legend_.get_texts()] == ["a", "b", "c"]
    assert {text.get_text() for text in right.legend_.get_texts()} == {"b", "c", "round-off explains"}
    assert [label.get_text() for label in left.get_xticklabels()] == ["1", "0"]
