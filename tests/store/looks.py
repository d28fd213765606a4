"""Looking at a whole store: everything that it gives, and what is wrong with it."""

from typing import Any

from tract.store import Store


def errors(store: Store) -> list[str]:
    """What a store says is damaged, without what should only be looked at."""
    return [f"{p.object}: {p.message}" for p in store.damage() if p.severity == "error"]


def everything(store: Store, counter: str = "words") -> dict[str, Any]:
    """Everything that can be read, by what it is; raises whatever reading raises."""
    with store.read() as view:
        tracts = view.tracts()
        refs = {row.id: view.refs(row.id) for row in tracts}
        tips = sorted({at for each in refs.values() for at in each.values() if at is not None})
        blobs = dict(view.blobs())
        commits = {commit.id: commit for commit in view.commits()}
        return {
            "tracts": tracts,
            "tracts by name": {row.name: view.tract(row.name) for row in tracts},
            "tracts by id": {row.id: view.tract(row.id) for row in tracts},
            "refs": refs,
            "each ref": {
                (tract, name): view.ref(tract, name)
                for tract, each in refs.items()
                for name in each
            },
            "commits": commits,
            "each commit": {id: view.commit(id) for id in commits},
            "present": view.present(list(commits)),
            "prefixed": {id: view.prefixed(id[:6]) for id in commits},
            "lines": {tip: (list(view.line(tip)), view.length(tip)) for tip in tips},
            "states": {id: view.state(id) for id in commits},
            "blobs": blobs,
            "payloads": view.payloads(list(blobs)),
            "operations": {row.id: view.operations(row.id) for row in tracts},
            "usages": {row.id: view.usages(row.id) for row in tracts},
            "counts": view.counts(sorted(blobs), counter),
            "idempotent": {
                (row.id, key): view.idempotent(row.id, key)
                for row in tracts
                for key in ("turn-1", "key", "none")
            },
        }
