"""What `verify` finds in a graph whose every hash fits: histories that no writer here would make.

Such a graph comes from another program, or from a fault of ours; bytes alone do not show it.
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.store.looks import errors
from tract.objects import (
    APPEND,
    ARRANGE,
    MARK,
    NORMAL,
    Commit,
    Mark,
    Priority,
    Run,
    Single,
    blob_id,
    canonical,
    commit_id,
)
from tract.store import MemoryStore
from tract.testing import Scribe

GHOST = "ab" * 32


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    scribe = Scribe(store)
    scribe.say("a")
    scribe.say("b")
    return store


def smuggle(store: MemoryStore, commit: Commit) -> Commit:
    """Put a commit into a store without asking whether it fits."""
    sealed, data = commit.sealed()
    tables: Any = store._tables
    tables.commits[sealed.id] = data
    return sealed


def found(store: MemoryStore, commit: Commit) -> list[str]:
    return [text for text in errors(store) if text.startswith(f"commit {commit.id}:")]


def appended(store: MemoryStore) -> Commit:
    """An honest append at the end of main."""
    scribe = Scribe(store)
    scribe.at += 10**9
    return scribe.say("c")


Twist = Callable[[Commit, Commit], Commit]


@pytest.mark.parametrize(
    ("twist", "why"),
    [
        (lambda c, tip: c._replace(parents=(GHOST,)), f"its parent {GHOST} is"),
        (lambda c, tip: c._replace(parents=(tip.id, GHOST)), f"its parent {GHOST} is"),
        (lambda c, tip: c._replace(parents=(tip.id,), content=GHOST), f"it names blob {GHOST}"),
        (lambda c, tip: c._replace(parents=(tip.id,), note=GHOST), f"it names blob {GHOST}"),
        (
            lambda c, tip: c._replace(
                parents=(tip.id,), marks=((c.entry_id or "", Mark(Priority.SKIP, (), GHOST)),)
            ),
            f"it names blob {GHOST}",
        ),
        (lambda c, tip: c._replace(parents=(tip.id,), entry_id="e" * 32), "its entry id should be"),
        (lambda c, tip: c._replace(parents=(tip.id,), origin=c.id), "stands twice"),
        (
            lambda c, tip: c._replace(
                parents=(tip.id,), operation="edit", replaces=("e" * 32,), content=None, entry_id=None
            ),
            "does not fit",
        ),
        (
            lambda c, tip: Commit(
                "", (tip.id,), MARK, c.author, c.at, marks=(("e" * 32, NORMAL),)
            ),
            "does not fit",
        ),
        (
            lambda c, tip: Commit(
                "", (tip.id,), ARRANGE, c.author, c.at, layout=(Run(3, "e" * 32, "e" * 32),)
            ),
            "no commit",
        ),
        (
            lambda c, tip: Commit(
                "",
                c.parents,
                ARRANGE,
                c.author,
                c.at,
                layout=(Single(c.entry_id or "", c.id),),
            ),
            "which is no ancestor",
        ),
        (lambda c, tip: c._replace(parents=(tip.id,), operation="conjure"), "does not fit"),
        (lambda c, tip: c._replace(parents=(tip.id,), content=None), "does not fit"),
    ],
)  # fmt: skip
def test_what_does_not_fit_together_is_named(store: MemoryStore, twist: Twist, why: str) -> None:
    tip = appended(store)
    assert errors(store) == []
    wrong = smuggle(store, twist(tip, tip))
    assert [text for text in found(store, wrong) if why in text], errors(store)


@pytest.mark.parametrize(
    "data",
    [
        b"{}",
        b"[]",
        b"null",
        b"not json",
        b'{"at":1,"author":["human"],"operation":"append","parents":[]}',
        b'{"at":1,"author":["human","ada"],"operation":"mark","parents":[],"marks":[["e","odd"]]}',
        b'{"at":1,"author":["human","ada"],"operation":"arrange","parents":[],"layout":[[]]}',
    ],
)
def test_bytes_that_are_no_commit_are_named(store: MemoryStore, data: bytes) -> None:
    tables: Any = store._tables
    id = commit_id(data)
    tables.commits[id] = data
    assert [
        text for text in errors(store) if text.startswith(f"commit {id}: its bytes are no commit")
    ]


def test_a_commit_that_is_spelt_otherwise_is_named(store: MemoryStore) -> None:
    tip = appended(store)
    _, data = tip._replace(parents=(tip.id,), origin=None).sealed()
    spaced = data.replace(b",", b", ")
    tables: Any = store._tables
    tables.commits[commit_id(spaced)] = spaced
    assert any("canonical form" in text for text in errors(store))


def test_what_stands_on_something_damaged_is_named_and_the_rest_is_still_checked(
    store: MemoryStore,
) -> None:
    scribe = Scribe(store)
    root = scribe.state()[0].commit
    scribe.at += 10**6
    other = Scribe(store, "other")
    other.say("sound")
    wrong = smuggle(
        store,
        Commit("", (other.head() or "",), APPEND, other.author, 1, "e" * 32, "0" * 64),
    )
    tables: Any = store._tables
    tables.commits[root] = canonical({"damaged": True})
    told = errors(store)
    assert any(text.startswith(f"commit {root}:") for text in told)
    assert any(f"its parent {root}" in text for text in told)
    assert any(text.startswith(f"commit {wrong.id}:") for text in told)


def test_a_blob_that_nobody_names_is_worth_a_look(store: MemoryStore) -> None:
    data = canonical({"content_type": "output", "text": "x"})
    with store.write() as draft:
        draft.staged.blobs[blob_id(data)] = data
    problems = list(store.damage())
    assert [(p.object, p.severity) for p in problems] == [(f"blob {blob_id(data)}", "warning")]


def test_a_ref_that_leads_nowhere_is_named(store: MemoryStore) -> None:
    tables: Any = store._tables
    tables.refs[Scribe(store).tract, "branch/lost"] = GHOST
    assert any("branch/lost" in text for text in errors(store))
