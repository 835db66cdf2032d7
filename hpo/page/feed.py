"""Feeds all viewers of a live page: what changed is read, folded and written as JSON once for all of them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from hpo.page.document import FORMAT
from hpo.page.followed import Followed, Update
from hpo.page.json_values import to_script
from hpo.page.sources import Sources
from hpo.page.threads import in_thread
from hpo.page.viewed import ViewedStudy
from hpo.version import __version__

_log = logging.getLogger(__name__)

PERIOD_SECONDS = 0.25
"""From one look for new events to the next, while there are viewers."""

LONGEST_PERIOD_SECONDS = 0.6
REST_OF_READING = 10
"""A reading is followed by a rest of so many times its length, up to the longest period."""

ANALYSIS_SECONDS = 2.0
REST_OF_ANALYSIS = 20
"""An analysis is followed by a rest of so many times its length: it takes no more than 5 % of a core."""

KEPT_SECONDS = 0.2
"""A page is made of what was read so short a time ago, without another look."""


class Feed:
    """What the viewers see. It belongs to one event loop; `run` keeps it up to date while there are viewers.

    Args:
        sources: the studies.

    Attributes:
        title: what to call all that is shown.
        version: rises with each change.
        is_closed: whether the streams of all viewers are to end.
        num_viewers: how many there are.
    """

    def __init__(self, sources: Sources) -> None:
        self.title = sources.title
        self.version = 0
        self.is_closed = False
        # Told apart from the feed of a server that was there before, whose versions say nothing here.
        self._epoch = secrets.token_hex(4)
        self._sources = sources
        self._shown: dict[str, ViewedStudy] = {}
        self.num_viewers = 0
        self._next = asyncio.Event()
        self._is_wanted = asyncio.Event()
        self._reading = asyncio.Lock()
        self._read_at = float("-inf")
        self._analyse_at = 0.0
        self._analyses: set[asyncio.Task[None]] = set()
        self._has_analysis: set[Followed] = set()

    @property
    def studies(self) -> list[ViewedStudy]:
        """What there is to see."""
        return [shown for shown in self._shown.values() if not shown.gone]

    def mark(self) -> str:
        """A text for the version that a viewer has from now on."""
        return f"{self._epoch}-{self.version}"

    def version_of(self, mark: str) -> int:
        """The version that a mark stands for; 0 for one of another server, as all changes are newer."""
        epoch, _, number = mark.rpartition("-")
        is_ours = epoch == self._epoch and number.isascii() and number.isdigit() and len(number) < 16
        return min(int(number), self.version) if is_ours else 0

    def document(self, keys: Collection[str] | None, title: str) -> str:
        """The page's document as JSON text.

        Args:
            keys: of the studies that it is to hold; None for all.
            title: its title.
        """
        changes = [shown.change(-1) for shown in self._shown.values() if keys is None or shown.key in keys]
        entries = {"format": FORMAT, "title": title, "made": round(time.time(), 3), "version": __version__}
        start = to_script(entries | {"live": True}).removesuffix("}")
        return f'{start},"changes":[{",".join(change for change in changes if change)}]}}'

    def contents(self) -> str:
        """The names of all studies, as JSON text for the list of them."""
        studies = [{"key": each.key, "label": each.label, "error": each.error} for each in self.studies]
        return to_script({"title": f"{len(studies)} studies in {self.title}", "studies": studies})

    def changes(self, since: int, keys: Collection[str] | None) -> list[str]:
        """What is newer than a version, as the JSON text of a change for each study."""
        found = (shown.change(since) for shown in self._shown.values() if keys is None or shown.key in keys)
        return [change for change in found if change is not None]

    @contextmanager
    def viewer(self) -> Iterator[None]:
        """In the block there is one viewer more."""
        self.num_viewers += 1
        self._is_wanted.set()
        try:
            yield
        finally:
            self.num_viewers -= 1

    async def newer(self, since: int, timeout: float) -> bool:
        """Wait for a version that is newer; whether it came in time and the feed is still there."""
        with contextlib.suppress(asyncio.TimeoutError):
            while self.version <= since and not self.is_closed:
                await asyncio.wait_for(self._next.wait(), timeout)
        return self.version > since and not self.is_closed

    async def read(self) -> None:
        """Read what is new, unless it was read a moment ago."""
        async with self._reading:
            if time.monotonic() - self._read_at < KEPT_SECONDS:
                return
            updates = await in_thread(self._sources.read)
            self._read_at = time.monotonic()
            self._publish(updates)
            self._analyse()

    async def run(self) -> None:
        """Read at once, and then again and again while there are viewers, until the feed is closed."""
        await self.read()
        while not self.is_closed:
            if not self.num_viewers:
                self._is_wanted.clear()
                await self._is_wanted.wait()
                continue
            begin = time.monotonic()
            await self.read()
            rest = REST_OF_READING * (time.monotonic() - begin)
            await asyncio.sleep(min(max(PERIOD_SECONDS, rest), LONGEST_PERIOD_SECONDS))

    def close(self) -> None:
        """End the streams of all viewers."""
        self.is_closed = True
        self._is_wanted.set()
        self._next.set()

    def _publish(self, updates: list[Update]) -> None:
        if not updates:
            return
        self.version += 1
        for update in updates:
            self._shown.setdefault(update.key, ViewedStudy(update.key)).take(update, self.version)
        before, self._next = self._next, asyncio.Event()
        before.set()

    def _analyse(self) -> None:
        """Begin an analysis in a thread of its own, if one is due: it may take seconds."""
        waiting = [study for study in self._sources.studies() if not study.is_analysed]
        fresh = [study for study in waiting if study not in self._has_analysis]
        is_rested = time.monotonic() >= self._analyse_at
        due = fresh or (waiting if is_rested else [])
        if not due or self._analyses:
            return
        task = asyncio.create_task(self._analyse_one(due[0]))
        self._analyses.add(task)
        task.add_done_callback(self._analyses.discard)

    async def _analyse_one(self, study: Followed) -> None:
        begin = time.monotonic()
        async with self._reading:
            snapshot = await in_thread(study.snapshot)
        self._has_analysis.add(study)
        if snapshot is not None:
            try:
                self._publish([await in_thread(study.analysed, snapshot)])
            # The rest of the page is there without it.
            except Exception:
                _log.exception("The study %r cannot be analysed.", study.name)
        end = time.monotonic()
        self._analyse_at = end + max(ANALYSIS_SECONDS, REST_OF_ANALYSIS * (end - begin))
