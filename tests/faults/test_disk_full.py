"""No room: the write fails as a whole, says so, and works again when there is room."""

import resource
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.faults.workers import started
from tests.store.looks import errors
from tract.errors import DiskFull
from tract.store import open_store
from tract.testing import Scribe


def limit_pages(store: Any, pages: int) -> None:
    """Let the database grow to so many pages at most, on every connection that is kept."""
    for connection, _ in store._db._idle:
        connection.execute(f"PRAGMA max_page_count={pages}")


def say_until_it_fails(scribe: Scribe, size: int, said: list[str]) -> DiskFull:
    """Say more and more, until there is no room; note what was said."""
    for n in range(10_000):
        text = f"{n} {'x' * size}"
        try:
            scribe.say(text)
        except DiskFull as error:
            return error
        said.append(text)
    raise AssertionError("there is always room")


def test_a_database_that_may_not_grow(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s.db")
    scribe = Scribe(store)
    scribe.say("small")
    limit_pages(store, 40)
    said = ["small"]
    caught = say_until_it_fails(scribe, 3000, said)
    assert caught.retryable
    assert caught.effect == "none"
    assert caught.hint
    assert scribe.texts() == said
    with pytest.raises(DiskFull):
        scribe.say("y" * 100_000)
    assert errors(store) == []
    limit_pages(store, 100_000)
    scribe.say("works again")
    assert scribe.texts() == [*said, "works again"]
    store.close()


def test_a_database_in_memory_that_may_not_grow() -> None:
    store: Any = open_store(":memory:")
    scribe = Scribe(store)
    scribe.say("small")
    store._db._current.execute("PRAGMA max_page_count=30")
    with pytest.raises(DiskFull):
        scribe.say("x" * 1_000_000)
    store._db._current.execute("PRAGMA max_page_count=100000")
    scribe.say("works again")
    assert scribe.texts() == ["small", "works again"]
    assert errors(store) == []


def fill_up(path: Path, size: int) -> None:
    """Write until no file may grow any more; then let them grow, and write on."""
    store = open_store(path)
    scribe = Scribe(store)
    said: list[str] = []
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    assert say_until_it_fails(scribe, 2000, said).hint
    assert scribe.texts() == said
    assert errors(store) == []
    for _ in range(3):
        with pytest.raises(DiskFull):
            scribe.say("y" * 2 * size)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    scribe.say("works again")
    assert scribe.texts() == [*said, "works again"]
    assert errors(store) == []
    store.close()


@pytest.mark.parametrize("size", [200_000, 1_000_000])
def test_a_file_that_may_not_grow(tmp_path: Path, size: int) -> None:
    path = tmp_path / "s.db"
    child = started(fill_up, path, size)
    child.join()
    assert child.exitcode == 0
    store = open_store(path)
    assert errors(store) == []
    assert Scribe(store).texts()[-1] == "works again"
    store.close()


def make_in_no_room(path: Path) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, resource.RLIM_INFINITY))
    with pytest.raises(DiskFull):
        open_store(path)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    store = open_store(path)
    Scribe(store).say("a")
    store.close()


def test_a_new_store_without_room(tmp_path: Path) -> None:
    child = started(make_in_no_room, tmp_path / "s.db")
    child.join()
    assert child.exitcode == 0


def test_a_log_that_cannot_be_copied_back_does_not_stop_writing(tmp_path: Path) -> None:
    """Copying back is put off, as long as the write itself has room."""
    store: Any = open_store(tmp_path / "s.db", durability="normal")
    scribe = Scribe(store)
    store._db._unchecked_pages = 10_000
    other = sqlite3.connect(tmp_path / "s.db")
    other.execute("BEGIN")
    other.execute("SELECT * FROM tracts").fetchall()
    scribe.say("a")
    scribe.say("b")
    other.close()
    scribe.say("c")
    assert scribe.texts() == ["a", "b", "c"]
    assert errors(store) == []
    store.close()
