"""Bringing older stores up to date: whole or not at all, with a copy where something is lost."""

import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from tests.faults.workers import started
from tests.store.looks import errors
from tools.make_golden_rows import FOLDER
from tract.errors import ReadOnly, StoreError, TractError
from tract.store import open_store
from tract.store.sql import create_statements, migrate, migrations
from tract.store.sql._file_database import FileDatabase

SECOND = '''\
"""Adds a column."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
destructive = False


def upgrade() -> None:
    op.add_column("tracts", sa.Column("colour", sa.Text))
    op.execute("UPDATE tracts SET colour = 'red'")
'''

THIRD = '''\
"""Drops a table and rewrites another: something is lost."""

import os
import signal

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
destructive = True


def upgrade() -> None:
    op.drop_table("counts")
    with op.batch_alter_table("usages") as batch:
        batch.drop_column("body")
    {trouble}
'''


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The golden store of the first schema."""
    return Path(shutil.copy(FOLDER / "0001.db", tmp_path / "old.db"))


def scripts(folder: Path, trouble: str = "pass") -> Path:
    """The shipped first step and two made-up ones; `trouble` happens in the last one's middle."""
    versions = folder / "migrations" / "versions"
    versions.mkdir(parents=True)
    for first in (Path(migrations.__file__).parent / "versions").glob("0001*.py"):
        shutil.copy(first, versions)
    (versions / "0002_second.py").write_text(SECOND)
    (versions / "0003_third.py").write_text(THIRD.replace("{trouble}", trouble))
    return versions.parent


def database(path: Path, **options: bool) -> FileDatabase:
    read_only = options.get("read_only", False)
    return FileDatabase(path, read_only=read_only, durability="full", busy_timeout=5.0)


def shape(path: Path) -> dict[str, object]:
    """A file's tables as SQLite sees them, its version, and some of its rows."""
    connection = sqlite3.connect(path)
    tables = [
        name for (name,) in connection.execute("SELECT name FROM sqlite_master ORDER BY name")
    ]
    found: dict[str, object] = {
        name: connection.execute(f"PRAGMA table_xinfo({name})").fetchall() for name in tables
    }
    found["version"] = connection.execute("SELECT * FROM alembic_version").fetchall()
    found["commits"] = connection.execute("SELECT hash, body FROM commits ORDER BY key").fetchall()
    found["check"] = connection.execute("PRAGMA integrity_check").fetchall()
    connection.close()
    return found


def test_migrating_takes_all_steps_and_keeps_a_copy(old: Path, tmp_path: Path) -> None:
    before = shape(old)
    migrate(one := database(old), scripts(tmp_path))
    one.close()
    after = shape(old)
    assert after["version"] == [("0003",)]
    assert after["check"] == [("ok",)]
    assert after["commits"] == before["commits"]
    assert "counts" not in after
    connection = sqlite3.connect(old)
    assert connection.execute("SELECT DISTINCT colour FROM tracts").fetchall() == [("red",)]
    connection.close()
    copy = tmp_path / "old.db.backup-0001"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert shape(copy) == before
    store = open_store(copy)
    assert errors(store) == []
    store.close()
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "migrations",
        "old.db",
        "old.db.backup-0001",
    ]


def test_a_step_that_loses_nothing_keeps_no_copy(old: Path, tmp_path: Path) -> None:
    folder = scripts(tmp_path)
    (folder / "versions" / "0003_third.py").unlink()
    migrate(one := database(old), folder)
    one.close()
    assert shape(old)["version"] == [("0002",)]
    assert not list(tmp_path.glob("*backup*"))


def test_an_error_in_the_middle_leaves_everything_as_before(old: Path, tmp_path: Path) -> None:
    before = shape(old)
    folder = scripts(tmp_path, 'op.execute("SELECT nonsense")')
    one = database(old)
    for _ in range(2):
        with pytest.raises(StoreError, match="nonsense"):
            migrate(one, folder)
        assert shape(old) == before
    one.close()
    store = open_store(old)
    assert errors(store) == []
    store.close()


def migrate_and_die(path: Path, folder: Path) -> None:
    migrate(database(path), folder)


def test_a_kill_in_the_middle_leaves_everything_as_before(old: Path, tmp_path: Path) -> None:
    before = shape(old)
    folder = scripts(tmp_path, "os.kill(os.getpid(), signal.SIGKILL)")
    child = started(migrate_and_die, old, folder)
    child.join()
    assert child.exitcode == -signal.SIGKILL
    assert shape(old) == before
    store = open_store(old)
    assert errors(store) == []
    store.close()
    shutil.rmtree(folder)
    migrate(one := database(old), scripts(tmp_path))
    one.close()
    assert shape(old)["version"] == [("0003",)]


def test_two_that_migrate_at_once_do_it_once(old: Path, tmp_path: Path) -> None:
    folder = scripts(tmp_path, "__import__('time').sleep(0.1)")
    failed: list[Exception] = []

    def one() -> None:
        try:
            migrate(mine := database(old), folder)
            mine.close()
        except Exception as error:  # noqa: BLE001 - shown below, in the test's own thread
            failed.append(error)

    threads = [threading.Thread(target=one) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert shape(old)["version"] == [("0003",)]


def test_nobody_writes_while_a_store_is_migrated(old: Path, tmp_path: Path) -> None:
    """A writer of today waits, and then finds a store that it does not know any more."""
    folder = scripts(tmp_path, "__import__('time').sleep(0.3)")
    store = open_store(old)
    thread = threading.Thread(target=migrate, args=(one := database(old), folder))
    thread.start()
    while not list(tmp_path.glob("*.backup-0001")):
        pass
    with pytest.raises(TractError) as caught, store.write() as draft:
        draft.move(draft.tracts()[0].id, "branch/never", None, make=True)
    thread.join()
    assert caught.value.kind == "schema_too_new"
    store.close()
    one.close()


def test_a_store_that_may_only_be_read_is_not_migrated(old: Path, tmp_path: Path) -> None:
    before = old.read_bytes()
    with pytest.raises(ReadOnly) as caught:
        migrate(one := database(old, read_only=True), scripts(tmp_path))
    one.close()
    assert caught.value.hint
    assert old.read_bytes() == before


def test_the_steps_make_the_same_tables_as_a_new_store(tmp_path: Path) -> None:
    made, stepped = tmp_path / "made.db", tmp_path / "stepped.db"
    connection = sqlite3.connect(made)
    for statement in create_statements():
        connection.execute(statement)
    connection.close()
    connection = sqlite3.connect(stepped, isolation_level=None)
    connection.execute("BEGIN")
    (version,) = [text for text in create_statements() if "alembic_version" in text]
    connection.execute(version)
    steps = migrations.pending("")
    assert steps
    migrations.upgrade(connection, steps)
    connection.execute("COMMIT")
    connection.close()

    def tables(path: Path) -> dict[str, list[object]]:
        connection = sqlite3.connect(path)
        found = {}
        query = "SELECT name, type FROM sqlite_master ORDER BY name"
        for name, kind in connection.execute(query).fetchall():
            pragma = "table_xinfo" if kind == "table" else "index_xinfo"
            found[name] = connection.execute(f"PRAGMA {pragma}({name})").fetchall()
            found[f"{name} lists"] = connection.execute(f"PRAGMA table_list({name})").fetchall()
        connection.close()
        return found

    assert tables(stepped) == tables(made)


def test_alembic_is_not_loaded_when_there_is_nothing_to_do(old: Path, tmp_path: Path) -> None:
    code = """
    import sys
    from tract.store import open_store
    for place in sys.argv[1:]:
        open_store(place).close()
    print([name for name in sys.modules if name.split(".")[0] in ("alembic", "mako")])
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), old, tmp_path / "new.db", ":memory:"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ},
    )
    assert done.stdout.strip() == "[]"
