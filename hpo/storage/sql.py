"""Studies in a database."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from hpo.errors import StorageError, StudyExistsError, StudyNotFoundError
from hpo.storage.base import ClaimedError
from hpo.storage.connection import Connection
from hpo.storage.database import Database
from hpo.storage.events import Event, EventKind
from hpo.storage.names import check_name, folder_name
from hpo.storage.rows import RowError, UnknownKindError, damaged, events_of, place_of, row_of
from hpo.storage.schema import ABSENT, SCHEMA, TABLES, VERSION, Statements


class SqlStorage:
    """Studies in a database: a `Storage`.

    Args:
        database: where they are.
        folder: where their checkpoints go, each study's in a folder of its own.
        create: whether to make the tables if there are none.

    Raises:
        StorageError: the database cannot be used, is of a newer version, or has no tables.
    """

    def __init__(self, database: Database, folder: Path, *, create: bool = True) -> None:
        self._database = database
        self._folder = folder
        self._connection = Connection(database)
        self._statements = Statements(database.dialect)
        try:
            self._prepare(create)
        except BaseException:
            self.close()
            raise

    def __repr__(self) -> str:
        return f"<SqlStorage {self._database.place}>"

    def studies(self) -> list[str]:
        """The names of the studies, in the order of their creation."""
        names = [name for (name,) in self._ask(self._statements.names)]
        strange = [name for name in names if type(name) is not str]
        if strange:
            raise StorageError(
                f"{self._database.place} has a study whose name is no text, but {strange[0]!r:.60}. Restore "
                f"a copy of the storage."
            )
        return names

    def create(self, name: str, created: Event) -> SqlLog:
        """A new study whose log begins with `created`. Of several that try at once, one succeeds."""
        check_name(name)
        study = self._connection.write(partial(self._add, name, created))
        return self._log(study, name)

    def open(self, name: str) -> SqlLog:
        """The log of a study."""
        check_name(name)
        study = self._connection.read(lambda cursor: self._find(cursor, name))
        if study is None:
            names = ", ".join(repr(other) for other in self.studies()) or "none"
            raise StudyNotFoundError(
                f"There is no study {name!r} in {self._database.place}. The studies in it: {names}."
            )
        return self._log(study, name)

    def close(self) -> None:
        """Disconnect from the database; logs that were opened here cannot be used any more."""
        self._connection.close()

    def _ask(self, statement: str) -> list[Any]:
        def work(cursor: Any) -> list[Any]:
            cursor.execute(statement)
            return list(cursor.fetchall())

        return self._connection.read(work)

    def _add(self, name: str, created: Event, cursor: Any, may_be_done: bool) -> Any:
        # From here on no other process creates a study; an earlier transaction of ours has ended, too.
        cursor.execute(self._statements.lock_studies)
        study = self._find(cursor, name)
        if study is None:
            cursor.execute(self._statements.add_study, {"name": name})
            study = self._find(cursor, name)
            cursor.execute(self._statements.add_event, row_of(study, 0, 0, created))
        elif not (may_be_done and self._log(study, name).begins_with(created, cursor)):
            raise StudyExistsError(
                f"There is a study {name!r} in {self._database.place} already. Give the new one another "
                "name, or open the one that is there."
            )
        return study

    def _find(self, cursor: Any, name: str) -> Any:
        cursor.execute(self._statements.study, {"name": name})
        return next((study for (study,) in cursor.fetchall()), None)

    def _log(self, study: int, name: str) -> SqlLog:
        folder = self._folder / folder_name(name)
        return SqlLog(self._database, self._connection, self._statements, study, name, folder)

    def _prepare(self, create: bool) -> None:
        # Outside of a transaction, so that opening a storage waits for no writer.
        if SCHEMA.name not in self._connection.read(self._database.tables):
            if not create:
                raise StorageError(
                    f"{self._database.place} is no storage of studies: it has no tables of ours."
                )
            self._make_tables()
        version = self._version()
        if version > VERSION:
            raise StorageError(
                f"The storage {self._database.place} was written by a newer polyhpo: its tables have version "
                f"{version}, and this one knows {VERSION}. Upgrade polyhpo."
            )

    def _version(self) -> int:
        """The version of the tables, each of which is looked at first.

        Raises:
            StorageError: one of them is not ours, or there is no version.
        """
        odd = self._connection.read(self._oddity)
        if odd is None:
            versions = self._ask(self._statements.version)
            if len(versions) == 1 and type(versions[0][0]) is int:
                return int(versions[0][0])
            odd = f"it has no single version, but {versions!r:.60}"
        raise StorageError(
            f"{self._database.place} is no storage that this library wrote: {odd}. Restore a copy, or give "
            f"another path."
        )

    def _oddity(self, cursor: Any) -> str | None:
        found = (
            self._database.oddity(cursor, name, table.columns.keys()) for name, table in TABLES.tables.items()
        )
        return next(filter(None, found), None)

    def _make_tables(self) -> None:
        # SQLite cannot switch to WAL mode inside a transaction.
        self._connection.read(self._database.initialise)
        self._connection.write(self._add_tables)

    def _add_tables(self, cursor: Any, may_be_done: bool) -> None:
        if SCHEMA.name in self._database.tables(cursor):  # another process was first
            return
        for statement in self._statements.create:
            cursor.execute(statement)
        cursor.execute(self._statements.add_version, {"version": VERSION})


class SqlLog:
    """The log of one study in a database: a `StudyLog`. Made by `SqlStorage`."""

    def __init__(
        self,
        database: Database,
        connection: Connection,
        statements: Statements,
        study: int,
        name: str,
        folder: Path,
    ) -> None:
        self._database = database
        self._connection = connection
        self._statements = statements
        self._study = study
        self._name = name
        self._folder = folder

    def __repr__(self) -> str:
        return f"<SqlLog {self._name!r} in {self._database.place}>"

    def __reduce__(self) -> tuple[Any, ...]:
        # In another process, with a connection of its own.
        return _opened, (self._database, self._study, self._name, self._folder)

    @property
    def name(self) -> str:
        """What the study is called."""
        return self._name

    @property
    def place(self) -> str:
        """The database: a path, or a URL without its password."""
        return self._database.place

    @property
    def folder(self) -> Path:
        """Where the study's checkpoints and its workers' output go; not created unasked."""
        return self._folder

    def append(self, events: Sequence[Event], seen: int) -> list[Event]:
        """Append events, all or none, and return what others appended since the writer read."""
        if not events:
            return self.events(seen)
        try:
            return self._connection.write(partial(self._add, events, seen))
        except self._database.integrity_error as error:
            raise self._collision(events, error) from error

    def events(self, since: int = 0) -> list[Event]:
        """The log from event number `since` on."""
        return self._connection.read(lambda cursor: self._read(cursor, since))

    def beat(self, owner: str) -> None:
        """Say that the tuner `owner` is alive."""
        self._connection.write(partial(self._add_beat, owner))

    def beats(self) -> Mapping[str, int]:
        """The number of beats of each tuner."""

        def work(cursor: Any) -> dict[str, int]:
            cursor.execute(self._statements.beats, {"study": self._study})
            return dict(cursor.fetchall())

        return self._connection.read(work)

    def begins_with(self, event: Event, cursor: Any) -> bool:
        """Whether that very event, with its time, is the first one of the log."""
        return place_of([event], self._read(cursor, 0)[:1]) is not None

    def _add(self, events: Sequence[Event], seen: int, cursor: Any, may_be_done: bool) -> list[Event]:
        # Nothing is asked on SQLite, where only one transaction writes at a time.
        cursor.execute(self._statements.lock, {"study": self._study})
        # From here on no other writer comes in between, so the numbers have no gaps.
        number = self._count(cursor, seen)
        others = self._read(cursor, seen) if number > seen else []
        place = place_of(events, others) if may_be_done else None
        if place is not None:
            return others[:place]
        rows = [row_of(self._study, seen, number + i, event) for i, event in enumerate(events)]
        cursor.executemany(self._statements.add_event, rows)
        return others

    def _add_beat(self, owner: str, cursor: Any, may_be_done: bool) -> None:
        # One that is counted twice harms nothing.
        cursor.execute(self._statements.beat, {"of_study": self._study, "of_owner": owner})
        if not cursor.rowcount:
            cursor.execute(self._statements.add_beat, {"study": self._study, "owner": owner, "count": 1})

    def _count(self, cursor: Any, seen: int) -> int:
        cursor.execute(self._statements.last, {"study": self._study})
        ((last,),) = cursor.fetchall()
        if last is not None and type(last) is not int:
            raise damaged(self, f"It has an event of the number {last!r}")
        count = 0 if last is None else last + 1
        if seen > count:
            raise StorageError(
                f"The log of {self._name!r} in {self._database.place} has {count} events, and its writer "
                f"knew {seen}, so it is not the log that was read. If an older copy was put in its place, "
                "open the study again."
            )
        return count

    def _read(self, cursor: Any, since: int) -> list[Event]:
        cursor.execute(self._statements.events, {"study": self._study, "since": since})
        try:
            return events_of(cursor, since)
        except UnknownKindError as error:
            raise self._unknown(error, cursor) from error
        except RowError as error:
            raise damaged(self, str(error)) from error

    def _unknown(self, unknown: UnknownKindError, cursor: Any) -> StorageError:
        """The error to raise for an event of a kind that this version does not know."""
        cursor.execute(self._statements.created, {"study": self._study})
        version = "an unknown version"
        # The first event may be malformed, too.
        with suppress(ValueError, TypeError, KeyError, RecursionError):
            ((text,),) = cursor.fetchall()
            version = json.loads(text)["versions"]["polyhpo"]
        return StorageError(
            f"The log of {self._name!r} in {self._database.place} has an event of the kind "
            f"{unknown.kind!r:.60} (event {unknown.number}), which this version does not know. A newer "
            f"polyhpo wrote it: upgrade. The study was created by polyhpo {version!s:.60}."
        )

    def _collision(self, events: Sequence[Event], error: Exception) -> Exception:
        """The error to raise for events that were refused: which one the log has already."""
        # Asked after the transaction was undone: only then it is known which event was refused, and why.
        for event in events:
            if event.kind is not EventKind.NOTED and self._connection.read(partial(self._is_claimed, event)):
                return ClaimedError(f"The log of {self._name!r} has this event already: {event}.")
        return ValueError(f"Two of these events claim the same: {list(events)} ({error}).")

    def _is_claimed(self, event: Event, cursor: Any) -> bool:
        row = row_of(self._study, 0, 0, event)
        claim = {name: row[name] for name in ("study", "kind", "attempt")}
        claim["trial"] = ABSENT if event.trial is None else event.trial
        claim["epoch"] = ABSENT if event.epoch is None else event.epoch
        cursor.execute(self._statements.claim, claim)
        return bool(cursor.fetchall())


def _opened(database: Database, study: int, name: str, folder: Path) -> SqlLog:
    return SqlLog(database, Connection(database), Statements(database.dialect), study, name, folder)
