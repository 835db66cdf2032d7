"""The tables of a storage and what is asked of them, for any database.

Everything is written in SQLAlchemy's Core and compiled once for the database at hand. The compiled
statements run on the driver's own connection: Core's execution took 70 of the 95 microseconds that an
append of one event costs with it, and built a row object for each of 300,000 events that are read.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    bindparam,
    case,
    func,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlalchemy.sql import ClauseElement, ColumnElement

from hpo.storage.events import MOST_LETTERS, EventKind

VERSION = 1
"""Rises with each change of the tables; the change that raises it says how an older storage is brought up."""

TABLES = MetaData()

SCHEMA = Table("hpo_schema", TABLES, Column("version", Integer, nullable=False))

STUDIES = Table(
    "hpo_studies",
    TABLES,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
)

EVENTS = Table(
    "hpo_events",
    TABLES,
    Column("study", ForeignKey(STUDIES.c.id), primary_key=True),
    # Counted by the writer under its lock: a sequence leaves gaps where a transaction is undone.
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("trial", BigInteger),
    Column("attempt", BigInteger, nullable=False),
    Column("epoch", BigInteger),
    Column("text", Text, nullable=False),
    # SQLite keeps NaN as NULL.
    Column("time", Double),
    Column("elapsed", Double),
    Column("seen", BigInteger, nullable=False),
    # A log is read and written in its order: one tree less to keep.
    sqlite_with_rowid=False,
)

BEATS = Table(
    "hpo_beats",
    TABLES,
    Column("study", ForeignKey(STUDIES.c.id), primary_key=True),
    Column("owner", Text, primary_key=True),
    Column("count", BigInteger, nullable=False),
)

ABSENT = -1
"""Stands for an absent trial or epoch where events are compared: to SQL no NULL equals another."""


def _present(column: Column[int]) -> ColumnElement[int]:
    # Spelled out, not as a parameter: an index on an expression serves this expression only.
    return func.coalesce(column, literal_column(str(ABSENT), BigInteger))


_claims = EVENTS.c.kind != EventKind.NOTED.value
Index(
    "hpo_claims",
    EVENTS.c.study,
    EVENTS.c.kind,
    _present(EVENTS.c.trial),
    EVENTS.c.attempt,
    _present(EVENTS.c.epoch),
    unique=True,
    sqlite_where=_claims,
    postgresql_where=_claims,
)


class Statements:
    """Every statement, as text for one database; parameters are named as the columns are.

    Args:
        dialect: SQLAlchemy's description of the database. Its parameters have names (`named`, `pyformat`).
    """

    def __init__(self, dialect: Dialect) -> None:
        def text(statement: ClauseElement) -> str:
            return str(statement.compile(dialect=dialect))

        study = EVENTS.c.study == bindparam("study")
        beat = (BEATS.c.study == bindparam("of_study")) & (BEATS.c.owner == bindparam("of_owner"))
        self.create = [text(CreateTable(table)) for table in TABLES.sorted_tables]
        self.create += [text(CreateIndex(index)) for table in TABLES.sorted_tables for index in table.indexes]
        self.version = text(select(SCHEMA.c.version))
        self.add_version = text(insert(SCHEMA))
        self.names = text(select(STUDIES.c.name).order_by(STUDIES.c.id))
        self.study = text(select(STUDIES.c.id).where(STUDIES.c.name == bindparam("name")))
        # Inline, so that SQLAlchemy adds no RETURNING: the id is asked for by name.
        self.add_study = text(insert(STUDIES).values(name=bindparam("name")).inline())
        self.lock = text(select(STUDIES.c.id).where(STUDIES.c.id == bindparam("study")).with_for_update())
        """Lets one writer at a time to a study, where a transaction does not do so for the whole database."""
        self.lock_studies = text(select(SCHEMA.c.version).with_for_update())
        """Lets one process at a time create a study."""
        self.last = text(select(func.max(EVENTS.c.number)).where(study))
        self.events = text(
            select(
                *(EVENTS.c[name] for name in ("number", "kind", "trial", "attempt", "epoch")),
                # NULL in the place of a text that would fill the memory.
                case((func.length(EVENTS.c.text) <= literal_column(str(MOST_LETTERS)), EVENTS.c.text)),
                EVENTS.c.time,
                EVENTS.c.elapsed,
            )
            .where(study, EVENTS.c.number >= bindparam("since"))
            .order_by(EVENTS.c.number)
        )
        self.created = text(select(EVENTS.c.text).where(study, EVENTS.c.number == literal_column("0")))
        self.add_event = text(insert(EVENTS))
        self.claim = text(
            select(EVENTS.c.number).where(
                study,
                EVENTS.c.kind == bindparam("kind"),
                _present(EVENTS.c.trial) == bindparam("trial"),
                EVENTS.c.attempt == bindparam("attempt"),
                _present(EVENTS.c.epoch) == bindparam("epoch"),
            )
        )
        self.beat = text(update(BEATS).where(beat).values(count=BEATS.c.count + literal_column("1")))
        self.add_beat = text(insert(BEATS))
        self.beats = text(select(BEATS.c.owner, BEATS.c.count).where(BEATS.c.study == bindparam("study")))
