"""What operations cost in statements: constants, or bounded by what is visible."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tract.errors import InvalidInput
from tract.objects import Commit
from tract.store import MemoryStore, Reader, Store, open_store
from tract.testing import Scribe, StatementCounter


@pytest.fixture(params=["file", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    location = tmp_path / "s.db" if request.param == "file" else ":memory:"
    return open_store(location, durability="normal")


def cost(store: Store, work: Callable[[], object]) -> int:
    """How many statements some work takes."""
    with StatementCounter(store) as counter:
        work()
    return counter.total


def grow(scribe: Scribe, count: int) -> None:
    with scribe.together():
        for n in range(count):
            scribe.say(f"{scribe.at} {n}")


def test_an_append_takes_the_same_statements_whatever_is_there(store: Store) -> None:
    scribe = Scribe(store)
    scribe.say("first")
    scribe.say("second")
    costs = []
    for size in (0, 10, 100, 1000):
        grow(scribe, size)
        scribe.say(f"after {size}")  # the caches are warm again
        costs.append(cost(store, partial(scribe.say, f"one more {size}")))
    assert len(set(costs)) == 1, costs
    assert costs[0] <= 16
    store.close()


def test_reading_a_ref_takes_two_statements(store: Store) -> None:
    scribe = Scribe(store)
    grow(scribe, 300)
    with store.read() as view:
        view.ref(scribe.tract, "branch/main")
        assert cost(store, lambda: view.ref(scribe.tract, "branch/main")) == 1
    fresh = cost(store, scribe.head)
    assert fresh <= 4  # with the block's own beginning and end
    store.close()


def page(view: Reader, tip: str, skip: int) -> list[Commit]:
    return list(view.line(tip, 20, skip))


@pytest.mark.parametrize("skip", [0, 500])
def test_a_page_of_the_log_takes_the_same_statements(store: Store, skip: int) -> None:
    scribe = Scribe(store)
    costs = []
    for _ in range(3):
        grow(scribe, 1000)
        tip = scribe.head() or ""
        with store.read() as view:
            view.ref(scribe.tract, "branch/main")
            costs.append(cost(store, partial(page, view, tip, skip)))
    assert costs == [2, 2, 2]
    store.close()


def test_a_page_of_the_log_over_many_branches_takes_no_more(store: Store) -> None:
    scribe = Scribe(store)
    first = scribe.say("root")
    tip = first.id
    for n in range(60):
        scribe = scribe.fork(f"b{n}", tip)
        scribe.say("left behind")
        scribe.reset(tip)
        tip = scribe.say(f"{n}").id
    with store.read() as view:
        view.ref(scribe.tract, f"branch/{scribe.branch}")
        assert cost(store, lambda: list(view.line(tip, 20))) == 2
        assert cost(store, lambda: view.length(tip)) == 1
    store.close()


def test_a_warm_state_takes_no_statement_and_one_more_entry_one(store: Store) -> None:
    scribe = Scribe(store)
    grow(scribe, 2000)
    tip = scribe.head() or ""
    with store.read() as view:
        view.state(tip)
        assert cost(store, lambda: view.state(tip)) == 0
    scribe.say("one more")
    tip = scribe.head() or ""
    with store.read() as view:
        assert cost(store, lambda: view.state(tip)) == 1
    store.close()


def test_contents_are_read_five_hundred_at_a_time(store: Store) -> None:
    scribe = Scribe(store)
    grow(scribe, 1200)
    ids = [slot.content for slot in scribe.state()]
    with store.read() as view:
        assert cost(store, lambda: view.payloads(ids[:1])) == 1
        assert cost(store, lambda: view.payloads(ids[:500])) == 1
        assert cost(store, lambda: view.payloads(ids)) == 3
        assert cost(store, lambda: view.counts(ids, "words")) == 3
        assert cost(store, lambda: view.present(ids)) == 3
    store.close()


def test_a_batch_takes_few_statements_per_commit(store: Store) -> None:
    scribe = Scribe(store)
    scribe.say("first")

    def batch() -> None:
        with scribe.together() as draft:
            for n in range(500):
                scribe.say(f"batch {n}")
            draft.staged.operations.clear()

    assert cost(store, batch) < 2 * 500 + 30
    store.close()


def test_a_store_without_statements_cannot_be_counted() -> None:
    with pytest.raises(InvalidInput):
        StatementCounter(MemoryStore())


def test_counting_ends_with_its_block(store: Store) -> None:
    scribe = Scribe(store)
    with StatementCounter(store) as counter:
        scribe.say("a")
    counted = counter.total
    assert counter.verbs["COMMIT"] == 1
    assert sum(counter.verbs.values()) == counted
    scribe.say("b")
    assert counter.total == counted
    store.close()
