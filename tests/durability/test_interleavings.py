"""Several tuners on one study, whose steps mix in any order, and who take each other's trials at any moment.

All happens in one process, in an order that a seed decides. Before each access of a tuner to the log, and
in the middle of its cohort's reports, others may act: as after a suspension of any length.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

import pytest

import hpo
from hpo.errors import StorageError
from hpo.executors import Assignment, Ending, Outcome, Progress
from hpo.executors.cohorts import CohortPlan
from hpo.schedulers import scheduler_named
from hpo.storage import ClaimedError, leases
from hpo.storage.events import Event, EventKind
from hpo.study.history import History
from hpo.testing.memory import MemoryLog, MemoryStorage
from hpo.tuner.lifecycle import TAKEN_OVER, Lifecycle

SPACE = {"x": hpo.Float(0, 1)}
TOTAL = 9
LAST = 4
SCHEDULERS: dict[str, Callable[[], Any]] = {
    "fifo": lambda: "fifo",
    "asha": lambda: hpo.ASHA(1, LAST, eta=2),
    "stopping": lambda: hpo.ASHA(1, LAST, eta=2, kind="stopping"),
    "halving": lambda: hpo.SuccessiveHalving(1, LAST, eta=2),
    "hyperband": lambda: hpo.Hyperband(1, LAST, eta=2),
    "median": lambda: hpo.MedianStopping(LAST, min_trials=2),
}


class Table:
    """Where the tuners sit, and who acts next.

    Args:
        seed: decides everything.
        scheduler: the name of the tuners' scheduler.
        folder: for checkpoints.
    """

    def __init__(self, seed: int, scheduler: str, folder: Path) -> None:
        self.random = random.Random(f"{scheduler} {seed}")
        self.scheduler = scheduler
        self.names_metric = seed % 2 == 0
        self.storage = MemoryStorage(folder)
        self.players: list[Player] = []
        self.acting: list[Player] = []

    def seat(self) -> None:
        """Let another tuner come."""
        self.players.append(Player(self))

    def others_act(self) -> None:
        """Perhaps let some that are not in the middle of a step do one."""
        while len(self.acting) < 3 and self.random.random() < 0.3:
            free = [player for player in self.players if player not in self.acting]
            if not free:
                return
            self.act(self.random.choice(free))

    def act(self, player: Player, step: Callable[[Player], None] | None = None) -> None:
        self.acting.append(player)
        try:
            (step or Player.act)(player)
        except NoRoomError:
            pass  # what it had recorded waits for its next commit
        finally:
            self.acting.remove(player)

    def play(self, num_steps: int) -> None:
        """Let them act, one after the other and within each other's steps."""
        self.seat()
        # Before the first report of all, a scheduler that needs epochs refuses results without one.
        while not self.players[0].history.num_trials or not self.players[0].history.last_epoch(0):
            self.act(self.players[0], Player.assign)
            self.act(self.players[0], Player.report)
        for _ in range(2):
            self.seat()
        for _ in range(num_steps):
            self.act(self.random.choice(self.players))
            if self.random.random() < 0.02:
                self.players.remove(self.random.choice(self.players))
                self.seat()


class NoRoomError(StorageError):
    """A disk that is full for a moment."""


class BusyLog(MemoryLog):
    """The log as one tuner sees it: others come in between, and sometimes the disk is full."""

    table: Table

    @classmethod
    def of(cls, log: MemoryLog, table: Table) -> BusyLog:
        busy = cls(log.name, log.folder, ())
        busy._events, busy.table = log._events, table
        return busy

    def append(self, events: Sequence[Event], seen: int) -> list[Event]:
        self.table.others_act()
        if self.table.random.random() < 0.02:
            raise NoRoomError("The disk is full.")
        return super().append(events, seen)

    def events(self, since: int = 0) -> list[Event]:
        self.table.others_act()
        return super().events(since)


class Player:
    """A tuner with an executor that does what chance says."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.tuner = hpo.Tuner(
            None,
            SPACE,
            # Else the first result names the metric.
            minimize="loss" if table.names_metric else None,
            scheduler=SCHEDULERS[table.scheduler](),
            num_trials=TOTAL,
            seed=0,
            storage=table.storage,
            resume=True,
        )
        self.history = self.tuner.study.history
        assert isinstance(self.history.store, MemoryLog)
        self.history.store = BusyLog.of(self.history.store, table)
        self.out: dict[int, Assignment] = {}
        self.epochs: dict[int, int] = {}
        self.by_hand: list[hpo.study.Trial] = []
        self.told: list[Event] = []

    @property
    def lifecycle(self) -> Lifecycle:
        return self.tuner._lifecycle

    def act(self) -> None:
        step = self.table.random.choice(
            [self.assign] * 3 + [self.report] * 4 + [self.round] * 2 + [self.end, self.lose]
            + [self.look, self.remark, self.leave, self.ask, self.tell, self.add, self.decide_for_all]
        )  # fmt: skip
        step()

    def take(self, assignment: Assignment | None) -> None:
        if assignment is not None:
            self.out[assignment.trial] = assignment
            # It goes on from any checkpoint, and repeats what was reported since.
            last = self.history.last_epoch(assignment.trial)
            self.epochs[assignment.trial] = self.table.random.randint(0, last)

    def assign(self) -> None:
        if len(self.out) < 4:
            self.take(self.lifecycle.assign(TOTAL))
            for trial in self.lifecycle.dismissed():
                assert trial not in self.out

    def report(self) -> None:
        for trial in self.some(1):
            self.report_of(trial)

    def round(self) -> None:
        mine = [self.out[trial] for trial in self.some(4)]
        with self.lifecycle.together() if mine else nullcontext():
            for assignment in mine:
                self.table.others_act()
                self.report_of(assignment.trial)
            left = [one.trial for one in mine if self.out.get(one.trial) is one]
            if len(left) > 1 and self.table.random.random() < 0.5:
                self.lifecycle.formed(left, self.epochs[left[0]])

    def report_of(self, trial: int) -> None:
        mine = self.out[trial]
        self.epochs[trial] += 1
        chance = self.table.random
        progress = Progress(
            trial,
            mine.attempt,
            self.epochs[trial],
            {"loss": loss_at(mine.config["x"], self.epochs[trial])},
            saved=chance.random() < 0.3,
            problem="no room" if chance.random() < 0.1 else None,
        )
        decision = self.lifecycle.take(progress)
        if not decision.goes_on:
            self.settle(Outcome(trial, mine.attempt, Ending.LEFT))
            if decision is TAKEN_OVER:
                assert not self.runs_here(trial, mine.attempt)

    def end(self) -> None:
        for trial in self.some(1):
            mine = self.out[trial]
            result = {"loss": loss_at(mine.config["x"], LAST)}
            ended = Outcome(trial, mine.attempt, result=result)
            failed = Outcome(trial, mine.attempt, Ending.FAILED, reason="by chance")
            self.settle(failed if self.table.random.random() < 0.3 else ended)

    def lose(self) -> None:
        for trial in self.some(1):
            self.settle(Outcome(trial, self.out[trial].attempt, Ending.LOST, reason="killed"))

    def settle(self, outcome: Outcome) -> None:
        del self.out[outcome.trial]
        self.take(self.lifecycle.settle(outcome, max_retries=3))

    def look(self) -> None:
        self.lifecycle.read_on()

    def remark(self) -> None:
        self.tuner.note("a", "remark")

    def leave(self) -> None:
        self.out.clear()
        self.lifecycle.leave()
        self.lifecycle.go_on()

    def ask(self) -> None:
        number = self.lifecycle.hand_out(TOTAL)
        if number is not None:
            self.by_hand.append(self.tuner.study.trials[number])

    def tell(self) -> None:
        if self.by_hand:
            trial = self.by_hand.pop()
            value, chance = loss_at(trial.config["x"], LAST), self.table.random.random()
            if chance < 0.5 or self.tuner.report(trial, value).goes_on:
                self.tuner.tell(trial, value)

    def decide_for_all(self) -> None:
        number = self.table.random.randrange(2)
        self.lifecycle.place("numpy", f"number {number}", None)
        self.lifecycle.plan(CohortPlan(f"kind {number}", 4, "by chance"))
        with suppress(ClaimedError):
            self.lifecycle._writer.replicate(0, number, {"loss": 0.5})
        with suppress(ClaimedError):
            self.lifecycle._writer.test(0, {"loss": 0.5})

    def add(self) -> None:
        if self.table.random.random() < 0.2:
            self.tuner.add({"x": 0.5}, 2.0)

    def some(self, most: int) -> list[int]:
        return self.table.random.sample(sorted(self.out), min(most, len(self.out)))

    def runs_here(self, trial: int, attempt: int) -> bool:
        return trial in self.history.running and self.history.attempt(trial) == attempt


def loss_at(x: float, epoch: int) -> float:
    return x + 1 / epoch


def folded(history: History) -> dict[str, Any]:
    """All that a history knows, apart from what it was told by its owner."""
    left_out = ("store", "folder", "edition", "_space", "events", "_worked")
    known = {name: value for name, value in vars(history).items() if name not in left_out}
    known |= {"_best_reports": vars(history._best_reports)}
    # Read when it is asked for, and so told by what it answers.
    known |= {"seconds": [history.seconds(trial) for trial in range(history.num_trials)]}
    # The order of trials that run or wait counts, too. As text: NaN equals itself there.
    return {name: str(value) for name, value in known.items()} | {"events": list(history.events)}


@pytest.fixture(autouse=True)
def _leases(monkeypatch: pytest.MonkeyPatch) -> None:
    """No tuner beats, and chance says who is gone."""
    chance = random.Random(0)
    monkeypatch.setattr(leases.Lease, "begin", lambda self: None)
    monkeypatch.setattr(leases.LeaseWatch, "is_gone", lambda self, owner: chance.random() < 0.3)


@pytest.mark.parametrize("scheduler", SCHEDULERS)
@pytest.mark.parametrize("seed", range(60))
def test_each_tuner_knows_what_the_log_says(scheduler: str, seed: int, tmp_path: Path) -> None:
    table = Table(seed, scheduler, tmp_path)
    table.play(60)
    table.random.random = lambda: 1.0  # type: ignore[method-assign]  # from now on one after the other, undisturbed
    for player in table.players:
        player.lifecycle._writer.commit()
    log = table.storage.open("study")
    fresh = hpo.Study(History(log.events()))
    for player in table.players:
        player.look()
        assert folded(player.history) == folded(fresh.history)
        # What its scheduler made of the log on the way is what one makes of it that reads it now.
        mine, new = player.lifecycle.scheduler, scheduler_named(SCHEDULERS[scheduler](), max_epochs=LAST)
        assert mine.next(player.tuner.study, can_start=True) == new.next(fresh, can_start=True)
    check(fresh)


def check(study: hpo.Study) -> None:
    """Whether nothing is missing, double or beyond the total."""
    starts = [event for event in study.events if event.kind is EventKind.TRIAL_STARTED and not event.attempt]
    assert [event.trial for event in starts] == list(range(len(study.trials)))
    proposals = [trial.proposal for trial in study.trials if trial.proposal is not None]
    assert proposals == list(range(len(proposals)))
    assert len(proposals) <= TOTAL
    alone = hpo.search(lambda config: config["x"], SPACE, num_trials=TOTAL, seed=0)
    drawn = [trial.config for trial in study.trials if trial.proposal is not None]
    assert drawn == [trial.config for trial in alone.trials][: len(drawn)]
    assert sum(trial.finished is not None for trial in study.trials) == len(study.history.finished)
