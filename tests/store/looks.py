"""Looking at a whole store: everything that it gives, and what is wrong with it."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from tract.errors import TractError
from tract.objects import Commit
from tract.store import Reader, Store

Part = tuple[Any, Callable[[], Any]]


def errors(store: Store) -> list[str]:
    """What a store says is damaged, without what should only be looked at."""
    return [f"{p.object}: {p.message}" for p in store.damage() if p.severity == "error"]


def everything(store: Store) -> dict[Any, Any]:
    """Everything that can be read, by what it is; raises whatever reading raises."""
    with store.read() as view:
        return {name: read() for name, read in _parts(view, _names(view))}


def glances(store: Store, names: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    """Each single thing that can be read, or the error that reading it ends with.

    Args:
        store: a store that may be damaged.
        names: what to ask for: the names in the store when it was whole.
    """
    with store.read() as view:
        for name, read in _parts(view, names):
            try:
                found = read()
            except TractError as error:
                found = error
            yield name, found


def names_in(store: Store) -> dict[str, Any]:
    """What can be asked for in a store that is whole."""
    with store.read() as view:
        return _names(view)


def _names(view: Reader) -> dict[str, Any]:
    tracts = view.tracts()
    refs = [(row.id, name) for row in tracts for name in view.refs(row.id)]
    tips = [tip for tract, name in refs if (tip := view.ref(tract, name)) is not None]
    commits = [commit.id for commit in view.commits()]
    blobs = sorted(id for id, _ in view.blobs())
    return {"tracts": tracts, "refs": refs, "tips": tips, "commits": commits, "blobs": blobs}


def _parts(view: Reader, names: dict[str, Any]) -> Iterator[Part]:
    commits, blobs = names["commits"], names["blobs"]
    yield "tracts", view.tracts
    yield "all blobs", lambda: dict(view.blobs())
    yield "all commits", lambda: {commit.id: commit for commit in view.commits()}
    yield "present", lambda: view.present(commits)
    yield "payloads", lambda: view.payloads(blobs)
    yield "counts", lambda: view.counts(blobs, "words")
    for row in names["tracts"]:
        yield ("by name", row.name), partial(view.tract, row.name)
        yield ("by id", row.id), partial(view.tract, row.id)
        yield ("refs", row.id), partial(view.refs, row.id)
        yield ("operations", row.id), partial(view.operations, row.id)
        yield ("usages", row.id), partial(view.usages, row.id)
        for key in ("turn-1", "key", "none"):
            yield ("done", row.id, key), partial(view.idempotent, row.id, key)
    for tract, name in names["refs"]:
        yield ("ref", tract, name), partial(view.ref, tract, name)
    for id in commits:
        yield ("commit", id), partial(view.commit, id)
        yield ("prefixed", id), partial(view.prefixed, id[:6])
        yield ("state", id), partial(view.state, id)
        yield ("length", id), partial(view.length, id)
        yield ("page", id), partial(_line, view, id, 3)
        yield ("next page", id), partial(_line, view, id, 3, 2)
    for tip in names["tips"]:
        yield ("line", tip), partial(_line, view, tip)
    for id in blobs:
        yield ("payload", id), partial(view.payloads, [id])
        yield ("count", id), partial(view.counts, [id], "words")


def _line(view: Reader, tip: str, limit: int | None = None, skip: int = 0) -> list[Commit]:
    return list(view.line(tip, limit, skip))
