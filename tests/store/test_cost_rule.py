"""Reading a state costs what is in it, never what ever happened; keeping that true costs little.

Costs are counted in statements and in steps of SQLite's virtual machine, which are the same on
every machine.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tract.graph import state_of
from tract.store import Store, open_store
from tract.testing import Scribe, StatementCounter

VISIBLE = 50


class Steps:
    """Counts the steps of SQLite's virtual machine, by tens."""

    def __init__(self) -> None:
        self.total = 0

    def __call__(self) -> int:
        self.total += 10
        return 0


@contextmanager
def steps(store: Any) -> Iterator[Steps]:
    counted = Steps()
    with store._db.reading() as hold:  # opens a connection where there is none
        connection = hold.connection
    connection.set_progress_handler(counted, 10)
    try:
        yield counted
    finally:
        connection.set_progress_handler(None, 10)


def cold(path: Path, tract: str) -> tuple[int, int, int]:
    """What a first look at the state costs: statements, steps, entries."""
    store = open_store(path)
    with steps(store) as counted, StatementCounter(store) as counter, store.read() as view:
        state = view.state(view.ref(tract, "branch/main") or "")
        view.payloads([slot.content for slot in state])
    store.close()
    return counter.total, counted.total, len(state)


def rows(store: Any, statement: str) -> Any:
    with store._db.reading() as hold:
        return hold.connection.execute(statement).fetchall()


def live(scribe: Scribe, commits: int) -> None:
    """A long life with few entries: what is said is summed up again and again, edited and marked."""
    made = 0
    while made < commits:
        with scribe.together():
            for _ in range(10):
                for n in range(20):
                    scribe.say(f"{scribe.at} {n}")
                state = scribe.state()
                scribe.edit(state[3], f"edited {scribe.at}")
                scribe.mark(state[4:7], "important")
                state = scribe.state()
                if len(state) > VISIBLE:
                    scribe.edit(state[: len(state) - VISIBLE + 1], f"summary {scribe.at}")
                scribe.arrange(scribe.state()[::-1])
                made += 24


@pytest.fixture(scope="module")
def lives(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """Stores after lives of three lengths, each with fifty visible entries."""
    folder = tmp_path_factory.mktemp("lives")
    made = {}
    for commits in (240, 2_400, 19_200):
        made[commits] = folder / f"{commits}.db"
        store = open_store(made[commits], durability="normal")
        live(Scribe(store), commits)
        store.close()
    return made


def tract() -> str:
    return Scribe(open_store(":memory:")).tract


def test_a_cold_state_costs_what_is_visible(lives: dict[int, Path]) -> None:
    costs = {commits: cold(path, tract()) for commits, path in lives.items()}
    assert {entries for _, _, entries in costs.values()} == {VISIBLE}
    assert {statements for statements, _, _ in costs.values()} <= set(range(1, 12))
    short, long = costs[240], costs[19_200]
    # The rule allows 2 * 50 + 64 commits on top of a snapshot; between two lives only that varies.
    assert long[1] <= 1.5 * max(short[1], costs[2_400][1])


def test_states_read_by_way_of_snapshots_are_right(lives: dict[int, Path]) -> None:
    store = open_store(lives[2_400])
    with store.read() as view:
        tip = view.ref(tract(), "branch/main") or ""
        line = [commit.id for commit in view.line(tip)]
        for id in (*line[:200:7], *line[200::411]):
            assert view.state(id) == state_of(id, view.commit, lambda _: None)
    assert [problem for problem in store.damage() if problem.severity == "error"] == []
    store.close()


def test_snapshots_stay_linear(lives: dict[int, Path]) -> None:
    sizes = {}
    for commits, path in lives.items():
        store = open_store(path)
        ((kept,),) = rows(store, "SELECT coalesce(sum(length(data)), 0) FROM snapshots")
        ((bodies,),) = rows(store, "SELECT sum(length(body)) FROM commits")
        sizes[commits] = (kept / commits, kept / bodies)
        store.close()
    assert sizes[19_200][0] <= 1.3 * sizes[2_400][0]
    assert sizes[19_200][1] < 0.5


def test_a_history_of_appends_writes_no_snapshot(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s.db", durability="normal")
    scribe = Scribe(store)
    for _ in range(5):
        with scribe.together():
            for n in range(1000):
                scribe.say(f"{scribe.at} {n}")
    assert rows(store, "SELECT count(*) FROM snapshots") == [(0,)]
    store.close()


def test_restless_single_entries_count_towards_a_snapshot(tmp_path: Path) -> None:
    """Layouts that take nothing over in runs are as expensive as that many commits."""
    store = open_store(tmp_path / "s.db", durability="normal")
    scribe = Scribe(store)
    with scribe.together():
        for n in range(40):
            scribe.say(str(n))
    main, side = scribe, scribe.fork("side")
    with side.together():
        for slot in side.state():
            side.edit(slot, f"{slot.entry_id} of the side")
    # Entries of the side, put on main as singles: side is no parent of these commits.
    ours, theirs = main.state(), side.state()
    merge = main.arrange(ours, [side.head() or ""])
    assert merge.layout
    for n in range(6):
        main.arrange(theirs if n % 2 == 0 else ours)
    ((count,),) = rows(store, "SELECT count(*) FROM snapshots")
    assert count >= 1
    with store.read() as view:
        tip = main.head() or ""
        assert view.state(tip) == state_of(tip, view.commit, lambda _: None)
    assert [problem for problem in store.damage() if problem.severity == "error"] == []
    store.close()


def test_a_state_over_many_lanes_takes_few_statements(tmp_path: Path) -> None:
    """Undo and go on, three hundred times: as many lanes, and still a bounded number of reads."""
    store = open_store(tmp_path / "s.db", durability="normal")
    scribe = Scribe(store)
    tip = scribe.say("root").id
    with scribe.together():
        for n in range(300):
            scribe.say("undone")
            scribe.reset(tip)
            tip = scribe.say(f"{n}").id
    ((lanes,),) = rows(store, "SELECT count(*) FROM lanes")
    assert lanes == 301
    store.close()
    statements, _, entries = cold(tmp_path / "s.db", scribe.tract)
    assert entries == 301
    assert statements <= 10


def test_a_knot_of_merges_costs_a_few_reads_per_line(tmp_path: Path) -> None:
    """Two lines that merge each other sixty times are read once each, not once per merge."""
    store = open_store(tmp_path / "s.db", durability="normal")
    left = Scribe(store)
    left.say("base")
    right = left.fork("right")
    for n in range(60):
        one, other = (left, right) if n % 2 else (right, left)
        one.at = other.at = max(one.at, other.at)
        other.say(f"{n}")
        mine = one.state()
        new = [s for s in other.state() if s.entry_id not in {m.entry_id for m in mine}]
        one.arrange([*mine, *new], [other.head() or ""])
    store.close()
    statements, _, entries = cold(tmp_path / "s.db", left.tract)
    assert entries >= 60
    assert statements <= 20


@pytest.mark.soak
def test_a_cold_state_after_a_hundred_thousand_commits(tmp_path: Path) -> None:
    costs = []
    for commits in (240, 100_000):
        path = tmp_path / f"{commits}.db"
        store: Store = open_store(path, durability="normal")
        live(Scribe(store), commits)
        store.close()
        costs.append(cold(path, tract()))
    assert costs[1][0] <= 12
    assert costs[1][1] <= 2.5 * costs[0][1]
