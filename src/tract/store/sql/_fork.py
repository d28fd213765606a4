"""Forking: no connection of the parent is ever used in the child, and none is left to be used.

An SQLite connection must not cross a fork, and leaving it alone is not enough: a connection that
the child opens later shares the inherited bookkeeping of locks, believes to hold locks that it
does not, and its writes can vanish with the parent's WAL file. So every database is brought to
rest before this process forks: its idle connections are closed, running transactions are waited
for. Where that is not possible, because the forking thread itself is inside one, the child is not
allowed to use that file. SQLite also has locks of its own that every opening and closing takes; a
thread that a fork cut off while it held one would leave it locked in the child for ever, so nobody
opens or closes a connection at that moment.
"""

import os
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from tract.errors import StateError, printable
from tract.store.sql._files import Identity


class Forkable(Protocol):
    """A database that can be brought to rest."""

    def rest(self) -> None:
        """Let go of every connection; called before a fork, in the parent."""
        ...

    def wake(self) -> None:
        """Go on; called after a fork, in the parent."""
        ...

    def reborn(self) -> None:
        """Forget everything that belongs to the parent; called after a fork, in the child."""
        ...


REST_SECONDS_MAX = 1.0
_watched: "weakref.WeakSet[Forkable]" = weakref.WeakSet()
_resting: list[Forkable] = []
# One fork at a time: a second one must not end the rest that the first relies on.
_turn = threading.Lock()
# Connections of the parent that were in use; closing them here would touch the parent's files.
_inherited: list[object] = []
_unsafe: set[Identity] = set()


class _Gate:
    """Who is opening or closing a connection, and whether a fork keeps others from it."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.inside = 0
        self.closed_by: int | None = None


_gate = _Gate()


def watch(database: Forkable) -> None:
    """Have a database brought to rest whenever this process forks, for as long as it lives."""
    with _gate.changed:
        _watched.add(database)


@contextmanager
def opening_or_closing() -> Iterator[None]:
    """Keep this process from forking for the length of the block, which opens or closes a connection."""
    gate, me = _gate, threading.get_ident()
    with gate.changed:
        while gate.closed_by not in (None, me):
            gate.changed.wait()
        gate.inside += 1
    try:
        yield
    finally:
        with gate.changed:
            gate.inside -= 1
            gate.changed.notify_all()


def keep(connection: object) -> None:
    """Keep a connection of the parent untouched until this process ends."""
    _inherited.append(connection)


def mark_unsafe(file: Identity | None) -> None:
    """Remember that a file's locks were in use when this process was forked."""
    if file is not None:
        _unsafe.add(file)


def check_safe(file: Identity | None, location: str) -> None:
    """Refuse a file whose locks were in use when this process was forked.

    Raises:
        StateError: kind `forked`.
    """
    if file in _unsafe:
        raise StateError(
            f"this process was forked while {printable(location, limit=200)} was in use",
            kind="forked",
            hint='Fork outside of batches and reads, or start processes with the "spawn" method.',
        )


def _before() -> None:
    _turn.acquire()
    until = time.monotonic() + 2 * REST_SECONDS_MAX
    while True:
        # With the gate open, so that blocks that are waited for can go on to their ends.
        for database in _not_resting():
            _resting.append(database)
            database.rest()
        with _gate.changed:
            _gate.closed_by = threading.get_ident()
            while _gate.inside and (left := until - time.monotonic()) > 0:
                _gate.changed.wait(left)
            if not _not_resting() or time.monotonic() >= until:
                return
            _open_gate()


def _not_resting() -> list[Forkable]:
    with _gate.changed:
        return [database for database in _watched if database not in _resting]


def _open_gate() -> None:
    with _gate.changed:
        _gate.closed_by = None
        _gate.changed.notify_all()


def _after_in_parent() -> None:
    _open_gate()
    for database in _resting:
        database.wake()
    _resting.clear()
    _turn.release()


def _after_in_child() -> None:
    # The parent's locks are held, or were, by threads that do not exist here.
    global _turn, _gate
    _turn, _gate = threading.Lock(), _Gate()
    for database in _resting:
        database.reborn()
    _resting.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child
    )
