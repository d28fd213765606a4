"""What `verify` finds in an SQLite store: pages, rows, seals, and index columns against what they index.

Nothing here trusts what it reads: every row is looked at by itself, what cannot be read is a
finding and never an error, and each finding names what it is about.
"""

import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from tract.errors import TractError, printable
from tract.objects import Commit, Slot, parse
from tract.store._protocol import Problem
from tract.store._verify import Graph
from tract.store.sql import _statements as sql
from tract.store.sql._errors import DriverError, translated
from tract.store.sql._known import Known, Row
from tract.store.sql._publish import snapshot_due, steps
from tract.store.sql._reader import SqlReader
from tract.store.sql._rows import NONSENSE, checked_payload
from tract.store.sql._schema import (
    APPLICATION_ID,
    LANE_BITS,
    POSITION_MASK,
    SCHEMA_VERSION,
    metadata,
    seal,
)
from tract.store.sql._sqlite import Hold, reset_bug


def damage(hold: Hold, path: Path | None, location: str) -> Iterator[Problem]:
    """Yield everything that is not as it was written, and what should be looked at."""
    connection = hold.connection
    # Text that is no UTF-8 any more is looked at, too, so that the finding can name its row.
    connection.text_factory = lambda data: data.decode(errors="surrogateescape")
    try:
        for object, message, severity in _damage(hold, path, location):  # noqa: A001 - the field's word
            shown = printable(object, limit=None), printable(message, limit=None)
            yield Problem(*shown, severity)
    finally:
        connection.text_factory = str


def _damage(hold: Hold, path: Path | None, location: str) -> Iterator[Problem]:
    if path is not None:
        yield from _file(path)
    inspection = _Inspection(hold, location, path is not None)
    for what, part in (
        ("database pages", inspection.pages),
        ("database schema", inspection.schema),
        ("table tracts", inspection.tracts),
        ("table blobs", inspection.blobs),
        ("table commits", inspection.commits),
        ("table refs", inspection.refs),
        ("table operations", inspection.operations),
        ("what stands beside commits", inspection.beside),
        ("table lanes", inspection.lanes),
        ("the graph", inspection.graph),
    ):
        yield from _told(what, part)


def _told(what: str, part: Callable[[], Iterator[Problem]]) -> Iterator[Problem]:
    """Yield what a part finds; that it cannot go on is a finding, too."""
    try:
        yield from part()
    except TractError as error:
        yield Problem(getattr(error, "object", "") or what, error.message)
    except NONSENSE as error:
        yield Problem(what, f"it cannot be read ({type(error).__name__})")


def _file(path: Path) -> Iterator[Problem]:
    for beside in sorted(path.parent.glob(f"{_literal(path.name)}*")):
        if beside != path and not beside.name.startswith((f"{path.name}-", f"{path.name}.backup-")):
            continue
        try:
            mode = beside.stat().st_mode
        except OSError:  # a side file that went, or a link to nowhere
            continue
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            text = f"others may open it ({stat.filemode(mode)}); chmod 600 keeps it private"
            yield Problem(f"file {beside.name}", text, "warning")
    if reset_bug():
        yield Problem(
            f"SQLite {sqlite3.sqlite_version}",
            "it has the WAL-reset bug (fixed in 3.51.3); this library keeps clear of it, other programs on this file may not",
            "warning",
        )


def _literal(name: str) -> str:
    return "".join(f"[{char}]" if char in "*?[" else char for char in name)


class _Inspection:
    """One look through everything; each part leaves behind what the next ones compare with."""

    def __init__(self, hold: Hold, location: str, in_file: bool) -> None:
        self._hold = hold
        self._location = location
        self._in_file = in_file
        self._reader = SqlReader(hold, Known(), location)
        self._tracts: dict[Any, tuple[str, str]] = {}
        self._refs: dict[tuple[Any, Any], Any] = {}
        self._blobs: dict[Any, str] = {}
        self._rows: dict[str, Row] = {}
        self._keys: set[Any] = set()
        self._lanes: dict[Any, Any] = {}
        self._graph = Graph()

    def _each(self, statement: str) -> Iterator[Any]:
        try:
            with closing(self._hold.connection.execute(statement)) as cursor:
                yield from cursor
        except DriverError as error:
            raise translated(error, self._location) from None

    def pages(self) -> Iterator[Problem]:
        """The database as SQLite sees it."""
        for (line,) in self._each("PRAGMA integrity_check(20)"):
            if line != "ok":
                yield Problem("database pages", str(line))

    def schema(self) -> Iterator[Problem]:
        """What kind of database it is, and its tables."""
        found = self._reader.one("PRAGMA application_id")[0]
        if self._in_file and found != APPLICATION_ID:
            yield Problem("file header", f"the application id is {found}, not {APPLICATION_ID}")
        versions = self._reader.all(sql.VERSION)
        if versions != [(SCHEMA_VERSION,)]:
            yield Problem("schema version", f"it is {versions!r}, not {SCHEMA_VERSION!r}")
        for table in metadata.sorted_tables:
            columns = {row[1] for row in self._each(f"PRAGMA table_info({table.name})")}
            if missing := {column.name for column in table.columns} - columns:
                yield Problem(f"table {table.name}", f"columns {sorted(missing)} are not there")
        ours = {table.name for table in metadata.sorted_tables}
        for name, kind in self._each("SELECT tbl_name, type FROM sqlite_master"):
            if name not in ours or kind not in ("table", "index"):
                yield Problem(f"{kind} {name}", "it is none of this store's", "warning")

    def tracts(self) -> Iterator[Problem]:
        """Every tract by itself."""
        for row in self._each(sql.TRACTS):
            self._tracts[row[0]] = str(row[2]), str(row[5])
            yield from _sealed(f"tract {row[2]}", row)

    def blobs(self) -> Iterator[Problem]:
        """Every blob by itself."""
        for key, raw, sealed, data in self._reader.blob_values():
            what = f"blob {raw.hex()}" if isinstance(raw, bytes) else f"blob number {key}"
            try:
                checked_payload(raw, data)
            except TractError:
                yield Problem(what, "its bytes are not what its id says")
            else:
                self._blobs[key] = raw.hex()
                self._graph.blobs.add(raw.hex())
            if sealed != seal(key, raw):
                yield Problem(what, "its seal does not fit its key")

    def commits(self) -> Iterator[Problem]:
        """Every commit by itself."""
        for values in self._reader.commit_values():
            self._keys.add(values[0])
            try:
                row, body = self._reader.checked(values)
            except TractError as error:
                yield Problem(getattr(error, "object", ""), "its row is not what was written")
                continue
            self._rows[row.id] = row
            yield from self._graph.put(row.id, body)

    def refs(self) -> Iterator[Problem]:
        """Every ref: its seal, its tract, its commit."""
        for row in self._each(sql.ALL_REFS):
            tract, name, commit, _ = row
            what = f"ref {name} of tract number {tract}"
            self._refs[tract, name] = commit
            yield from _sealed(what, row)
            yield from self._owner(what, tract)
            if commit is not None and commit not in self._keys:
                yield Problem(what, f"it is at commit number {commit}, which is not there")

    def operations(self) -> Iterator[Problem]:
        """Every operation: its seal, its tract, its place in the log, its commits; where it left refs."""
        last: dict[Any, Any] = {}
        left: dict[tuple[Any, Any], Any] = {}
        damaged: set[Any] = set()
        for tract, number, at, verb, body, sealed in self._each(sql.ALL_OPERATIONS):
            what = f"operation {number} of tract number {tract}"
            if sealed != seal(tract, number, at, verb, body):
                yield Problem(what, "its seal does not fit its values")
                damaged.add(tract)
                continue
            yield from self._owner(what, tract)
            if last.get(tract, 0) != number - 1 and tract not in damaged:
                yield Problem(what, f"operation {number - 1} before it is not there")
            last[tract] = number
            moves = parse(body).get("refs", ())
            left.update({(tract, name): after for name, _, after in moves})
            ends = {end for _, *ends in moves for end in ends}
            if missing := ends - self._keys - {None}:
                yield Problem(what, f"it names commit number {min(missing)}, which is not there")
        yield from self._moves(left, damaged)

    def _moves(self, left: dict[tuple[Any, Any], Any], damaged: set[Any]) -> Iterator[Problem]:
        """Compare refs with where the log left them, which tells rows that are gone from both."""
        for (tract, name), after in left.items():
            if after is not None and (tract, name) not in self._refs and tract not in damaged:
                text = f"the log left it at commit number {after}, and it is not there"
                yield Problem(f"ref {name} of tract number {tract}", text)
        for (tract, name), commit in self._refs.items():
            if commit != left.get((tract, name)) and tract not in damaged:
                text = "the log left it at another commit: an operation is not there, or the ref is wrong"
                yield Problem(f"ref {name} of tract number {tract}", text)
        for tract, (name, resume) in self._tracts.items():
            if (tract, resume) not in self._refs and resume not in self._rows:
                yield Problem(f"tract {name}", f"{resume}, where it was left, is not there")

    def beside(self) -> Iterator[Problem]:
        """Usage, token counts, idempotency records."""
        for row in self._each(sql.ALL_USAGES):
            key, tract, commit, *_ = row
            what = f"usage number {key}"
            yield from _sealed(what, row)
            yield from self._owner(what, tract)
            if commit is not None and commit not in self._rows:
                yield Problem(what, f"it names commit {commit}, which is not there")
        for row in self._each(sql.ALL_COUNTS):
            blob, counter, tokens, sealed = row
            id = self._blobs.get(blob)
            what = f"token count of blob {id or f'number {blob}'}"
            if id is None:
                yield Problem(what, "the blob is damaged or not there")
            elif sealed != seal(blob, id, counter, tokens):
                yield Problem(what, "its seal does not fit its values")
        for row in self._each(sql.ALL_IDEMPOTENT):
            what = f"idempotency record {row[1]} of tract number {row[0]}"
            yield from _sealed(what, row)
            yield from self._owner(what, row[0])

    def _owner(self, what: str, tract: Any) -> Iterator[Problem]:
        if tract not in self._tracts:
            yield Problem(what, "its tract is not there")

    def lanes(self) -> Iterator[Problem]:
        """Every lane by itself, and that somebody is in it."""
        used = {key >> LANE_BITS for key in self._keys}
        for row in self._each(sql.ALL_LANES):
            lane, self._lanes[row[0]], _ = row
            yield from _sealed(f"lane {lane}", row)
            if lane not in used:
                yield Problem(f"lane {lane}", "no commit is in it")

    def graph(self) -> Iterator[Problem]:
        """Every commit in its place: parents, blobs, states, and the columns that index them."""
        snapshots = {key for (key,) in self._each(sql.SNAPSHOT_KEYS)}

        def seen(commit: Commit, slots: list[Slot]) -> Iterator[Problem]:
            return self._index(commit, slots, snapshots)

        yield from self._graph.problems(seen)
        for key in sorted(snapshots):
            yield Problem(f"snapshot of commit number {key}", "no commit needs it")

    def _index(self, commit: Commit, slots: list[Slot], snapshots: set[Any]) -> Iterator[Problem]:
        what = f"commit {commit.id}"
        row = self._rows[commit.id]
        # What is wrong with the blob itself has been said.
        known = row.blob is None or row.blob in self._blobs
        if known and (None if row.blob is None else self._blobs[row.blob]) != commit.content:
            yield Problem(what, "its row names another blob than it does")
        parent = self._rows[commit.parents[0]] if commit.parents else None
        yield from self._place(what, row.key, None if parent is None else parent.key)
        cost = steps(commit, parent)
        due = snapshot_due(cost, len(slots))
        near = -1 if parent is None else parent.snapshot
        expected = (len(slots), 0 if due else cost, row.key if due else near)
        if (row.size, row.cost, row.snapshot) != expected:
            yield Problem(what, "its index columns are not what they should be")
        if due:
            yield from self._snapshot(row, slots, snapshots)

    def _place(self, what: str, key: int, parent: int | None) -> Iterator[Problem]:
        if key & POSITION_MASK == 0:
            if self._lanes.get(key >> LANE_BITS, -1) != parent:
                text = "it does not begin where its first commit says"
                yield Problem(f"lane {key >> LANE_BITS}", text)
        elif parent != key - 1:
            yield Problem(what, "it does not stand behind its parent")

    def _snapshot(self, row: Row, slots: list[Slot], snapshots: set[Any]) -> Iterator[Problem]:
        snapshots.discard(row.key)
        what = f"snapshot of commit {row.id}"
        try:
            kept = self._reader.snapshot(row.key)
        except TractError:
            yield Problem(what, "it is damaged or not there")
        else:
            if kept != tuple(slots):
                yield Problem(what, "it is not the state of its commit")


def _sealed(what: str, row: tuple[Any, ...]) -> Iterator[Problem]:
    if row[-1] != seal(*row[:-1]):
        yield Problem(what, "its seal does not fit its values")
