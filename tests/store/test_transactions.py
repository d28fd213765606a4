"""Blocks of reading and writing: what they hold, what ends them, and that nothing is left over."""

import sqlite3
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from tract.errors import InvalidInput, StateError, StoreBusy
from tract.store import MemoryStore, Store, open_store
from tract.store.sql import SqlStore
from tract.store.sql._sqlite import PAGE_BYTES, PAGES_BETWEEN_CHECKPOINTS, WAL_BYTES_MAX, reset_bug
from tract.testing import Scribe

Make = Callable[..., Store]


@pytest.fixture(params=["file", "memory", "twin"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    """Makes a store of each kind."""

    def made(**options: Any) -> Store:
        if request.param == "twin":
            return MemoryStore(**options)
        location = tmp_path / "s.db" if request.param == "file" else ":memory:"
        return open_store(location, durability="normal", **options)

    return made


def damage(store: Store) -> list[str]:
    return [problem.message for problem in store.damage() if problem.severity == "error"]


# --- interrupts --------------------------------------------------------------------------------


class Interrupt:
    """Raises KeyboardInterrupt at the n-th moment at which Python would look for one.

    Those moments are the beginning of a Python function or the resumption of a generator, and the
    return of a C function, whose result is then lost.
    """

    def __init__(self, moment: int) -> None:
        self.left = moment
        self.where = ""

    def __call__(self, frame: FrameType, event: str, arg: object) -> None:
        if event in ("call", "c_return"):
            self.left -= 1
            if not self.left:
                sys.setprofile(None)
                self.where = frame.f_code.co_filename
                raise KeyboardInterrupt

    @property
    def struck(self) -> bool:
        return self.left <= 0


# A generator that is closed just then swallows the interrupt, as Python does with a real one.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("kept", [False, True], ids=["dropped", "kept"])
def test_an_interrupt_at_any_moment_leaves_the_handle_working(
    make: Make, tmp_path: Path, kept: bool
) -> None:
    """Also while its traceback is kept, as an interactive prompt does, but for moments in which
    Python's own `with` had not begun, or had not yet handed over to our code."""
    store = make(busy_timeout=0.5)
    others = [open_store(store.location, busy_timeout=0.5)] if (tmp_path / "s.db").exists() else []
    texts = list(Scribe(store).texts())
    moment = 0
    while True:
        moment += 1
        scribe = Scribe(store)
        scribe.at += moment * 10
        interrupt = Interrupt(moment)
        caught: BaseException | None = None
        try:
            sys.setprofile(interrupt)
            with store.write() as draft:  # one that stages nothing, and so is rolled back
                draft.tracts()
            scribe.say(f"said {moment}")
        except KeyboardInterrupt as error:
            caught = error if kept and not interrupt.where.endswith("contextlib.py") else None
        finally:
            sys.setprofile(None)
        for n, other in enumerate([store, *others]):
            after = Scribe(other)
            after.at += moment * 10 + n + 1
            after.say(f"after {moment} {n}")
        found = Scribe(store).texts()
        new = found[len(texts) :]
        assert new[-1 - len(others) :] == [f"after {moment} {n}" for n in range(1 + len(others))]
        assert new[: -1 - len(others)] in ([], [f"said {moment}"])
        texts = found
        del caught
        if not interrupt.struck:
            break
    assert moment > 100
    assert damage(store) == []
    for each in (store, *others):
        each.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_while_reading_leaves_the_handle_working(make: Make) -> None:
    store = make(busy_timeout=0.5)
    scribe, other = Scribe(store), Scribe(store, "other")
    scribe.say("a")
    moment = 0
    while True:
        moment += 1
        interrupt = Interrupt(moment)
        try:
            sys.setprofile(interrupt)
            with store.read() as view:
                view.state(view.ref(scribe.tract, "branch/main") or "")
        except KeyboardInterrupt:
            pass
        finally:
            sys.setprofile(None)
        other.say(str(moment))
        assert other.texts()[-1] == str(moment)
        if not interrupt.struck:
            break
    assert damage(store) == []
    store.close()


# --- blocks ------------------------------------------------------------------------------------


def test_a_write_inside_a_write_says_whose_fault_it_is(make: Make) -> None:
    store = make(busy_timeout=0.02)
    scribe = Scribe(store)
    with scribe.together():
        scribe.say("kept")
        with pytest.raises(StoreBusy) as caught, store.write():
            pass
        assert caught.value.waited >= 0.02
    assert scribe.texts() == ["kept"]
    store.close()


@pytest.mark.parametrize("make", ["file", "memory"], indirect=True)
def test_the_error_names_a_write_of_the_same_thread(make: Make) -> None:
    store = make(busy_timeout=0.0)
    with store.write(), pytest.raises(StoreBusy, match="this very thread"), store.write():
        pass
    store.close()


@pytest.mark.parametrize("make", ["file", "memory"], indirect=True)
def test_a_view_that_has_ended_gives_nothing_more(make: Make) -> None:
    store = make()
    scribe = Scribe(store)
    with scribe.together():
        for n in range(3000):
            scribe.say(str(n))
    with store.read() as view:
        line = view.line(scribe.head() or "")
        blobs = view.blobs()
        next(line)
        next(blobs)
    with pytest.raises(StateError) as caught:
        view.tracts()
    assert caught.value.kind == "ended"
    with pytest.raises(StateError):
        list(line)
    # What was left half-read holds nothing up.
    scribe.say("more")
    assert scribe.texts()[-1] == "more"
    store.close()


def test_a_block_may_be_entered_and_left_in_different_threads(make: Make) -> None:
    store = make()
    scribe = Scribe(store)
    blocks: list[Any] = []

    def in_a_thread(work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    def enter() -> None:
        block = store.write()
        draft = block.__enter__()
        draft.move(scribe.tract, "branch/new", None, make=True)
        blocks.append(block)

    in_a_thread(enter)
    in_a_thread(lambda: blocks[0].__exit__(None, None, None))
    with store.read() as view:
        assert "branch/new" in view.refs(scribe.tract)
    store.close()


def test_an_abandoned_block_holds_nothing(make: Make) -> None:
    store = make(busy_timeout=0.1)
    scribe = Scribe(store)
    block = store.write()
    draft = block.__enter__()
    draft.move(scribe.tract, "branch/never", None, make=True)
    del block, draft
    scribe.say("goes on")
    with store.read() as view:
        assert "branch/never" not in view.refs(scribe.tract)
    store.close()


@pytest.mark.parametrize("make", ["file"], indirect=True)
def test_a_view_that_outlives_its_store_is_the_last_to_let_go_of_the_file(
    make: Make, tmp_path: Path
) -> None:
    store = make()
    scribe = Scribe(store)
    scribe.say("kept")
    with store.read() as view:
        store.close()
        assert view.tracts()[0].name == "main"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["s.db"]
    again = make()
    assert Scribe(again).texts() == ["kept"]
    again.close()


@pytest.mark.parametrize("make", ["file"], indirect=True)
def test_connections_are_kept_but_not_hoarded(make: Make) -> None:
    store = make()
    assert isinstance(store, SqlStore)
    barrier = threading.Barrier(20)

    def read() -> None:
        with store.read() as view:
            barrier.wait()
            view.tracts()

    threads = [threading.Thread(target=read) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 <= len(store._db._idle) <= 8  # type: ignore[attr-defined]
    store.close()


# --- the write-ahead log -----------------------------------------------------------------------


def test_the_log_is_used_again_and_does_not_grow(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s.db", durability="normal")
    other = open_store(tmp_path / "s.db", durability="normal")  # so that closing is not the reason
    scribe = Scribe(store)
    log = tmp_path / "s.db-wal"
    sizes = []
    for n in range(60):
        scribe.say(f"{n} {'x' * 1_000_000}")
        sizes.append(log.stat().st_size)
    assert (tmp_path / "s.db").stat().st_size > 40_000_000
    assert max(sizes) < WAL_BYTES_MAX
    assert max(sizes) < 1.2 * PAGES_BETWEEN_CHECKPOINTS * PAGE_BYTES
    store.close()
    other.close()


def test_a_reader_that_stays_delays_copying_back_but_not_for_ever(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s.db", durability="normal")
    scribe = Scribe(store)
    log = tmp_path / "s.db-wal"
    with store.read() as view:
        view.tracts()
        for n in range(40):
            scribe.say(f"{n} {'x' * 1_000_000}")
    grown = log.stat().st_size
    assert grown > PAGES_BETWEEN_CHECKPOINTS * PAGE_BYTES
    for n in range(40):
        scribe.say(f"more {n} {'x' * 1_000_000}")
    assert log.stat().st_size <= max(grown, WAL_BYTES_MAX)
    store.close()


def test_a_log_that_others_let_grow_is_copied_back_by_the_next_writer(tmp_path: Path) -> None:
    first = open_store(tmp_path / "s.db", durability="normal")
    scribe = Scribe(first)
    with first.read() as view:
        view.tracts()
        with scribe.together():
            for n in range(30):
                scribe.say(f"{n} {'x' * 1_000_000}")
    log = tmp_path / "s.db-wal"
    grown = log.stat().st_size
    assert grown > WAL_BYTES_MAX
    second = open_store(tmp_path / "s.db", durability="normal")
    later = Scribe(second)
    later.at += 10**9
    later.say("a")
    assert log.stat().st_size <= WAL_BYTES_MAX
    second.close()
    first.close()


def test_versions_with_the_reset_bug_are_known() -> None:
    affected = [(3, 7, 0), (3, 40, 1), (3, 44, 5), (3, 50, 6), (3, 51, 2)]
    mended = [(3, 44, 6), (3, 44, 9), (3, 50, 7), (3, 51, 3), (3, 52, 0), (4, 0, 0)]
    assert [version for version in affected if not reset_bug(version)] == []
    assert [version for version in mended if reset_bug(version)] == []


def test_an_affected_version_is_named(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s.db")
    named = [problem.object for problem in store.damage() if problem.object.startswith("SQLite")]
    assert named == ([f"SQLite {sqlite3.sqlite_version}"] if reset_bug() else [])
    store.close()


# --- what goes wrong inside --------------------------------------------------------------------


def test_what_is_too_large_for_the_database_is_refused(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s.db")
    scribe = Scribe(store)
    scribe.say("a")
    connection = store._db._idle[0][0]  # type: ignore[attr-defined]
    limit = connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 10_000)
    with pytest.raises(InvalidInput) as caught:
        scribe.say("x" * 20_000)
    assert caught.value.kind == "too_large"
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, limit)
    scribe.say("b" * 20_000)
    assert scribe.texts() == ["a", "b" * 20_000]
    store.close()


@pytest.mark.parametrize("make", ["file", "memory"], indirect=True)
def test_what_no_database_can_hold_is_refused_whole(make: Make) -> None:
    store = make()
    scribe = Scribe(store)
    for at in (2**63, -(2**63) - 1):
        scribe.at = at
        with pytest.raises(InvalidInput) as caught:
            scribe.note_usage(None, {})
        assert caught.value.kind == "invalid_number"
    with pytest.raises(InvalidInput) as caught, store.write() as draft:
        draft.move(scribe.tract, "branch/\ud800", None, make=True)
    assert caught.value.kind == "lone_surrogate"
    with store.read() as view:
        assert view.usages(scribe.tract) == []
        assert list(view.refs(scribe.tract)) == ["branch/main"]
    scribe.at = 1
    scribe.note_usage(None, {})
    store.close()
