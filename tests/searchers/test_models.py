"""What TPE and the Gaussian process find, and what they do with what they know."""

from __future__ import annotations

import itertools
import math
import statistics
from typing import Any

import numpy as np
import pytest
from scipy.optimize import approx_fprime

import hpo
from hpo.randomness import uniforms
from hpo.searchers.feasibility import Feasibility
from hpo.searchers.gaussian_process import Improvement
from hpo.surrogates.fits import fixed_count, subset
from hpo.surrogates.gaussian_process import GaussianProcessModel as Process
from hpo.surrogates.gaussian_process import Hyperparameters
from hpo.testing.by_hand import SearchByHand

SPACE = hpo.Space(
    {
        "x": hpo.Float(-5, 5),
        "n": hpo.Int(0, 60),
        "kind": hpo.Choice(["a", "b", "c"]),
        "y": hpo.Float(1e-4, 1, log=True),
    }
)


def bowl(config: dict[str, Any]) -> float:
    shift = {"a": 3.0, "b": 0.0, "c": 2.0}[config["kind"]]
    return float(
        (config["x"] - 1) ** 2 + ((config["n"] - 40) / 10) ** 2 + shift + (math.log10(config["y"]) + 1) ** 2
    )


@pytest.mark.parametrize("searcher", [hpo.TPE, hpo.GaussianProcess, hpo.Auto])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_it_finds_better_configs_than_random_search(searcher: Any, seed: int) -> None:
    found = SearchByHand(searcher(), SPACE, bowl, seed=seed).run(40).best.value
    random = np.mean(
        [SearchByHand(hpo.RandomSearch(), SPACE, bowl, seed=s).run(40).best.value for s in range(5)]
    )
    assert found is not None
    assert found < 0.5 * random


def test_a_gaussian_process_finds_the_bottom_of_a_bowl() -> None:
    best = SearchByHand(hpo.GaussianProcess(), SPACE, bowl).run(40).best
    assert best.config["kind"] == "b"
    assert best.value == pytest.approx(0, abs=0.02)


@pytest.mark.parametrize("searcher", [hpo.TPE, hpo.GaussianProcess])
def test_where_trials_fail_it_looks_less(searcher: Any) -> None:
    def broken(config: dict[str, Any]) -> float:
        return math.nan if config["x"] < -1 else bowl(config)

    studies = [SearchByHand(searcher(), SPACE, broken, seed=seed).run(50) for seed in range(3)]
    failed = [
        sum(one.state is hpo.study.TrialState.FAILED for one in list(study.trials)[25:]) for study in studies
    ]
    assert statistics.median(failed) <= 5  # of 25; 10 if it did not learn
    assert all(study.best.value is not None and study.best.value < 2 for study in studies)


@pytest.mark.parametrize("searcher", [hpo.TPE, hpo.GaussianProcess])
def test_pending_trials_keep_others_away(searcher: Any) -> None:
    loop = SearchByHand(
        searcher(), hpo.Space({"x": hpo.Float(0, 1)}), lambda c: (c["x"] - 0.3) ** 2, workers=1
    )
    loop.run(15)
    batch = [trial.config["x"] for trial in loop.start(5)]
    assert np.min(np.diff(np.sort(batch))) > 1e-4


@pytest.mark.parametrize("searcher", [hpo.TPE, hpo.GaussianProcess])
def test_results_that_were_added_stand_for_the_initial_design(searcher: Any) -> None:
    loop = SearchByHand(searcher(), SPACE, bowl)
    for config in SPACE.sample(seed=3, n=10):
        loop.add(config)
    [trial] = loop.start(1)
    assert trial.info["by"] != "initial design"


@pytest.mark.parametrize("searcher", [hpo.TPE, hpo.GaussianProcess])
def test_the_first_proposal_is_the_median_of_the_priors(searcher: Any) -> None:
    [trial] = SearchByHand(searcher(), SPACE, bowl).start(1)
    assert trial.config == {"x": 0.0, "n": 30, "kind": "b", "y": pytest.approx(0.01)}


@pytest.mark.parametrize("searcher", [hpo.TPE, hpo.GaussianProcess])
@pytest.mark.parametrize("num_initial", [1, 0, 2.5, True, "few"])
def test_too_few_initial_results_are_an_error(searcher: Any, num_initial: Any) -> None:
    with pytest.raises(ValueError, match=r"num_initial is an integer of at least 2.*received"):
        searcher(num_initial=num_initial)


@pytest.mark.parametrize("num_candidates", [0, -1, 2.5, None])
def test_too_few_candidates_are_an_error(num_candidates: Any) -> None:
    with pytest.raises(ValueError, match=r"num_candidates is an integer of at least 1.*received"):
        hpo.TPE(num_candidates=num_candidates)


def test_the_number_of_initial_results_can_be_chosen() -> None:
    study = SearchByHand(hpo.GaussianProcess(num_initial=12), SPACE, bowl).run(14)
    assert [trial.info["by"] for trial in study.trials] == ["initial design"] * 12 + ["gaussian process"] * 2


def test_above_twenty_dimensions_a_trust_region_is_used() -> None:
    space = hpo.Space({f"x{number}": hpo.Float(0, 1) for number in range(22)})

    def far(config: dict[str, Any]) -> float:
        return float(sum((value - 0.3) ** 2 for value in config.values()))

    studies = [SearchByHand(hpo.GaussianProcess(), space, far, seed=seed).run(40) for seed in range(3)]
    shares = [float(study.best.value or 0) / far(study.trials[0].config) for study in studies]
    assert statistics.median(shares) < 0.7


def test_fits_come_at_fixed_counts() -> None:
    counts = sorted({fixed_count(number) for number in range(2, 2000)})
    assert counts[:24] == list(range(2, 26))
    assert all(fixed_count(count) == count for count in counts)
    assert all(later > count for count, later in itertools.pairwise(counts))
    assert max(later / count for count, later in itertools.pairwise(counts[23:])) <= 1.05


def test_of_too_many_results_the_best_are_kept() -> None:
    values = np.arange(100.0)[::-1].copy()
    kept = subset(values, 20, seed=0)
    assert len(kept) == 20
    assert set(range(95, 100)) <= set(kept.tolist())
    assert np.array_equal(kept, np.sort(kept))


@pytest.mark.parametrize("needed", [-math.inf, math.log(0.7)])
def test_the_gradient_of_the_improvement_is_its_derivative(needed: float) -> None:
    points = uniforms(0, "points", shape=(20, 2))
    at = Hyperparameters(np.array([0.4, 0.8]), signal=1.0, noise=0.01)
    values, labels = np.sin(6 * points[:, 0]), np.where(points[:, 1] > 0.6, -1.0, 1.0)
    no_categories = np.array([False, False])
    process = Process(points, values, no_categories, at)
    feasibility = Feasibility(Process(points, labels, no_categories, at), mean=0.1, needed=needed)
    improvement = Improvement(process, -0.5, feasibility)
    for point in uniforms(1, "points", shape=(5, 2)):
        value, gradient = improvement.value_and_gradient(point)
        assert value == pytest.approx(improvement.values(point[None])[0])
        numeric = approx_fprime(point, lambda x: improvement.value_and_gradient(x)[0], 1e-7)
        assert gradient == pytest.approx(numeric, rel=1e-3, abs=1e-4)
