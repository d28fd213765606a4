"""The place of a conversation in a store: what of its chain is there, and where its branch goes.

Where a store has a part of a chain already, that part is found by its ids, and only the rest is
added. A branch goes forward along the chain. It goes sideways in one case alone: where what it
holds was read from a file that was still being written, and all of that is in the chain again.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from tract.errors import Conflict, NotFound, printable
from tract.importers import Conversation
from tract.objects import Actor, Commit, Limits, canonical
from tract.repo import BRANCH, make_tract
from tract.store import Draft, Payload, Reader, TractRow, Usage
from tract.verbs._chain import Chain, Link

_UNFINISHED_MAX = 1_000
METADATA = "import"


class Placed(NamedTuple):
    """What was done with a chain: the tract's id, new commits, and whether anything changed."""

    tract: str
    added: int
    changed: bool


def put(draft: Draft, links: Sequence[Link]) -> int:
    """Stage those commits of a chain that a store has not yet, and return how many they are."""
    known = draft.present([link.commit.id for link in links])
    new = [link for link in links if link.commit.id not in known]
    for link in new:
        draft.add(link.commit, link.blobs, link.data)
    return len(new)


def place(
    draft: Draft, author: Actor, at: int, limits: Limits, chain: Chain, format: str, file: str
) -> Placed:
    """Stage what a store has not yet of a chain, and the move of its branch.

    Args:
        draft: where it is staged.
        author: who imports.
        at: microseconds since the Unix epoch.
        limits: what is accepted.
        chain: the conversation; all but its `rest` is in the store.
        format: the importer's name.
        file: the file's name, without folders.

    Raises:
        Conflict: the branch went elsewhere, so it stays where it is; nothing was staged.
    """
    one, ids = chain.conversation, chain.ids
    ref = BRANCH + one.branch
    before = draft.savepoint()
    row = draft.tract(one.tract)
    if row is None:
        metadata = _described({}, format, file, one)
        parent = None if one.parent is None else draft.tract(one.parent)
        row = make_tract(
            draft,
            one.tract,
            at=at,
            author=author,
            limits=limits,
            branch=one.branch,
            metadata=metadata,
            parent=None if parent is None else parent.id,
        )
        tip, make, described = None, False, row
    else:
        tip, make = tip_of(draft, row, ref)
        described = replace(row, metadata=_described(row.metadata, format, file, one))
    added = put(draft, chain.rest)
    try:
        reached = reached_by(draft, tip, chain)
    except Conflict:
        draft.rollback(before)
        raise
    if reached < len(ids):
        draft.move(row.id, ref, ids[-1], expected=tip, make=make)
    reported = _report_usage(draft, row, chain)
    if described != row:
        draft.put_tract(described)
    changed = reached < len(ids) or bool(reported) or described != row
    return Placed(row.id, added, changed)


def _described(
    known: Mapping[str, Any], format: str, file: str, one: Conversation
) -> dict[str, Any]:
    """Return a tract's metadata with what the source says about one of its branches."""
    before = known.get(METADATA, {})
    branches = before.get("branches", {}) if isinstance(before, Mapping) else None
    if not isinstance(branches, Mapping):
        return dict(known)  # somebody else's word under our name
    ours: dict[str, Any] = {**before, "format": format, "file": file}
    if one.metadata:
        ours["branches"] = {**branches, one.branch: one.metadata}
    return {**known, METADATA: ours}


def reached_by(draft: Draft, tip: str | None, chain: Chain, *, whole: bool = True) -> int:
    """Return how much of a chain a branch has.

    Args:
        draft: where it is looked up.
        tip: where the branch is.
        chain: the conversation.
        whole: whether the draft has all of the chain; else what is unfinished cannot be told.

    Raises:
        Conflict: it has not all of it, and something else behind it.
    """
    one, ids = chain.conversation, chain.ids
    if tip is None:
        return 0
    numbers = {id: number for number, id in enumerate(ids, 1)}
    if tip in numbers:
        return numbers[tip]
    where = f"branch {printable(one.branch)} of tract {printable(one.tract)}"
    behind: list[Commit] = []
    for commit in draft.line(tip):
        number = numbers.get(commit.id)
        if number is None:
            if len(behind) <= _UNFINISHED_MAX:
                behind.append(commit)
            continue
        if number == len(ids):
            return number  # somebody went on from there
        if whole and _is_contained(draft, behind, ids[number:]):
            return number
        raise Conflict(
            f"{where} went another way after {number} of these {len(ids)} commits, so the rest was not added; import it under another tract's name, and change a log that still grows on a branch of its own",
            kind="diverged",
            hint="Name another tract to import it into.",
        )
    if whole and _is_contained(draft, behind, ids):
        return 0
    raise Conflict(
        f"{where} holds something else; import it under another tract's name",
        kind="diverged",
        hint="Name another tract to import it into.",
    )


def _is_contained(draft: Draft, behind: Sequence[Commit], ids: Sequence[str]) -> bool:
    """Return whether all that a branch holds was read from the source before, unfinished or whole.

    Args:
        draft: has the commits of the chain.
        behind: what the branch holds that the chain does not, newest first.
        ids: the part of the chain that could stand for it.
    """
    if not behind or len(behind) > _UNFINISHED_MAX:
        return False
    news = _sayings(draft, [draft.commit(id) for id in ids[: 2 * _UNFINISHED_MAX]])
    olds = _sayings(draft, behind)
    return all(any(old.grew_to(new) for new in news) for old in olds)


class _Saying(NamedTuple):
    """What a commit says, to be compared with what the source says now."""

    operation: str
    author: Actor
    at: int
    payload: Payload

    def grew_to(self, new: "_Saying") -> bool:
        """Return whether this is `new`, or the beginning of it."""
        if self[:3] != new[:3]:
            return False
        mine, its = _spread(self.payload), _spread(new.payload)
        return mine[0] == its[0] and mine[1] == its[1][: len(mine[1])]


def _sayings(draft: Draft, commits: Sequence[Commit]) -> list[_Saying]:
    payloads = draft.payloads([commit.content for commit in commits if commit.content is not None])
    return [
        _Saying(c.operation, c.author, c.at, payloads[c.content] if c.content else {})
        for c in commits
    ]


def _spread(payload: Payload) -> tuple[dict[str, Any], list[Any]]:
    """Return a message as what holds for all of it, and its parts in one list."""
    if payload.get("content_type") != "dialogue":
        return dict(payload), []
    whole = {k: v for k, v in payload.items() if k not in ("text", "parts", "tool_calls")}
    text = payload.get("text")
    parts = [{"kind": "text", "text": text}] if text else []
    parts += payload.get("parts", ())
    parts += [{"kind": "tool_call", **call} for call in payload.get("tool_calls", ())]
    return whole, parts


def tip_of(draft: Reader, row: TractRow, ref: str) -> tuple[str | None, bool]:
    """Return where a branch is, and whether it has to be made."""
    try:
        return draft.ref(row.id, ref), False
    except NotFound:
        return None, True


def _report_usage(draft: Draft, row: TractRow, chain: Chain) -> int:
    """Stage what providers reported and is not recorded in the tract yet; return how much it is."""
    if not chain.usages:
        return 0
    staged = 0
    commits = list(dict.fromkeys(id for id, _ in chain.usages))
    recorded = Counter((one.commit, canonical(one.body)) for one in draft.usages(row.id, commits))
    for id, usage in chain.usages:
        said = (id, canonical(usage))
        if recorded[said]:
            recorded[said] -= 1
        else:
            draft.put_usage(row.id, Usage(id, draft.commit(id).at, usage))
            staged += 1
    return staged
