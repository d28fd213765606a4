"""Rows written by every released schema, read today: every id, state and word is still there."""

import shutil
from pathlib import Path

import pytest

from tests.store.looks import errors, everything
from tools.make_golden_rows import FOLDER, build
from tract.store import MemoryStore, Store, open_store
from tract.store.sql import SCHEMA_VERSION
from tract.testing import Scribe

MAIN = "1a69f100ebb290d9228044a328a50a3e68423d483cdbd5759027b3d671bc6c28"
PLAN = "b06423da548064bb3cc050ac51b8f909db950ce4701eb0d1ace7b49b9935a1b1"
CHILD = "874bb28b358d541928bb8994a7fd02b5ecf3706f059d7b6b254539c0373f05f8"

STATES = {
    MAIN: [
        (
            "f15969c4f910c14e5a453708f16da120",
            "6a449d1da5b8",
            "pinned",
            "You book flights. Ask before you pay.",
        ),
        (
            "02d44b038ded320b68612f9f3e6c04ec",
            "79796afa07b7",
            "normal",
            "Lisbon on the 3rd, two seats.",
        ),
        (
            "240fafcabe54db232550900d26875511",
            "e7bb453fd014",
            "skip",
            "HTTP/1.1 200 OK\r\n\0\u202enoise\u202c <|endoftext|>",
        ),
    ],
    PLAN: [
        (
            "f15969c4f910c14e5a453708f16da120",
            "6a449d1da5b8",
            "pinned",
            "You book flights. Ask before you pay.",
        ),
        (
            "bd4af286b24ce6186c1fec3cb7591ec7",
            "c98f948e7af8",
            "normal",
            "Two seats to Lisbon on the 3rd, please. \u2708\ufe0f",
        ),
        ("1334323b94a3f4b67304fa7b6334066f", "e593d0ac043e", "normal", "The 3rd is sold out."),
        ("2defb3d238fdd78ab294bd3e542e3a73", "f7fc1b72b65a", "normal", "Compare with the 4th."),
        (
            "10f8251735b4989e39e29c621e2ef100",
            "b06423da5480",
            "normal",
            "The 4th is cheaper: 88 EUR instead of 120.",
        ),
    ],
    CHILD: [
        (
            "f15969c4f910c14e5a453708f16da120",
            "6a449d1da5b8",
            "pinned",
            "You book flights. Ask before you pay.",
        ),
        (
            "0d0112bb3ea1f4a56994b1577b860235",
            "874bb28b358d",
            "normal",
            "On top of what the parent began with.",
        ),
    ],
}

STORES = sorted(FOLDER.glob("*.db"))


@pytest.fixture(params=STORES, ids=lambda path: path.stem)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """A copy of a golden store, opened for writing, so that it is migrated."""
    return open_store(shutil.copy(request.param, tmp_path))


def test_there_is_one_for_the_present_schema_and_each_is_one_small_file() -> None:
    assert STORES
    assert STORES[-1].stem == SCHEMA_VERSION
    assert {path.suffix for path in FOLDER.iterdir()} == {".db"}
    assert all(path.stat().st_size < 100 * 1024 for path in STORES)


def test_nothing_is_wrong_with_it(store: Store) -> None:
    assert errors(store) == []
    store.close()


def test_refs_are_where_they_were(store: Store) -> None:
    with store.read() as view:
        main, child = view.tracts()
        assert (main.name, child.name) == ("main", "child")
        assert view.refs(main.id) == {"branch/main": MAIN, "branch/plan": PLAN}
        assert view.refs(child.id) == {"branch/main": CHILD}
        assert (view.length(MAIN), view.length(PLAN), view.length(CHILD)) == (79, 5, 2)
        assert view.commit(MAIN).parents[0].startswith("79796afa07b7")
    store.close()


@pytest.mark.parametrize("tip", list(STATES))
def test_states_are_what_they_were(store: Store, tip: str) -> None:
    with store.read() as view:
        state = view.state(tip)
        payloads = view.payloads([slot.content for slot in state])
        found = [
            (
                slot.entry_id,
                slot.commit[:12],
                slot.mark.priority.value,
                payloads[slot.content]["text"],
            )
            for slot in state
        ]
    assert found == STATES[tip]
    store.close()


def test_what_stands_beside_commits_is_what_it_was(store: Store) -> None:
    with store.read() as view:
        main = view.tracts()[0].id
        log = view.operations(main)
        assert len(log) == 17
        assert [op.verb for op in log[::-1]][:4] == ["branch", "append", "append", "append"]
        assert log[0].refs[0].after == MAIN
        assert log[0].actor == ("human", "ada")
        (usage,) = view.usages(main)
        assert usage.body["raw"] == {"id": "r-1"}
        done = view.idempotent(main, "turn-1")
        assert done is not None
        fixed = view.commit(done.commits[0])
        assert view.counts([fixed.content or ""], "words") == {fixed.content: 8}
    store.close()


def test_today_makes_the_same_store(store: Store, tmp_path: Path) -> None:
    """The same steps give the same ids on every backend: that is what makes a store portable."""
    for other in (open_store(tmp_path / "today.db"), open_store(":memory:"), MemoryStore()):
        build(other)
        assert everything(other) == everything(store)
        other.close()
    store.close()


def test_writing_goes_on(store: Store) -> None:
    with store.read() as view:
        names = [row.name for row in view.tracts()]
    for name in names:
        scribe = Scribe(store, name)
        scribe.at += 10**9
        scribe.edit(scribe.state()[-1], "today")
        assert scribe.texts()[-1] in ("today", "Lisbon on the 3rd, two seats.")
    assert errors(store) == []
    store.close()
