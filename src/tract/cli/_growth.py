"""How the context grew, commit by commit: what `log --stat` shows.

The running total of a commit is the tokens of all entries of its state that are not marked "skip";
what a commit adds is the difference to its first parent. Nothing is compiled for it: the state
before the oldest commits of a page is read once, and each commit is carried out on it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tract import CommitDetail, CommitInfo, Mark, Priority, Tract


class Growth(NamedTuple):
    """What a commit does to the size of the context, in tokens.

    Attributes:
        tokens: tokens of the message that its content makes, or None without content.
        added: what it adds to the total; below 0 where it takes away.
        total: tokens of all entries at the commit that are not marked "skip".
    """

    tokens: int | None
    added: int
    total: int


class _Slot(NamedTuple):
    commit: str
    mark: Mark


_NORMAL = Mark(Priority.NORMAL)


@dataclass(slots=True)
class _State:
    slots: dict[str, _Slot]
    total: int

    def copy(self) -> "_State":
        return _State(dict(self.slots), self.total)


def growth(t: Tract, commits: Sequence[CommitInfo]) -> dict[str, Growth]:
    """Return how each of some commits changes the size of the context, by commit id.

    Args:
        t: the tract that they are in.
        commits: children before their parents.
    """
    sizes = _Sizes(t, commits)
    waiting = Counter(info.parents[0] for info in commits if info.parents)
    states: dict[str, _State] = {}
    found: dict[str, Growth] = {}
    for info in reversed(commits):
        state = _before(t, info, states, waiting, sizes)
        was = state.total
        _carry_out(t, t.show(info.id), state, sizes)
        tokens = None if info.content_type is None else sizes.of(info.id)
        found[info.id] = Growth(tokens, state.total - was, state.total)
        if waiting[info.id]:
            states[info.id] = state
    return found


def _before(
    t: Tract,
    info: CommitInfo,
    states: dict[str, _State],
    waiting: "Counter[str]",
    sizes: "_Sizes",
) -> _State:
    """Return the state that a commit changes; the last who asks for one gets it, others a copy."""
    if not info.parents:
        return _State({}, 0)
    parent = info.parents[0]
    waiting[parent] -= 1
    state = states.pop(parent, None) or _read(t, parent, sizes)
    if waiting[parent]:
        states[parent] = state.copy()
    return state


def _read(t: Tract, at: str, sizes: "_Sizes") -> _State:
    slots = {entry.id: _Slot(entry.commit, entry.mark) for entry in t.entries(at)}
    sizes.look_up(at, [slot.commit for slot in slots.values()])
    return _State(slots, sum(sizes.shown(slot) for slot in slots.values()))


def _carry_out(t: Tract, shown: CommitDetail, state: _State, sizes: "_Sizes") -> None:
    info = shown.info
    if info.operation == "arrange":  # only the store knows what it puts where; it is rare
        read = _read(t, info.id, sizes)
        state.slots, state.total = read.slots, read.total
        return
    if info.operation == "mark":
        for entry, mark in shown.marks.items():
            _put(state, entry, state.slots[entry]._replace(mark=mark), sizes)
        return
    gone = [_take(state, entry, sizes) for entry in shown.replaces]
    if info.entry_id is not None:
        kept = gone[0].mark if len(gone) == 1 else _NORMAL
        mark = next(iter(shown.marks.values()), kept)
        _put(state, info.entry_id, _Slot(info.id, mark), sizes)


def _take(state: _State, entry: str, sizes: "_Sizes") -> _Slot:
    slot = state.slots.pop(entry)
    state.total -= sizes.shown(slot)
    return slot


def _put(state: _State, entry: str, slot: _Slot, sizes: "_Sizes") -> None:
    before = state.slots.get(entry)
    state.total += sizes.shown(slot) - (0 if before is None else sizes.shown(before))
    state.slots[entry] = slot


class _Sizes:
    """Tokens of contents, by the commit that they come from; each is counted once."""

    def __init__(self, t: Tract, commits: Sequence[CommitInfo]) -> None:
        self._t = t
        self._infos = {info.id: info for info in commits}
        self._counted: dict[str, int] = {}

    def look_up(self, at: str, commits: Sequence[str]) -> None:
        """Read at once what is not known yet of commits in the state of another."""
        if any(id not in self._infos for id in commits):
            self._infos.update({info.id: info for info in self._t.log(None, start=at)})

    def shown(self, slot: _Slot) -> int:
        """Return what an entry adds to the total."""
        return 0 if slot.mark.priority is Priority.SKIP else self.of(slot.commit)

    def of(self, commit: str) -> int:
        """Return the tokens of a commit's content."""
        if commit not in self._counted:
            info = self._infos.get(commit) or self._t.show(commit).info
            self._counted[commit] = info.tokens or 0
        return self._counted[commit]
