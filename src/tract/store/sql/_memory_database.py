"""An SQLite database in memory: one connection for everybody, and a copy where a view needs one.

Databases in memory know no WAL, so a view that is held while somebody else publishes would change
under its reader. Publishing therefore goes to a copy when a view is held, and the copy becomes the
database; views keep the old one until they end. Copying is rare, because views are short.
"""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from tract.errors import ReadOnly, StateError
from tract.store.sql import _fork
from tract.store.sql._errors import DriverError, translated
from tract.store.sql._sqlite import Hold, Patience, Trace, begin, close, closed, connect

T = TypeVar("T")
_WRITER = "writer"


class MemoryDatabase:
    """One SQLite database in memory, used from any thread.

    Args:
        busy_timeout: seconds to wait for another writer.
    """

    location = ":memory:"

    def __init__(self, *, busy_timeout: float) -> None:
        self.path: Path | None = None
        self.read_only = False
        self.expected: str | None = None
        self._patiently = Patience(self.location, busy_timeout)
        self._trace: Trace | None = None
        self._closed = False
        self._unsafe = False
        self._resting = False
        self._rested = False
        self._pid = os.getpid()
        self._guard = threading.Lock()
        self._views: dict[int, Hold] = {}
        # One key at most. Setting a default is one step that no interrupt can split.
        self._turn: dict[str, Hold] = {}
        self._current = connect(self.location, "normal")
        _fork.watch(self)

    def _enter(self, hold: Hold) -> None:
        """Give a hold the connection of the moment; the guard is held."""
        if self._closed:
            raise closed(self.location)
        if self._current.in_transaction:
            self._current.rollback()  # publishing was interrupted between BEGIN and its clean-up
        self._views = {key: view for key, view in self._views.items() if not view.done}
        hold.give(self._current)

    def _look_for_fork(self) -> None:
        if os.getpid() != self._pid:  # forked behind Python's back
            self.reborn()
        if self._unsafe:
            raise StateError(
                "this process was forked while the store in memory was in use",
                kind="forked",
                hint='Fork outside of batches and reads, or start processes with "spawn".',
            )
        me = threading.get_ident()
        # Who is inside already is waited for, and must not wait in turn.
        while self._resting and not any(hold.thread == me for hold in self._inside()):
            time.sleep(0.0005)

    def _inside(self) -> list[Hold]:
        return [*self._views.values(), *self._turn.values()]

    @contextmanager
    def reading(self) -> Iterator[Hold]:
        """Give a hold on the database as it is now."""
        self._look_for_fork()
        hold = Hold()
        try:
            with self._guard:
                self._enter(hold)
                self._views[id(hold)] = hold
            yield hold
        finally:
            hold.done = True
            self._views.pop(id(hold), None)
            self._drop(hold.take())

    @contextmanager
    def writing(self) -> Iterator[Hold]:
        """Give a hold that no other writer has at the same time."""
        self._look_for_fork()
        if self.read_only:
            raise ReadOnly(
                f"{self.location} was opened read-only", hint="Open it without read_only=True."
            )
        hold = Hold()
        try:
            began = time.monotonic()
            while (holder := self._turn.setdefault(_WRITER, hold)) is not hold:
                if holder.done:
                    self._release(holder)  # its own end was interrupted
                else:
                    self._patiently.pause(began, lambda: list(self._turn.values()))
            hold.writing = True
            with self._guard:
                self._enter(hold)
            yield hold
        finally:
            hold.done = True
            connection = hold.take()
            self._release(hold)
            self._drop(connection)

    def _release(self, hold: Hold) -> None:
        with self._guard:
            if self._turn.get(_WRITER) is hold:
                del self._turn[_WRITER]

    def publish(self, hold: Hold, work: Callable[[Hold], T], pages: int = 8) -> T:
        """Commit what `work` writes, all of it or nothing, and return what it returns."""
        before = hold.connection
        target = Hold()
        with self._guard:
            if self._closed:
                raise closed(self.location)
            views = [view for view in self._views.values() if not view.done]
            connection = self._copy(before) if views else before
            target.give(connection)
            try:
                begin(connection, "BEGIN IMMEDIATE", self.location, None)
                made = work(target)
                connection.execute("COMMIT")
                self._current = connection
            except DriverError as error:
                raise translated(error, self.location) from None
            finally:
                target.take()
                if connection.in_transaction:
                    connection.rollback()
                if connection is not self._current:
                    close(connection)
        return made

    def _copy(self, connection: sqlite3.Connection) -> sqlite3.Connection:
        other = connect(self.location, "normal")
        connection.backup(other)
        other.set_trace_callback(self._trace)
        return other

    def _drop(self, connection: sqlite3.Connection | None) -> None:
        """Close a connection that was replaced or given up meanwhile, after whoever used it last."""
        if connection is None or (connection is self._current and not self._closed):
            return
        if not any(hold.uses(connection) for hold in self._inside()):
            close(connection)

    def trace(self, callback: Trace | None) -> None:
        """Have `callback` called with every statement from now on; None ends it."""
        self._trace = callback
        for hold in list(self._views.values()):
            hold.trace(callback)
        with self._guard:
            if not self._closed:
                self._current.set_trace_callback(callback)

    def close(self) -> None:
        """Forget everything; views that are held keep what they see."""
        with self._guard:
            self._closed = True
            self._drop(self._current)

    # Forking: the child goes on with a copy of its own.

    def rest(self) -> None:
        """Let nobody be inside SQLite."""
        self._resting = True
        until = time.monotonic() + _fork.REST_SECONDS_MAX
        while not self._rested and time.monotonic() < until:
            # The guard comes last: those who are waited for need it to come to their ends.
            if not self._others() and self._guard.acquire(blocking=False):
                self._rested = not self._others()
                if self._rested:
                    return
                self._guard.release()
            time.sleep(0.0005)

    def _others(self) -> list[Hold]:
        me = threading.get_ident()
        return [hold for hold in self._inside() if hold.thread != me]

    def wake(self) -> None:
        """Go on."""
        self._resting = False
        if self._rested:
            self._rested = False
            self._guard.release()

    def reborn(self) -> None:
        """Go on with a copy of the parent's memory, unless another thread was at work on it."""
        others = self._others()
        # Whoever came while this was at rest has not been let in.
        self._unsafe = bool(others) and not self._rested
        for hold in others:
            hold.take()
            self._views.pop(id(hold), None)
            if self._turn.get(_WRITER) is hold:
                del self._turn[_WRITER]
        self._guard = threading.Lock()
        self._resting = self._rested = False
        self._pid = os.getpid()
