"""Who holds a store in a batch, so that nobody waits for what only they themselves could end.

A batch keeps the store's write lock while its owner's other code runs. Another handle, or another
task of the same event loop, that writes to the store on that very thread would wait until its time
is up, with nobody left to end the batch: it is told at once.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tract.errors import StateError
from tract.store import Store

# The place of each store that a batch holds, with the process and thread that are in it.
_held: dict[str, tuple[int, int]] = {}


def _place(store: Store) -> str:
    return f"memory {id(store)}" if store.location == ":memory:" else store.location


@contextmanager
def holding(store: Store) -> Iterator[None]:
    """Say, for the length of the block, that the calling thread holds a store."""
    place = _place(store)
    _held[place] = (os.getpid(), threading.get_ident())
    try:
        yield
    finally:
        _held.pop(place, None)


def refuse_to_wait_for_oneself(store: Store) -> None:
    """Raise where waiting for the store could never end.

    Raises:
        StateError: kind `store_held_here`.
    """
    if _held and _held.get(_place(store)) == (os.getpid(), threading.get_ident()):
        raise StateError(
            "a batch on this very thread holds the store",
            kind="store_held_here",
            hint="End that batch first, or write inside it.",
        )
