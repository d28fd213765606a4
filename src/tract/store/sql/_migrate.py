"""Making a new schema, and bringing an older one up to date.

A new store is made straight from the tables in one transaction. An older one is taken through
its migrations, in one transaction too; only then is Alembic imported. A step that loses data
first leaves a copy beside the store.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateTable

from tract.errors import Corrupt, ReadOnly, printable
from tract.store.sql import _statements as sql
from tract.store.sql._errors import DriverError, translated
from tract.store.sql._file_database import FileDatabase
from tract.store.sql._schema import APPLICATION_ID, SCHEMA_VERSION, metadata
from tract.store.sql._sqlite import Database, Hold


def make_tables(database: Database) -> None:
    """Make the tables in an empty database; nothing, if another process was quicker."""
    if isinstance(database, FileDatabase):
        database.use_wal()
    with _named(database), database.writing() as hold:
        if hold.connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            return
        database.publish(hold, _write_tables)


def _write_tables(hold: Hold) -> None:
    for statement in create_statements():
        hold.connection.execute(statement)
    hold.connection.execute(sql.INSERT_VERSION, {"version_num": SCHEMA_VERSION})
    hold.connection.execute(f"PRAGMA application_id={APPLICATION_ID}")


@contextmanager
def _named(database: Database) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:  # the driver's error, as SQLAlchemy wraps it in a migration
        raise translated(error.orig or error, database.location) from error
    except DriverError as error:
        raise translated(error, database.location) from None


def create_statements() -> list[str]:
    """Return the DDL of a new store."""
    dialect = sqlite_dialect()
    return [str(CreateTable(table).compile(dialect=dialect)) for table in metadata.sorted_tables]


def older(found: object) -> bool:
    """Return whether a schema version is one from before this code's."""
    digits = isinstance(found, str) and found.isascii() and found.isdigit()
    return digits and int(str(found)) < int(SCHEMA_VERSION)


def migrate(database: Database, scripts: Path | None = None) -> None:
    """Take an older store to the newest schema, all of it in one transaction.

    Args:
        database: the store's database.
        scripts: the folder of migrations; the shipped one, if left out.

    Raises:
        ReadOnly: the store was opened for reading only.
        Corrupt: its version is none that ever was.
    """
    where = printable(database.location, limit=200)
    if database.read_only:
        raise ReadOnly(
            f"{where} has an older schema and was opened read-only",
            hint="Open it once for writing; it is migrated then.",
        )
    runner: Any = import_module("tract.store.sql.migrations")
    with _named(database), database.writing() as hold:
        found = hold.connection.execute(sql.VERSION).fetchone()[0]
        steps = runner.pending(found, scripts)
        if steps is None:
            message = f"the schema version of {where} is {printable(repr(found))}"
            raise Corrupt(message, object="schema version")
        if not steps:
            return  # another process was quicker
        if database.path is not None and any(map(runner.destructive, steps)):
            _keep_copy(
                database.path, database.path.with_name(f"{database.path.name}.backup-{found}")
            )
        database.publish(hold, lambda at: runner.upgrade(at.connection, steps), pages=1000)


def _keep_copy(path: Path, to: Path) -> None:
    # The caller holds the write lock, so what is copied is what will be migrated. A copy that was
    # cut off by a crash never has the final name.
    part = to.with_name(f"{to.name}.part")
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(part)) as target:
        source.backup(target)
    part.replace(to)
