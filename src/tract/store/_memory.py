"""The in-memory twin: the whole store in dicts, without a line in common with the SQL backends.

It exists so that tests have a second opinion and never need a mock, and it is as strict as the
others: the same views, the same publishing, the same errors. Bytes are kept as bytes and checked
when they are read. It forgets everything when it is dropped.
"""

import random
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from tract.errors import (
    Closed,
    Corrupt,
    NotFound,
    StaleHead,
    StoreBusy,
    TractExists,
    printable,
)
from tract.graph import state_of
from tract.objects import (
    Commit,
    Operation,
    RefChange,
    State,
    blob_id,
    commit_id,
    decode_commit,
    decode_payload,
)
from tract.store._draft import Draft, Staged, used_key
from tract.store._protocol import Idempotent, Payload, Problem, TractRow, Usage
from tract.store._verify import Graph

_WRITER = "writer"


class _Tables:
    def __init__(self) -> None:
        self.tracts: dict[str, TractRow] = {}
        self.blobs: dict[str, bytes] = {}
        self.commits: dict[str, bytes] = {}
        self.refs: dict[tuple[str, str], str | None] = {}
        self.operations: dict[str, list[Operation]] = {}
        self.usages: list[tuple[str, Usage]] = []
        self.counts: dict[tuple[str, str], int] = {}
        self.idempotent: dict[tuple[str, str], Idempotent] = {}

    def copy(self) -> "_Tables":
        other = _Tables()
        for name, value in vars(self).items():
            setattr(other, name, value.copy())
        other.operations = {tract: list(rows) for tract, rows in self.operations.items()}
        return other


class _MemoryReader:
    """A view of tables that nobody changes."""

    def __init__(self, tables: _Tables) -> None:
        self._t = tables

    def tracts(self) -> list[TractRow]:
        return list(self._t.tracts.values())

    def tract(self, name_or_id: str) -> TractRow | None:
        by_name = next((row for row in self._t.tracts.values() if row.name == name_or_id), None)
        return by_name or self._t.tracts.get(name_or_id)

    def _known(self, tract: str) -> str:
        if tract not in self._t.tracts:
            raise NotFound(
                f"tract {tract[:12]} is not in the store",
                kind="unknown_tract",
                hint="Make the tract first.",
            )
        return tract

    def ref(self, tract: str, name: str) -> str | None:
        try:
            return self._t.refs[self._known(tract), name]
        except KeyError:
            raise NotFound(
                f"ref {name} is unknown",
                kind="unknown_ref",
                hint="Make it first, or look at the names there are.",
            ) from None

    def refs(self, tract: str) -> dict[str, str | None]:
        self._known(tract)
        mine = {name: at for (owner, name), at in self._t.refs.items() if owner == tract}
        return dict(sorted(mine.items(), key=lambda item: item[0].encode()))

    def commit(self, id: str) -> Commit:
        data = self._t.commits.get(id)
        if data is None:
            raise NotFound(
                f"commit {id[:12]} is not in the store",
                kind="unknown_commit",
                hint="Check the id; it may be of another store.",
            )
        if commit_id(data) != id:
            raise Corrupt(f"commit {id} is damaged", object=f"commit {id}")
        try:
            return decode_commit(id, data)
        except (LookupError, ValueError, TypeError, AttributeError):
            raise Corrupt(f"commit {id} is no commit", object=f"commit {id}") from None

    def present(self, ids: Sequence[str]) -> set[str]:
        return {id for id in ids if id in self._t.commits}

    def prefixed(self, prefix: str, limit: int = 10) -> list[str]:
        return sorted(id for id in self._t.commits if prefix and id.startswith(prefix))[:limit]

    def line(self, tip: str, limit: int | None = None, skip: int = 0) -> Iterator[Commit]:
        cursor: str | None = tip
        while cursor is not None and (limit is None or limit > 0):
            commit = self.commit(cursor)
            if skip > 0:
                skip -= 1
            else:
                limit = None if limit is None else limit - 1
                yield commit
            cursor = commit.parents[0] if commit.parents else None

    def length(self, tip: str) -> int:
        return sum(1 for _ in self.line(tip))

    def state(self, id: str, seen: dict[str, Payload] | None = None) -> State:
        return state_of(id, self.commit, lambda _: None)

    def payloads(self, ids: Sequence[str]) -> dict[str, Payload]:
        return {id: self._payload(id) for id in ids}

    def _payload(self, id: str) -> Payload:
        data = self._t.blobs.get(id)
        if data is None or blob_id(data) != id:
            what = "missing" if data is None else "damaged"
            raise Corrupt(f"blob {id} is {what}", object=f"blob {id}")
        return decode_payload(data)

    def counts(self, ids: Sequence[str], counter: str) -> dict[str, int]:
        return {id: n for id in ids if (n := self._t.counts.get((id, counter))) is not None}

    def usages(self, tract: str, commits: Sequence[str] | None = None) -> list[Usage]:
        mine = [usage for owner, usage in self._t.usages if owner == self._known(tract)]
        return [usage for usage in mine if commits is None or usage.commit in commits]

    def operations(
        self, tract: str, limit: int | None = None, before: int | None = None
    ) -> list[Operation]:
        newest_first = reversed(self._t.operations.get(self._known(tract), []))
        rows = [op for op in newest_first if before is None or op.id < before]
        return rows if limit is None else rows[: max(0, limit)]

    def idempotent(self, tract: str, key: str) -> Idempotent | None:
        return self._t.idempotent.get((self._known(tract), key))

    def commits(self) -> Iterator[Commit]:
        for id in list(self._t.commits):
            yield self.commit(id)

    def blobs(self) -> Iterator[tuple[str, bytes]]:
        for id, data in list(self._t.blobs.items()):
            self._payload(id)
            yield id, data


class _Turn:
    """One block of writing."""

    def __init__(self) -> None:
        self.done = False


class MemoryStore:
    """A store in this process's memory.

    Args:
        busy_timeout: seconds that a writer waits for another.

    Example:
        >>> store = MemoryStore()
        >>> with store.read() as view:
        ...     view.tracts()
        []
    """

    read_only = False

    def __init__(self, *, busy_timeout: float = 5.0) -> None:
        self._tables: _Tables | None = _Tables()
        self._busy_timeout = busy_timeout
        # One key at most. Setting a default is one step that no interrupt can split.
        self._turn: dict[str, _Turn] = {}
        self._guard = threading.Lock()

    @property
    def location(self) -> str:
        """Always ":memory:"."""
        return ":memory:"

    def _open(self) -> _Tables:
        if self._tables is None:
            raise Closed("the store is closed", hint="Open it again.")
        return self._tables

    @contextmanager
    def read(self) -> Iterator[_MemoryReader]:
        """Give the tables as they are now; a later write makes new ones."""
        yield _MemoryReader(self._open())

    @contextmanager
    def write(self) -> Iterator[Draft]:
        """Give a draft, and publish it when the block ends without an error."""
        self._open()
        mine = _Turn()
        try:
            self._wait(mine)
            tables = self._open()
            draft = Draft(_MemoryReader(tables))
            yield draft
            if not draft.staged.empty():
                self._open()
                self._tables = _published(tables.copy(), draft.staged)
        finally:
            mine.done = True
            self._release(mine)

    def _release(self, turn: _Turn) -> None:
        with self._guard:
            if self._turn.get(_WRITER) is turn:
                del self._turn[_WRITER]

    def _wait(self, mine: _Turn) -> None:
        began = time.monotonic()
        while (other := self._turn.setdefault(_WRITER, mine)) is not mine:
            if other.done:
                self._release(other)  # its own end was interrupted
                continue
            waited = time.monotonic() - began
            if waited >= self._busy_timeout:
                raise StoreBusy(f"another writer held the store for {waited:.1f} s", waited=waited)
            time.sleep(random.uniform(0.0002, 0.002))  # noqa: S311 - spreads waiting, guards nothing

    def damage(self) -> Iterator[Problem]:
        """Yield what of the kept bytes is not what was written, and what does not fit together."""
        tables = self._open()
        graph = Graph()
        for id, data in tables.blobs.items():
            if blob_id(data) == id:
                graph.blobs.add(id)
            else:
                yield Problem(f"blob {id}", "its bytes are not what its id says")
        for id, data in tables.commits.items():
            if commit_id(data) == id:
                yield from graph.put(id, data)
            else:
                yield Problem(f"commit {id}", "its bytes are not what its id says")
        yield from graph.problems(lambda _commit, _slots: iter(()))
        for (tract, name), at in tables.refs.items():
            if at is not None and at not in tables.commits:
                yield Problem(f"ref {name} of tract {tract}", "its commit is not there")

    def close(self) -> None:
        """Forget everything."""
        self._tables = None


def _published(tables: _Tables, staged: Staged) -> _Tables:
    for row in staged.tracts.values():
        if any(other.name == row.name and other.id != row.id for other in tables.tracts.values()):
            raise TractExists(
                f"tract {printable(repr(row.name))} is there already", hint="Use another name."
            )
        tables.tracts[row.id] = row
    for key, data in staged.blobs.items():
        tables.blobs.setdefault(key, data)
    for key, (_, data) in staged.commits.items():
        tables.commits.setdefault(key, data)
    for (tract, name), change in staged.refs.items():
        now = tables.refs.get((tract, name))
        if now != change.before:
            raise StaleHead(f"{name} moved meanwhile", expected=change.before, actual=now)
        if change.after is not None and change.after not in tables.commits:
            raise NotFound(
                f"commit {change.after[:12]} is not in the store",
                kind="unknown_commit",
                hint="Check the id; it may be of another store.",
            )
        tables.refs[tract, name] = change.after
    for operation in staged.operations:
        rows = tables.operations.setdefault(operation.tract, [])
        number = len(rows) + 1
        refs = tuple(map(RefChange._make, operation.refs))
        rows.append(replace(operation, id=number, group=operation.group or number, refs=refs))
    tables.usages.extend(staged.usages)
    for (blob, counter), tokens in staged.counts.items():
        if blob in tables.blobs:
            tables.counts.setdefault((blob, counter), tokens)
    for owner, key in staged.idempotent:
        if (owner, key) in tables.idempotent:
            raise used_key(key)
    tables.idempotent.update(staged.idempotent)
    return tables
