"""What a user's calls cost in database statements: the same however long the conversation is.

Time depends on the machine, statements do not. So these tests bound what the benchmarks measure:
a call that took one statement more for each entry, commit or branch would be slow on any machine.
"""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tract import Tract
from tract.store import Store, open_store
from tract.testing import StatementCounter

SIZES = (10, 100, 1_000, 3_000)
CONTENTS_AT_ONCE = 500
ROWS_AT_ONCE = 1_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with_file = open_store(tmp_path / "tract.db", durability="normal")
    yield with_file
    with_file.close()


def cost(store: Store, work: Callable[[], object]) -> int:
    """How many statements some work takes, transactions' beginnings and ends among them."""
    with StatementCounter(store) as counter:
        work()
    return counter.total


def grow(tract: Tract, size: int) -> None:
    """Append until there are `size` entries."""
    missing = size - len(tract.entries())
    tract.extend([{"role": "user", "content": f"{size} {n}"} for n in range(missing)])


def costs(store: Store, work: Callable[[Tract], object]) -> list[int]:
    """What some work costs at each size, each time on a handle that was used before."""
    found = []
    for size in SIZES:
        with Tract.open(store) as tract:
            grow(tract, size)
            work(tract)
            found.append(cost(store, partial(work, tract)))
    return found


def only(values: list[int]) -> int:
    """The one value that all are, or a failure that shows them."""
    assert len(set(values)) == 1, values
    return values[0]


def most(values: list[int]) -> int:
    """The greatest of some values that differ by what a bounded cache held, and by nothing else."""
    assert max(values) - min(values) <= 2, values
    return max(values)


def test_an_append_costs_the_same_at_any_length(store: Store) -> None:
    assert only(costs(store, lambda tract: tract.user("one more"))) <= 14


def test_so_do_a_mark_and_a_reset(store: Store) -> None:
    assert only(costs(store, lambda tract: tract.pin("HEAD~1"))) <= 30
    assert most(costs(store, lambda tract: tract.reset("HEAD~1"))) <= 30


def test_so_does_an_edit(store: Store) -> None:
    def edit(tract: Tract) -> None:
        tract.commit("other words", edit=tract.user("some words"))

    assert only(costs(store, edit)) <= 40


def test_a_branch_is_read_by_few_statements(store: Store) -> None:
    assert only(costs(store, lambda tract: tract.branches.get("main"))) <= 5
    assert only(costs(store, lambda tract: tract.head)) <= 6


def test_a_branch_is_made_and_entered_by_few_statements(store: Store) -> None:
    made: list[int] = []

    def fork(tract: Tract) -> None:
        made.append(len(made))
        tract.branch(f"b{len(made)}", at="HEAD~5", switch=False)
        tract.switch(f"b{len(made)}")
        tract.switch("main")

    assert most(costs(store, fork)) <= 42


@pytest.mark.parametrize("page", [1, 5, 20])
def test_a_page_of_the_log_costs_the_same_at_any_length(store: Store, page: int) -> None:
    assert only(costs(store, lambda tract: tract.log(page))) <= 7


def test_a_warm_compile_costs_the_same_at_any_length(store: Store) -> None:
    def again(tract: Tract) -> None:
        tract.user("one more")
        tract.compile()

    assert only(costs(store, again)) <= 22
    with Tract.open(store) as tract:
        tract.compile()
        assert cost(store, tract.compile) <= 5


def test_a_cold_compile_costs_a_statement_for_a_thousand_entries(tmp_path: Path) -> None:
    path = tmp_path / "tract.db"
    found = []
    for size in SIZES:
        with Tract.open(path, durability="normal") as tract:
            grow(tract, size)
        store = open_store(path)
        with Tract.open(store) as tract:
            found.append(cost(store, tract.compile))
        store.close()
    for size, statements in zip(SIZES, found, strict=True):
        assert statements <= 8 + size // ROWS_AT_ONCE, (size, statements)


def test_a_long_past_costs_a_cold_compile_nothing(tmp_path: Path) -> None:
    path, visible = tmp_path / "tract.db", 100
    found = []
    for _ in range(3):
        with Tract.open(path, durability="normal") as tract:
            for n in range(10):
                grow(tract, 500)
                tract.commit(f"so far {n}", role="user", edit=tract.entries()[: 501 - visible])
        store = open_store(path)
        with Tract.open(store) as tract:
            found.append(cost(store, tract.compile))
            assert len(tract.entries()) == visible
        store.close()
    assert max(found) <= 12 + visible // CONTENTS_AT_ONCE, found
