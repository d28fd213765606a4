"""One flipped byte in any stored value is found and named, and is never read as if nothing were.

The store holds everything that a store can: edits, marks with notes, merges, snapshots, branches,
several tracts, usage, counts, idempotency records.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.store.looks import errors, everything, glances, names_in
from tools.make_golden_rows import build
from tract.errors import Corrupt, TractError
from tract.store import MemoryStore, Store, open_store
from tract.testing import Scribe

# How the finding names a row of each table.
NAMES = {
    "alembic_version": "schema version",
    "blobs": "blob",
    "commits": "commit",
    "counts": "token count of blob",
    "idempotency": "idempotency record",
    "lanes": "lane",
    "operations": "operation",
    "refs": "ref",
    "snapshots": "snapshot of commit",
    "tracts": "tract",
    "usages": "usage number",
}
# Columns by which rows are looked up: with one of them changed a row is not found where it was.
LOOKED_UP = {
    ("blobs", "hash"),
    ("blobs", "key"),
    ("commits", "hash"),
    ("refs", "tract"),
    ("tracts", "id"),
    ("tracts", "name"),
    ("refs", "name"),
    ("operations", "tract"),
    ("operations", "number"),
    ("usages", "tract"),
    ("counts", "blob"),
    ("counts", "counter"),
    ("idempotency", "tract"),
    ("idempotency", "name"),
}


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rich") / "rich.db"
    store = open_store(path)
    build(store)
    store.close()
    return path


class Whole(NamedTuple):
    """A store before it was damaged: what can be asked for, and the answers."""

    names: dict[str, Any]
    parts: dict[Any, Any]


@pytest.fixture(scope="module")
def whole(rich: Path) -> Whole:
    store = open_store(rich)
    assert errors(store) == []
    found = Whole(names_in(store), everything(store))
    store.close()
    return found


class Flip(NamedTuple):
    table: str
    row: int
    column: str


def flips(path: Path) -> Iterator[Flip]:
    """Every value that is not NULL."""
    connection = sqlite3.connect(path)
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    for (table,) in tables.fetchall():
        cursor = connection.execute(f"SELECT * FROM {table}")
        columns = [column[0] for column in cursor.description]
        for row, values in enumerate(cursor.fetchall()):
            for column, value in zip(columns, values, strict=True):
                if value is not None:
                    yield Flip(table, row, column)
    connection.close()


def flipped(value: int | str | bytes, bit: int) -> int | str | bytes:
    if isinstance(value, int):
        return value ^ (1 << bit)
    data = bytearray(value.encode() if isinstance(value, str) else value)
    if not data:
        return "x" if isinstance(value, str) else b"x"
    data[len(data) // 2] ^= 1 << bit
    return bytes(data)


def apply(path: Path, flip: Flip) -> None:
    """Change one byte of one value, its type kept, by SQL."""
    connection = sqlite3.connect(path)
    cursor = connection.execute(f"SELECT * FROM {flip.table}")
    columns = [column[0] for column in cursor.description]
    values = cursor.fetchall()[flip.row]
    old = values[columns.index(flip.column)]
    this = " AND ".join(f'"{column}" IS ?' for column in columns)
    text = "CAST(? AS TEXT)" if isinstance(old, str) else "?"
    for bit in range(8):
        try:
            done = connection.execute(
                f'UPDATE {flip.table} SET "{flip.column}" = {text} WHERE {this}',
                (flipped(old, bit), *values),
            )
        except sqlite3.IntegrityError:
            continue  # that key is taken; take the next bit
        assert done.rowcount == 1
        break
    connection.commit()
    connection.close()


def part_of(found: Any, whole: Any) -> bool:
    """Whether nothing in `found` is other than in `whole`, though something may be missing."""
    if found is None:
        return True
    if isinstance(found, dict) and isinstance(whole, dict):
        return all(key in whole and part_of(value, whole[key]) for key, value in found.items())
    if isinstance(found, list) and isinstance(whole, list):
        return all(value in whole for value in found)
    if isinstance(found, set) and isinstance(whole, set):
        return found <= whole
    return bool(found == whole)


def wrong(store: Store, whole: Whole, *, may_miss: bool) -> list[Any]:
    """What reads otherwise than it was written, without an error that says so.

    Args:
        store: a damaged store.
        whole: what it was.
        may_miss: whether things may not be found, because what they are looked up by is damaged.
    """
    found = []
    for name, value in glances(store, whole.names):
        if isinstance(value, TractError):
            if not (may_miss or isinstance(value, Corrupt)):
                found.append((name, value))
        elif not (part_of(value, whole.parts[name]) if may_miss else value == whole.parts[name]):
            found.append((name, value))
    return found


def check(path: Path, flip: Flip, whole: Whole) -> None:
    apply(path, flip)
    try:
        store = open_store(path)
    except TractError:
        assert flip.table == "alembic_version", flip
        return
    try:
        named = [problem for problem in store.damage() if problem.severity == "error"]
        mine = [p for p in named if p.object.startswith(NAMES[flip.table])]
        assert mine, (flip, named)
        may_miss = (flip.table, flip.column) in LOOKED_UP
        assert wrong(store, whole, may_miss=may_miss) == [], flip
    finally:
        store.close()


def sample(all_flips: list[Flip]) -> list[Flip]:
    """Every column of the first and last rows of each table, and one column of each other row."""
    kept = []
    rows: dict[str, set[int]] = {}
    for flip in all_flips:
        rows.setdefault(flip.table, set()).add(flip.row)
    columns: dict[tuple[str, int], list[Flip]] = {}
    for flip in all_flips:
        if flip.row < 2 or flip.row >= max(rows[flip.table]) - 1:
            kept.append(flip)
        else:
            columns.setdefault((flip.table, flip.row), []).append(flip)
    return kept + [each[row % len(each)] for (_, row), each in columns.items()]


def test_every_stored_value_is_guarded(rich: Path, whole: Whole, tmp_path: Path) -> None:
    chosen = sample(list(flips(rich)))
    assert {flip.table for flip in chosen} == set(NAMES)
    for flip in chosen:
        check(Path(shutil.copy(rich, tmp_path / "flipped.db")), flip, whole)


@pytest.mark.soak
def test_every_single_stored_value_is_guarded(rich: Path, whole: Whole, tmp_path: Path) -> None:
    for flip in flips(rich):
        check(Path(shutil.copy(rich, tmp_path / "flipped.db")), flip, whole)


def test_every_row_is_missed(rich: Path, whole: Whole, tmp_path: Path) -> None:
    """A row of the graph that is gone is found, too."""
    for table in ("blobs", "commits", "lanes", "snapshots"):
        connection = sqlite3.connect(rich)
        (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        connection.close()
        for row in range(0, count, 7):
            path = Path(shutil.copy(rich, tmp_path / "missing.db"))
            connection = sqlite3.connect(path)
            connection.execute(
                f"DELETE FROM {table} WHERE rowid IN (SELECT rowid FROM {table} LIMIT 1 OFFSET {row})"
            )
            connection.commit()
            connection.close()
            store = open_store(path)
            assert errors(store), (table, row)
            assert wrong(store, whole, may_miss=True) == [], (table, row)
            store.close()


@pytest.mark.parametrize(
    "what",
    ["refs", "tracts", "operations", "operations WHERE number = 1", "operations WHERE number > 3"],
)
def test_rows_beside_the_graph_are_missed(rich: Path, tmp_path: Path, what: str) -> None:
    """What no commit names is named by the log, and the log by what it moved."""
    table = what.split(maxsplit=1)[0]
    connection = sqlite3.connect(rich)
    rows = connection.execute(f"SELECT * FROM {what}").fetchall()
    names = [column[1] for column in connection.execute(f"PRAGMA table_info({table})")]
    connection.close()
    each = [[row] for row in rows] if table in ("refs", "tracts") else [rows]
    assert each
    for gone in each:
        path = Path(shutil.copy(rich, tmp_path / "missing.db"))
        connection = sqlite3.connect(path)
        for row in gone:
            same = " AND ".join(f'"{name}" IS ?' for name in names)
            assert connection.execute(f"DELETE FROM {table} WHERE {same}", row).rowcount == 1
        connection.commit()
        connection.close()
        store = open_store(path)
        assert errors(store), gone
        store.close()


def test_a_damaged_content_is_told_once(rich: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(rich, tmp_path / "flipped.db"))
    connection = sqlite3.connect(path)
    (data,) = connection.execute('SELECT data FROM blobs WHERE "key" = 1').fetchone()
    turned = data.replace(b'"text":"', b'"test":"', 1)
    assert turned != data
    connection.execute('UPDATE blobs SET data = ? WHERE "key" = 1', (turned,))
    connection.commit()
    connection.close()
    store = open_store(path)
    found = errors(store)
    assert [text for text in found if "bytes are not what its id says" in text]
    assert not [text for text in found if "names another blob" in text]
    store.close()


def varint(number: int) -> bytes:
    """A number as SQLite's b-trees spell it, for numbers of up to 56 bits."""
    groups = [number & 0x7F]
    while number := number >> 7:
        groups.append(number & 0x7F | 0x80)
    return bytes(reversed(groups))


def test_rows_out_of_order_are_a_finding_and_not_read_for_ever(rich: Path, tmp_path: Path) -> None:
    connection = sqlite3.connect(rich)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    keys = [key for (key,) in connection.execute('SELECT "key" FROM commits ORDER BY "key"')]
    connection.close()
    data = rich.read_bytes()
    tried = 0
    for key in keys[3:]:
        spelt, lower = varint(key), varint(key & ~0x7F or 1)
        if len(spelt) < 2 or len(spelt) != len(lower) or spelt == lower or data.count(spelt) != 1:
            continue
        path = tmp_path / "turned.db"
        path.write_bytes(data.replace(spelt, lower))
        try:
            store = open_store(path)
        except Corrupt:
            continue
        assert errors(store)
        store.close()
        tried += 1
    assert tried


def raw_flip(rich: Path, whole: Whole, path: Path, place: int, mask: int) -> str:
    """Flip bits of one byte of the file, and return how that came out."""
    data = bytearray(rich.read_bytes())
    data[place] ^= mask
    path.write_bytes(data)
    try:
        store = open_store(path)
    except TractError:
        return "refused"
    try:
        found_errors = errors(store)
        misread = wrong(store, whole, may_miss=bool(found_errors))
        assert misread == [], f"byte {place}: {found_errors}"
        if not found_errors:
            assert everything(store) == whole.parts, f"byte {place}"
        return "found" if found_errors else "unused"
    finally:
        store.close()


def test_bytes_of_the_file_are_guarded(rich: Path, whole: Whole, tmp_path: Path) -> None:
    size = rich.stat().st_size
    places = [*range(0, 110, 3), *range(110, size, 509)]
    ends = [raw_flip(rich, whole, tmp_path / "f.db", place, 1 << (place % 8)) for place in places]
    assert {"refused", "found", "unused"} == set(ends)


@pytest.mark.soak
def test_many_bytes_of_the_file_are_guarded(rich: Path, whole: Whole, tmp_path: Path) -> None:
    for turn, place in enumerate(range(0, rich.stat().st_size, 17)):
        raw_flip(rich, whole, tmp_path / "f.db", place, (1, 0x80, 0xFF, 0x20)[turn % 4])


def test_a_flipped_byte_in_the_twin_is_found_too() -> None:
    store = MemoryStore()
    scribe = Scribe(store)
    a, b = scribe.say("a"), scribe.say("b")
    tables: Any = store._tables
    for kept, id in ((tables.blobs, a.content or ""), (tables.commits, b.id)):
        data = kept[id]
        kept[id] = data[:-1] + bytes([data[-1] ^ 1])
        assert [text for text in errors(store) if id in text]
        with pytest.raises(Corrupt):
            everything(store)
        kept[id] = data
    assert errors(store) == []
