"""The frame of searchers that choose points of the cube one at a time, and none twice."""

from __future__ import annotations

from abc import abstractmethod

from hpo.errors import SpaceError
from hpo.searchers.base import Proposal, Searcher
from hpo.searchers.situation import Pick, Situation, Tried, valid_points
from hpo.searchers.sobol_points import Sequence
from hpo.study.reader import StudyReader
from hpo.study.study import Study
from hpo.surrogates.cube import Points
from hpo.surrogates.observations import Observer, check_one_metric


class Sequential(StudyReader, Searcher):
    """A searcher whose `propose` chooses the next point.

    It sees the study through a `Situation` alone. So its proposals are a function of the study, and asking
    for n at once is the same as asking n times for one. If it needs results, the study has one metric.
    """

    def __init__(self) -> None:
        self._start_over()

    def _start_over(self) -> None:
        self._observer = Observer()
        self._study: Study | None = None
        self._valid: Points | None = None
        self._sobol: Sequence | None = None

    @abstractmethod
    def propose(self, situation: Situation) -> Pick | None:
        """The next point, snapped and accepted; None if there is none left."""

    def ask(self, study: Study, n: int) -> list[Proposal]:
        """The next n proposals; fewer, or none, when everything was tried.

        Raises:
            SpaceError: almost no config meets the space's constraints.
            ObjectiveError: the study has several metrics, and the searcher needs one.
        """
        if self.needs_results:
            check_one_metric(study, type(self).__name__)
        observations = self._observer.read(study)
        cube = self._observer.cube
        if self._study is not study:
            self._study, self._sobol, self._valid = study, None, valid_points(cube)
        if self._valid is not None and not len(self._valid):
            raise SpaceError(
                f"None of the {study.space.size} configs of the space meets its constraints: they contradict "
                f"each other; loosen them. The space is {study.space!r}."
            )
        proposals: list[Proposal] = []
        for number in range(study.num_proposals, study.num_proposals + n):
            # Within one call, earlier proposals are pending trials, as they are in the log between two calls.
            if proposals:
                chosen = study.space.encode([proposals[-1].config])
                observations = observations.with_pending(chosen)
            tried = Tried(observations.points)
            untried = None if self._valid is None else tried.fresh(self._valid)
            if untried is not None and not len(untried):
                break
            choice = self.propose(Situation(study.seed, number, cube, observations, tried, untried))
            if choice is None:
                break
            [config] = study.space.decode(choice.point[None])
            proposals.append(Proposal(config, choice.info))
        return proposals

    def sobol(self, situation: Situation, start: int, count: int) -> Points:
        """Points of the study's Sobol sequence, snapped."""
        if self._sobol is None:
            self._sobol = Sequence(situation.seed, len(situation.cube))
        return situation.cube.snap(self._sobol.points(start, start + count))
