"""Forking: no connection of the parent is ever used in the child, and none is left to be used.

An SQLite connection must not cross a fork, and leaving it alone is not enough: a connection that
the child opens later shares the inherited bookkeeping of locks, believes to hold locks that it
does not, and its writes can vanish with the parent's WAL file. So every database is brought to
rest before this process forks: its idle connections are closed, running transactions are waited
for. Where that is not possible, because the forking thread itself is inside one, the child is not
allowed to use that file.
"""

import os
import threading
import weakref
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


_watched: "weakref.WeakSet[Forkable]" = weakref.WeakSet()
_resting: list[Forkable] = []
# One fork at a time: a second one must not end the rest that the first relies on.
_turn = threading.Lock()
# Connections of the parent that were in use; closing them here would touch the parent's files.
_inherited: list[object] = []
_unsafe: set[Identity] = set()


def watch(database: Forkable) -> None:
    """Have a database brought to rest whenever this process forks, for as long as it lives."""
    _watched.add(database)


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
    _resting[:] = list(_watched)
    for database in _resting:
        database.rest()


def _after_in_parent() -> None:
    for database in _resting:
        database.wake()
    _resting.clear()
    _turn.release()


def _after_in_child() -> None:
    global _turn  # noqa: PLW0603 - the parent's lock is held, by a thread that does not exist here
    _turn = threading.Lock()
    for database in _resting:
        database.reborn()
    _resting.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child
    )
