"""Looking through a whole graph: every commit's form, parents, blobs and state, on any backend.

The states are folded once, parents before children, each list handed on from parent to child, so
that a linear history of any length costs one walk. Backends put in what they could read, each
commit under the id that its bytes were checked against, and add what only they keep.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tract.errors import InvalidInput, TractError
from tract.graph import further_parents, step
from tract.objects import APPEND, EDIT, Commit, Single, Slot, decode_commit, new_entry_id
from tract.store._protocol import Problem

Seen = Callable[[Commit, list[Slot]], Iterator[Problem]]


@dataclass(slots=True)
class _Use:
    """How often a commit's state is still needed, and the state."""

    left: int = 0
    slots: list[Slot] = field(default_factory=list)


class Graph:
    """The commits and blobs of a store, as far as they could be read.

    Attributes:
        blobs: ids of the blobs whose bytes fit.
    """

    def __init__(self) -> None:
        self.blobs: set[str] = set()
        self._commits: dict[str, Commit] = {}
        self._used: set[str] = set()

    def put(self, id: str, body: bytes) -> Iterator[Problem]:
        """Take in a commit whose bytes fit its id; yield what is wrong with its form."""
        what = f"commit {id}"
        try:
            commit = decode_commit(id, body)
            sealed, _ = commit.sealed()
            further_parents(commit)
        except (TractError, LookupError, ValueError, TypeError, AttributeError) as error:
            yield Problem(what, f"its bytes are no commit ({type(error).__name__})")
            return
        if sealed.id != id:
            yield Problem(what, "its bytes are not in canonical form")
        self._commits[id] = commit

    def problems(self, seen: Seen) -> Iterator[Problem]:
        """Yield what is wrong with the commits that were taken in.

        Args:
            seen: called with each commit that fits and its state; yields what the backend finds.
        """
        uses = {id: _Use() for id in self._commits}
        for commit in self._commits.values():
            for parent in _needed(commit):
                if parent in uses:
                    uses[parent].left += 1
        for commit in self._parents_first():
            yield from self._named(commit)
            if missing := [parent for parent in commit.parents if parent not in uses]:
                yield Problem(
                    f"commit {commit.id}", f"its parent {missing[0]} is damaged or not there"
                )
                del uses[commit.id]
                continue
            try:
                slots = self._state_after(commit, uses)
            except TractError as error:
                text = f"it does not fit the state that it changes: {error.message}"
                yield Problem(f"commit {commit.id}", text)
                del uses[commit.id]
                continue
            yield from seen(commit, slots)
        for id in sorted(self.blobs - self._used):
            yield Problem(f"blob {id}", "no commit names it", "warning")

    def _parents_first(self) -> Iterator[Commit]:
        done: set[str] = set()
        for start in self._commits.values():
            stack = [start]
            while stack:
                commit = stack[-1]
                before = [
                    self._commits[parent]
                    for parent in commit.parents
                    if parent in self._commits and parent not in done
                ]
                if before:
                    stack += before
                    continue
                stack.pop()
                if commit.id not in done:
                    done.add(commit.id)
                    yield commit

    def _lookup(self, id: str) -> Commit:
        commit = self._commits.get(id)
        if commit is None:
            raise TractError(
                f"commit {id} is damaged or not there", hint="Look at what else verify finds."
            )
        return commit

    def _state_after(self, commit: Commit, uses: dict[str, _Use]) -> list[Slot]:
        others = {number: tuple(uses[id].slots) for number, id in further_parents(commit).items()}
        slots: list[Slot] = []
        if commit.parents:
            first = uses[commit.parents[0]]
            slots = first.slots if first.left == 1 else list(first.slots)
        for parent in _needed(commit):
            uses[parent].left -= 1
            if not uses[parent].left:
                uses[parent].slots = []
        if commit.operation == APPEND and commit.origin is not None:  # see the draft's check
            for slot in slots:
                if slot.entry_id == commit.entry_id:
                    raise InvalidInput(
                        "its entry stands twice in the state",
                        hint="Look at what else verify finds.",
                    )
        step(slots, commit, others, self._lookup)
        uses[commit.id].slots = slots
        return slots

    def _named(self, commit: Commit) -> Iterator[Problem]:
        """Check what a commit names: its blobs, its entry, the sources of its layout."""
        what = f"commit {commit.id}"
        notes = [mark.note for _, mark in commit.marks]
        notes += [piece.mark.note for piece in commit.layout if isinstance(piece, Single)]
        for blob in (commit.content, commit.note, *notes):
            if blob is None:
                continue
            self._used.add(blob)
            if blob not in self.blobs:
                yield Problem(what, f"it names blob {blob}, which is damaged or not there")
        made_here = commit.origin is None and commit.entry_id not in commit.replaces
        if commit.content is not None and made_here and commit.operation in (APPEND, EDIT):
            wanted = new_entry_id(
                commit.parents, commit.replaces, commit.content, commit.author, commit.at
            )
            if commit.entry_id != wanted:
                yield Problem(what, f"its entry id should be {wanted}")
        sources = {piece.commit for piece in commit.layout if isinstance(piece, Single)}
        for source in sorted(sources - self._ancestors(commit, sources)):
            yield Problem(what, f"it takes an entry from {source}, which is no ancestor")

    def _ancestors(self, commit: Commit, wanted: set[str]) -> set[str]:
        """Return which of the wanted commits are ancestors, looking back no further than needed."""
        found: set[str] = set()
        waiting, known = list(commit.parents), set(commit.parents)
        while waiting and found != wanted:
            id = waiting.pop()
            found |= {id} & wanted
            parents = self._commits[id].parents if id in self._commits else ()
            waiting += [parent for parent in parents if parent not in known]
            known.update(parents)
        return found


def _needed(commit: Commit) -> set[str]:
    """Return the parents whose states the commit's own is made of."""
    return {*commit.parents[:1], *further_parents(commit).values()}
