"""What any storage must do."""

from __future__ import annotations

import itertools
import json
import math
import pickle
import struct
import threading
from abc import abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hpo.errors import StorageError, StudyExistsError, StudyNotFoundError
from hpo.storage import ClaimedError, Storage, StudyLog
from hpo.storage.events import Event, EventKind, metrics_to_json, to_text

CREATED = Event(EventKind.STUDY_CREATED, text=to_text({"seed": 0}))

_numbers = st.none() | st.integers(0, 2**31 - 1)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
_contents = (
    st.dictionaries(st.text(), _json)
    | st.dictionaries(st.text(), st.floats()).map(metrics_to_json)
    | st.builds(lambda letter, count: {"traceback": letter * count}, st.characters(), st.integers(0, 100_000))
)
_events = st.builds(
    Event,
    st.sampled_from(EventKind),
    _numbers,
    st.integers(0, 2**31 - 1),
    _numbers,
    _contents.map(lambda content: json.dumps(content)),
    st.floats(),
    st.floats(),
)


def report(trial: int, epoch: int, *, attempt: int = 0, **data: Any) -> Event:
    """An event as a search writes it by the thousand."""
    return Event(EventKind.REPORTED, trial, attempt, epoch, to_text(data), 1.5, 0.5)


def bits(event: Event) -> tuple[Any, ...]:
    """All of an event, the times to the last bit (one NaN is as good as another, and so is one zero)."""
    times = [struct.pack("d", math.nan if math.isnan(t) else t + 0.0) for t in (event.time, event.elapsed)]
    return (event, *times)


class StorageContract:
    """Subclass it and say in `make` and `view` how a storage is opened.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from hpo.storage import open_storage
        >>> from hpo.testing import StorageContract
        >>> class TestSqlite(StorageContract):
        ...     def make(self, place):
        ...         return open_storage(place / "study.db")
        ...
        ...     def view(self, place):
        ...         return open_storage(place / "study.db", read_only=True)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     TestSqlite().test_what_was_appended_is_there_after_the_storage_was_closed(Path(folder))
    """

    @abstractmethod
    def make(self, place: Path) -> Storage:
        """A storage in a place; from the second call on the one that is there."""

    @abstractmethod
    def view(self, place: Path) -> Storage:
        """The storage that is there, opened to be read only."""

    @pytest.fixture
    def storage(self, tmp_path: Path) -> Iterator[Storage]:
        """A new storage."""
        storage = self.make(tmp_path)
        yield storage
        storage.close()

    @pytest.fixture
    def log(self, storage: Storage) -> StudyLog:
        """The log of a new study."""
        return storage.create("mlp", CREATED)

    def test_it_is_a_storage(self, storage: Storage) -> None:
        assert isinstance(storage, Storage)

    def test_a_log_begins_with_what_created_the_study(self, log: StudyLog) -> None:
        assert log.name == "mlp"
        assert log.place
        assert log.events() == [CREATED]

    def test_studies_are_listed_in_the_order_of_their_creation(self, storage: Storage) -> None:
        names = ["zeta", "alpha", "Ωmega 🙂 'quoted' \"twice\"; --", "ALPHA"]
        for name in names:
            storage.create(name, CREATED)
        assert storage.studies() == names

    def test_studies_do_not_mix(self, storage: Storage) -> None:
        one, other = storage.create("one", CREATED), storage.create("other", CREATED)
        one.append([report(0, 1)], seen=1)
        other.append([report(0, 1), report(0, 2)], seen=1)
        assert (len(one.events()), len(other.events())) == (2, 3)

    def test_what_was_appended_is_there_after_the_storage_was_closed(self, tmp_path: Path) -> None:
        storage = self.make(tmp_path)
        storage.create("mlp", CREATED).append([report(0, 1), report(0, 2)], seen=1)
        storage.close()
        again = self.make(tmp_path)
        assert again.open("mlp").events() == [CREATED, report(0, 1), report(0, 2)]
        again.close()

    # The examples share a storage, in which each makes a study of its own; each class has its own examples.
    @settings(
        max_examples=40,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
    )
    @given(events=st.lists(_events, max_size=8))
    def test_events_come_back_as_they_were(self, storage: Storage, events: list[Event]) -> None:
        log = storage.create(f"study {len(storage.studies())}", CREATED)
        claims = {(e.kind, e.trial, e.attempt, e.epoch): e for e in events if e.kind != CREATED.kind}
        log.append(list(claims.values()), seen=1)
        assert [bits(event) for event in log.events(1)] == [bits(event) for event in claims.values()]

    def test_the_log_is_read_from_a_number_on(self, log: StudyLog) -> None:
        log.append([report(0, epoch) for epoch in range(1, 6)], seen=1)
        assert log.events(4) == [report(0, 4), report(0, 5)]
        assert log.events(6) == []

    def test_a_writer_is_given_what_others_appended_since_it_looked(
        self, tmp_path: Path, log: StudyLog
    ) -> None:
        other = self.make(tmp_path)
        assert other.open("mlp").append([report(1, 1), report(1, 2)], seen=1) == []
        other.close()
        assert log.append([report(0, 1)], seen=1) == [report(1, 1), report(1, 2)]
        assert log.append([report(0, 2)], seen=4) == []

    def test_appending_nothing_gives_what_others_appended(self, log: StudyLog) -> None:
        log.append([report(0, 1)], seen=1)
        assert log.append([], seen=1) == [report(0, 1)]

    @pytest.mark.parametrize("kind", [kind for kind in EventKind if kind is not EventKind.NOTED])
    @pytest.mark.parametrize(("trial", "epoch"), [(3, 2), (3, None), (None, None), (None, 2)])
    def test_a_claim_is_taken_once(
        self, log: StudyLog, kind: EventKind, trial: int | None, epoch: int | None
    ) -> None:
        claim = Event(kind, trial, 1, epoch)
        log.append([claim], seen=1)
        with pytest.raises(ClaimedError, match=rf"log of 'mlp' has this event already: .*{kind.name}"):
            log.append([Event(kind, trial, 1, epoch, to_text({"other": "text"}))], seen=1)
        assert log.events() == [CREATED, claim]

    def test_a_claim_on_another_trial_attempt_or_epoch_is_free(self, log: StudyLog) -> None:
        claims = [report(3, 2, attempt=1), report(4, 2, attempt=1), report(3, 2), report(3, 3, attempt=1)]
        for seen, claim in enumerate(claims, start=1):
            log.append([claim], seen=seen)
        assert log.events(1) == claims

    def test_a_note_can_be_made_again(self, log: StudyLog) -> None:
        note = Event(EventKind.NOTED, text=to_text({"topic": "data", "text": "the sample"}))
        log.append([note, note], seen=1)
        log.append([note], seen=3)
        assert log.events(1) == [note, note, note]

    def test_of_events_of_which_one_is_claimed_none_is_appended(self, log: StudyLog) -> None:
        log.append([report(0, 2)], seen=1)
        with pytest.raises(ClaimedError, match=r"has this event already: .*epoch=2"):
            log.append([report(0, 1), report(0, 2), report(0, 3)], seen=2)
        assert log.events(1) == [report(0, 2)]
        log.append([report(0, 1), report(0, 3)], seen=2)
        assert len(log.events()) == 4

    def test_an_event_twice_in_one_append_is_refused(self, log: StudyLog) -> None:
        with pytest.raises(ValueError, match=r"Two of these events claim the same: .*epoch=1"):
            log.append([report(0, 1), report(0, 1)], seen=1)
        assert log.events() == [CREATED]

    def test_a_writer_who_knew_more_events_than_there_are_is_refused(self, log: StudyLog) -> None:
        with pytest.raises(StorageError, match=r"has 1 events, and its writer knew 7.*open the study again"):
            log.append([report(0, 1)], seen=7)
        assert log.events() == [CREATED]

    def test_a_study_that_is_not_there_is_an_error_that_lists_those_that_are(self, storage: Storage) -> None:
        with pytest.raises(StudyNotFoundError, match=r"no study 'mpl' in .*The studies in it: none"):
            storage.open("mpl")
        storage.create("mlp", CREATED)
        storage.create("cnn", CREATED)
        with pytest.raises(StudyNotFoundError, match=r"no study 'mpl' in .*in it: 'mlp', 'cnn'"):
            storage.open("mpl")

    def test_a_second_study_of_one_name_is_refused_and_the_first_is_kept(self, storage: Storage) -> None:
        storage.create("mlp", CREATED).append([report(0, 1)], seen=1)
        with pytest.raises(StudyExistsError, match=r"a study 'mlp' in .* already\. Give the new one another"):
            storage.create("mlp", CREATED)
        assert len(storage.open("mlp").events()) == 2

    @pytest.mark.parametrize("name", ["", "a\0b", "\ud800"])
    def test_a_name_that_no_database_takes_is_refused(self, storage: Storage, name: str) -> None:
        with pytest.raises(ValueError, match=r"any text that is not empty and holds no NUL .*received '"):
            storage.create(name, CREATED)
        assert storage.studies() == []

    def test_a_name_is_a_str(self, storage: Storage) -> None:
        with pytest.raises(TypeError, match="A study's name is a str; received 3"):
            storage.open(3)  # type: ignore[arg-type]  # that is the mistake

    def test_each_study_has_a_folder_of_its_own_that_is_not_made_unasked(self, storage: Storage) -> None:
        logs = [storage.create(name, CREATED) for name in ("mlp", "MLP", "m/lp", "../mlp", "..", "con", "é")]
        names = {str(log.folder).lower() for log in logs}
        assert len(names) == len(logs)
        assert {log.folder.parent for log in logs} == {logs[0].folder.parent}
        assert not any(log.folder.exists() for log in logs)

    def test_a_folder_is_found_again(self, tmp_path: Path, storage: Storage) -> None:
        folder = storage.create("a / b", CREATED).folder
        again = self.make(tmp_path)
        assert again.open("a / b").folder == folder
        again.close()

    def test_heartbeats_are_counted_for_each_owner_and_are_no_events(self, storage: Storage) -> None:
        log, other = storage.create("mlp", CREATED), storage.create("other", CREATED)
        assert log.beats() == {}
        for owner in ("host-1", "host-2", "host-1"):
            log.beat(owner)
        assert (log.beats(), other.beats()) == ({"host-1": 2, "host-2": 1}, {})
        assert log.events() == [CREATED]

    def test_a_log_is_the_same_in_another_process(self, log: StudyLog) -> None:
        log.append([report(0, 1)], 1)
        other: StudyLog = pickle.loads(pickle.dumps(log))
        other.beat("one")
        other.append([report(0, 2)], 2)
        assert (other.name, other.folder) == (log.name, log.folder)
        assert other.events() == log.events() == [CREATED, report(0, 1), report(0, 2)]
        assert log.beats() == {"one": 1}

    def test_a_viewer_sees_what_a_writer_writes_as_soon_as_it_is_committed(
        self, tmp_path: Path, storage: Storage, log: StudyLog
    ) -> None:
        viewer = self.view(tmp_path)
        seen = viewer.open("mlp")
        assert (viewer.studies(), seen.folder, seen.events()) == (["mlp"], log.folder, [CREATED])
        for epoch in range(1, 4):
            log.append([report(0, epoch)], seen=epoch)
            assert seen.events(epoch) == [report(0, epoch)]
        storage.create("later", CREATED)
        log.beat("one")
        assert (viewer.studies(), seen.beats()) == (["mlp", "later"], {"one": 1})
        viewer.close()

    def test_a_viewer_cannot_write(self, tmp_path: Path, log: StudyLog) -> None:
        viewer = self.view(tmp_path)
        seen: StudyLog = viewer.open("mlp")
        copy: StudyLog = pickle.loads(pickle.dumps(seen))
        attempts = (
            lambda: viewer.create("other", CREATED),
            lambda: seen.append([report(0, 1)], seen=1),
            lambda: copy.append([report(0, 1)], seen=1),
            lambda: seen.beat("one"),
        )
        for attempt in attempts:
            with pytest.raises(
                StorageError, match=r"was opened to be read only, so nothing is written to it"
            ):
                attempt()
        viewer.close()
        assert (log.events(), log.beats()) == ([CREATED], {})

    def test_threads_share_a_log(self, log: StudyLog) -> None:
        def write(trial: int) -> None:
            for epoch in range(1, 51):
                log.append([report(trial, epoch)], seen=1)

        threads = [threading.Thread(target=write, args=(trial,)) for trial in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        written = sorted((event.trial, event.epoch) for event in log.events(1))
        assert written == list(itertools.product(range(4), range(1, 51)))

    def test_a_storage_that_was_closed_says_so(self, tmp_path: Path) -> None:
        storage = self.make(tmp_path)
        log = storage.create("mlp", CREATED)
        storage.close()
        storage.close()
        with pytest.raises(StorageError, match=r"The storage .* was closed; open it again"):
            log.append([report(0, 1)], seen=1)
        with pytest.raises(StorageError, match=r"The storage .* was closed; open it again"):
            log.events()
