"""Writing: what a draft staged, as rows, inside one write transaction that the caller holds.

Keys are given out here: a commit continues its parent's lane when it is the first to do so, else
it opens a lane. A snapshot is written with a commit when the steps since the last one outgrow the
state (the cost rule), so that reading a state costs what is in it, not what ever happened.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from itertools import count
from typing import Any

from tract.errors import InvalidInput, StaleHead, TractError, TractExists, printable
from tract.objects import APPEND, ARRANGE, EDIT, Commit, Operation, Single, State, canonical
from tract.store._draft import Draft, used_key
from tract.store._protocol import TractRow
from tract.store.sql import _statements as sql
from tract.store.sql._errors import DriverError, translated
from tract.store.sql._known import Known, Row, damaged
from tract.store.sql._reader import SqlReader
from tract.store.sql._rows import raw_id
from tract.store.sql._schema import LANE_BITS, seal, snapshot_seal
from tract.store.sql._sqlite import Hold

SNAPSHOT_FACTOR, SNAPSHOT_EXTRA = 2, 64
Params = Mapping[str, Any] | tuple[Any, ...]


class Publisher:
    """Writes one draft.

    Args:
        hold: what `writing` gave.
        draft: what is written.
        known: facts that are committed; nothing is added to them here, where all may be undone.
        location: the store, for messages.
    """

    def __init__(self, hold: Hold, draft: Draft, known: Known, location: str) -> None:
        self._connection = hold.connection
        self._location = location
        # Its own caches, because it also reads rows that may yet be undone.
        self._reader = SqlReader(hold, Known(), location)
        self._draft = draft
        self._staged = draft.staged
        self._known = known
        self._rows: dict[str, Row] = {}
        self._tips: set[int] = set()
        self._given: set[int] = set()
        self._taken: dict[int, bool] = {}
        self._lane: int | None = None
        self._made: dict[str, int] = {}
        self._last_blob = 0
        self._numbers: dict[int, int] = {}  # of each tract's last operation

    def publish(self) -> list[Row]:
        """Write everything; return the rows of new commits, for the caches once it is committed."""
        staged = self._staged
        for row in staged.tracts.values():
            self._tract(row)
        if staged.operations or staged.commits or staged.blobs:
            self._look()
        blobs = self._blobs()
        made = self._commits(blobs) if staged.commits else []
        for (tract, name), change in staged.refs.items():
            self._ref(tract, name, change.before, change.after)
        for operation in staged.operations:
            self._operation(operation)
        for tract, usage in staged.usages:
            key = self._next(sql.LAST_USAGE)
            owner, body = self._tract_key(tract), canonical(usage.body)
            self._insert(sql.INSERT_USAGE, (key, owner, usage.commit, usage.at, body))
        for (tract, name), done in staged.idempotent.items():
            commits = canonical(list(done.commits)).decode()
            values = (self._tract_key(tract), name, done.digest, commits)
            self._insert(sql.INSERT_IDEMPOTENT, values, used_key(name))
        self._counts(blobs)
        return made

    # Running statements

    def _run(self, statement: str, params: Params, twice: TractError | None = None) -> int:
        """Run a statement and return how many rows it changed.

        Args:
            statement: its text.
            params: its parameters.
            twice: what to raise where a row of that key is there already.
        """
        try:
            return self._connection.execute(statement, params).rowcount
        except DriverError as error:
            if twice is not None and isinstance(error, sqlite3.IntegrityError):
                raise twice from None
            raise translated(error, self._location) from None
        except (OverflowError, UnicodeEncodeError) as error:
            raise _unstorable(error) from None

    def _many(self, statement: str, rows: Iterable[Params]) -> int:
        """Run a statement for each of many rows and return how many rows it changed."""
        try:
            return self._connection.executemany(statement, rows).rowcount
        except DriverError as error:
            raise translated(error, self._location) from None
        except (OverflowError, UnicodeEncodeError) as error:
            raise _unstorable(error) from None

    def _insert(
        self, statement: str, values: tuple[Any, ...], twice: TractError | None = None
    ) -> None:
        """Run an insert of these columns and, as the last one, their seal."""
        self._run(statement, (*values, seal(*values)), twice)

    def _next(self, statement: str) -> int:
        return _number(self._reader.one(statement)[0]) + 1

    def _look(self) -> None:
        """Ask in one go for what nearly every write needs to know."""
        operations, commits = self._staged.operations, self._staged.commits
        first = next(iter(commits.values()))[0] if commits else None
        parent = self._row(first.parents[0]).key if first is not None and first.parents else -1
        tract = self._tract_key(operations[0].tract) if operations else -1
        self._taken[parent + 1] = self._lasts(tract, parent + 1)

    def _lasts(self, tract: int, key: int = 0) -> bool:
        """Note the last blob and a tract's last operation; return whether a commit's key is taken."""
        blob, number, taken = self._reader.one(sql.LASTS, (tract, key))
        self._last_blob, self._numbers[tract] = _number(blob), _number(number)
        return bool(taken)

    def _tract_key(self, id: str) -> int:
        key = self._made.get(id)
        if key is None:
            key = self._known.tracts.get(id)
        if key is None:
            key = self._known.tracts[id] = self._reader.tract_key(id)
        return key

    # Tracts and refs

    def _tract(self, row: TractRow) -> None:
        exists = self._reader.one(sql.TRACT_BY_ID, {"id": row.id}) is not None
        key = self._tract_key(row.id) if exists else self._next(sql.LAST_TRACT)
        metadata = canonical(row.metadata).decode()
        sealed = seal(key, row.id, row.name, row.parent, row.created_at, row.resume, metadata)
        values: dict[str, Any] = {"name": row.name, "resume": row.resume, "metadata": metadata}
        values["seal"] = sealed
        name = printable(repr(row.name))
        taken = TractExists(f"tract {name} is there already", hint="Use another name.")
        if exists:
            self._run(sql.UPDATE_TRACT, {**values, "row": key}, taken)
            return
        self._made[row.id] = key
        fixed = {"key": key, "id": row.id, "parent": row.parent, "created_at": row.created_at}
        self._run(sql.INSERT_TRACT, {**values, **fixed}, taken)

    def _ref(self, tract: str, name: str, before: str | None, after: str | None) -> None:
        key = self._tract_key(tract)
        old = None if before is None else self._row(before).key
        new = None if after is None else self._row(after).key
        sealed = seal(key, name, new)
        if self._run(sql.MOVE_REF, (new, sealed, key, name, old)) == 1:
            return
        is_there = self._reader.one(sql.REF, (key, name)) is not None
        if before is not None or is_there:
            actual = self._reader.ref(tract, name) if is_there else None
            raise StaleHead(f"{name} moved meanwhile", expected=before, actual=actual)
        self._run(sql.INSERT_REF, (key, name, new, sealed))

    # Blobs and commits

    def _blobs(self) -> dict[str, int]:
        """Write the new blobs and return the keys of all staged ones."""
        staged = self._staged.blobs
        if not staged:
            return {}
        keys = dict(zip(staged, count(self._last_blob + 1), strict=False))
        rows = [_blob_row(keys[id], raw_id(id), data) for id, data in staged.items()]
        written = (
            self._many(sql.PUT_BLOB, rows) if len(rows) > 1 else self._run(sql.PUT_BLOB, rows[0])
        )
        return keys if written == len(rows) else self._blob_keys(list(staged))

    def _blob_keys(self, ids: list[str]) -> dict[str, int]:
        keys: dict[str, int] = {}
        for start in range(0, len(ids), sql.LIST_MAX):
            some = [raw_id(id) for id in ids[start : start + sql.LIST_MAX]]
            statement = sql.blob_keys(sql.list_size(len(some)))
            for raw, key in self._reader.all(statement, sql.filled(some)):
                keys[raw.hex()] = key
        return keys

    def _commits(self, blobs: Mapping[str, int]) -> list[Row]:
        staged = self._staged.commits
        self._rows.update(self._stored())
        contents = {commit.content for commit, _ in staged.values() if commit.content is not None}
        older = contents - blobs.keys()
        keys = {**blobs, **self._blob_keys(list(older))} if older else blobs
        new: list[tuple[Any, ...]] = []
        made: list[Row] = []
        for id, (commit, body) in staged.items():
            if id in self._rows:
                continue
            row = self._placed(commit, None if commit.content is None else keys[commit.content])
            self._rows[id] = row
            made.append(row)
            new.append(_commit_row(row, body))
        self._many(sql.INSERT_COMMIT, new)
        return made

    def _stored(self) -> dict[str, Row]:
        """Return the rows of those staged commits that are stored already.

        Only a commit whose first parent is stored can be, and only if the key behind the parent's
        is taken: the first commit to follow another takes it. So a new line is not looked up.
        """
        known = self._known.rows_by_id
        staged = self._staged.commits
        found: dict[str, Row] = {}
        maybe: dict[str, None] = {}
        for id, (commit, _) in staged.items():
            parent = commit.parents[0] if commit.parents else None
            if id in known:
                found[id] = known[id]
            elif parent in staged:
                if parent in found or parent in maybe:
                    maybe[id] = None
            elif parent is None or self._followed(self._row(parent).key):
                maybe[id] = None
        if maybe:
            found.update(self._reader.rows_of(list(maybe)))
        return found

    def _followed(self, key: int) -> bool:
        """Return whether a stored commit continues the lane behind this key."""
        follower = key + 1
        if follower not in self._taken:
            self._taken[follower] = bool(self._reader.one(sql.HAS_KEY, (follower,))[0])
        return self._taken[follower]

    def _row(self, id: str) -> Row:
        row = self._rows.get(id) or self._known.rows_by_id.get(id)
        if row is None:
            row = self._rows[id] = self._reader.row_by_id(id)
        return row

    def _placed(self, commit: Commit, blob: int | None) -> Row:
        """Return the index columns of a new commit; write its lane and its snapshot if it needs them."""
        parent = self._row(commit.parents[0]) if commit.parents else None
        key = self._key(None if parent is None else parent.key)
        size = self._size(commit, parent)
        cost = steps(commit, parent)
        if not snapshot_due(cost, size):
            near = -1 if parent is None else parent.snapshot
            return Row(key, commit.id, blob, size, cost, near)
        data = encode_snapshot(self._draft.state(commit.id))
        self._run(sql.INSERT_SNAPSHOT, (key, snapshot_seal(key, data), data))
        return Row(key, commit.id, blob, size, 0, key)

    def _size(self, commit: Commit, parent: Row | None) -> int:
        before = 0 if parent is None else parent.size
        if commit.operation == APPEND:
            return before + 1
        if commit.operation == EDIT:
            return before - len(set(commit.replaces)) + (commit.content is not None)
        return len(self._draft.state(commit.id)) if commit.operation == ARRANGE else before

    def _key(self, parent: int | None) -> int:
        if parent is not None:
            follower = parent + 1
            free = parent in self._tips
            # What this draft gave out is not in the table yet, so it is asked for apart.
            free = free or (follower not in self._given and not self._followed(parent))
            if free:
                self._tips.discard(parent)
                self._tips.add(follower)
                self._given.add(follower)
                return follower
        if self._lane is None:
            self._lane = self._next(sql.LAST_LANE) - 1
        self._lane += 1
        self._insert(sql.INSERT_LANE, (self._lane, parent))
        key = self._lane << LANE_BITS
        self._tips.add(key)
        return key

    # What stands beside commits

    def _operation(self, operation: Operation) -> None:
        tract = self._tract_key(operation.tract)
        if tract not in self._numbers:
            self._lasts(tract)
        number = self._numbers[tract] = self._numbers[tract] + 1
        body: dict[str, Any] = {"actor": [operation.actor.kind, operation.actor.name]}
        if operation.refs:
            body["refs"] = [
                [name, self._key_of(before), self._key_of(after)]
                for name, before, after in operation.refs
            ]
        if operation.arguments:
            body["arguments"] = operation.arguments
        if operation.group:
            body["group"] = operation.group
        at, verb = operation.at, operation.verb
        self._insert(sql.INSERT_OPERATION, (tract, number, at, verb, canonical(body)))

    def _key_of(self, id: str | None) -> int | None:
        return None if id is None else self._row(id).key

    def _counts(self, blobs: Mapping[str, int]) -> None:
        staged = self._staged.counts
        if not staged:
            return
        unknown = list({id for id, _ in staged if id not in blobs})
        keys = {**blobs, **self._blob_keys(unknown)}
        rows = [
            {"blob": key, "counter": counter, "tokens": n, "seal": seal(key, id, counter, n)}
            for (id, counter), n in staged.items()
            if (key := keys.get(id)) is not None
        ]
        self._many(sql.PUT_COUNT, rows)


def _number(last: Any) -> int:
    """Return the last of some numbers; 0 where there is none."""
    if last is not None and not isinstance(last, int):
        raise damaged(f"number {printable(repr(last))}")
    return last or 0


def _commit_row(row: Row, body: bytes) -> tuple[Any, ...]:
    key, id, *index = row
    return key, raw_id(id), *index, seal(key, *index), body


def _blob_row(key: int, raw: bytes, data: bytes) -> tuple[Any, ...]:
    return key, raw, seal(key, raw), data


def _unstorable(error: OverflowError | UnicodeEncodeError) -> InvalidInput:
    if isinstance(error, UnicodeEncodeError):
        return InvalidInput(
            "a name has a lone surrogate",
            kind="lone_surrogate",
            hint="It was cut inside a character, an emoji mostly: cut it elsewhere.",
        )
    return InvalidInput(
        "a number has more than 64 bits", kind="invalid_number", hint="Give it as text."
    )


def steps(commit: Commit, parent: Row | None) -> int:
    """Return the steps from the last snapshot to a commit: commits, and entries not in runs."""
    cost = 1 if parent is None else parent.cost + 1
    if commit.layout:
        cost += sum(1 for piece in commit.layout if isinstance(piece, Single))
    return cost


def snapshot_due(cost: int, size: int) -> bool:
    """Return whether the cost rule wants a snapshot: `cost` steps for a state of `size` entries."""
    return cost > SNAPSHOT_FACTOR * size + SNAPSHOT_EXTRA


def encode_snapshot(state: State) -> bytes:
    """Return the bytes that a state is kept as."""
    return canonical(
        [[slot.entry_id, slot.commit, slot.content, slot.mark.encode()] for slot in state]
    )
