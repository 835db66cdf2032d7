"""Leases: a tuner that runs trials beats, and is taken for gone when its beats stop.

No clock is compared with that of another computer. A tuner counts its beats in the storage. Another tuner
takes it for gone when that count stands still for as long as a lease lasts, measured by a clock of its own
that never goes back. On the same computer a process that has ended is missed at once.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
import weakref
from collections.abc import Mapping
from contextlib import suppress

from hpo.errors import StorageError
from hpo.storage import StudyLog

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
        self._over = threading.Event()
        # The thread holds only this: the lease of a tuner that is dropped ends with it.
        weakref.finalize(self, self._over.set)
        self._thread: threading.Thread | None = None
        pid = os.getpid()
        # The token tells the tuners of one process apart.
        self.owner = f"{socket.gethostname()}/{pid}/{_born(pid)}/{secrets.token_hex(4)}"

    def begin(self) -> None:
        """Start to beat, unless it does already."""
        if self._thread is None:
            self._over.clear()
            _alive[self.owner] = self
            # The first beat not in the thread, which would hide that the storage cannot be written.
            self._log.beat(self.owner)
            self._thread = threading.Thread(
                target=_beat, args=(self._log, self.owner, self._over), name="hpo-lease", daemon=True
            )
            self._thread.start()

    def end(self) -> None:
        """Beat no more."""
        if self._thread is not None:
            self._over.set()
            self._thread.join()
            del _alive[self.owner]
            self._thread = None


class LeaseWatch:
    """Tells which tuners are gone.

    Args:
        log: the study's log.
        seconds: how long a lease lasts without a beat.
    """

    def __init__(self, log: StudyLog, seconds: float = LEASE_SECONDS) -> None:
        self._log = log
        self._seconds = seconds
        self._seen: dict[str, tuple[int, float]] = {}

    def is_gone(self, owner: str) -> bool:
        """Whether no tuner works under that name any more."""
        host, pid, born, _ = owner.rsplit("/", 3)
        if host == socket.gethostname():
            if int(pid) == os.getpid() and born == _born(os.getpid()):
                return owner not in _alive
            # Another birth means that the system gave the number to a new process.
            if _born(int(pid)) != born:
                return True
        return self._stands_still(owner, self._log.beats())

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
        self._watch = None if log is None else LeaseWatch(log)
        self.owner = None if self._lease is None else self._lease.owner

    def begin(self) -> None:
        """Start to beat, unless it does already."""
        if self._lease is not None:
            self._lease.begin()

    def end(self) -> None:
        """Beat no more."""
        if self._lease is not None:
            self._lease.end()

    def may_take(self, owner: str | None) -> bool:
        """Whether a running trial of that owner may be taken up: this tuner owns it, or its owner is gone."""
        if self._watch is None or owner is None:
            return True
        return owner == self.owner or self._watch.is_gone(owner)


def host_of(owner: str) -> str:
    """The name of the host on which a tuner works, from the name under which it does."""
    return owner.rsplit("/", 3)[0]


def _beat(log: StudyLog, owner: str, over: threading.Event) -> None:
    while not over.wait(BEAT_SECONDS):
        # What is wrong with the storage the tuner's own next write will say.
        with suppress(StorageError):
            log.beat(owner)


def _born(pid: int) -> str:
    """When the process was started, as its number may be used again; empty if there is none."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            # The name of the program, in brackets, may hold anything.
            fields = file.read().rpartition(")")[2].split()
        # Ticks since the computer started: unlike the time of day they do not change with its clock.
        return "" if fields[0] == "Z" else fields[19]
    except FileNotFoundError:
        if os.path.exists("/proc/self/stat"):
            return ""
    import psutil  # where there is no /proc

    try:
        return str(int(psutil.Process(pid).create_time()))
    except psutil.Error:
        return ""
