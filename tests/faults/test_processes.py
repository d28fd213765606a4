"""Several processes on one store, and processes that are killed: nothing acknowledged is lost.

A writer acknowledges each write on a pipe when `store.write` has returned. What was acknowledged
must be there afterwards, in one line, and the store must be whole.
"""

import os
import random
import signal
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from tests.faults.workers import FROM, started
from tests.store.looks import errors
from tract.store import open_store
from tract.testing import Scribe

WAIT_SECONDS_MAX = 2.0
STARVATION_MAX = 20


def write_and_tell(path: Path, name: str, durability: str, told: Connection) -> None:
    """Append for as long as one lives, each append acknowledged; every fifth write is a batch."""
    store = open_store(path, durability=durability)
    scribe = Scribe(store)
    scribe.at += hash(name) % 10**9
    n = 0
    while True:
        with scribe.together():
            texts = [f"{name} {n + more}" for more in range(3 if n % 5 == 0 else 1)]
            for text in texts:
                scribe.say(text + " " + "x" * (n % 7) * 500)
        told.send(texts)
        n += len(texts)


def acknowledged(told: Connection) -> list[str]:
    """Everything that was acknowledged before the other end died."""
    texts: list[str] = []
    try:
        while told.poll():
            texts += told.recv()
    except EOFError:
        pass
    return texts


def kill_rounds(path: Path, rounds: int, seconds_max: float, durability: str) -> int:
    """Kill a writer at a random moment, again and again, on the same store."""
    random_moment = random.Random(7)
    Scribe(store := open_store(path)).say("first")
    store.close()
    kept: list[str] = []
    for turn in range(rounds):
        mine, theirs = FROM.Pipe(duplex=False)
        child = started(write_and_tell, path, f"w{turn}", durability, theirs)
        theirs.close()
        mine.poll(10)  # it writes
        time.sleep(random_moment.uniform(0, seconds_max))
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)
        child.join()
        kept += acknowledged(mine)
        mine.close()
        store = open_store(path)
        found = [text.split(" x")[0].strip() for text in Scribe(store).texts()]
        assert len(found) == len(set(found))
        assert set(kept) <= set(found), f"round {turn}: an acknowledged write is gone"
        # A batch is there whole or not at all, and at most one write was not yet acknowledged.
        extra = [text for text in found[1:] if text not in set(kept)]
        assert len(extra) in (0, 1, 3)
        kept += extra
        assert found == ["first", *kept]
        assert errors(store) == []
        store.close()
    return len(kept)


@pytest.mark.parametrize("durability", ["full", "normal"])
def test_a_killed_writer_loses_nothing_acknowledged(tmp_path: Path, durability: str) -> None:
    kept = kill_rounds(tmp_path / "s.db", 15, 0.04, durability)
    assert kept > 15


@pytest.mark.soak
@pytest.mark.parametrize("durability", ["full", "normal"])
def test_a_writer_killed_three_hundred_times_loses_nothing(tmp_path: Path, durability: str) -> None:
    for store in range(10):
        kill_rounds(tmp_path / f"{store}.db", 30, 0.15, durability)


def write_for(path: Path, name: str, durability: str, until: float, told: Connection) -> None:
    """Append until a moment; tell what was said and how long the longest write took."""
    store = open_store(path, durability=durability)
    scribe = Scribe(store)
    scribe.at += hash(name) % 10**9
    longest, n = 0.0, 0
    while time.monotonic() < until:
        began = time.monotonic()
        scribe.say(f"{name} {n}")
        longest = max(longest, time.monotonic() - began)
        n += 1
    store.close()
    told.send((name, n, longest))


def race(path: Path, writers: int, durability: str, seconds: float) -> list[tuple[str, int, float]]:
    """Let processes write to one branch at the same time; return who wrote how much."""
    Scribe(store := open_store(path)).say("first")
    store.close()
    mine, theirs = FROM.Pipe(duplex=False)
    until = time.monotonic() + 1.0 + seconds
    children = [
        started(write_for, path, f"w{n}", durability, until, theirs) for n in range(writers)
    ]
    told = [mine.recv() for _ in children]
    for child in children:
        child.join()
        assert child.exitcode == 0
    return sorted(told)


@pytest.mark.parametrize("durability", ["full", "normal"])
@pytest.mark.parametrize("writers", [2, 4])
def test_writers_on_one_branch_lose_nothing_and_nobody_starves(
    tmp_path: Path, writers: int, durability: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = race(tmp_path / "s.db", writers, durability, 1.0)
    store = open_store(tmp_path / "s.db")
    texts = Scribe(store).texts()
    with store.read() as view:
        tip = view.ref(Scribe(store).tract, "branch/main") or ""
        assert view.length(tip) == len(texts) == len(list(view.commits()))
    for name, count, _ in told:
        assert [text for text in texts if text.startswith(f"{name} ")] == [
            f"{name} {n}" for n in range(count)
        ]
    assert len(texts) == 1 + sum(count for _, count, _ in told)
    assert errors(store) == []
    store.close()
    counts = [count for _, count, _ in told]
    longest = max(wait for *_, wait in told)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{writers} writers, {durability}: {counts} writes, "
            f"ratio {max(counts) / max(1, min(counts)):.2f}, longest {longest * 1000:.0f} ms\n"
        )
    assert max(counts) <= STARVATION_MAX * max(1, min(counts))


@pytest.mark.soak
@pytest.mark.parametrize("durability", ["full", "normal"])
def test_four_writers_for_half_a_minute(tmp_path: Path, durability: str) -> None:
    told = race(tmp_path / "s.db", 4, durability, 30.0)
    store = open_store(tmp_path / "s.db")
    assert len(Scribe(store).texts()) == 1 + sum(count for _, count, _ in told)
    assert errors(store) == []
    store.close()
    counts = [count for _, count, _ in told]
    assert max(counts) <= STARVATION_MAX * min(counts)
    assert max(wait for *_, wait in told) < WAIT_SECONDS_MAX


def test_killed_writers_beside_others_harm_nobody(tmp_path: Path) -> None:
    """While one writer goes on, others are killed beside it: no lock stays, nothing is lost."""
    path = tmp_path / "s.db"
    Scribe(store := open_store(path, durability="normal")).say("first")
    mine, theirs = FROM.Pipe(duplex=False)
    kept = ["first"]
    for turn in range(6):
        child = started(write_and_tell, path, f"w{turn}", "normal", theirs)
        mine.poll(10)
        scribe = Scribe(store)
        scribe.at += 10**9 + turn * 10**6
        for n in range(10):
            scribe.say(f"here {turn} {n}")
            kept.append(f"here {turn} {n}")
        child.kill()
        child.join()
        kept += acknowledged(mine)
    found = {text.split(" x")[0].strip() for text in Scribe(store).texts()}
    assert set(kept) <= found
    assert errors(store) == []
    store.close()
    mine.close()
    theirs.close()
