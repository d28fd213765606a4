"""Reading: rows to values, every byte checked against its hash or seal on the way.

Each method runs its statements to their end before it gives anything out, so no statement of a
view is ever left open: one that was would pin what its connection sees. A first-parent line is
read lane by lane; states are folded next door.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tract.errors import Corrupt, InvalidInput, NotFound
from tract.objects import (
    Appended,
    Commit,
    Operation,
    State,
    decode_step,
    parse,
    uncollected,
)
from tract.store._protocol import Idempotent, Payload, TractRow, Usage
from tract.store.sql import _statements as sql
from tract.store.sql._errors import DriverError, translated
from tract.store.sql._fold import Fold, in_order, portions
from tract.store.sql._known import Known, Row, damaged
from tract.store.sql._rows import (
    COMMIT_HASH,
    NONSENSE,
    checked_commit,
    checked_key,
    checked_payload,
    decode_snapshot,
    decoded,
    fits,
    hex_id,
    operation,
    raw_id,
    tract_row,
)
from tract.store.sql._schema import LANE_BITS, seal, snapshot_seal
from tract.store.sql._sqlite import Hold

EVERYTHING = 1 << 62
_BYTES_AT_ONCE = 4 << 20
_HEX = frozenset("0123456789abcdef")


class SqlReader:
    """One view, on a hold that is inside a transaction."""

    def __init__(self, hold: Hold, known: Known, location: str) -> None:
        self._hold = hold
        self._location = location
        self.known = known

    def all(self, statement: str, params: Mapping[str, Any] | tuple[Any, ...] = ()) -> list[Any]:
        """Return all rows of a statement."""
        try:
            return self._hold.connection.execute(statement, params).fetchall()
        except DriverError as error:
            raise translated(error, self._location) from None
        except UnicodeEncodeError:
            return []  # a lone surrogate was asked for, and no text that is stored has one

    def one(self, statement: str, params: Mapping[str, Any] | tuple[Any, ...] = ()) -> Any:
        """Return the first row of a statement, or None."""
        rows = self.all(statement, params)
        return rows[0] if rows else None

    # Tracts and refs

    def tract_key(self, id: str) -> int:
        """Return the integer key of a tract id."""
        key = self.known.tracts.get(id)
        if key is None:
            row = self.one(sql.TRACT_BY_ID, {"id": id})
            if row is None:
                raise NotFound(
                    f"tract {id[:12]} is not in the store",
                    kind="unknown_tract",
                    hint="Make the tract first.",
                )
            if tract_row(row).id != id:
                raise damaged(f"tract {id}")
            key = self.known.tracts[id] = row[0]
        return key

    def tracts(self) -> list[TractRow]:
        return [tract_row(row) for row in self.all(sql.TRACTS)]

    def tract(self, name_or_id: str) -> TractRow | None:
        found = self.one(sql.TRACT_BY_NAME, {"name": name_or_id})
        if found is None:
            found = self.one(sql.TRACT_BY_ID, {"id": name_or_id})
        if found is None:
            return None
        row = tract_row(found)
        if name_or_id not in (row.name, row.id):  # an index that leads astray
            raise damaged(f"tract {name_or_id}")
        return row

    def ref(self, tract: str, name: str) -> str | None:
        row = self.ref_row(self.tract_key(tract), name)
        return None if row is None else row.id

    def ref_row(self, tract: int, name: str) -> Row | None:
        """Return the index columns of the commit that a ref is at; None for an unborn branch."""
        found = self.one(sql.REF, (tract, name))
        if found is None:
            raise NotFound(
                f"ref {name} is unknown",
                kind="unknown_ref",
                hint="Make it first, or look at the names there are.",
            )
        key = found[0]
        if found[1] != seal(tract, name, key):
            raise damaged(f"ref {name}")
        return None if key is None else self.row(key)

    def refs(self, tract: str) -> dict[str, str | None]:
        key = self.tract_key(tract)
        rows = self.all(sql.REFS, {"tract": key})
        for name, commit, sealed in rows:
            if sealed != seal(key, name, commit):
                raise damaged(f"ref {name}")
        ids = self._ids({commit for _, commit, _ in rows if commit is not None})
        found = {name: None if commit is None else ids[commit] for name, commit, _ in rows}
        return dict(sorted(found.items(), key=lambda item: item[0].encode()))

    # Commits

    def row(self, key: int) -> Row:
        """Return the index columns of a commit."""
        row = self.known.rows.get(key)
        if row is None:
            found = self.one(sql.COMMIT_BY_KEY, {"key": key})
            if found is None:
                raise damaged(f"the place of commit number {key}")
            row, _ = self.checked(found)
        return row

    def checked(self, found: Sequence[Any]) -> tuple[Row, bytes]:
        """Return a row of `commits` as index columns and bytes, both checked."""
        key, raw, blob, size, cost, snapshot, sealed, body = found
        id = hex_id(raw, f"commit number {key}")
        if sealed != seal(key, blob, size, cost, snapshot) or not fits(COMMIT_HASH, body, raw):
            raise damaged(f"commit {id}")
        row = Row(key, id, blob, size, cost, snapshot)
        self.known.keep_row(row)
        return row, body

    def row_of(self, id: str) -> tuple[Row, bytes] | None:
        """Return a commit's index columns and bytes, or None if it is not in the store."""
        found = self.one(sql.COMMIT_BY_HASH, {"hash": raw_id(id)})
        if found is None:
            return None
        row, body = self.checked(found)
        if row.id != id:  # an index that leads astray
            raise damaged(f"commit {id}")
        return row, body

    def commit(self, id: str) -> Commit:
        found = self.row_of(id)
        if found is None:
            raise NotFound(
                f"commit {id[:12]} is not in the store",
                kind="unknown_commit",
                hint="Check the id; it may be of another store.",
            )
        return decoded(id, found[1])

    def rows_of(self, ids: Sequence[str]) -> dict[str, Row]:
        """Return the index columns of those commits that are in the store, by id."""
        cached = self.known.rows_by_id
        found = {id: row for id in ids if (row := cached.get(id)) is not None}
        for some in _lists([raw_id(id) for id in ids if id not in found]):
            for values in self.all(sql.commit_rows(sql.list_size(len(some))), sql.filled(some)):
                row, _ = self.checked(values)
                found[row.id] = row
        return found

    def present(self, ids: Sequence[str]) -> set[str]:
        return set(self.rows_of(ids))

    def _ids(self, keys: set[int]) -> dict[int, str]:
        ids = {key: row.id for key in keys if (row := self.known.rows.get(key)) is not None}
        for some in _lists(sorted(keys.difference(ids))):
            rows = self.all(sql.commit_hashes(sql.list_size(len(some))), sql.filled(some))
            for key, raw, body in rows:
                ids[key] = hex_id(raw, f"commit number {key}")
                if not fits(COMMIT_HASH, body, raw):
                    raise damaged(f"commit {ids[key]}")
        if len(ids) != len(keys):
            raise damaged("a ref or an operation, which names a commit that is not there,")
        return ids

    def prefixed(self, prefix: str, limit: int = 10) -> list[str]:
        if not prefix or len(prefix) > 64 or not set(prefix) <= _HEX:
            return []
        low, high = bytes.fromhex(prefix.ljust(64, "0")), bytes.fromhex(prefix.ljust(64, "f"))
        params = {"low": low, "high": high, "count": min(limit, EVERYTHING)}
        return [self.checked(values)[0].id for values in self.all(sql.PREFIXED, params)]

    def segments(
        self, top: int, wanted: int = EVERYTHING, stop: int = -1
    ) -> list[tuple[int, int, int]]:
        """Return (lowest key, highest key, commits up to there) of a line's lanes, newest first."""
        found = []
        rows = self.all(sql.SEGMENTS, {"top": top, "wanted": wanted, "stop": stop})
        base: int | None = top
        for lane, high, got, below, sealed in reversed(in_order(rows)):
            if base != high or sealed != seal(lane, below):
                raise damaged(f"lane {lane}")
            found.append((lane << LANE_BITS, high, got))
            base = below
        last = found[-1] if found else (0, 0, 0)
        if not found or not (base is None or last[2] >= wanted or last[0] >> LANE_BITS == stop):
            raise damaged(f"the lane below commit number {top}")
        return found

    def row_by_id(self, id: str) -> Row:
        """Return the index columns of a commit."""
        row = self.known.rows_by_id.get(id)
        if row is not None:
            return row
        found = self.row_of(id)
        if found is None:
            raise NotFound(
                f"commit {id[:12]} is not in the store",
                kind="unknown_commit",
                hint="Check the id; it may be of another store.",
            )
        return found[0]

    def line(self, tip: str, limit: int | None = None, skip: int = 0) -> Iterator[Commit]:
        left = EVERYTHING if limit is None else max(0, min(limit, EVERYTHING))
        skip = max(0, min(skip, EVERYTHING))
        ranges: list[tuple[int, int]] = []
        expected: str | None = None if skip else tip
        for low, high, _ in self.segments(self.row_by_id(tip).key, min(left + skip, EVERYTHING)):
            top = high - skip
            skip = max(0, skip - (high - low + 1))
            if top < low:
                continue
            ranges.append((-top, -max(low, top - left + 1)))  # negative: portions count upwards
            left -= ranges[-1][1] - ranges[-1][0] + 1
            if left <= 0:
                break
        for some in portions(ranges, sql.LIST_MAX) if limit is None or limit > 0 else ():
            params = sql.filled_ranges([(-high, -low) for low, high in some])
            rows = self.all(sql.bodies(sql.list_size(len(some))), params)
            if len(rows) != sum(high - low + 1 for low, high in some):
                raise damaged(f"the line of commit {tip}")
            for _, raw, body in reversed(in_order(rows)):
                commit = checked_commit(raw, body)
                if expected not in (None, commit.id):
                    raise damaged(f"commit {expected}")
                expected = commit.parents[0] if commit.parents else None
                yield commit

    def length(self, tip: str) -> int:
        return self.segments(self.row_by_id(tip).key)[-1][2]

    # States

    def state(self, id: str, seen: dict[str, Payload] | None = None) -> State:
        cached = self.known.states.get(id)
        if cached is not None:
            return cached[1]
        row = self.row_by_id(id)
        try:
            with uncollected(row.size):
                state = Fold(self, {} if seen is None else seen).state(row)
        except (NotFound, InvalidInput) as error:  # its hashes fit, but it is no history of ours
            raise Corrupt(f"commit {id}: {error.message}", object=f"commit {id}") from None
        if len(state) != row.size:
            raise damaged(f"the line of commit {id}")
        self.known.keep_state(row.key, id, state)
        return state

    def snapshot(self, key: int) -> State:
        """Return the state kept for a commit.

        Raises:
            Corrupt: it is not there or is damaged.
        """
        found = self.one(sql.SNAPSHOT, {"key": key})
        try:
            if found is not None and found[0] == snapshot_seal(key, found[1]):
                return decode_snapshot(found[1])
        except NONSENSE:
            pass
        raise damaged(f"snapshot of commit {self.row(key).id}")

    def stretch(
        self, ranges: list[tuple[int, int]], seen: dict[str, Payload]
    ) -> Iterator[Commit | Appended]:
        """Yield what the commits in these key ranges do, oldest first; put contents into `seen`.

        A cold compile spends its time here, so nothing is called that can be written out.
        """
        for some in portions(ranges, sql.LIST_MAX):
            rows = self.all(sql.folding(sql.list_size(len(some))), sql.filled_ranges(some))
            for _, raw, body, blob, data in in_order(rows):
                try:
                    hashed = COMMIT_HASH.copy()
                    hashed.update(body)
                    done = decode_step(raw.hex(), body) if hashed.digest() == raw else None
                except NONSENSE:
                    done = None
                if done is None:
                    raise damaged(f"commit {hex_id(raw, 'a commit')}")
                content = done.slot.content if isinstance(done, Appended) else done.content
                if content is not None and content not in seen:
                    if type(blob) is not bytes or blob.hex() != content:
                        raise damaged(f"the content of commit {raw.hex()}")
                    seen[content] = checked_payload(blob, data)
                yield done

    # What stands beside commits

    def payloads(self, ids: Sequence[str]) -> dict[str, Payload]:
        found: dict[str, Payload] = {}
        for some in _lists([raw_id(id) for id in dict.fromkeys(ids)]):
            for raw, data in self.all(
                sql.blobs_by_hash(sql.list_size(len(some))), sql.filled(some)
            ):
                found[hex_id(raw, "a blob")] = checked_payload(raw, data)
        for id in ids:
            if id not in found:
                raise Corrupt(f"blob {id} is missing", object=f"blob {id}")
        return found

    def counts(self, ids: Sequence[str], counter: str) -> dict[str, int]:
        found: dict[str, int] = {}
        for some in _lists([raw_id(id) for id in dict.fromkeys(ids)]):
            params = (*sql.filled(some), counter)
            statement = sql.counts_by_hash(sql.list_size(len(some)))
            for raw, blob, tokens, sealed in self.all(statement, params):
                id = hex_id(raw, "a blob")
                if sealed != seal(blob, id, counter, tokens):
                    raise damaged(f"token count of blob {id}")
                found[id] = tokens
        return found

    def usages(self, tract: str, commits: Sequence[str] | None = None) -> list[Usage]:
        wanted = None if commits is None else set(commits)
        found = []
        for key, owner, commit, at, body, sealed in self.all(
            sql.USAGES, {"tract": self.tract_key(tract)}
        ):
            if sealed != seal(key, owner, commit, at, body):
                raise damaged(f"usage number {key}")
            if wanted is None or commit in wanted:
                found.append(Usage(commit, at, parse(body)))
        return found

    def operations(
        self, tract: str, limit: int | None = None, before: int | None = None
    ) -> list[Operation]:
        params = {
            "tract": self.tract_key(tract),
            "before": EVERYTHING if before is None else max(0, min(before, EVERYTHING)),
            "count": EVERYTHING if limit is None else max(0, min(limit, EVERYTHING)),
        }
        rows = self.all(sql.OPERATIONS, params)
        bodies = []
        for place, (owner, number, at, verb, body, sealed) in enumerate(rows):
            if sealed != seal(owner, number, at, verb, body) or number != rows[0][1] - place:
                raise damaged(f"operation {number}")
            bodies.append(parse(body))
        keys = {at for body in bodies for _, *ends in body.get("refs", ()) for at in ends}
        ids = self._ids(keys - {None})
        return [operation(tract, row, body, ids) for row, body in zip(rows, bodies, strict=True)]

    def idempotent(self, tract: str, key: str) -> Idempotent | None:
        owner = self.tract_key(tract)
        found = self.one(sql.IDEMPOTENT, {"tract": owner, "name": key})
        if found is None:
            return None
        if found[2] != seal(owner, key, found[0], found[1]):
            raise damaged(f"idempotency record {key}")
        return Idempotent(found[0], tuple(parse(found[1])))

    def commits(self) -> Iterator[Commit]:
        # Keys are in order along each lane, but a merge can stand before its second parent.
        done: set[str] = set()
        waiting: dict[str, list[Commit]] = {}
        for values in self.commit_values():
            row, body = self.checked(values)
            ready = [decoded(row.id, body)]
            while ready:
                commit = ready.pop()
                blocker = next((p for p in commit.parents if p not in done), None)
                if blocker is not None:
                    waiting.setdefault(blocker, []).append(commit)
                    continue
                done.add(commit.id)
                yield commit
                ready += waiting.pop(commit.id, [])
        for blocker in waiting:
            raise Corrupt(f"commit {blocker} is missing", object=f"commit {blocker}")

    def commit_values(self) -> Iterator[Sequence[Any]]:
        """Yield all rows of `commits` by key, unchecked."""
        after = -1
        while rows := self.all(sql.COMMITS_AFTER, {"after": after, "count": 1000}):
            for row in rows:
                after = _next_key(row[0], after, "table commits")
                yield row

    def blobs(self) -> Iterator[tuple[str, bytes]]:
        for _, raw, _, data in self.blob_values():
            checked_payload(raw, data)
            yield raw.hex(), data

    def blob_values(self) -> Iterator[Sequence[Any]]:
        """Yield all rows of `blobs` by key, unchecked, a few megabytes at a time."""
        after = -1
        while sizes := self.all(sql.BLOB_SIZES_AFTER, {"after": after, "count": 1000}):
            low, total = checked_key(sizes[0][0], "table blobs"), 0
            for at, (key, size) in enumerate(sizes):
                after = _next_key(key, after, "table blobs")
                total += size if isinstance(size, int) else 0
                if total >= _BYTES_AT_ONCE or at == len(sizes) - 1:
                    yield from self.all(sql.BLOBS_BETWEEN, {"low": low, "high": key})
                    low, total = key + 1, 0


def _next_key(key: Any, after: int, what: str) -> int:
    """Return a key that was read behind another; keys out of order would be read again for ever."""
    if checked_key(key, what) <= after:
        raise damaged(what)
    return key  # type: ignore[no-any-return]


def _lists(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(values), sql.LIST_MAX):
        yield values[start : start + sql.LIST_MAX]
