"""What the views of one store share: immutable facts, in small bounded caches.

Commit rows and states never change once they are committed, so what one view has read is true for
all. Nothing gets in here from a transaction that may still be undone.
"""

from typing import NamedTuple

from tract.errors import Corrupt
from tract.objects import State

_STATES_MAX, _ROWS_MAX = 4, 256


class Row(NamedTuple):
    """A commit's index columns."""

    key: int
    id: str
    blob: int | None
    size: int
    cost: int
    snapshot: int


class Known:
    """Facts that were read, each kind bounded.

    Attributes:
        tracts: keys by tract id.
        rows: commit rows by key.
        rows_by_id: the same by commit id.
        states: key and state by commit id; replaced, never changed.
    """

    def __init__(self) -> None:
        self.tracts: dict[str, int] = {}
        self.rows: dict[int, Row] = {}
        self.rows_by_id: dict[str, Row] = {}
        self.states: dict[str, tuple[int, State]] = {}

    def keep_row(self, row: Row) -> None:
        """Remember a commit's index columns."""
        if len(self.rows) >= _ROWS_MAX:
            self.rows, self.rows_by_id = {}, {}
        self.rows[row.key] = row
        self.rows_by_id[row.id] = row

    def keep_state(self, key: int, id: str, state: State) -> None:
        """Remember a state."""
        states = {name: value for name, value in self.states.items() if name != id}
        states[id] = (key, state)
        while len(states) > _STATES_MAX:
            del states[next(iter(states))]
        self.states = states


def damaged(what: str) -> Corrupt:
    """Return the error for a stored value that is not what was written."""
    return Corrupt(f"{what} is damaged", object=what)
