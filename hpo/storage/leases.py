"""Leases: a tuner that runs trials beats, and is taken for gone when its beats stop.

No clock is compared with that of another computer. A tuner counts its beats in the storage. Another tuner
takes it for gone when that count stands still for as long as a lease lasts, measured by a clock of its own
that never goes back. A process that has ended is missed at once where its table of processes can be read.
"""

from __future__ import annotations

import secrets
import time
import weakref
from collections.abc import Mapping

from hpo.storage import StudyLog
from hpo.storage.heart import HEART
from hpo.storage.identity import has_ended, this_process

# Twelve beats to a lease: some of them may fail or come late.
BEAT_SECONDS = 5.0
LEASE_SECONDS = 60.0

# Weak: a tuner that was dropped without an end, as in a notebook, is gone although its process lives.
_alive: weakref.WeakValueDictionary[str, Lease] = weakref.WeakValueDictionary()


class Lease:
    """The name under which a tuner works on a study, and its beats while it does.

    Args:
        log: the study's log.

    Attributes:
        owner: the name, unique among all tuners.
    """

    def __init__(self, log: StudyLog) -> None:
        self._log = log
        self._began = False
        # The token tells the tuners of one process apart.
        self.owner = f"{this_process()}/{secrets.token_hex(4)}"
        # The lease of a tuner that is dropped ends with it.
        weakref.finalize(self, HEART.rest_for, self.owner)

    def begin(self) -> None:
        """Start to beat, unless it does already."""
        if not self._began:
            # The first beat from here: it shows whether the storage can be written.
            self._log.beat(self.owner)
            _alive[self.owner] = self
            self._began = True
        HEART.beat_for(self.owner, self._log, BEAT_SECONDS)

    def end(self) -> None:
        """Beat no more."""
        if self._began:
            HEART.rest_for(self.owner)
            del _alive[self.owner]
            self._began = False


class LeaseWatch:
    """Tells which tuners are gone.

    Args:
        log: the study's log.
        seconds: how long a lease lasts without a beat.
    """

    def __init__(self, log: StudyLog, seconds: float) -> None:
        self._log = log
        self._seconds = seconds
        self._seen: dict[str, tuple[int, float]] = {}

    def is_gone(self, owner: str) -> bool:
        """Whether no tuner works under that name any more. Of a name of any other form its beats tell."""
        process = owner.rpartition("/")[0]
        if process == this_process():
            return owner not in _alive
        return has_ended(process) or self._stands_still(owner, self._log.beats())

    def _stands_still(self, owner: str, beats: Mapping[str, int]) -> bool:
        count, now = beats.get(owner, 0), time.monotonic()
        known = self._seen.get(owner)
        if known is None or known[0] != count:
            self._seen[owner] = (count, now)
            return False
        return now - known[1] >= self._seconds


class Presence:
    """A tuner among those that work on a study: its lease, and its view of the others'.

    Args:
        log: the study's log; None for a study that only this process knows, where all trials are its own.

    Attributes:
        owner: the name under which it runs trials; None without a log.
    """

    def __init__(self, log: StudyLog | None) -> None:
        self._lease = None if log is None else Lease(log)
        self._watch = None if log is None else LeaseWatch(log, LEASE_SECONDS)
        self.owner = None if self._lease is None else self._lease.owner

    def begin(self) -> None:
        """Start to beat, unless it does already."""
        if self._lease is not None:
            self._lease.begin()

    def end(self) -> None:
        """Beat no more."""
        if self._lease is not None:
            self._lease.end()

    def may_take(self, owner: object) -> bool:
        """Whether a running trial of that owner may be taken up: this tuner owns it, or its owner is gone.

        Args:
            owner: what the log has as its owner; None if it has none.
        """
        if self._watch is None or owner is None:
            return True
        return owner == self.owner or self._watch.is_gone(str(owner))


def host_of(owner: str) -> str:
    """The name of the host on which a tuner works, from the name under which it does."""
    return owner.rsplit("/", 3)[0]
