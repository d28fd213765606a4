"""The n-th statement of a write fails, for n = 1, 2, 3, ... until nothing fails any more.

The connection itself is made to fail, before or after it has done its work, with an error of the
database or with an interrupt. Afterwards the store is whole, the branch is where it was, no lock
is held, and the next write works.
"""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.store.looks import errors, everything
from tract.errors import DiskFull, StoreError, TractError
from tract.objects import Mark, Priority
from tract.store import Store, open_store
from tract.testing import Scribe


class Trouble:
    """What happens at which statement."""

    def __init__(self) -> None:
        self.left = 0
        self.make: Callable[[], BaseException] = KeyboardInterrupt
        self.after = False
        self.struck: str | None = None

    def at(self, n: int, make: Callable[[], BaseException], *, after: bool) -> None:
        self.left, self.make, self.after, self.struck = n, make, after, None

    def before(self, statement: str) -> bool:
        """Whether the statement that is about to run is the one; raises if it must not run."""
        self.left -= 1
        if self.left:
            return False
        self.struck = statement
        if not self.after:
            raise self.make()
        return True


TROUBLE = Trouble()


class Failing(sqlite3.Connection):
    """A connection that runs statements as ever, but for the one that is in trouble."""

    def execute(self, statement: str, *parameters: Any) -> sqlite3.Cursor:
        struck = TROUBLE.before(statement)
        cursor = super().execute(statement, *parameters)
        if struck:
            del cursor  # as nothing would hold the result of a call that was interrupted
            raise TROUBLE.make()
        return cursor

    def executemany(self, statement: str, parameters: Any) -> sqlite3.Cursor:
        struck = TROUBLE.before(statement)
        cursor = super().executemany(statement, parameters)
        if struck:
            del cursor  # as nothing would hold the result of a call that was interrupted
            raise TROUBLE.make()
        return cursor


def disk_error() -> sqlite3.Error:
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    return error


def io_error() -> sqlite3.Error:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_READ
    return error


@pytest.fixture(autouse=True)
def _failing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    real = sqlite3.connect

    def connect(*args: Any, **options: Any) -> sqlite3.Connection:
        made: sqlite3.Connection = real(*args, **{"factory": Failing, **options})
        return made

    monkeypatch.setattr(sqlite3, "connect", connect)
    yield
    TROUBLE.left = 0


def append(scribe: Scribe) -> None:
    scribe.say("one more")


def everything_at_once(scribe: Scribe) -> None:
    """A batch with all that a write can do: a tract, a branch, a lane, a snapshot, counts, usage."""
    with scribe.together() as draft:
        said = scribe.say("two", mark=Mark(Priority.PINNED))
        scribe.reset(draft.commit(said.id).parents[0])
        again = scribe.say("three")
        for n in range(80):
            scribe.mark(again, ("important", "normal")[n % 2], f"reason {n % 3}")
        scribe.arrange(scribe.state()[::-1], [said.id])
        draft.move(scribe.tract, "branch/new", said.id, make=True)
        scribe.note_usage(again.id, {"input": 1})
        scribe.note_counts({again.content or "": 1})
        scribe.remember("key", "digest", [again.id])


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("make", [disk_error, io_error, KeyboardInterrupt])
@pytest.mark.parametrize("work", [append, everything_at_once])
@pytest.mark.parametrize("kind", ["file", "memory"])
def test_a_write_that_fails_anywhere_never_was(
    tmp_path: Path,
    kind: str,
    work: Callable[[Scribe], None],
    make: Callable[[], BaseException],
    after: bool,
) -> None:
    location = tmp_path / "s.db" if kind == "file" else ":memory:"
    store = open_store(location, durability="normal", busy_timeout=0.05)
    scribe = Scribe(store)
    scribe.say("one")
    n = 0
    while True:
        n += 1
        before = everything(store)
        start = Scribe(store)
        start.at = scribe.at
        TROUBLE.at(n, make, after=after)
        try:
            work(start)
        except (TractError, KeyboardInterrupt) as error:
            TROUBLE.left = 0
            assert TROUBLE.struck is not None
            committed = after and TROUBLE.struck == "COMMIT"
            check_the_error(error, make)
            found = everything(store)
            assert committed or found == before, f"statement {n}: {TROUBLE.struck}"
            check_that_it_works_on(store, tmp_path / "s.db" if kind == "file" else None)
            if committed:
                break
        else:
            assert TROUBLE.struck is None
            break
    TROUBLE.left = 0
    assert n > 7  # every statement had its turn
    assert errors(store) == []
    store.close()


def check_the_error(error: BaseException, make: Callable[[], BaseException]) -> None:
    wanted: dict[Any, type[BaseException]] = {
        disk_error: DiskFull,
        io_error: StoreError,
        KeyboardInterrupt: KeyboardInterrupt,
    }
    assert isinstance(error, wanted[make])


def check_that_it_works_on(store: Store, path: Path | None) -> None:
    """Nobody is locked out: neither this handle nor another; what they do is undone again."""
    stores = [store] + ([open_store(path, busy_timeout=0.05)] if path else [])
    for each in stores:
        with each.write() as draft:
            assert draft.tracts()
        with each.read() as view:
            assert view.tracts()
    for each in stores[1:]:
        each.close()


def test_opening_that_fails_anywhere_can_be_tried_again(tmp_path: Path) -> None:
    for make, after in ((disk_error, False), (KeyboardInterrupt, False), (KeyboardInterrupt, True)):
        n = 0
        while True:
            n += 1
            path = tmp_path / f"{make.__name__} {after} {n}.db"
            TROUBLE.at(n, make, after=after)
            try:
                open_store(path).close()
            except (TractError, KeyboardInterrupt):
                TROUBLE.left = 0
                store = open_store(path, busy_timeout=0.05)
                Scribe(store).say("a")
                assert errors(store) == []
                store.close()
                assert sorted(file.name for file in tmp_path.glob(f"{path.name}*")) == [path.name]
            else:
                break
        TROUBLE.left = 0
        assert n > 20
