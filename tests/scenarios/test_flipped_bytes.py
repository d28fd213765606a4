"""One flipped byte in any stored value is found, named, and never read as something else.

Every value of every row of a store that has seen everything is damaged in turn, through SQL, and
every n-th byte of the file itself. Then `verify` must name something, and whatever can still be
read must be what was written; reads of what is damaged raise `Corrupt`.
"""

import json
import shutil
import sqlite3
import subprocess
import sys

import pytest

from tract import Corrupt, Session, ToolCall, Tract, TractError


@pytest.fixture(scope="module")
def healthy(tmp_path_factory):
    """A small store with every kind of row in it, checkpointed into one file."""
    path = tmp_path_factory.mktemp("healthy") / "store.db"
    with Session.open(path, author="human:ada") as s:
        t = s.create_tract("main", metadata={"k": "v"})
        t.system("Be brief.")
        first = t.user("one", message="first", tags=["t"], metadata={"n": 1})
        t.commit("two", role="assistant", made_with={"model": "m"}, idempotency_key="key")
        t.assistant(tool_calls=[ToolCall("c", "f", "{}")])
        t.tool_result("c", "three")
        t.edit(first, "uno")
        t.annotate(first, "important", reason="why", retain="uno", labels=["l"])
        t.record_usage({"prompt_tokens": 3, "completion_tokens": 1})
        t.branch("side", "HEAD~2")
        t.user("aside")
        t.switch("main")
        for number in range(90):  # long enough for a snapshot
            t.edit(first, f"uno {number}")
        _ = [info.tokens for info in t.log()]
        t.user("last")
        s.create_tract("other").user("elsewhere")
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    return path


def seen(path):
    """Return all that can be read of a store, or the error that reading ends with, part by part."""
    parts = {}

    def note(name, read):
        try:
            parts[name] = read()
        except TractError as error:
            parts[name] = error

    for name in ("main", "other"):
        try:
            t = Tract.open(path, tract=name, create=False, read_only=True)
        except TractError as error:
            parts[name] = error
            continue
        with t:
            note(f"{name}: context", lambda t=t: t.compile().to_dicts())
            note(f"{name}: log", lambda t=t: t.log(None))
            note(f"{name}: branches", lambda t=t: t.branches.list())
            note(
                f"{name}: entries",
                lambda t=t: [(e.id, e.commit, e.mark, e.text) for e in t.entries()],
            )
            for at in ("HEAD~3", "HEAD~95", "side"):
                if name == "main":
                    note(f"{at}", lambda t=t, at=at: t.compile(at).to_dicts())
            note(f"{name}: usage", lambda t=t: t.status().last_usage)
            note(f"{name}: info", lambda t=t: t.info)
            note(f"{name}: first", lambda t=t: t.show(t.log(None)[-1]))
    return parts


def problems(path):
    """Return what `verify` says of a store: problems, or the error that opening it ends with."""
    try:
        t = Tract.open(path, tract="main", create=False, read_only=True)
    except TractError as error:
        return [error]
    with t:
        try:
            return list(t.verify().problems)
        except Corrupt as error:
            return [error]


def values(path):
    """Return table, column and row number of every stored value."""
    db = sqlite3.connect(path)
    found = []
    for (table,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
        columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
        (count,) = db.execute(f"SELECT count(*) FROM {table}").fetchone()
        # The first, some in the middle and the last row of long tables say it for all.
        rows = sorted({0, 1, 2, count // 3, count // 2, count - 2, count - 1} & set(range(count)))
        found += [(table, column, row) for column in columns for row in rows]
    db.close()
    return found


def flip(path, table, column, row):
    """Change one byte, or the lowest bit of a number; return whether there was anything to change."""
    db = sqlite3.connect(path)
    keys = [info[1] for info in db.execute(f"PRAGMA table_info({table})") if info[5]] or ["rowid"]
    names = ", ".join(f'"{name}"' for name in (column, *keys))
    value, *key = db.execute(f"SELECT {names} FROM {table} LIMIT 1 OFFSET ?", (row,)).fetchone()
    if value is None or value in (b"", ""):
        db.close()
        return False
    where = " AND ".join(f'"{name}" = ?' for name in keys)
    # A changed key may not meet another row's, so it goes far away.
    changed = value ^ (1 << 30) if isinstance(value, int) else _changed(value)
    db.execute(f'UPDATE {table} SET "{column}" = ? WHERE {where}', (changed, *key))
    db.commit()
    db.close()
    return True


def _changed(value):
    middle = len(value) // 2
    if isinstance(value, bytes):
        return value[:middle] + bytes([value[middle] ^ 1]) + value[middle + 1 :]
    return value[:middle] + chr(ord(value[middle]) ^ 1) + value[middle + 1 :]


def test_the_store_under_test_has_every_kind_of_row(healthy):
    db = sqlite3.connect(healthy)
    tables = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    counts = {table: db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}
    db.close()
    assert all(counts.values()), counts
    assert problems(healthy) == []


def test_every_value_that_is_flipped_is_found_and_never_read_as_another(healthy, tmp_path):
    before = seen(healthy)
    missed, wrong = [], []
    for table, column, row in values(healthy):
        path = tmp_path / "damaged.db"
        shutil.copy(healthy, path)
        if not flip(path, table, column, row):
            continue
        if not problems(path):
            missed.append((table, column, row))
        wrong += [
            (table, column, row, part)
            for part, value in seen(path).items()
            if not isinstance(value, TractError)
            and value != before[part]
            # A row that was carried off to another tract can only be missed, and `verify` found it.
            and not (column == "tract" and part in ("main: branches", "main: usage", "main: info"))
        ]
        for leftover in tmp_path.iterdir():
            leftover.unlink()
    assert missed == []
    assert wrong == []


@pytest.mark.parametrize("start", range(4))
def test_every_nth_byte_of_the_file(healthy, tmp_path, start):
    before = seen(healthy)
    data = healthy.read_bytes()
    wrong: list[tuple[object, ...]] = []
    for place in range(start * 97, len(data), 2311):
        path = tmp_path / "damaged.db"
        path.write_bytes(data[:place] + bytes([data[place] ^ 0x10]) + data[place + 1 :])
        found = problems(path)
        for part, value in seen(path).items():
            if not isinstance(value, TractError) and value != before[part]:
                wrong.append((place, part))
            if isinstance(value, TractError) and not found:
                wrong.append((place, part, "not found by verify"))
        for leftover in tmp_path.iterdir():
            leftover.unlink()
    assert wrong == []


def test_the_command_line_names_the_object_and_exits_with_1(healthy, tmp_path):
    path = tmp_path / "damaged.db"
    shutil.copy(healthy, path)
    db = sqlite3.connect(path)
    (raw,) = db.execute("SELECT hash FROM commits ORDER BY key LIMIT 1 OFFSET 2").fetchone()
    db.close()
    assert flip(path, "commits", "body", 2)
    done = subprocess.run(
        [sys.executable, "-m", "tract.cli", "--db", str(path), "--json", "verify"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1, done.stderr
    assert raw.hex()[:8] in json.dumps(json.loads(done.stdout))
    with Tract.open(path, tract="main") as t, pytest.raises(Corrupt) as caught:
        t.compile("HEAD~94")
    assert raw.hex()[:8] in caught.value.object
