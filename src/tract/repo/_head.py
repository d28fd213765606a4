"""Where a handle stands, and who is inside its batch.

HEAD belongs to the open handle: one process that switches never moves another. A batch belongs
to the thread or task that opened it; everybody else goes on as if it were not there.
"""

import os
import sys
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from typing import NamedTuple

from tract.store import Draft

BRANCH, TAG = "branch/", "tag/"


class Position(NamedTuple):
    """A branch by name, or a commit by id when detached; one of the two is None."""

    branch: str | None
    commit: str | None = None


@dataclass(slots=True)
class Head:
    """What about a handle changes: where it stands, and whether it was closed."""

    position: Position
    closed: bool = False


@dataclass(slots=True)
class Batch:
    """An open batch: its write transaction begins with its first write.

    Where its owner stands is its own until it is published, so that nobody else sees a branch
    that is not there yet.
    """

    message: str | None
    stack: ExitStack
    position: Position | None = None
    draft: Draft | None = None
    writes: int = 0


@dataclass(slots=True)
class Lifetime:
    """Whether the session that handles belong to was closed."""

    closed: bool = False


Who = tuple[int, int, int]


def whoever() -> Who:
    """Return what tells processes, threads and asyncio tasks apart."""
    # A task can only be running if asyncio was loaded, and loading it here would cost more than all else.
    asyncio = sys.modules.get("asyncio")
    task = None
    if asyncio is not None:
        try:
            task = asyncio.current_task()
        except RuntimeError:
            task = None
    return (
        os.getpid(),
        threading.get_ident() if task is None else 0,
        id(task) if task is not None else 0,
    )
