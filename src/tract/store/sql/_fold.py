"""A state out of rows: which stretches of which lines are read, and in what order they are folded.

A state is the fold of the commits after the nearest known one: a state that was read before, a
snapshot, or the root. A merge needs the states of its further parents, whose lines may need each
other again; so all lines are read first, each once, and then folded step by step, each as far as
what it needs is made. Nothing here recurses, however merges are knotted.
"""

from collections.abc import Iterator, Mapping
from operator import itemgetter
from typing import Any, Protocol

from tract.graph import further_parents, step
from tract.objects import Appended, Commit, Slot, State
from tract.store._protocol import Payload
from tract.store.sql._known import Known, Row, damaged
from tract.store.sql._schema import LANE_BITS

ROWS_AT_ONCE = 1000
Range = tuple[int, int]
_KEY = itemgetter(0)


class Source(Protocol):
    """What folding needs of a reader."""

    known: Known

    def row(self, key: int) -> Row:
        """Return the index columns of the commit with that key."""
        ...

    def rows_of(self, ids: list[str]) -> dict[str, Row]:
        """Return the index columns of those commits that are in the store, by id."""
        ...

    def commit(self, id: str) -> Commit:
        """Return a commit."""
        ...

    def segments(self, top: int, wanted: int, stop: int) -> list[tuple[int, int, int]]:
        """Return (lowest key, highest key, commits up to there) of a line's lanes, newest first."""
        ...

    def snapshot(self, key: int) -> State:
        """Return the state kept for the commit with that key."""
        ...

    def stretch(self, ranges: list[Range], seen: dict[str, Payload]) -> Iterator[Commit | Appended]:
        """Yield what the commits in these key ranges do, oldest first; put contents into `seen`."""
        ...


class _Line:
    """A stretch of a first-parent line that is being folded."""

    def __init__(self, slots: list[Slot]) -> None:
        self.slots = slots
        self.steps: list[Commit | Appended] = []
        self.done = 0


class Fold:
    """The making of one state.

    Args:
        source: where rows come from.
        seen: gets the payloads that are read on the way.
    """

    def __init__(self, source: Source, seen: dict[str, Payload]) -> None:
        self._source = source
        self._seen = seen
        # Kept aside: other threads may push states out of what is known at any time.
        self._at_hand: Mapping[str, tuple[int, State]] = source.known.states
        self._line_of: dict[str, _Line] = {}
        self._wanted: set[str] = set()
        self._made: dict[str, State] = {}

    def state(self, row: Row) -> State:
        """Return the state of the commit in that row."""
        line = self._load(row)
        if not self._wanted:
            return tuple(line.slots)
        self._load_others()
        waiting = [(line, row.id)]
        while waiting:
            need = self._advance(*waiting[-1])
            if need is None:
                waiting.pop()
            elif (other := self._line_of.get(need)) is None or len(waiting) > len(self._wanted) + 1:
                raise damaged(f"the line of commit {row.id}")
            else:
                waiting.append((other, need))
        return tuple(line.slots)

    def _load(self, row: Row) -> _Line:
        ranges, parent, slots = self._plan(row)
        line = _Line(slots)
        steps, append = line.steps, slots.append
        waiting = bool(self._wanted)
        for done in self._source.stretch(ranges, self._seen):
            if not waiting and isinstance(done, Appended):
                before, slot = done  # as nearly always: it is folded at once, and let go of
                if before != parent:
                    raise damaged(f"commit {slot.commit}")
                append(slot)
                parent = slot.commit
                continue
            if isinstance(done, Appended):
                id, before = done.slot.commit, done.parent
            else:
                id, before = done.id, done.parents[0] if done.parents else None
                if done.layout:
                    self._wanted.update(further_parents(done).values())
                    waiting = bool(self._wanted)
            if before != parent:
                raise damaged(f"commit {id}")
            parent = id
            if waiting:
                steps.append(done)
                self._line_of[id] = line
            elif isinstance(done, Commit):
                step(slots, done, {}, self._source.commit)
        if parent != row.id:
            raise damaged(f"the line of commit {row.id}")
        if not steps:
            self._made[row.id] = tuple(slots)
        return line

    def _load_others(self) -> None:
        """Read the lines of further parents, newest first: a newer one may run through the older."""
        while need := [id for id in self._wanted if not self._has(id)]:
            rows = self._source.rows_of(need)
            if missing := set(need).difference(rows):
                raise damaged(f"commit {min(missing)}, which a merge names,")
            for row in sorted(rows.values(), reverse=True):
                if not self._has(row.id):
                    self._load(row)

    def _has(self, id: str) -> bool:
        return id in self._line_of or id in self._made or id in self._at_hand

    def _state_at_hand(self, id: str) -> State | None:
        state = self._made.get(id)
        if state is not None:
            return state
        kept = self._at_hand.get(id)
        return None if kept is None else kept[1]

    def _advance(self, line: _Line, until: str) -> str | None:
        """Fold a line up to a commit; return the id of a state that is needed first, or None."""
        steps, slots = line.steps, line.slots
        for at in range(line.done, len(steps)):
            done = steps[at]
            if isinstance(done, Appended):
                id = done.slot.commit
                slots.append(done.slot)
            else:
                id = done.id
                others: dict[int, State] = {}
                for number, parent in further_parents(done).items() if done.layout else ():
                    if (state := self._state_at_hand(parent)) is None:
                        return parent
                    others[number] = state
                step(slots, done, others, self._source.commit)
            line.done = at + 1
            if id in self._wanted:
                self._made[id] = tuple(slots)
            if id == until:
                return None
        return None

    # What has to be read

    def _plan(self, row: Row) -> tuple[list[Range], str | None, list[Slot]]:
        """Return the key ranges to fold, oldest first, and the commit and slots to start from."""
        hand = {key: id for id, (key, _) in self._at_hand.items() if key <= row.key}
        lane = row.key >> LANE_BITS
        near = max((key for key in {*hand, row.snapshot} if key >> LANE_BITS == lane), default=None)
        if near is not None:
            return [(near + 1, row.key)], *self._start(near, hand)
        ranges: list[Range] = []
        stop = row.snapshot >> LANE_BITS
        for low, high, _ in self._source.segments(row.key, 1 << 62, stop):
            inside = [key for key in {*hand, row.snapshot} if low <= key <= high]
            if inside:
                near = max(inside)
                ranges.append((near + 1, high))
                return ranges[::-1], *self._start(near, hand)
            ranges.append((low, high))
        return ranges[::-1], None, []

    def _start(self, key: int, hand: Mapping[int, str]) -> tuple[str, list[Slot]]:
        id = hand.get(key)
        if id is not None:
            return id, list(self._at_hand[id][1])
        return self._source.row(key).id, list(self._source.snapshot(key))


def portions(ranges: list[Range], lists_max: int) -> Iterator[list[Range]]:
    """Yield key ranges in portions of at most 1,000 keys and `lists_max` ranges, cut where need be.

    Reading a portion at a time bounds memory, and leaves no statement open between two of them.
    """
    portion: list[Range] = []
    room = ROWS_AT_ONCE
    for low, high in ranges:
        at = low
        while at <= high:
            end = min(high, at + room - 1)
            portion.append((at, end))
            room -= end - at + 1
            at = end + 1
            if not room or len(portion) == lists_max:
                yield portion
                portion, room = [], ROWS_AT_ONCE
    if portion:
        yield portion


def in_order(rows: list[Any]) -> list[Any]:
    """Return rows sorted by their first value, the key.

    Raises:
        Corrupt: the keys are not all numbers.
    """
    try:
        return sorted(rows, key=_KEY)
    except TypeError:
        raise damaged("a key of a table") from None
