"""An SQLite file: a small pool of connections, the write lock, and what can happen to the file.

Each block takes a connection out of the pool and puts it back clean; nothing survives a replaced
file, a fork or an interrupted transaction unnoticed, because each is looked for before anything is
done. WAL frames are copied back only while the write lock is held, which also keeps clear of the
WAL-reset bug of SQLite before 3.51.3. A file in a folder where WAL files cannot be made is read as
one that nobody changes, and looked at again before and after each view.
"""

import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

from tract.errors import ReadOnly, StoreError, TractError, printable
from tract.store.sql import _fork
from tract.store.sql._errors import DriverError, primary_code, translated
from tract.store.sql._files import Identity, identity
from tract.store.sql._schema import APPLICATION_ID
from tract.store.sql._sqlite import (
    PAGE_BYTES,
    PAGES_BETWEEN_CHECKPOINTS,
    VERSION,
    WAL_BYTES_MAX,
    Hold,
    Patience,
    Trace,
    begin,
    close,
    closed,
    connect,
)

T = TypeVar("T")
_IDLE_MAX = 8
_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table'"
_LOOKS = 10
_UNREADABLE = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)
_CHECKPOINT = "PRAGMA wal_checkpoint(PASSIVE)"


class Inside(NamedTuple):
    """What an opened file holds: application id, names of tables, schema version if it is a store."""

    application: int
    tables: set[str]
    version: object


class FileDatabase:
    """One SQLite file, used from any thread.

    Args:
        path: absolute path, links followed.
        read_only: open for reading only.
        durability: "full" (an acknowledged write survives power loss) or "normal" (the end of the process).
        busy_timeout: seconds to wait for another writer.

    Attributes:
        expected: the schema version that every transaction must find; None while opening.
    """

    def __init__(
        self, path: Path, *, read_only: bool, durability: str, busy_timeout: float
    ) -> None:
        self.path: Path | None = path
        self.location = str(path)
        self.read_only = read_only
        self.expected: str | None = None
        self.patiently = Patience(self.location, busy_timeout)
        self._durability = durability
        self._usual_uri = self._uri = f"{path.as_uri()}?mode={'ro' if read_only else 'rw'}"
        self._wal = f"{path}-wal"
        self._identity = identity(path)
        self._frozen: object = None
        self._trace: Trace | None = None
        self._closed = False
        self._resting = False
        self._pid = os.getpid()
        self._idle: list[tuple[sqlite3.Connection, Identity | None]] = []
        # Weak, so that a block that was dropped without its end gives up its connection, too.
        self._held: dict[int, weakref.ref[Hold]] = {}
        self._unchecked_pages = 0
        if _size(self._wal) > WAL_BYTES_MAX:
            self._unchecked_pages = PAGES_BETWEEN_CHECKPOINTS
        _fork.watch(self)

    # Connections

    def _connect(self) -> sqlite3.Connection:
        _fork.check_safe(self._identity, self.location)
        self._same_file()
        try:
            connection = self.patiently(lambda: connect(self._uri, self._durability))
        except sqlite3.OperationalError as error:
            if primary_code(error) not in _UNREADABLE or not self.freeze():
                raise
            connection = connect(self._uri, self._durability)
        if self._trace is not None:
            connection.set_trace_callback(self._trace)
        return connection

    def _take(self, hold: Hold) -> sqlite3.Connection:
        """Give a hold a connection that is outside of any transaction."""
        if os.getpid() != self._pid:  # forked behind Python's back, so without bringing us to rest
            self.reborn()
        self._register(hold)
        if self._closed:
            raise closed(self.location)
        try:
            connection, hold.wal = self._idle.pop()
        except IndexError:
            connection, hold.wal = self._connect(), None
        hold.give(connection)
        return connection

    def _register(self, hold: Hold) -> None:
        # First say so, then look: whoever is about to fork does it the other way round.
        self._held[id(hold)] = weakref.ref(hold)
        while self._resting and not self._waited_for(hold):
            del self._held[id(hold)]
            while self._resting:
                time.sleep(0.0005)
            self._held[id(hold)] = weakref.ref(hold)

    def _waited_for(self, hold: Hold) -> bool:
        """Return whether the thread of a new block is in another one, the end of which a fork awaits."""
        return any(other.thread == hold.thread for other in self._holds() if other is not hold)

    def _holds(self) -> list[Hold]:
        """Return the blocks that have not ended; forget those that were dropped."""
        found = []
        for key, kept in list(self._held.items()):
            if (hold := kept()) is not None:
                found.append(hold)
            elif self._held.get(key) is kept:
                del self._held[key]
        return found

    def _end(self, hold: Hold) -> None:
        """Take the connection back, its transaction ended."""
        # Until it is back the block counts as one that goes on, or a fork would miss the connection.
        if (connection := hold.held) is not None:
            self._put(connection, hold.wal)
        hold.take()
        self._held.pop(id(hold), None)

    def _put(self, connection: sqlite3.Connection, wal: Identity | None) -> None:
        if self._closed or len(self._idle) >= _IDLE_MAX:
            close(connection)
            return
        self._idle.append((connection, wal))
        if self._closed:
            self._drop_idle()

    def _drop_idle(self) -> None:
        while self._idle:
            connection, _ = self._idle.pop()
            close(connection)

    # Transactions

    @contextmanager
    def reading(self) -> Iterator[Hold]:
        """Give a hold inside one read transaction."""
        hold = Hold()
        try:
            if self._frozen is not None and self._frozen != self._as_it_is():
                self.thaw()
            frozen = self._frozen
            self._begin(hold, "BEGIN")
            yield hold
            if frozen is not None and frozen != self._as_it_is():
                error = StoreError(
                    f"{printable(self.location)} was changed while it was read",
                    kind="changed",
                    hint="Read it again.",
                )
                error.retryable = True
                raise error
        finally:
            if (connection := hold.held) is not None:
                # First of all, so that no interrupt can come between the end of the block and this.
                try:
                    connection.rollback()
                except sqlite3.Error:
                    close(connection)  # that undoes it, too; what went wrong before is the news
                    hold.held = None
            hold.done = True
            self._end(hold)

    @contextmanager
    def writing(self) -> Iterator[Hold]:
        """Give a hold with the write lock; what `publish` did not commit is rolled back."""
        if self.read_only:
            hint = "Open it without read_only=True."
            raise ReadOnly(f"{printable(self.location)} was opened read-only", hint=hint)
        hold = Hold()
        try:
            self._begin(hold, "BEGIN IMMEDIATE")
            hold.writing = True
            if self._unchecked_pages >= PAGES_BETWEEN_CHECKPOINTS:
                self._checkpoint()
                # Only a transaction that begins after all was copied back writes the WAL from its
                # start again; this one would append to it for ever.
                hold.connection.rollback()
                self._begin_again(hold, "BEGIN IMMEDIATE")
            yield hold
        finally:
            if (connection := hold.held) is not None:
                # First of all, as in `reading`.
                try:
                    connection.rollback()
                except sqlite3.Error:
                    close(connection)  # that undoes it, too; what went wrong before is the news
                    hold.held = None
            hold.done = True
            self._end(hold)

    def _begin(self, hold: Hold, how: str) -> None:
        try:
            self._take(hold)
        except DriverError as error:
            raise translated(error, self.location) from None
        self._begin_again(hold, how)

    def _begin_again(self, hold: Hold, how: str) -> None:
        connection = hold.connection
        try:
            self.patiently(
                lambda: begin(connection, how, self.location, self.expected),
                self._holds,
            )
        except DriverError as error:
            raise translated(error, self.location) from None
        if hold.wal is None:
            hold.wal = identity(self._wal)  # made or opened by the transaction that just began

    def publish(self, hold: Hold, work: Callable[[Hold], T], pages: int = 8) -> T:
        """Commit what `work` writes, all of it or nothing, and return what it returns."""
        connection = hold.connection
        if self._closed:
            raise closed(self.location)
        # A renamed or replaced file would take the write, and nobody would ever see it.
        self._same_file()
        if identity(self._wal) != hold.wal:
            raise _replaced(f"the write-ahead log of {self.location} was removed or replaced")
        made = work(hold)
        try:
            connection.execute("COMMIT")
        except DriverError as error:
            raise translated(error, self.location) from None
        self._unchecked_pages += pages
        return made

    def _same_file(self) -> None:
        if identity(self.location) != self._identity:
            raise _replaced(f"{self.location} was moved, removed or replaced")

    def _checkpoint(self) -> None:
        """Copy WAL frames back; the caller holds the write lock, so nobody can reset the WAL meanwhile."""
        # Passive: it waits for nobody, and what cannot be copied now is copied the next time.
        pages, copied = 0, 0
        with suppress(sqlite3.Error):
            connection, wal = self._idle.pop() if self._idle else (self._connect(), None)
            try:
                _, pages, copied = connection.execute(_CHECKPOINT).fetchone()
            finally:
                self._put(connection, wal)
        # A reader that still needs older pages keeps some back; they are tried again soon.
        self._unchecked_pages = 0 if copied >= pages else PAGES_BETWEEN_CHECKPOINTS * 7 // 8

    # A file that cannot be locked

    def freeze(self) -> bool:
        """Read the file as one that nobody changes, where no WAL file can be made beside it.

        Returns:
            Whether that is new and possible: a WAL file that is there would be passed over.
        """
        # The codes that lead here have other causes, too, such as too many open files.
        folder = Path(self.location).parent
        may_not = not (os.access(self.location, os.W_OK) and os.access(folder, os.W_OK))
        if self._frozen is not None or _size(self._wal) or not may_not:
            return False
        self._drop_idle()
        self._frozen = self._as_it_is()
        self._uri = f"{Path(self.location).as_uri()}?mode=ro&immutable=1"
        return True

    def thaw(self) -> None:
        """Read the file as usual again, since somebody has changed it."""
        self._drop_idle()
        self._uri = self._usual_uri
        self._frozen = None
        if identity(self._wal) is None:
            self.freeze()

    def _as_it_is(self) -> object:
        try:
            found = os.stat(self.location)  # noqa: PTH116 - see identity
        except OSError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns, identity(self._wal), _size(self._wal)

    # Beginnings and ends

    @contextmanager
    def outside(self) -> Iterator[sqlite3.Connection]:
        """Give a connection outside of any transaction, for looking and setting up.

        Raises:
            sqlite3.Error: as it comes, for the caller to judge.
        """
        hold = Hold()
        try:
            yield self._take(hold)
        finally:
            if (connection := hold.held) is not None:
                # First of all, as in `reading`.
                try:
                    connection.rollback()
                except sqlite3.Error:
                    close(connection)  # that undoes it, too; what went wrong before is the news
                    hold.held = None
            hold.done = True
            self._end(hold)

    def look_inside(self) -> Inside:
        """Return what kind of database this is, as of one moment.

        Raises:
            sqlite3.Error: as it comes, for the caller to judge.
        """
        for left in reversed(range(_LOOKS)):
            try:
                with self.outside() as connection:
                    return self.patiently(partial(self._look, connection))
            except sqlite3.OperationalError as error:
                if primary_code(error) not in _UNREADABLE or not left:
                    raise
            # The WAL came or went under a reader that may not make it itself.
            self._drop_idle()
            time.sleep(0.001)
        raise AssertionError

    def _look(self, connection: sqlite3.Connection) -> Inside:
        begin(connection, "BEGIN", self.location, None)
        try:
            application = int(connection.execute("PRAGMA application_id").fetchone()[0])
            tables = {str(name) for (name,) in connection.execute(_TABLES).fetchall()}
            version = None
            if application == APPLICATION_ID and "alembic_version" in tables:
                row = connection.execute(VERSION).fetchone()
                version = None if row is None else row[0]
        finally:
            connection.rollback()
        return Inside(application, tables, version)

    def use_wal(self) -> None:
        """See that the database is in WAL mode, whatever another program has left it in.

        Raises:
            StoreError: kind `no_wal`; it cannot be.
        """
        try:
            with self.outside() as connection:
                run = connection.execute
                mode = self.patiently(lambda: run("PRAGMA journal_mode").fetchone()[0])
                if mode != "wal" and self._frozen is None:
                    run(f"PRAGMA page_size={PAGE_BYTES}")  # heeded while the file is empty
                    mode = self.patiently(lambda: run("PRAGMA journal_mode=WAL").fetchone()[0])
        except DriverError as error:
            if primary_code(error) != sqlite3.SQLITE_READONLY:
                raise translated(error, self.location) from None
        else:
            if mode != "wal" and self._frozen is None:
                where = printable(self.location)
                raise StoreError(
                    f"{where} cannot be in WAL mode (it is in {mode})",
                    kind="no_wal",
                    hint="Put the store on a local disk that allows WAL.",
                )

    def leave_untouched(self) -> None:
        """Close without copying WAL frames back into a file that is not ours to change."""
        keeper = None
        if _size(self._wal):
            uri = f"{Path(self.location).as_uri()}?mode=ro"
            with suppress(sqlite3.Error, TractError):
                # A second connection, that cannot write, makes the first one not the last.
                _fork.check_safe(self._identity, self.location)
                keeper = connect(uri, self._durability)
                keeper.execute("SELECT 1 FROM sqlite_master").fetchall()
        self.close()
        if keeper is not None:
            close(keeper)

    def trace(self, callback: Trace | None) -> None:
        """Have `callback` called with every statement from now on; None ends it."""
        self._trace = callback
        for hold in self._holds():
            hold.trace(callback)
        for connection, _ in list(self._idle):
            connection.set_trace_callback(callback)

    def close(self) -> None:
        """Close every connection; those in use are closed when their blocks end."""
        self._closed = True
        self._drop_idle()

    # Forking

    def rest(self) -> None:
        """Close the idle connections, and wait for those that other threads are using."""
        self._resting = True
        until = time.monotonic() + _fork.REST_SECONDS_MAX
        me = threading.get_ident()
        while any(hold.thread != me for hold in self._holds()) and time.monotonic() < until:
            time.sleep(0.0005)
        self._drop_idle()

    def wake(self) -> None:
        """Go on."""
        self._resting = False

    def reborn(self) -> None:
        """Leave the parent's connections alone, and start without any."""
        in_use = [hold.take() for hold in self._holds()]
        for connection in (*in_use, *(connection for connection, _ in self._idle)):
            if connection is not None:
                _fork.keep(connection)
                _fork.mark_unsafe(self._identity)
        self._held, self._idle = {}, []
        self._resting = False
        self._pid = os.getpid()


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size  # noqa: PTH116 - see identity
    except OSError:
        return 0


def _replaced(what: str) -> StoreError:
    hint = "Close this handle and open the store again."
    return StoreError(
        f"{printable(what, limit=250)} while it was open", kind="store_replaced", hint=hint
    )
