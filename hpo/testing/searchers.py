"""What any searcher must do."""

from __future__ import annotations

import copy
import dataclasses
import math
import pickle
from abc import abstractmethod
from typing import Any

import pytest

from hpo.errors import ObjectiveError, SearchFailedError, SpaceError
from hpo.searchers import Searcher, searcher_named
from hpo.space import Choice, Constant, Float, Int, Ordinal, Space, param
from hpo.storage.events import to_text
from hpo.study.study import Study
from hpo.testing.by_hand import SearchByHand
from hpo.tuner import Tuner

SPACES = {
    "one float": Space({"x": Float(0, 1)}),
    "one choice of many": Space({"kind": Choice([f"option {number}" for number in range(40)])}),
    "mixed": Space(
        {
            "rate": Float(1e-5, 1, log=True),
            "units": Int(8, 4096, log=True),
            "layers": Int(1, 5),
            "size": Ordinal(["small", "medium", "large"]),
            "kind": Choice(["a", "b", "c"]),
            "flag": Choice([True, False]),
            "fixed": Constant("as it is"),
        }
    ),
    "conditional": Space(
        {
            "model": Choice(["linear", "network"]),
            "penalty": Float(1e-6, 1, log=True).when("model", eq="linear"),
            "layers": Int(1, 3).when("model", eq="network"),
            "units1": Int(4, 512).when("layers", ge=1),
            "units2": Int(4, 512).when("layers", ge=2),
            "dropout": Float(0, 0.9).when("units2", gt=100),
        }
    ),
    "constrained": Space(
        {"a": Int(0, 20), "b": Float(0, 20), "c": Choice(["x", "y"])},
        constraints=[param("a") + param("b") <= 12],
    ),
    "wide integers": Space({"n": Int(1, 10**9), "m": Int(1, 10**6, log=True)}),
    "of one point": Space({"x": Constant(3), "y": Float(2, 2), "z": Int(1, 1), "w": Float(0, 1)}),
    "many dimensions": Space({f"x{number}": Float(0, 1) for number in range(30)}),
}
"""A space of each kind."""

SMALL = Space({"a": Int(1, 3), "b": Choice(["x", "y"]), "c": Ordinal([1, 2]).when("b", eq="y")})
"""Nine configs."""


def score(config: dict[str, Any]) -> float:
    """A number of about -10 to 10 that depends on everything in the config."""
    total = 0.0
    for place, value in enumerate(config.values()):
        if isinstance(value, str):
            total += len(value) % 3 / 2
        else:
            total += math.sin(place + math.log1p(abs(float(value))))
    return total


class SearcherContract:
    """Subclass it and say in `make` how the searcher is made.

    Attributes:
        needs_one_metric: whether it refuses a study of several metrics.
        never_repeats: whether it proposes no config twice in a space that can be counted, and ends.
        depends_on_seed: whether two seeds make two searches.
        num_trials: how many trials a search of the suite has.

    Example:
        >>> import hpo
        >>> from hpo.testing import SearcherContract
        >>> class OtherDraws(hpo.searchers.Searcher):  # random search by another seed
        ...     def ask(self, study, n):
        ...         configs = study.space.sample(study.seed + 1, n=n, start=study.num_proposals)
        ...         return [hpo.searchers.Proposal(config) for config in configs]
        >>> class TestOtherDraws(SearcherContract):
        ...     needs_one_metric = never_repeats = False
        ...
        ...     def make(self):
        ...         return OtherDraws()
        >>> TestOtherDraws().test_a_batch_is_what_one_ask_after_another_gives()
    """

    needs_one_metric = True
    never_repeats = True
    depends_on_seed = True
    num_trials = 16

    @abstractmethod
    def make(self) -> Searcher:
        """A new searcher."""

    def loop(self, space: Space, **options: Any) -> SearchByHand:
        """A search with a new searcher."""
        return SearchByHand(self.make(), space, options.pop("score", score), **options)

    def test_it_is_a_searcher(self) -> None:
        searcher = searcher_named(self.make())
        assert isinstance(searcher, Searcher)
        assert isinstance(searcher.needs_results, bool)

    @pytest.mark.parametrize("kind", SPACES)
    def test_its_proposals_are_valid_in_a_space_of_every_kind(self, kind: str) -> None:
        space = SPACES[kind]
        study = self.loop(space, workers=2).run(self.num_trials)
        assert len(study.trials) == self.num_trials
        assert all(space.validate(trial.config) == trial.config for trial in study.trials)

    @pytest.mark.parametrize("kind", SPACES)
    @pytest.mark.parametrize("workers", [1, 4])
    def test_a_fresh_searcher_proposes_what_the_long_running_one_does(self, kind: str, workers: int) -> None:
        # The log is cut before every start of a proposal: what was asked for there must come again.
        space = SPACES[kind]
        study = self.loop(space, workers=workers, seed=3).run(self.num_trials)
        for length, event in enumerate(study.events):
            if event.kind.value == "trial_started":
                seen = Study.from_events(study.events[:length], space=space)
                [proposal] = self.make().ask(seen, 1)
                assert proposal.config == event.data["config"], f"event {length}"

    def test_a_batch_is_what_one_ask_after_another_gives(self) -> None:
        one, other = self.loop(SPACES["mixed"], seed=1), self.loop(SPACES["mixed"], seed=1)
        one.run(self.num_trials)
        other.run(self.num_trials)
        together = [trial.config for trial in one.start(4)]
        assert together == [trial.config for _ in range(4) for trial in other.start(1)]

    def test_asking_changes_nothing(self) -> None:
        loop = self.loop(SPACES["mixed"])
        study = loop.run(self.num_trials)
        before = copy.deepcopy(study.events)
        searcher = self.make()
        first = [proposal.config for proposal in searcher.ask(study, 3)]
        assert [proposal.config for proposal in searcher.ask(study, 3)] == first
        assert study.events == before

    def test_two_seeds_give_two_searches(self) -> None:
        one, other = (self.loop(SPACES["mixed"], seed=seed).run(8) for seed in (0, 1))
        differ = [trial.config for trial in one.trials] != [trial.config for trial in other.trials]
        assert differ == self.depends_on_seed

    def test_one_searcher_serves_two_studies(self) -> None:
        searcher = self.make()
        SearchByHand(searcher, SPACES["mixed"], score).run(self.num_trials)
        second = SearchByHand(searcher, SPACES["conditional"], score).run(self.num_trials)
        alone = self.loop(SPACES["conditional"]).run(self.num_trials)
        assert [trial.config for trial in second.trials] == [trial.config for trial in alone.trials]

    def test_it_goes_through_pickle(self) -> None:
        searcher = self.make()
        study = SearchByHand(searcher, SPACES["mixed"], score).run(self.num_trials)
        again: Searcher = pickle.loads(pickle.dumps(searcher))
        assert again.ask(study, 2) == searcher.ask(study, 2)

    def test_trials_that_fail_do_not_stop_it(self) -> None:
        def often_nan(config: dict[str, Any]) -> float:
            return math.nan if config["kind"] == "a" else score(config)

        study = self.loop(SPACES["mixed"], score=often_nan, workers=3).run(2 * self.num_trials)
        assert 0 < study.num_failed < 2 * self.num_trials == len(study.trials)

    def test_what_a_search_was_given_up_for_is_tried_again(self) -> None:
        is_broken = True

        def objective(config: dict[str, Any]) -> float:
            return float(config["no such name"]) if is_broken else score(config)

        searcher = self.make()
        tuner = Tuner(
            objective,
            SPACES["mixed"],
            searcher=searcher,
            minimize="value",
            num_trials=8,
            seed=0,
            progress=False,
        )
        with pytest.raises(SearchFailedError):
            tuner.run()
        is_broken = False
        study = tuner.run()
        assert (study.num_completed, [trial.attempt for trial in study.trials]) == (8, [1, 1, 1, *[0] * 5])
        assert self.make().ask(Study.from_events(study.events), 1) == searcher.ask(study, 1)

    def test_all_trials_may_fail(self) -> None:
        study = self.loop(SPACES["mixed"], score=lambda config: math.nan).run(self.num_trials)
        assert study.num_failed == self.num_trials

    @pytest.mark.parametrize(
        "value", [0.0, 1e300, -1e300, 5e-324], ids=["zero", "huge", "very negative", "tiny"]
    )
    def test_an_objective_may_be_constant(self, value: float) -> None:
        study = self.loop(SPACES["mixed"], score=lambda config: value).run(self.num_trials)
        assert study.num_completed == self.num_trials

    # Their squares underflow and overflow.
    @pytest.mark.parametrize("scale", [1e-200, 1e200])
    def test_values_may_be_of_any_size(self, scale: float) -> None:
        study = self.loop(SPACES["mixed"], score=lambda config: scale * score(config)).run(self.num_trials)
        assert len({repr(trial.config) for trial in study.trials}) == self.num_trials

    def test_a_single_value_may_lie_far_out(self) -> None:
        def outlier(config: dict[str, Any]) -> float:
            return 1e150 if config["kind"] == "a" else score(config)

        study = self.loop(SPACES["mixed"], score=outlier).run(self.num_trials)
        assert study.num_completed == self.num_trials

    def test_to_maximise_is_to_minimise_the_negative(self) -> None:
        low = self.loop(SPACES["mixed"]).run(self.num_trials)
        high = self.loop(SPACES["mixed"], score=lambda config: -score(config), maximize=True)
        assert [t.config for t in high.run(self.num_trials).trials] == [t.config for t in low.trials]

    def test_known_results_and_duplicates_of_them_are_taken_in(self) -> None:
        loop = self.loop(SPACES["mixed"])
        for config in 5 * SPACES["mixed"].sample(seed=9, n=4):
            loop.add(config)
        study = loop.run(self.num_trials)
        assert study.num_proposals == self.num_trials
        assert len(study.trials) == self.num_trials + 20

    @pytest.mark.parametrize("count", [1, 10, 100, 1000])
    def test_it_proposes_after_any_number_of_results(self, count: int) -> None:
        space = SPACES["mixed"]
        loop = self.loop(space)
        for config in space.sample(seed=5, n=count):
            loop.add(config)
        assert len(loop.start(2)) == 2

    def test_a_finite_space_is_tried_once_and_ends(self) -> None:
        if not self.never_repeats:
            return
        loop = self.loop(SMALL, workers=2)
        loop.run(50)
        assert loop.ended
        assert len(loop.study.trials) == 9
        assert len({repr(trial.config) for trial in loop.study.trials}) == 9

    def test_configs_that_were_added_are_not_proposed_in_a_finite_space(self) -> None:
        if not self.never_repeats:
            return
        loop = self.loop(SMALL)
        loop.add({"a": 1, "b": "x"})
        loop.run(50)
        assert len(loop.study.trials) == 9

    def test_a_space_of_one_point_is_tried(self) -> None:
        loop = self.loop(Space({"x": Constant(3), "n": Int(2, 2)}))
        loop.run(2)
        assert loop.study.trials[0].config == {"x": 3, "n": 2}
        assert loop.ended == self.never_repeats

    @pytest.mark.parametrize("domain", [Int(0, 5), Float(0, 5)], ids=["finite", "infinite"])
    def test_constraints_that_nothing_meets_are_an_error_after_bounded_effort(
        self, domain: Int | Float
    ) -> None:
        space = Space({"a": domain}, constraints=[param("a") > 7])
        with pytest.raises(SpaceError, match=r"constraints.*loosen"):
            self.loop(space).start(1)

    def test_several_metrics_are_refused_by_a_searcher_of_one(self) -> None:
        study = self.loop(SPACES["mixed"]).run(3)
        metrics = [{"name": name, "direction": "minimize"} for name in ("score", "size")]
        created = dataclasses.replace(
            study.events[0], text=to_text(study.events[0].data | {"metrics": metrics})
        )
        several = Study.from_events([created])
        if self.needs_one_metric:
            with pytest.raises(ObjectiveError, match=r"optimises one metric.*has 2: score, size"):
                self.make().ask(several, 1)
        else:
            assert len(self.make().ask(several, 1)) == 1
