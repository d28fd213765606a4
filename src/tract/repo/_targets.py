"""What a target means: from what a caller may write anywhere to a commit, or to an entry of a state.

A target is a commit id or a unique prefix of one, a branch, a tag, HEAD, any of these followed by
`~n` or `^n`, a `CommitInfo` or an `Entry`. A name that is also a prefix means the name.
"""

import re
from typing import Any

from tract.errors import AmbiguousRef, InvalidInput, MissingEntry, NotFound, printable
from tract.graph import slot_of
from tract.objects import Commit, CommitDetail, CommitInfo, Entry, Slot, State
from tract.repo._head import BRANCH, TAG
from tract.repo._repo import Repo
from tract.store import Reader

Target = str | CommitInfo | CommitDetail | Entry

_SHAPE = re.compile(r"(?P<base>[^~^]+)(?P<steps>(?:[~^][0-9]*)*)", re.DOTALL)
_STEP = re.compile(r"([~^])([0-9]*)")
_HEX = re.compile(r"[0-9a-f]{4,64}")
_REFS_SEARCHED_MAX = 200


def resolve(repo: Repo, reader: Reader, target: Any) -> str:
    """Return the id of the commit that a target means.

    Raises:
        NotFound: nothing is called so, or there are fewer commits behind it.
        AmbiguousRef: several commits begin so.
        InvalidInput: it is no target at all.
    """
    if isinstance(target, (CommitInfo, CommitDetail)):
        return _present(reader, target.id)
    if isinstance(target, Entry):
        return _present(reader, target.commit)
    if not isinstance(target, str):
        raise InvalidInput(
            f"target {printable(repr(target))} is no commit id, name, CommitInfo or Entry",
            kind="invalid_target",
            hint="Write an id, a name, HEAD, or one of these with ~n.",
        )
    shape = _SHAPE.fullmatch(target)
    if shape is None or "@{" in target or ".." in target:
        raise InvalidInput(
            f"target {printable(repr(target))} cannot be read",
            kind="invalid_target",
            hint="Write one id, a name, HEAD, or one of these with ~n.",
        )
    commit = _base(repo, reader, shape["base"], target)
    for sign, digits in _STEP.findall(shape["steps"]):
        commit = _back(reader, commit, sign, int(digits[:9] or 1), target)
    return commit


def _present(reader: Reader, id: str) -> str:
    if not reader.present([id]):
        raise NotFound(
            f"commit {id[:8]} is not in this store",
            kind="unknown_commit",
            hint="It belongs to another store, or to a batch that was undone.",
        )
    return id


def _base(repo: Repo, reader: Reader, name: str, target: str) -> str:
    if name in ("HEAD", "@"):
        tip = repo.tip(reader)
        if tip is None:
            raise NotFound(
                f"{printable(target)}: nothing is committed yet",
                kind="unborn",
                hint="Commit something first.",
            )
        return tip
    for kind in (BRANCH, TAG):
        try:
            tip = reader.ref(repo.tract, kind + name)
        except NotFound:
            continue
        if tip is None:
            raise NotFound(
                f"branch {printable(name)} has no commit yet",
                kind="unborn",
                hint="Commit something on it first.",
            )
        return tip
    name = name.lower() if _HEX.fullmatch(name.lower()) else name
    if not _HEX.fullmatch(name):
        hint = "Give a branch, HEAD, or at least 4 hex digits of a commit id."
        raise NotFound(
            f"{printable(repr(name))} is no branch or commit", kind="unknown_target", hint=hint
        )
    found = reader.prefixed(name)
    if not found:
        raise NotFound(
            f"no commit or branch is called {printable(name)}",
            kind="unknown_target",
            hint="log() lists the commits.",
        )
    if len(found) > 1:
        shown = ", ".join(id[: len(name) + 4] for id in found)
        raise AmbiguousRef(
            f"{name} may be any of {shown}", candidates=found, hint="Give more digits."
        )
    return found[0]


def _back(reader: Reader, commit: str, sign: str, count: int, target: str) -> str:
    if sign == "^":
        parents = reader.commit(commit).parents
        if count == 0:
            return commit
        if count <= len(parents):
            return parents[count - 1]
    else:
        found = next(reader.line(commit, 1, count), None)
        if found is not None:
            return found.id
    raise NotFound(
        f"{printable(target)} goes back further than the history does",
        kind="unknown_target",
        hint="log() shows how far it goes.",
    )


def slot_at(repo: Repo, reader: Reader, state: State, target: Any) -> Slot:
    """Return the slot of a state that a target names.

    Raises:
        MissingEntry: the target provides no entry, or it is not in this state.
    """
    if isinstance(target, Entry):
        entry, what = target.id, f"entry {target.id[:8]}"
    else:
        commit = reader.commit(resolve(repo, reader, target))
        what = f"the entry of commit {commit.id[:8]}"
        if commit.entry_id is None or commit.content is None:
            near = _nearest(reader, commit)
            raise MissingEntry(
                f"commit {commit.id[:8]} ({commit.operation}) provides no entry",
                hint=f"The nearest commit that does is {near.id[:8]}."
                if near
                else "Name a commit that has content.",
            )
        entry = commit.entry_id
    slot = slot_of(state, entry)
    if slot is None:
        raise MissingEntry(f"{what} is not in this state", hint=_elsewhere(repo, reader, entry))
    return slot


def _nearest(reader: Reader, commit: Commit) -> Commit | None:
    return next((c for c in reader.line(commit.id, 10_000) if c.content is not None), None)


def _elsewhere(repo: Repo, reader: Reader, entry: str) -> str:
    """Say where an entry does exist."""
    seen = 0
    tracts = sorted(reader.tracts(), key=lambda row: row.id != repo.tract)
    for row in tracts:
        for name, tip in reader.refs(row.id).items():
            seen += 1
            if seen > _REFS_SEARCHED_MAX:
                return "It may be on a branch that was not looked at."
            if tip is not None and slot_of(reader.state(tip), entry) is not None:
                where = f"branch {printable(name.removeprefix(BRANCH))}"
                return (
                    f"It is on {where}."
                    if row.id == repo.tract
                    else f"It is in tract {printable(row.name)}, on {where}."
                )
    return "No branch of this store has it; an earlier commit may, or another store."
