"""Staged work on top of a view: what a write is before it is published, and what a preview is.

A draft reads like any reader, its own staged work included, and checks what is added: a commit
must fit the state it changes. It never writes. A store publishes what is staged when its `write`
block ends; a draft that is dropped has done nothing. `savepoint` and `rollback` let one verb of a
batch fail without a trace.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from tract.errors import IdempotencyMismatch, InvalidInput, NotFound, StaleHead, printable
from tract.graph import state_of
from tract.objects import (
    APPEND,
    Actor,
    Commit,
    Operation,
    RefChange,
    Single,
    State,
    check_text,
    decode_payload,
)
from tract.store._protocol import Idempotent, Payload, Reader, TractRow, Usage


class _Any(NamedTuple):
    """Stands for 'whatever the ref is at'."""


ANY = _Any()
_STATES_MAX = 16


@dataclass(slots=True)
class Staged:
    """What a draft wants written, in the order in which it may be written.

    Attributes:
        tracts: new or changed tracts by id.
        blobs: bytes by blob id.
        commits: new commits with their canonical bytes, parents first.
        refs: by tract and name, where the ref was and where it goes.
        operations: log rows, without their numbers.
        usages: per tract.
        counts: by blob id and counter name.
        idempotent: by tract and key.
    """

    tracts: dict[str, TractRow] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    commits: dict[str, tuple[Commit, bytes]] = field(default_factory=dict)
    refs: dict[tuple[str, str], RefChange] = field(default_factory=dict)
    operations: list[Operation] = field(default_factory=list)
    usages: list[tuple[str, Usage]] = field(default_factory=list)
    counts: dict[tuple[str, str], int] = field(default_factory=dict)
    idempotent: dict[tuple[str, str], Idempotent] = field(default_factory=dict)

    def empty(self) -> bool:
        """Return whether there is nothing to write but counts, which can wait."""
        return not (
            self.tracts
            or self.commits
            or self.refs
            or self.operations
            or self.usages
            or self.idempotent
            or self.blobs
        )


class Savepoint(NamedTuple):
    """How much was staged at a moment."""

    sizes: tuple[int, int, int, int]
    refs: dict[tuple[str, str], RefChange]
    tracts: dict[str, TractRow]
    idempotent: dict[tuple[str, str], Idempotent]


class Draft:
    """A reader with staged work.

    Example:
        >>> from tract.store import MemoryStore
        >>> store = MemoryStore()
        >>> with store.write() as draft:
        ...     draft.tracts()
        []
    """

    def __init__(self, base: Reader) -> None:
        self._base = base
        self.staged = Staged()
        self._states: dict[str, State] = {}
        self._refs: dict[tuple[str, str], str | None] = {}  # as the base has them

    # Staging

    def add(self, commit: Commit, blobs: Mapping[str, bytes], data: bytes | None = None) -> Commit:
        """Stage a commit and its blobs, and return it with its id.

        Args:
            commit: the commit; its `id` is computed here.
            blobs: the bytes of the blobs that it names.
            data: the commit's canonical bytes, where it was sealed before and has its id.

        Raises:
            NotFound: a parent is not in the store.
            MissingEntry: it changes an entry that is not in its parent's state.
            InvalidInput: an entry would stand twice, or the commit is none.
            Corrupt: it names a blob that was not given and is not in the store.
        """
        sealed, data = commit.sealed() if data is None else (commit, data)
        if sealed.id not in self.staged.commits:
            self._check(sealed, blobs)
            if sealed.operation != APPEND:
                self._states[sealed.id] = self._state_after(sealed)
                if len(self._states) > _STATES_MAX:
                    del self._states[next(iter(self._states))]
            self.staged.commits[sealed.id] = (sealed, data)
        self.staged.blobs.update(blobs)
        return sealed

    def _check(self, commit: Commit, blobs: Mapping[str, bytes]) -> None:
        """See that what a commit names is there; an append costs no look at the state."""
        staged = self.staged
        parents = [id for id in commit.parents if id not in staged.commits]
        if parents and (missing := set(parents) - self._base.present(parents)):
            raise NotFound(
                f"commit {min(missing)[:12]} is not in the store",
                kind="unknown_commit",
                hint="Add the parents of a commit before the commit.",
            )
        named = _blobs_of(commit)
        if elsewhere := [id for id in named if id not in blobs and id not in staged.blobs]:
            self._base.payloads(elsewhere)
        if commit.operation != APPEND:
            return
        if commit.entry_id is None or commit.content is None:
            raise InvalidInput(
                "an append provides an entry",
                kind="invalid_commit",
                hint="Give it an entry id and a content.",
            )
        # The id of a new entry is made from its parents, so only a copy can be there already.
        if commit.origin is not None and commit.parents:
            for slot in self.state(commit.parents[0]):
                if slot.entry_id == commit.entry_id:
                    raise InvalidInput(
                        f"entry {commit.entry_id[:8]} would stand twice in the state",
                        kind="duplicate_entry",
                        hint="It is there already; edit it instead.",
                    )

    def _state_after(self, commit: Commit) -> State:
        def lookup(id: str) -> Commit:
            return commit if id == commit.id else self.commit(id)

        return state_of(commit.id, lookup, lambda id: None if id == commit.id else self._known(id))

    def move(
        self, tract: str, name: str, to: str | None, *, expected: Any = ANY, make: bool = False
    ) -> None:
        """Stage a ref's move.

        Args:
            tract: tract id.
            name: ref name, such as "branch/main".
            to: commit id, or None for an unborn branch.
            expected: the commit that the ref must be at; whatever it is at, if left out.
            make: whether the ref is new.

        Raises:
            NotFound: there is no such ref and `make` is false.
            StaleHead: it is at another commit than expected, or there already when it is to be
                made (at once if this draft made it, else when the draft is published).
        """
        known = self.staged.refs.get((tract, name))
        if make and known is not None:
            raise StaleHead(f"{name} is there already", expected=None, actual=known.after)
        before = None if make else self.ref(tract, name)
        if expected is not ANY and before != expected:
            raise StaleHead(
                f"{name} is at {_short(before)}, not at {_short(expected)}",
                expected=expected,
                actual=before,
            )
        self.staged.refs[tract, name] = RefChange(name, known.before if known else before, to)

    def put_tract(self, row: TractRow) -> None:
        """Stage a new or changed tract."""
        self.staged.tracts[row.id] = row

    def log(
        self, tract: str, verb: str, actor: Actor, at: int, arguments: Mapping[str, Any]
    ) -> None:
        """Stage the log row of everything that was staged for a tract so far."""
        refs = tuple(
            change
            for (owner, _), change in self.staged.refs.items()
            if owner == tract and change.before != change.after
        )
        self.staged.operations.append(Operation(0, tract, verb, actor, at, refs, arguments))

    def put_usage(self, tract: str, usage: Usage) -> None:
        """Stage a provider's report."""
        self.staged.usages.append((tract, usage))

    def put_counts(self, counts: Mapping[tuple[str, str], int]) -> None:
        """Stage token counts by blob id and counter name."""
        self.staged.counts.update(counts)

    def put_idempotent(self, tract: str, key: str, done: Idempotent) -> None:
        """Stage what was done under an idempotency key.

        Raises:
            InvalidInput: the key has a lone surrogate.
        """
        check_text(key, "idempotency key")
        self.staged.idempotent[tract, key] = done

    def savepoint(self) -> Savepoint:
        """Return what `rollback` needs to come back to this moment."""
        staged = self.staged
        return Savepoint(
            (len(staged.blobs), len(staged.commits), len(staged.operations), len(staged.usages)),
            dict(staged.refs),
            dict(staged.tracts),
            dict(staged.idempotent),
        )

    def rollback(self, to: Savepoint) -> None:
        """Forget everything that was staged since a savepoint."""
        staged = self.staged
        blobs, commits, operations, usages = to.sizes
        while len(staged.blobs) > blobs:
            staged.blobs.popitem()
        while len(staged.commits) > commits:
            self._states.pop(staged.commits.popitem()[0], None)
        del staged.operations[operations:]
        del staged.usages[usages:]
        staged.refs, staged.tracts, staged.idempotent = (
            dict(to.refs),
            dict(to.tracts),
            dict(to.idempotent),
        )

    # Reading

    def tracts(self) -> list[TractRow]:
        rows = {row.id: row for row in self._base.tracts()}
        rows.update(self.staged.tracts)
        return list(rows.values())

    def tract(self, name_or_id: str) -> TractRow | None:
        staged = self.staged.tracts
        for row in staged.values():
            if row.name == name_or_id:
                return row
        found = self._base.tract(name_or_id)
        if found is None or found.id not in staged:
            return staged.get(name_or_id, found)
        # It was found by a name that it no longer has, or by its id.
        return staged[found.id] if found.id == name_or_id else staged.get(name_or_id)

    def _only_here(self, tract: str) -> bool:
        """Return whether a tract is new with this draft."""
        return tract in self.staged.tracts and self._base.tract(tract) is None

    def ref(self, tract: str, name: str) -> str | None:
        where = (tract, name)
        change = self.staged.refs.get(where)
        if change is not None:
            return change.after
        if where not in self._refs:
            self._refs[where] = self._base.ref(tract, name)
        return self._refs[where]

    def refs(self, tract: str) -> dict[str, str | None]:
        refs = {} if self._only_here(tract) else self._base.refs(tract)
        staged = self.staged.refs.items()
        refs.update({name: change.after for (owner, name), change in staged if owner == tract})
        return dict(sorted(refs.items(), key=lambda item: item[0].encode()))

    def commit(self, id: str) -> Commit:
        staged = self.staged.commits.get(id)
        return staged[0] if staged is not None else self._base.commit(id)

    def present(self, ids: Sequence[str]) -> set[str]:
        staged = {id for id in ids if id in self.staged.commits}
        rest = [id for id in ids if id not in staged]
        return staged | (self._base.present(rest) if rest else set())

    def prefixed(self, prefix: str, limit: int = 10) -> list[str]:
        found = {id for id in self.staged.commits if id.startswith(prefix)}
        return sorted(found.union(self._base.prefixed(prefix, limit)))[:limit]

    def line(self, tip: str, limit: int | None = None, skip: int = 0) -> Iterator[Commit]:
        cursor: str | None = tip
        while cursor is not None and cursor in self.staged.commits:
            if limit is not None and limit <= 0:
                return
            commit = self.staged.commits[cursor][0]
            if skip:
                skip -= 1
            else:
                yield commit
                limit = None if limit is None else limit - 1
            cursor = commit.parents[0] if commit.parents else None
        if cursor is not None:
            yield from self._base.line(cursor, limit, skip)

    def length(self, tip: str) -> int:
        count, cursor = 0, tip
        while (staged := self.staged.commits.get(cursor)) is not None:
            count += 1
            if not staged[0].parents:
                return count
            cursor = staged[0].parents[0]
        return count + self._base.length(cursor)

    def state(self, id: str, seen: dict[str, Payload] | None = None) -> State:
        if id not in self.staged.commits:
            return self._base.state(id, seen)
        if (state := self._states.get(id)) is None:
            state = self._states[id] = state_of(id, self.commit, lambda id: self._known(id, seen))
        return state

    def _known(self, id: str, seen: dict[str, Payload] | None = None) -> State | None:
        if (state := self._states.get(id)) is not None:
            return state
        return None if id in self.staged.commits else self._base.state(id, seen)

    def payloads(self, ids: Sequence[str]) -> dict[str, Payload]:
        blobs = self.staged.blobs
        made: dict[str, Payload] = {id: decode_payload(blobs[id]) for id in ids if id in blobs}
        rest = [id for id in ids if id not in made]
        return {**made, **self._base.payloads(rest)} if rest else made

    def counts(self, ids: Sequence[str], counter: str) -> dict[str, int]:
        staged = self.staged.counts
        made = {id: n for id in ids if (n := staged.get((id, counter))) is not None}
        return made | self._base.counts(ids, counter)

    def usages(self, tract: str, commits: Sequence[str] | None = None) -> list[Usage]:
        before = [] if self._only_here(tract) else self._base.usages(tract, commits)
        mine = [usage for owner, usage in self.staged.usages if owner == tract]
        return before + [usage for usage in mine if commits is None or usage.commit in commits]

    def operations(
        self, tract: str, limit: int | None = None, before: int | None = None
    ) -> list[Operation]:
        new = self._only_here(tract)
        mine = [operation for operation in self.staged.operations if operation.tract == tract]
        made: list[Operation] = []
        if mine:
            last = [] if new else self._base.operations(tract, 1)
            number = last[0].id if last else 0
            for operation in mine:
                number += 1
                group = operation.group or number
                made.insert(0, replace(operation, id=number, group=group))
            made = [operation for operation in made if before is None or operation.id < before]
            made = made[:limit]
        left = None if limit is None else limit - len(made)
        return made + ([] if new else self._base.operations(tract, left, before))

    def idempotent(self, tract: str, key: str) -> Idempotent | None:
        staged = self.staged.idempotent.get((tract, key))
        if staged is not None or self._only_here(tract):
            return staged
        return self._base.idempotent(tract, key)

    def commits(self) -> Iterator[Commit]:
        yield from self._base.commits()
        yield from (commit for commit, _ in self.staged.commits.values())

    def blobs(self) -> Iterator[tuple[str, bytes]]:
        yield from self._base.blobs()
        yield from self.staged.blobs.items()


def used_key(key: str) -> IdempotencyMismatch:
    """Return the error for staging an idempotency key that is in the store already."""
    return IdempotencyMismatch(
        f"idempotency key {printable(repr(key))} is used already",
        hint="Look up what was done under it, or use another key.",
    )


def _blobs_of(commit: Commit) -> list[str]:
    """Return the ids of the blobs that a commit names."""
    named = [commit.content, commit.note]
    if commit.marks:
        named += [mark.note for _, mark in commit.marks]
    if commit.layout:
        named += [piece.mark.note for piece in commit.layout if isinstance(piece, Single)]
    return [id for id in named if id is not None]


def _short(id: str | None) -> str:
    return "no commit" if id is None else id[:8]
