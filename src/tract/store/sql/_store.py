"""The SQL store: a database, its schema, and the views and drafts on it.

Opening looks before it touches: what is not a store of ours is refused as it was found, and only
an empty file becomes a new store.
"""

import sqlite3
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tract.errors import Corrupt, InvalidInput, StoreBusy, printable
from tract.store._draft import Draft
from tract.store._protocol import Problem
from tract.store.sql._damage import damage
from tract.store.sql._errors import DriverError, primary_code, translated
from tract.store.sql._file_database import FileDatabase, Inside
from tract.store.sql._files import (
    look,
    network_file_system,
    not_yet_a_store,
    raw_header,
    real_path,
)
from tract.store.sql._known import Known, Row
from tract.store.sql._memory_database import MemoryDatabase
from tract.store.sql._migrate import make_tables, migrate, older
from tract.store.sql._publish import Publisher
from tract.store.sql._reader import SqlReader
from tract.store.sql._schema import APPLICATION_ID, SCHEMA_VERSION, metadata
from tract.store.sql._sqlite import PAGE_BYTES, Database, Hold, other_schema


class StoreWarning(UserWarning):
    """Something about a store that works but should be looked at."""


class SqlStore:
    """A store in an SQLite database.

    Args:
        path: the file, or None for a database in memory.
        create: whether a missing file is made.
        read_only: open for reading only.
        durability: "full" (an acknowledged write survives power loss) or "normal" (the end of the process).
        busy_timeout: seconds that a writer waits for another.

    Raises:
        NotFound: the file or its folder is not there.
        InvalidInput: kind `not_a_store`; the file is something else.
        Corrupt: it is a store, but damaged.
        SchemaTooNew: a newer version of this library wrote it.
    """

    def __init__(
        self,
        path: Path | None,
        *,
        create: bool = True,
        read_only: bool = False,
        durability: str = "full",
        busy_timeout: float = 5.0,
    ) -> None:
        self._known = Known()
        self._db: Database
        if path is None:
            memory = MemoryDatabase(busy_timeout=busy_timeout)
            make_tables(memory)
            memory.read_only = read_only
            self._db = memory
            return
        path = real_path(path)
        create = create and not read_only
        look(path, create=create)
        if (kind := network_file_system(path)) is not None:
            warnings.warn(
                f"{path} is on a network file system ({kind}); SQLite's WAL is not safe there",
                StoreWarning,
                stacklevel=3,
            )
        file = FileDatabase(
            path, read_only=read_only, durability=durability, busy_timeout=busy_timeout
        )
        self._db = file
        try:
            _open(file, create=create)
        except BaseException:
            file.leave_untouched()
            raise

    @property
    def location(self) -> str:
        """The file's absolute path, or ":memory:"."""
        return self._db.location

    @property
    def read_only(self) -> bool:
        """Whether it was opened for reading only."""
        return self._db.read_only

    @contextmanager
    def read(self) -> Iterator[SqlReader]:
        """Give one consistent view."""
        with self._db.reading() as hold:
            yield SqlReader(hold, self._known, self.location)

    @contextmanager
    def write(self) -> Iterator[Draft]:
        """Give a draft, and publish it when the block ends without an error."""
        made: list[Row] = []
        with self._db.writing() as hold:
            draft = Draft(SqlReader(hold, self._known, self.location))
            yield draft
            if not draft.staged.empty():
                size = sum(map(len, draft.staged.blobs.values()))
                pages = 4 + 4 * len(draft.staged.commits) + size // PAGE_BYTES
                made = self._db.publish(hold, partial(self._publish, draft), pages)
        for row in made:
            self._known.keep_row(row)

    def _publish(self, draft: Draft, hold: Hold) -> list[Row]:
        return Publisher(hold, draft, self._known, self.location).publish()

    def damage(self) -> Iterator[Problem]:
        """Yield what is wrong with the file, its rows and the index columns."""
        with self._db.reading() as hold:
            yield from damage(hold, self._db.path, self.location)

    def trace(self, callback: Callable[[str], None] | None) -> None:
        """Have `callback` called with the text of every statement from now on; None ends it.

        For finding out what an operation costs. Texts hold values, content among them.
        """
        self._db.trace(callback)

    def close(self) -> None:
        """Close every connection; closing twice is nothing."""
        self._db.close()


def _open(database: FileDatabase, *, create: bool) -> None:
    """See what the file is, and make or migrate the schema where that is due."""
    found = _found(database)
    if found.application == 0 and not found.tables:
        if not create:
            raise not_yet_a_store(Path(database.location))
        try:
            make_tables(database)
        except StoreBusy:
            # Whoever was quicker goes on writing; there may be nothing left to wait for.
            if not _found(database).tables:
                raise
        found = _found(database)
    where = printable(database.location, limit=200)
    if found.application != APPLICATION_ID:
        if found.tables >= {table.name for table in metadata.sorted_tables}:
            raise Corrupt(f"the application id of {where} is damaged", object="file header")
        raise InvalidInput(
            f"{where} is an SQLite database of something else",
            kind="not_a_store",
            hint="Give the path of a store.",
        )
    if found.version != SCHEMA_VERSION:
        if not older(found.version):
            raise other_schema(found.version, SCHEMA_VERSION, database.location)
        migrate(database)
    if not database.read_only:
        database.use_wal()
    database.expected = SCHEMA_VERSION


def _found(database: FileDatabase) -> Inside:
    """Return what the file holds; refuse what is no database."""
    path = Path(database.location)
    where = printable(database.location, limit=200)
    try:
        return database.look_inside()
    except DriverError as error:
        if primary_code(error) != sqlite3.SQLITE_NOTADB:
            raise translated(error, database.location) from None
    if raw_header(path)[68:72] == APPLICATION_ID.to_bytes(4, "big"):
        raise Corrupt(f"the header of {where} is damaged", object="file header")
    raise InvalidInput(
        f"{where} is not a store (no SQLite database)",
        kind="not_a_store",
        hint="Give the path of a store.",
    )
