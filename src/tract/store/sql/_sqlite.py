"""What every SQLite database has in common: connections, holds, waiting, and time limits.

A hold is one block of reading or writing and the connection that it runs on; when the block ends,
or the process is forked inside it, the connection is taken away from it, so that nothing can run
on a connection that meanwhile serves somebody else. Waiting for the write lock is done here,
jittered, because SQLite's own waiting is unfair. This module knows no table but the version's.
"""

import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NoReturn, Protocol, TypeVar

from tract.errors import Closed, Corrupt, SchemaTooNew, StateError, StoreBusy, printable
from tract.store.sql import _fork
from tract.store.sql._errors import busy
from tract.store.sql._files import Identity

T = TypeVar("T")
Trace = Callable[[str], None]

# Of a new store. Messages of one to four kilobytes are common, and leave much of a smaller page empty.
PAGE_BYTES = 8192
PAGES_BETWEEN_CHECKPOINTS = 2000
WAL_BYTES_MAX = 3000 * PAGE_BYTES
_PAUSE_SECONDS_MIN = 0.0002
_PAUSE_SECONDS_MAX = 0.010
VERSION = "SELECT version_num FROM alembic_version"


def reset_bug(version: tuple[int, int, int] = sqlite3.sqlite_version_info) -> bool:
    """Return whether this SQLite has the WAL-reset bug (fixed in 3.51.3, 3.50.7 and 3.44.6)."""
    if version[:2] == (3, 44):
        return version < (3, 44, 6)
    if version[:2] == (3, 50):
        return version < (3, 50, 7)
    return version < (3, 51, 3)


class Hold:
    """One block of reading or writing.

    Attributes:
        writing: whether it has the write lock.
        thread: the thread that began it.
        done: whether the block has ended, and its transaction with it.
        held: the connection that the block runs on; None once it has been taken away.
        wal: the write-ahead log that its connection has open.
    """

    __slots__ = ("__weakref__", "done", "held", "thread", "wal", "writing")

    def __init__(self) -> None:
        self.writing = False
        self.held: sqlite3.Connection | None = None
        self.wal: Identity | None = None
        self.thread = threading.get_ident()
        self.done = False

    @property
    def connection(self) -> sqlite3.Connection:
        """The connection that the block runs on.

        Raises:
            StateError: kind `ended`; the block was left, or the process forked inside it.
        """
        connection = self.held
        if connection is None or self.done:
            raise StateError(
                "this view of the store has ended", kind="ended", hint="Use it inside its block."
            )
        return connection

    def give(self, connection: sqlite3.Connection) -> None:
        """Let the block run on a connection."""
        self.held = connection

    def trace(self, callback: Trace | None) -> None:
        """Have `callback` called with every statement of the block from now on."""
        connection = self.held
        if connection is not None:
            connection.set_trace_callback(callback)

    def uses(self, connection: sqlite3.Connection) -> bool:
        """Return whether the block runs on that connection."""
        return self.held is connection

    def take(self) -> sqlite3.Connection | None:
        """Take the connection away for good, and return it if there was one."""
        connection, self.held = self.held, None
        return connection


class Database(Protocol):
    """One SQLite database, used from any thread."""

    path: Path | None
    location: str
    read_only: bool
    expected: str | None

    def reading(self) -> AbstractContextManager[Hold]:
        """Give a hold inside one read transaction."""
        ...

    def writing(self) -> AbstractContextManager[Hold]:
        """Give a hold with the write lock; what `publish` did not commit never was.

        Raises:
            StoreBusy: another writer held the lock for longer than the busy timeout.
            ReadOnly: the database may only be read.
        """
        ...

    def publish(self, hold: Hold, work: Callable[[Hold], T], pages: int = 8) -> T:
        """Commit what `work` writes, all of it or nothing, and return what it returns.

        Args:
            hold: what `writing` gave.
            work: writes on the hold that it is given.
            pages: rough pages that it writes; decides when WAL frames are copied back.
        """
        ...

    def trace(self, callback: Trace | None) -> None:
        """Have `callback` called with every statement from now on; None ends it."""
        ...

    def close(self) -> None:
        """Close every connection; closing twice is nothing."""
        ...


class Patience:
    """Waiting for a lock that somebody else holds.

    Args:
        location: the store, for messages.
        timeout: seconds to wait at most.
    """

    def __init__(self, location: str, timeout: float) -> None:
        self._location = location
        self._timeout = timeout

    def __call__(self, work: Callable[[], T], holds: Callable[[], Iterable[Hold]] = tuple) -> T:
        """Return what `work` returns, repeating it for as long as it finds the database locked.

        Args:
            work: runs statements; must leave no transaction open when it raises.
            holds: gives the blocks of this process that may be what is waited for.

        Raises:
            StoreBusy: time is up.
        """
        began = time.monotonic()
        while True:
            try:
                return work()
            except sqlite3.OperationalError as error:
                if not busy(error):
                    raise
            self.pause(began, holds)

    def pause(self, began: float, holds: Callable[[], Iterable[Hold]]) -> None:
        """Sleep a moment, a shorter one the longer it has been, so that nobody is always too late.

        Args:
            began: the monotonic time, in seconds, since which the caller has been waiting.
            holds: as above.

        Raises:
            StoreBusy: time is up.
        """
        waited = time.monotonic() - began
        if waited >= self._timeout:
            self._give_up(waited, holds())
        longest = max(_PAUSE_SECONDS_MIN * 2, _PAUSE_SECONDS_MAX / (1 + 50 * waited))
        time.sleep(random.uniform(_PAUSE_SECONDS_MIN, longest))  # noqa: S311 - spreads waiting, guards nothing

    def _give_up(self, waited: float, holds: Iterable[Hold]) -> NoReturn:
        where = printable(self._location, limit=200)
        me = threading.get_ident()
        if any(hold.writing and hold.thread == me for hold in holds):
            error = StoreBusy(f"this very thread has {where} open for writing", waited=waited)
            error.hint = (
                "Leave the write block (a batch of another tract, say) before writing again."
            )
            raise error
        raise StoreBusy(f"another writer held {where} for {waited:.1f} s", waited=waited)


def connect(uri: str, durability: str) -> sqlite3.Connection:
    """Return a new connection, set up.

    Args:
        uri: what to open, as a URI; ":memory:" for a database in memory.
        durability: "full" or "normal".

    Raises:
        sqlite3.Error: no connection is open then.
    """
    connection = None
    try:
        with _fork.opening_or_closing():
            connection = sqlite3.connect(
                uri,
                uri=uri != ":memory:",
                timeout=0,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=256,
            )
        for pragma in (
            "cell_size_check=ON",
            "trusted_schema=OFF",
            f"synchronous={durability}",
            "wal_autocheckpoint=0",
            f"journal_size_limit={WAL_BYTES_MAX}",
        ):
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        if connection is not None:
            close(connection)
        raise
    return connection


def close(connection: sqlite3.Connection) -> None:
    """Close a connection."""
    with _fork.opening_or_closing():
        connection.close()


def begin(connection: sqlite3.Connection, how: str, location: str, expected: str | None) -> None:
    """Begin a transaction, and see that the schema is still the one that this code knows.

    Args:
        connection: outside of any transaction.
        how: "BEGIN" or "BEGIN IMMEDIATE".
        location: the store, for messages.
        expected: the schema version; None where it is not yet known.

    Raises:
        sqlite3.Error: no transaction is open then.
        SchemaTooNew: a newer version of this library has migrated the store meanwhile.
    """
    row = None
    try:
        connection.execute(how)
        if expected is not None:
            # Reading also fixes the moment that a deferred transaction sees.
            row = connection.execute(VERSION).fetchone()
    except BaseException:
        if connection.in_transaction:
            connection.rollback()
        raise
    if expected is not None and row != (expected,):
        connection.rollback()
        raise other_schema(None if row is None else row[0], expected, location)


def other_schema(found: object, known: str, location: str) -> SchemaTooNew | Corrupt:
    """Return the error for a schema version that this code does not know."""
    where = printable(location, limit=200)
    if isinstance(found, str) and found.isascii() and found.isdigit() and int(found) > int(known):
        return SchemaTooNew(
            f"{where} has schema {found}; this version of tract knows {known}",
            found=found,
            known=known,
        )
    return Corrupt(
        f"the schema version of {where} is {printable(repr(found))}", object="schema version"
    )


def closed(location: str) -> Closed:
    """Return the error for using a closed database."""
    where = printable(location, limit=200)
    return Closed(f"the store {where} is closed", hint="Open it again.")
