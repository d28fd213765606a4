"""Forking with a store open: parent and child both go on, and nobody's write is lost."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")

# Each case runs in a process of its own: pytest's may have threads, and those do not like forks.
SETTING = """
import os, signal, sys, threading, traceback
from pathlib import Path
from tract.errors import StateError
from tract.store import open_store
from tract.testing import Scribe

path = Path(sys.argv[1])

def forked(work):
    child = os.fork()
    if child == 0:
        code = 1
        signal.alarm(30)  # a child that hangs is told apart from one that is slow
        try:
            work()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    return child

def well(child):
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

def say(store, text, at):
    scribe = Scribe(store)
    scribe.at += at
    scribe.say(text)

def refused(work):
    try:
        work()
    except StateError as error:
        assert error.kind in ("forked", "ended"), error.kind
        assert error.hint
    else:
        raise AssertionError("nothing was refused")

store = open_store(":memory:" if len(sys.argv) > 2 else path, busy_timeout=20.0)
say(store, "before", 0)
"""


def run(case: str, path: Path, *more: str) -> None:
    code = SETTING + textwrap.dedent(case)
    command = [sys.executable, "-W", "error", "-c", code, str(path), *more]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


def test_a_child_goes_on_after_its_parent_has_closed(tmp_path: Path) -> None:
    """The case in which an inherited lock is not one: the log would be removed under the child."""
    run(
        """
        ready, go = os.pipe(), os.pipe()
        def work():
            say(store, "child 1", 1)
            os.write(ready[1], b"x")
            os.read(go[0], 1)
            say(store, "child 2", 2)
            store.close()
        child = forked(work)
        os.read(ready[0], 1)
        say(store, "parent", 3)
        store.close()
        os.write(go[1], b"x")
        well(child)
        texts = Scribe(open_store(path)).texts()
        assert sorted(texts) == ["before", "child 1", "child 2", "parent"], texts
        """,
        tmp_path / "s.db",
    )


def test_many_children_write_at_once(tmp_path: Path) -> None:
    run(
        """
        def work(name):
            for n in range(10):
                say(store, f"{name} {n}", 10 * name + n)
        children = [forked(lambda name=name: work(name)) for name in range(4)]
        work(9)
        for child in children:
            well(child)
        texts = Scribe(store).texts()
        assert sorted(texts) == sorted(["before", *(f"{m} {n}" for m in (0, 1, 2, 3, 9) for n in range(10))])
        assert [p for p in store.damage() if p.severity == "error"] == []
        """,
        tmp_path / "s.db",
    )


def test_threads_may_be_writing_while_the_process_forks(tmp_path: Path) -> None:
    run(
        """
        stop = threading.Event()
        said = []
        def write(name):
            n = 0
            while not stop.is_set():
                say(store, f"{name} {n}", 1000 * name + n)
                said.append(f"{name} {n}")
                n += 1
        threads = [threading.Thread(target=write, args=(name,)) for name in (1, 2)]
        for thread in threads:
            thread.start()
        try:
            for n in range(10):
                well(forked(lambda: say(store, f"child {n}", 9_000_000 + n)))
        finally:
            stop.set()
        for thread in threads:
            thread.join()
        texts = Scribe(store).texts()
        assert sorted(texts) == sorted(["before", *said, *(f"child {n}" for n in range(10))])
        assert [p for p in store.damage() if p.severity == "error"] == []
        """,
        tmp_path / "s.db",
    )


def test_threads_may_be_opening_and_closing_stores_while_the_process_forks(tmp_path: Path) -> None:
    """SQLite has locks of its own; a child must not inherit one that nobody will ever release."""
    run(
        """
        stop = threading.Event()
        def come_and_go(name):
            while not stop.is_set():
                other = open_store(path.with_name(f"{name}.db"))
                other.close()
        threads = [threading.Thread(target=come_and_go, args=(name,)) for name in (1, 2)]
        for thread in threads:
            thread.start()
        try:
            for n in range(60):
                well(forked(lambda: open_store(path.with_name("child.db")).close()))
        finally:
            stop.set()
        for thread in threads:
            thread.join()
        """,
        tmp_path / "s.db",
    )


@pytest.mark.parametrize("where", [(), ("memory",)], ids=["file", "memory"])
def test_threads_in_views_within_views_do_not_hold_up_a_fork(
    tmp_path: Path, where: tuple[str, ...]
) -> None:
    run(
        """
        stop = threading.Event()
        def look():
            while not stop.is_set():
                with store.read() as outer:
                    with store.read() as inner:
                        assert len(outer.tracts()) == len(inner.tracts()) == 1
        def write():
            at = 0
            while not stop.is_set():
                at += 1
                say(store, f"thread {at}", at)
        threads = [threading.Thread(target=work) for work in (look, look, write)]
        for thread in threads:
            thread.start()
        try:
            for n in range(10):
                well(forked(lambda: say(store, f"child {n}", 9_000_000 + n)))
        finally:
            stop.set()
        for thread in threads:
            thread.join()
        """,
        tmp_path / "s.db",
        *where,
    )


def test_threads_may_be_writing_for_the_first_time_while_the_process_forks(tmp_path: Path) -> None:
    """What is built on first use is built under a lock, which no child may inherit locked."""
    for _ in range(6):
        run(
            """
            from tract import Tract
            def write(name):
                with Tract.open(path, tract=f"writer-{name}", busy_timeout=20.0) as t:
                    t.user("one")
                    t.assistant("two", tool_calls=[{"id": "c", "name": "n", "arguments": "{}"}])
                    t.tool_result("c", "three")
            threads = [threading.Thread(target=write, args=(name,)) for name in (1, 2)]
            for thread in threads:
                thread.start()
            children = [forked(lambda n=n: write(f"child-{n}")) for n in range(3)]
            for child in children:
                well(child)
            for thread in threads:
                thread.join()
            """,
            tmp_path / "s.db",
        )


def test_a_fork_inside_a_block_gives_the_child_nothing_to_break(tmp_path: Path) -> None:
    run(
        """
        def work():
            refused(lambda: draft.refs(scribe.tract))
            refused(lambda: view.tracts())
            refused(lambda: say(store, "child", 5))
            refused(lambda: Scribe(open_store(path)))
            elsewhere = open_store(path.with_name("other.db"))
            say(elsewhere, "fine", 0)
            elsewhere.close()
        scribe = Scribe(store)
        scribe.at += 1
        with store.read() as view:
            with scribe.together() as draft:
                scribe.say("inside")
                well(forked(work))
            assert len(view.tracts()) == 1
        assert scribe.texts() == ["before", "inside"]
        well(forked(lambda: say(store, "later child", 7)))
        assert scribe.texts() == ["before", "inside", "later child"]
        """,
        tmp_path / "s.db",
    )


def test_a_child_that_leaves_its_parents_block_publishes_nothing(tmp_path: Path) -> None:
    run(
        """
        scribe = Scribe(store)
        scribe.at += 1
        parent = os.getpid()
        try:
            with scribe.together():
                scribe.say("once")
                child = os.fork()
        except StateError as error:
            assert os.getpid() != parent and error.kind == "ended"
            os._exit(0)
        assert os.getpid() == parent
        well(child)
        assert scribe.texts() == ["before", "once"]
        assert [p for p in store.damage() if p.severity == "error"] == []
        """,
        tmp_path / "s.db",
    )


def test_a_fork_that_python_does_not_see_is_noticed(tmp_path: Path) -> None:
    run(
        """
        import ctypes
        child = ctypes.PyDLL(None).fork()
        if child == 0:
            refused(lambda: say(store, "child", 5))
            os._exit(0)
        well(child)
        say(store, "parent", 6)
        assert Scribe(store).texts() == ["before", "parent"]
        """,
        tmp_path / "s.db",
    )


def test_a_store_in_memory_is_copied_into_the_child(tmp_path: Path) -> None:
    run(
        """
        def work():
            say(store, "child", 1)
            assert Scribe(store).texts() == ["before", "child"]
        well(forked(work))
        say(store, "parent", 2)
        assert Scribe(store).texts() == ["before", "parent"]
        with store.read() as view:
            def inside():
                assert len(view.tracts()) == 1
                work_texts = Scribe(store).texts()
                assert work_texts == ["before", "parent"]
            well(forked(inside))

        hold, free = threading.Event(), threading.Event()
        def reading():
            with store.read():
                hold.set()
                free.wait()
        thread = threading.Thread(target=reading)
        thread.start()
        hold.wait()
        well(forked(lambda: refused(lambda: Scribe(store))))
        free.set()
        thread.join()
        assert Scribe(store).texts() == ["before", "parent"]
        """,
        tmp_path / "none",
        "memory",
    )
