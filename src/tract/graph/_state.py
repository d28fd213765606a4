"""What a context is: the state of a commit, as a pure function of the commits behind it.

`step` carries one commit out on a list of slots; everything else here is a fold of it. Nothing
is looked up but through the callables that are handed in, and nothing is cached: the store decides
what it keeps. A layout has one canonical form, made by `layout_of`: greedy from the left, the
longest run that a parent gives (of equal ones the lower parent), else a single entry.
"""

from collections.abc import Callable, Mapping, Sequence

from tract.errors import InvalidInput, MissingEntry
from tract.objects import (
    APPEND,
    ARRANGE,
    EDIT,
    MARK,
    NORMAL,
    Commit,
    Layout,
    Mark,
    Run,
    Single,
    Slot,
    State,
)

Lookup = Callable[[str], Commit]


def step(slots: list[Slot], commit: Commit, parents: Mapping[int, State], lookup: Lookup) -> None:
    """Carry `commit` out on the state of its first parent, in place.

    Args:
        slots: the first parent's state; changed.
        commit: what happens.
        parents: the states of the further parents that its layout takes runs from, by number.
        lookup: gives a commit by id (for single entries of a layout).

    Raises:
        MissingEntry: the commit names an entry that is not there.
        InvalidInput: kind `duplicate_entry`, an entry would stand twice.
    """
    operation = commit.operation
    if operation == APPEND:
        if commit.entry_id is None or commit.content is None:
            raise _nothing(commit)
        mark = commit.marks[0][1] if commit.marks else NORMAL
        slots.append(Slot(commit.entry_id, commit.id, commit.content, mark))
    elif operation == EDIT:
        _edit(slots, commit)
    elif operation == MARK:
        _mark(slots, commit)
    elif operation == ARRANGE:
        slots[:] = expand_layout(commit.layout, {0: tuple(slots), **parents}, lookup)
    else:
        raise InvalidInput(
            f"operation {operation!r} is unknown",
            kind="invalid_operation",
            hint=f"Use one of {APPEND}, {EDIT}, {MARK}, {ARRANGE}.",
        )


def _edit(slots: list[Slot], commit: Commit) -> None:
    gone = set(commit.replaces)
    places = [i for i, slot in enumerate(slots) if slot.entry_id in gone]
    if len(places) != len(gone) or not gone:
        present = {slots[i].entry_id for i in places}
        raise _missing(next((e for e in commit.replaces if e not in present), ""), commit)
    first = slots[places[0]]
    for i in reversed(places):
        del slots[i]
    if commit.content is None:
        return
    if commit.entry_id is None:
        raise _nothing(commit)
    kept = first.mark if len(places) == 1 else NORMAL
    mark = commit.marks[0][1] if commit.marks else kept
    if any(slot.entry_id == commit.entry_id for slot in slots):
        raise _duplicate(commit.entry_id)
    slots.insert(places[0], Slot(commit.entry_id, commit.id, commit.content, mark))


def _mark(slots: list[Slot], commit: Commit) -> None:
    marks = dict(commit.marks)
    for i, slot in enumerate(slots):
        mark = marks.pop(slot.entry_id, None)
        if mark is not None:
            slots[i] = slot._replace(mark=mark)
    if marks:
        raise _missing(next(iter(marks)), commit)


def expand_layout(layout: Layout, parents: Mapping[int, State], lookup: Lookup) -> list[Slot]:
    """Return the slots that a layout prescribes.

    Raises:
        MissingEntry: a run's end is not in that parent's state, or a single's commit does not
            provide that entry.
        InvalidInput: kind `duplicate_entry`, or `invalid_layout` for a parent that is not there.
    """
    places: dict[int, dict[str, int]] = {}
    slots: list[Slot] = []
    for piece in layout:
        if isinstance(piece, Single):
            source = lookup(piece.commit)
            if source.content is None or source.entry_id != piece.entry_id:
                raise MissingEntry(
                    f"commit {piece.commit[:8]} does not provide entry {piece.entry_id[:8]}",
                    hint="Name the append or edit that the entry's content comes from.",
                )
            slots.append(Slot(piece.entry_id, piece.commit, source.content, piece.mark))
            continue
        if piece.parent not in parents:
            raise _no_parent(piece.parent)
        state = parents[piece.parent]
        index = places.setdefault(piece.parent, {})
        if not index:
            index.update((slot.entry_id, i) for i, slot in enumerate(state))
        first, last = index.get(piece.first), index.get(piece.last)
        if first is None or last is None or last < first:
            raise MissingEntry(
                f"layout run {piece.first[:8]}..{piece.last[:8]} is not in parent {piece.parent}",
                hint="Make layouts with layout_of, from the states of the commit's parents.",
            )
        slots.extend(state[first : last + 1])
    seen: set[str] = set()
    for slot in slots:
        if slot.entry_id in seen:
            raise _duplicate(slot.entry_id)
        seen.add(slot.entry_id)
    return slots


def layout_of(state: Sequence[Slot], parents: Sequence[State]) -> Layout:
    """Return the canonical layout that makes `state` out of the parents' states.

    Args:
        state: the wanted order.
        parents: the states of the commit's parents, first parent first.

    Example:
        >>> a, b = Slot("a" * 32, "1" * 64, "c" * 64), Slot("b" * 32, "2" * 64, "d" * 64)
        >>> len(layout_of([b, a], [(a, b)]))
        2
    """
    places = [{slot.entry_id: i for i, slot in enumerate(parent)} for parent in parents]
    pieces: list[Run | Single] = []
    at = 0
    while at < len(state):
        length, number = 0, 0
        for candidate, parent in enumerate(parents):
            start = places[candidate].get(state[at].entry_id)
            count = 0 if start is None else _shared(state, at, parent, start)
            if count > length:
                length, number = count, candidate
        slot = state[at]
        if length == 0:
            pieces.append(Single(slot.entry_id, slot.commit, slot.mark))
            length = 1
        else:
            pieces.append(Run(number, slot.entry_id, state[at + length - 1].entry_id))
        at += length
    return tuple(pieces)


def _shared(state: Sequence[Slot], at: int, parent: State, start: int) -> int:
    count = 0
    while (
        at + count < len(state)
        and start + count < len(parent)
        and state[at + count] == parent[start + count]
    ):
        count += 1
    return count


def further_parents(commit: Commit) -> dict[int, str]:
    """Return the parents beyond the first whose states the commit's layout needs, by number.

    Raises:
        InvalidInput: kind `invalid_layout`, the commit has no parent of such a number.
    """
    wanted = {piece.parent for piece in commit.layout if isinstance(piece, Run)} - {0}
    for number in wanted:
        if not 0 < number < len(commit.parents):
            raise _no_parent(number)
    return {number: commit.parents[number] for number in sorted(wanted)}


def state_of(tip: str, lookup: Lookup, known: Callable[[str], State | None]) -> State:
    """Return the state of a commit, folding along first parents from the nearest known state.

    Args:
        tip: commit id.
        lookup: gives a commit by id.
        known: gives a state that is at hand, or None.
    """
    made: dict[str, State] = {}

    def at_hand(id: str) -> State | None:
        state = made.get(id)
        return state if state is not None else known(id)

    waiting = [tip]
    while waiting:
        target = waiting[-1]
        chain: list[Commit] = []
        cursor: str | None = target
        base: State | None = ()
        while cursor is not None and (base := at_hand(cursor)) is None:
            commit = lookup(cursor)
            chain.append(commit)
            cursor = commit.parents[0] if commit.parents else None
            base = ()
        missing = [
            p for commit in chain for p in further_parents(commit).values() if at_hand(p) is None
        ]
        if missing:
            waiting.extend(missing)
            continue
        slots = list(base or ())
        for commit in reversed(chain):
            others = {n: at_hand(p) or () for n, p in further_parents(commit).items()}
            step(slots, commit, others, lookup)
        made[target] = tuple(slots)
        waiting.pop()
    return made[tip]


def slot_of(state: State, entry_id: str) -> Slot | None:
    """Return the slot of an entry, or None."""
    return next((slot for slot in state if slot.entry_id == entry_id), None)


def born_mark(entry_id: str, commit: str, lookup: Lookup) -> Mark:
    """Return the mark an entry was made with, looking back from a commit that provides it.

    Args:
        entry_id: the entry.
        commit: id of a commit that provides it.
        lookup: gives a commit by id.
    """
    waiting, seen = [commit], {commit}
    while waiting:
        node = lookup(waiting.pop())
        if node.entry_id == entry_id and (
            node.operation == APPEND or entry_id not in node.replaces
        ):
            return node.marks[0][1] if node.marks else NORMAL
        waiting += [p for p in node.parents if p not in seen]
        seen.update(node.parents)
    raise MissingEntry(
        f"entry {entry_id[:8]} was made by no commit behind {commit[:8]}",
        hint="Name a commit whose state has the entry.",
    )


def _nothing(commit: Commit) -> InvalidInput:
    return InvalidInput(
        f"the {commit.operation} commit provides no entry",
        kind="invalid_commit",
        hint="Give it an entry id and content.",
    )


def _no_parent(number: int) -> InvalidInput:
    return InvalidInput(
        f"a layout takes a run from parent {number}, which is not there",
        kind="invalid_layout",
        hint="Number the commit's parents from 0.",
    )


def _missing(entry: str, commit: Commit) -> MissingEntry:
    return MissingEntry(
        f"entry {entry[:8]} is not in the state that the {commit.operation} commit changes",
        hint="Name entries of the state that the commit follows; `entries` lists them.",
    )


def _duplicate(entry: str) -> InvalidInput:
    return InvalidInput(
        f"entry {entry[:8]} would stand twice in the state",
        kind="duplicate_entry",
        hint="Leave it out, or take the other one out first.",
    )
